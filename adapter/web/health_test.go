package web

import (
	"context"
	"net/http"
	"testing"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

func TestReadinessSaysWhyNot(t *testing.T) {
	var why error
	s := newSurface(t, hello, func(o *Options) { o.Unready = func() error { return why } })
	for _, test := range []struct {
		why    error
		status int
		want   string
	}{
		{nil, 200, `{"ledger":"stored","status":"ready"}`},
		{domain.E(domain.NoAccount, "No account is configured.", context.Canceled), 503, `{"reason":"No account is configured.","status":"not ready"}`},
		{nil, 200, `{"ledger":"stored","status":"ready"}`},
	} {
		why = test.why
		answer := s.ask("GET", "/readyz", "", "Authorization", "")
		if answer.Code != test.status || answer.Body.String() != test.want {
			t.Errorf("unready for %v: got %d %s, want %d %s", test.why, answer.Code, answer.Body, test.status, test.want)
		}
		if answer := s.ask("GET", "/healthz", ""); answer.Code != http.StatusOK {
			t.Errorf("unready for %v: /healthz got %d, want 200: the process is alive", test.why, answer.Code)
		}
	}
}

func TestADrainingServerRefusesEverythingAndHangsUp(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) { o.CORSOrigins = []string{"*"} })
	s.Drain()
	for _, test := range []struct{ method, path string }{
		{"POST", "/v1/chat/completions"},
		{"GET", "/v1/models"},
		{"GET", "/"},
		{"GET", "/healthz"},
		{"GET", "/readyz"},
		{"GET", "/nowhere"},
		{"DELETE", "/v1/models"},
		{"OPTIONS", "/v1/models"},
	} {
		answer := s.ask(test.method, test.path, plainBody)
		s.wants(test.method+" "+test.path, answer, failure{503, "server_error", "unavailable", ""})
		if got := answer.Header().Get("Connection"); got != "close" {
			t.Errorf("%s %s: Connection is %q, want close", test.method, test.path, got)
		}
		if got := answer.Header().Get("Retry-After"); got == "" {
			t.Errorf("%s %s: no Retry-After", test.method, test.path)
		}
	}
}

func TestDrainingLetsAnAnswerUnderWayEnd(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	s := newSurface(t, func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		close(began)
		<-goOn
		return hello(ctx, request, out)
	}, nil)
	status := make(chan int)
	go func() { status <- s.ask("POST", "/v1/chat/completions", plainBody).Code }()
	within(t, "the request", began)
	s.Drain()
	close(goOn)
	if got := within(t, "the answer", status); got != http.StatusOK {
		t.Errorf("an answer under way ended with %d, want 200", got)
	}
}
