package ondemand

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

// newClient returns a client of the platform at origin.
func newClient(t testing.TB, origin string) *Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return New(Options{GatewayURL: origin + "/", APIURL: origin, RequestTimeout: 20 * time.Second, UserAgent: "proxy/test"}, transport)
}

// simulator starts a platform that knows both test accounts.
func simulator(t testing.TB, options ondemandtest.Options) *ondemandtest.Server {
	t.Helper()
	options.Accounts = []ondemandtest.Account{{Email: testEmail, Password: testPassword}, {Key: testKey}}
	return ondemandtest.Start(t, options)
}

// serve starts a platform of one handler.
func serve(t testing.TB, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return newClient(t, server.URL)
}

func bothAccounts(t testing.TB) map[string]*domain.Account {
	return map[string]*domain.Account{"password": passwordAccount(t), "key": keyAccount(t)}
}

// readStream pulls an answer to its end.
func readStream(t testing.TB, answer chat.Stream) got {
	t.Helper()
	s, ok := answer.(*stream)
	if !ok {
		t.Fatalf("got a stream of type %T", answer)
	}
	return readAll(t, s)
}

func mustSignIn(t testing.TB, c *Client, account *domain.Account) *domain.Grant {
	t.Helper()
	grant, err := c.SignIn(t.Context(), account)
	if err != nil {
		t.Fatalf("sign-in: %v", err)
	}
	return &grant
}

func TestConversationWithEitherKindOfAccount(t *testing.T) {
	for kind, account := range bothAccounts(t) {
		t.Run(kind, func(t *testing.T) {
			sim := simulator(t, ondemandtest.Options{Model: ondemandtest.Recall})
			c := newClient(t, sim.URL)
			grant := mustSignIn(t, c, account)
			session, err := c.OpenSession(t.Context(), account, grant)
			if err != nil {
				t.Fatalf("session: %v", err)
			}
			var seen []string
			for _, text := range []string{"one", "two <&> \"é\"\n😀"} {
				answer, err := c.Query(t.Context(), account, grant, session, &domain.Query{Endpoint: "predefined-openai-gpt4o", Text: text})
				if err != nil {
					t.Fatalf("query: %v", err)
				}
				g := readStream(t, answer)
				seen = append(seen, text)
				if want := ondemandtest.RecallOf(seen...); g.Answer != want || g.End != io.EOF { //nolint:errorlint // the contract is io.EOF itself
					t.Errorf("got %q, %v; want %q", g.Answer, g.End, want)
				}
				if g.Usage.Source != domain.UsageMeasured {
					t.Errorf("usage: got %+v, want it measured", g.Usage)
				}
				seen = append(seen, g.Answer)
			}
			if sim.Overlaps() != 0 {
				t.Errorf("%d queries overlapped", sim.Overlaps())
			}
		})
	}
}

func TestEveryWireShapeReadsTheSame(t *testing.T) {
	const text = "Grüße, 世界! 😀 \"quoted\" \\ <tag>\n\ttabbed"
	for name, wire := range map[string]ondemandtest.Wire{
		"sample": {}, "no events": {NoEventLines: true}, "spaces": {SpaceAfterColon: true, JSON: ondemandtest.SpacedJSON},
		"compact": {JSON: ondemandtest.CompactJSON}, "CRLF": {CRLF: true}, "one write": {OneWrite: true}, "bytes": {ByteWise: true},
		"no metrics": {NoMetrics: true, NoWhole: true}, "unknown events": {UnknownEvents: true, Planning: true},
		"escapes": {EscapeUnicode: true, DeltaRunes: 1}, "split": {SplitSurrogates: true, CRLF: true, ByteWise: true},
	} {
		t.Run(name, func(t *testing.T) {
			sim := simulator(t, ondemandtest.Options{Wire: wire, Model: func(ondemandtest.Seen) ondemandtest.Answer {
				return ondemandtest.Answer{Text: text, Reasoning: "Hm 😀"}
			}})
			g := ask(t, newClient(t, sim.URL), keyAccount(t))
			if g.Answer != text || !strings.HasSuffix(g.Reasoning, "Hm 😀") || g.End != io.EOF { //nolint:errorlint // the contract is io.EOF itself
				t.Errorf("got %q, reasoning %q, %v", g.Answer, g.Reasoning, g.End)
			}
		})
	}
}

// ask opens a session, asks once, and returns what came, or how it failed.
func ask(t testing.TB, c *Client, account *domain.Account) got {
	t.Helper()
	grant, err := c.SignIn(t.Context(), account)
	if err != nil {
		return got{End: err}
	}
	session, err := c.OpenSession(t.Context(), account, &grant)
	if err != nil {
		return got{End: err}
	}
	answer, err := c.Query(t.Context(), account, &grant, session, &domain.Query{Endpoint: "predefined-openai-gpt4o", Text: "?"})
	if err != nil {
		return got{End: err}
	}
	return readStream(t, answer)
}

