package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

func TestABodyOverTheLimitIs413(t *testing.T) {
	s := newSurface(t, hello, nil)
	fill := func(size int) string { return plainBody + strings.Repeat(" ", size-len(plainBody)) }
	if answer := s.ask("POST", "/v1/chat/completions", fill(1<<20)); answer.Code != http.StatusOK {
		t.Errorf("a body of exactly the limit got %d, want 200", answer.Code)
	}
	answer := s.ask("POST", "/v1/chat/completions", fill(1<<20+1))
	message := s.wants("a byte more", answer, failure{413, "invalid_request_error", "request_too_large", ""})
	if !strings.Contains(message, "1 MiB") || !strings.Contains(message, "max_body_mib") {
		t.Errorf("message %q, want the limit and its setting in it", message)
	}
}

// dialog is a connection to a served surface on which a test writes its own requests.
func dialog(t *testing.T, s *surface) (net.Conn, *bufio.Reader) {
	t.Helper()
	url, _ := s.serve()
	var dialer net.Dialer
	c, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c, bufio.NewReader(c)
}

func head(length int) string {
	return fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: %s\r\nContent-Length: %d\r\n\r\n", token, length)
}

func readFailure(t *testing.T, from *bufio.Reader) failure {
	t.Helper()
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatalf("read the answer: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read the answer's body: %v", err)
	}
	got, _ := failureOf(t, response.StatusCode, body)
	return got
}

func TestAClientThatSendsAllBeforeItReadsSeesThe413(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) { o.MaxBody = 256 << 10 })
	c, reader := dialog(t, s)
	size := 500 << 10 // no more than twice the limit is read
	if _, err := io.WriteString(c, head(size)+strings.Repeat("x", size)); err != nil {
		t.Fatalf("the connection broke while the body was sent: %v", err)
	}
	if got, want := readFailure(t, reader), (failure{413, "invalid_request_error", "request_too_large", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestABodyShorterThanAnnouncedIs400(t *testing.T) {
	s := newSurface(t, hello, nil)
	c, reader := dialog(t, s)
	_, _ = io.WriteString(c, head(len(plainBody)+1)+plainBody)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, want := readFailure(t, reader), (failure{400, "invalid_request_error", "", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestABodyThatIsNoRequestIs400AndNamesTheField(t *testing.T) {
	s := newSurface(t, func(context.Context, domain.ChatRequest, chat.Sink) (domain.Usage, error) {
		t.Error("a request that cannot be read came through")
		return domain.Usage{}, nil
	}, nil)
	for body, param := range map[string]string{
		"":                                 "",
		"{":                                "",
		"[]":                               "",
		plainBody + "x":                    "",
		`{"model":"gpt-4o","messages":[]}`: "messages",
		`{"model":"gpt-4o","messages":[{"role":"user","content":"x"}],"temperature":"1"}`: "temperature",
	} {
		s.wants(fmt.Sprintf("body %q", body), s.ask("POST", "/v1/chat/completions", body), failure{400, "invalid_request_error", "", param})
	}
}

func TestTheUseCaseGetsTheRequestWithItsIDAndScope(t *testing.T) {
	var got []domain.ChatRequest
	s := newSurface(t, func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		got = append(got, request)
		return hello(ctx, request, out)
	}, nil)
	first := s.ask("POST", "/v1/chat/completions", plainBody)
	s.ask("POST", "/v1/chat/completions", liveBody, "X-Api-Key", token)
	s.ask("POST", "/v1/chat/completions", plainBody, "Authorization", "Bearer "+oneToken)
	want := domain.ChatRequest{
		ID: first.Header().Get("x-request-id"), Scope: got[0].Scope, Model: "gpt-4o", Choices: 1,
		Messages: domain.Conversation{{Role: domain.RoleUser, Text: "canary-content"}},
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("the request (-want +got):\n%s", diff)
	}
	if !got[1].Stream || got[1].Scope != got[0].Scope || got[2].Scope == got[0].Scope || got[0].Scope == "" {
		t.Errorf("scopes %q, %q and %q, want one for each token", got[0].Scope, got[1].Scope, got[2].Scope)
	}
}

func TestARefusalReachesAClientThatStillSendsItsBody(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) { o.MaxBody = 20 << 20 }, AccessToken{Token: domain.NewSecret(token), RateLimit: 1})
	server := httptest.NewServer(s)
	defer server.Close()
	large := `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("x", 8<<20) + `"}]}`
	for _, c := range []struct {
		token  string
		status int
	}{{token, http.StatusOK}, {token, http.StatusTooManyRequests}, {"wrong", http.StatusUnauthorized}} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/chat/completions", strings.NewReader(large))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+c.token)
		response, err := server.Client().Do(request)
		if err != nil {
			t.Errorf("want %d, the connection broke: %v", c.status, err)
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode != c.status {
			t.Errorf("got %d, want %d", response.StatusCode, c.status)
		}
	}
}
