package ondemand

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

const heartbeatFrame = "event:heartbeat\ndata:{\"sessionId\":\"s\"}\n\n"

// sending returns a body that texts are written to, with a pause before each, until
// it is cut off. It belongs into a bubble, which the writer leaves before the test does.
func sending(t *testing.T, pause time.Duration, texts ...string) io.Reader {
	body, writer := io.Pipe()
	finished := make(chan struct{})
	t.Cleanup(func() { <-finished })
	go func() {
		defer close(finished)
		for _, text := range texts {
			time.Sleep(pause)
			if _, err := io.WriteString(writer, text); err != nil {
				return
			}
		}
	}()
	return body
}

func repeat(n int, text string) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = text
	}
	return texts
}

func TestStreamTimes(t *testing.T) {
	const limit = 2 * time.Minute
	tests := map[string]struct {
		pause  time.Duration
		texts  []string
		answer int
		kind   domain.Kind // zero: io.EOF
		took   time.Duration
	}{
		"silence from the start": {pause: time.Hour, texts: []string{done}, kind: domain.UpstreamSilent, took: limit},
		"silence after a delta": {
			pause: time.Minute, texts: append([]string{data(answerA)}, repeat(2, "")...),
			answer: 1, kind: domain.UpstreamSilent, took: time.Minute + limit,
		},
		"heartbeats stretch the wait": {
			pause: time.Minute, texts: append(repeat(18, heartbeatFrame), data(answerA), done),
			answer: 1, took: 20 * time.Minute,
		},
		"but not for ever": {
			pause: time.Minute, texts: append(repeat(21, heartbeatFrame), data(answerA), done),
			kind: domain.UpstreamSilent, took: 10 * limit,
		},
		"every delta starts the wait anew": {
			pause: 90 * time.Second, texts: append(repeat(1000, heartbeatFrame+data(answerA)), done),
			answer: 1000, took: 1001 * 90 * time.Second,
		},
		"single bytes are life": {
			pause: time.Minute, texts: append(strings.Split("data:{\"eventType\":1}", ""), "\n\n"),
			kind: domain.UpstreamSilent, took: 10 * limit,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				body := sending(t, test.pause, test.texts...)
				began := time.Now()
				g := readAll(t, streamOver(t.Context(), keyAccount(t), body, limit))
				if len(g.Answer) != test.answer {
					t.Errorf("got %d deltas, want %d", len(g.Answer), test.answer)
				}
				checkEnd(t, g.End, test.kind)
				if took := time.Since(began); took < test.took || took > test.took+drainTime {
					t.Errorf("it took %v, want %v", took, test.took)
				}
			})
		})
	}
}

func TestSlowReaderIsNotTakenForASilentUpstream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := sending(t, 0, data(answerA), data(answerB), done)
		s := streamOver(t.Context(), keyAccount(t), body, time.Minute)
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if g := readAll(t, s); g.Answer != "B" || g.End != io.EOF { //nolint:errorlint // the contract is io.EOF itself
			t.Errorf("got %q, %v", g.Answer, g.End)
		}
	})
}

func TestCloseWaitsOnlyBrieflyForTheRestOfTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := sending(t, 0, done)
		began := time.Now()
		g := readAll(t, streamOver(t.Context(), keyAccount(t), body, time.Minute))
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("closing took %v", took)
		}
		checkEnd(t, g.End, 0)
	})
}

func TestCallerThatLeavesEndsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := sending(t, 0, data(answerA))
		ctx, leave := context.WithCancelCause(t.Context())
		left := errors.New("the client left")
		time.AfterFunc(time.Second, func() { leave(left) })
		g := readAll(t, streamOver(ctx, keyAccount(t), body, time.Minute))
		checkEnd(t, g.End, domain.ClientGone)
		if !errors.Is(g.End, left) {
			t.Errorf("got %v, want a cause of %v", g.End, left)
		}
	})
}

// transportFunc is a platform without a network.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// untilCancelled is a platform that never answers.
func untilCancelled(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// stuckBody is an answer whose body never comes.
func stuckBody(status int) transportFunc {
	return func(r *http.Request) (*http.Response, error) {
		body, writer := io.Pipe()
		context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: body}, nil
	}
}

func TestRequestTimeoutBoundsControlCallsAndTheWaitForHeaders(t *testing.T) {
	account := passwordAccount(t)
	calls := map[string]func(context.Context, *Client) error{
		"sign-in": func(ctx context.Context, c *Client) error { _, err := c.SignIn(ctx, account); return err },
		"refresh": func(ctx context.Context, c *Client) error { _, err := c.Refresh(ctx, account, testGrant()); return err },
		"session": func(ctx context.Context, c *Client) error {
			_, err := c.OpenSession(ctx, account, testGrant())
			return err
		},
		"catalogue": func(ctx context.Context, c *Client) error {
			_, err := c.Catalogue(ctx, account, testGrant())
			return err
		},
		"query": func(ctx context.Context, c *Client) error {
			answer, err := c.Query(ctx, account, testGrant(), "s", &domain.Query{})
			if err == nil {
				defer answer.Close()
				_, err = answer.Next()
			}
			return err
		},
	}
	for name, call := range calls {
		platforms := map[string]struct {
			answer transportFunc
			took   time.Duration
			kind   domain.Kind
		}{
			"no headers":     {untilCancelled, 30 * time.Second, domain.UpstreamSilent},
			"no body":        {stuckBody(200), 30 * time.Second, domain.UpstreamSilent},
			"no explanation": {stuckBody(503), 30 * time.Second, domain.UpstreamFault},
		}
		for what, platform := range platforms {
			if name == "query" && what == "no body" {
				platform.took = 120 * time.Second // StreamTimeout: the headers were there
			}
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					err := call(t.Context(), New(Options{GatewayURL: "http://gateway", APIURL: "http://api"}, platform.answer))
					checkKind(t, name, err, platform.kind)
					if took := time.Since(began); took != platform.took {
						t.Errorf("it took %v, want %v", took, platform.took)
					}
				})
			})
			t.Run(name+"/"+what+", and the caller leaves", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("left"))
					defer cancel()
					err := call(ctx, New(Options{GatewayURL: "http://gateway", APIURL: "http://api"}, platform.answer))
					if kind := domain.KindOf(err); kind != domain.ClientGone && what != "no explanation" {
						t.Errorf("got %v, want ClientGone", err)
					}
				})
			})
		}
	}
}

func TestPauseBeforeTheNextTryEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
		defer cancel()
		c := New(Options{}, transportFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody}, nil
		}))
		began := time.Now()
		_, err := c.OpenSession(ctx, keyAccount(t), &domain.Grant{})
		checkKind(t, "the session", err, domain.ClientGone)
		if took := time.Since(began); took != 60*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}