func TestCallsCarryTheRightHeaders(t *testing.T) {
	sim := simulator(t, ondemandtest.Options{})
	c := newClient(t, sim.URL)
	for _, account := range bothAccounts(t) {
		if g := ask(t, c, account); g.End != io.EOF { //nolint:errorlint // the contract is io.EOF itself
			t.Fatal(g.End)
		}
		if _, err := c.Catalogue(t.Context(), account, mustSignIn(t, c, account)); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range sim.Calls() {
		header, byKey := call.Header, call.Account == testKey
		where := string(call.Op) + " by " + call.Account
		if header.Get("User-Agent") != "proxy/test" {
			t.Errorf("%s: User-Agent is %q", where, header.Get("User-Agent"))
		}
		if _, sent := header["Apikey"]; sent != byKey {
			t.Errorf("%s: an apikey header was sent: %v", where, sent)
		}
		chatCall := !byKey && call.Op != ondemandtest.SignIn
		if sent := header.Get("x-company-id") != ""; sent != chatCall {
			t.Errorf("%s: x-company-id was sent: %v", where, sent)
		}
		if sent := header.Get("x-user-id") != ""; sent != (chatCall && call.Op == ondemandtest.NewSession) {
			t.Errorf("%s: x-user-id was sent: %v", where, sent)
		}
		if byKey && header.Get("Authorization") != "" {
			t.Errorf("%s: an Authorization header was sent", where)
		}
	}
	opened := sim.CallsOf(ondemandtest.NewSession, "")
	if string(opened[0].Body) == string(opened[1].Body) {
		t.Errorf("two sessions were opened for the same external user: %s", opened[0].Body)
	}
}

func TestSignInAndRefresh(t *testing.T) {
	for name, rotate := range map[string]bool{"the refresh token stays": false, "the refresh token changes": true} {
		t.Run(name, func(t *testing.T) {
			sim := simulator(t, ondemandtest.Options{RotateRefresh: rotate})
			c, account := newClient(t, sim.URL), passwordAccount(t)
			grant := mustSignIn(t, c, account)
			if left := time.Until(grant.Expires); left < 59*time.Minute || left > time.Hour+time.Second {
				t.Errorf("the grant expires in %v, want about an hour", left)
			}
			renewed, err := c.Refresh(t.Context(), account, grant)
			if err != nil {
				t.Fatal(err)
			}
			if renewed.UserID != grant.UserID || renewed.CompanyID != grant.CompanyID || renewed.Token.IsZero() {
				t.Errorf("refreshed %+v to %+v", grant, renewed)
			}
			if changed := !renewed.RefreshToken.Equal(grant.RefreshToken); changed != rotate {
				t.Errorf("the refresh token changed: %v, want %v", changed, rotate)
			}
			if _, err := c.OpenSession(t.Context(), account, &renewed); err != nil {
				t.Errorf("the refreshed grant does not work: %v", err)
			}
		})
	}
}

func TestKeyAccountNeverSignsIn(t *testing.T) {
	sim := simulator(t, ondemandtest.Options{})
	c, account := newClient(t, sim.URL), keyAccount(t)
	grant := mustSignIn(t, c, account)
	refreshed, err := c.Refresh(t.Context(), account, grant)
	if err != nil || !grant.Token.Equal(account.Credential().Key()) || !refreshed.Token.Equal(grant.Token) {
		t.Errorf("got grants %+v and %+v, %v; want the key", grant, refreshed, err)
	}
	if calls := sim.Calls(); len(calls) != 0 {
		t.Errorf("%d calls were made", len(calls))
	}
}

func TestNothingIsCalledWithoutATokenOrSession(t *testing.T) {
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") })
	account, ctx := passwordAccount(t), t.Context()
	_, err := c.OpenSession(ctx, account, &domain.Grant{})
	checkKind(t, "a session without a token", err, domain.GrantExpired)
	_, err = c.Query(ctx, account, &domain.Grant{}, "s", &domain.Query{})
	checkKind(t, "a query without a token", err, domain.GrantExpired)
	_, err = c.Refresh(ctx, account, &domain.Grant{Token: domain.NewSecret("t")})
	checkKind(t, "a refresh without a refresh token", err, domain.GrantExpired)
	for _, id := range []domain.SessionID{"", ".", "..", domain.SessionID(strings.Repeat("x", 600))} {
		_, err = c.Query(ctx, account, testGrant(), id, &domain.Query{})
		checkKind(t, "a query of session "+string(id), err, domain.UpstreamFault)
	}
}

func TestSessionIDIsEscapedInThePath(t *testing.T) {
	var path atomic.Value
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		path.Store(r.URL.EscapedPath())
		_, _ = io.WriteString(w, done)
	})
	answer, err := c.Query(t.Context(), keyAccount(t), &domain.Grant{}, "a/../b?c#d é", &domain.Query{})
	if err != nil {
		t.Fatal(err)
	}
	answer.Close()
	if want := "/chat/v1/sessions/a%2F..%2Fb%3Fc%23d%20%C3%A9/query"; path.Load() != want {
		t.Errorf("got path %q, want %q", path.Load(), want)
	}
}

func TestCatalogueIsReadInEveryEnvelope(t *testing.T) {
	for name, envelope := range map[string]ondemandtest.Envelope{
		"bare": ondemandtest.BareList, "data": ondemandtest.DataList, "endpoints": ondemandtest.DataEndpoints,
	} {
		for kind, account := range bothAccounts(t) {
			t.Run(name+" "+kind, func(t *testing.T) {
				sim := simulator(t, ondemandtest.Options{Envelope: envelope, Catalogue: []ondemandtest.Endpoint{
					{ID: "predefined-xai-grok4", Name: "Grok 4", ModelID: "grok-4", Status: "active", ReasoningEfforts: []string{"low", "huge", "max", "low"}},
					{ID: "predefined-openai-gpt4", Name: "GPT-4", ModelID: "gpt-4", Status: "inactive"},
					{ID: "predefined-qwen3", Name: "Qwen 3", Status: "active"},
					{ID: "byoi-own", Status: "active"},
					{ModelID: "nowhere", Status: "active"},
				}})
				c := newClient(t, sim.URL)
				models, err := c.Catalogue(t.Context(), account, mustSignIn(t, c, account))
				if err != nil {
					t.Fatal(err)
				}
				want := []domain.ModelMapping{
					{Name: "grok-4", Endpoint: "predefined-xai-grok4", OwnedBy: "xai", Efforts: []domain.Effort{"low", "max"}, Known: true},
					{Name: "Qwen 3", Endpoint: "predefined-qwen3", OwnedBy: "alibaba", Known: true},
					{Name: "byoi-own", Endpoint: "byoi-own", OwnedBy: "byoi", Known: true},
				}
				if diff := cmp.Diff(want, models); diff != "" {
					t.Errorf("models (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestCatalogueLeavesOutOddEntries(t *testing.T) {
	answers := map[string]struct {
		body  string
		names []string
		kind  domain.Kind
	}{
		"odd entries": {body: `[1, null, {"endpoint_id":7,"status":"active"}, {"endpoint_id":"predefined-a","status":"ACTIVE","model_id":null,"reasoning_efforts":"low"},
			{"endpoint_id":"predefined-b\u0007","status":"active"}, {"endpoint_id":"predefined-c","status":"active","model_id":"c\nd"}]`, names: []string{"7", "predefined-a", "predefined-c"}},
		"an empty list":     {body: `{"data":[]}`, kind: domain.UpstreamFault},
		"no list":           {body: `{"data":{"models":[]}}`, kind: domain.UpstreamFault},
		"no object":         {body: `"data"`, kind: domain.UpstreamFault},
		"broken JSON":       {body: `{"data":[`, kind: domain.UpstreamFault},
		"an endless answer": {body: "[" + strings.Repeat(" ", maxCatalogueAnswer) + "]", kind: domain.UpstreamFault},
	}
	for name, test := range answers {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, test.body) })
			models, err := c.Catalogue(t.Context(), keyAccount(t), &domain.Grant{})
			if test.kind != 0 {
				checkKind(t, name, err, test.kind)
				return
			}
			var names []string
			for _, m := range models {
				names = append(names, m.Name)
			}
			if diff := cmp.Diff(test.names, names, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("%v; names (-want +got):\n%s", err, diff)
			}
		})
	}
}

func checkKind(t testing.TB, what string, err error, want domain.Kind) {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v, want a domain error of kind %v", what, err, want)
		return
	}
	if e.Kind != want || e.Message == "" {
		t.Errorf("%s: got %v, want kind %v and a message", what, err, want)
	}
}

func TestClientThatLeavesIsToldFromShutdown(t *testing.T) {
	sim := simulator(t, ondemandtest.Options{})
	sim.Script(ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.Hang()})
	ctx, cancel := context.WithCancelCause(t.Context())
	shutdown := errors.New("shutting down")
	go func() {
		// The test's own context ends a wait that is never met.
		_ = sim.WaitFor(t.Context(), func() bool { return sim.Running() == 1 })
		cancel(shutdown)
	}()
	_, err := newClient(t, sim.URL).OpenSession(ctx, keyAccount(t), &domain.Grant{})
	checkKind(t, "a session given up", err, domain.ClientGone)
	if !errors.Is(err, shutdown) {
		t.Errorf("got %v, want a cause of %v", err, shutdown)
	}
}
