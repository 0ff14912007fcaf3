package ondemand

import (
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/domain"
)

// faultCase is a fault and what it means for each kind of account.
type faultCase struct {
	on   ondemandtest.Operation
	do   ondemandtest.Effect
	kind domain.Kind // for an account with a password
	key  domain.Kind // for one with a key; zero: the same
}

func chatFaults() map[string]faultCase {
	const query, session = ondemandtest.Query, ondemandtest.NewSession
	return map[string]faultCase{
		"query 401":             {query, ondemandtest.Status(401), domain.GrantExpired, domain.CredentialRefused},
		"session 401":           {session, ondemandtest.Status(401), domain.GrantExpired, domain.CredentialRefused},
		"query 402":             {query, ondemandtest.Status(402), domain.PlanRefused, 0},
		"session 403":           {session, ondemandtest.Status(403), domain.PlanRefused, 0},
		"query 429":             {query, ondemandtest.Status(429), domain.UpstreamRateLimited, 0},
		"query 400":             {query, ondemandtest.Status(400), domain.UpstreamRejected, 0},
		"query 404":             {query, ondemandtest.Status(404), domain.SessionGone, 0},
		"expired session":       {query, ondemandtest.SessionExpired(), domain.SessionGone, 0},
		"route always missing":  {session, ondemandtest.NoRoute(), domain.RouteMissing, 0},
		"query 500":             {query, ondemandtest.Status(500), domain.UpstreamFault, 0},
		"CDN page":              {query, ondemandtest.CDNPage(522), domain.UpstreamFault, 0},
		"CDN page with 200":     {query, ondemandtest.CDNPage(200), domain.UpstreamFault, 0},
		"session CDN page, 200": {session, ondemandtest.CDNPage(200), domain.UpstreamFault, 0},
		"query answers JSON":    {query, ondemandtest.Reply(200, "application/json", `{"message":"no","data":{"status":"failed"}}`), domain.UpstreamFault, 0},
		"query answers nothing": {query, ondemandtest.EmptyBody(), domain.UpstreamFault, 0},
		"session broken JSON":   {session, ondemandtest.BrokenJSON(), domain.UpstreamFault, 0},
		"session without id":    {session, ondemandtest.Reply(201, "application/json", `{"data":{}}`), domain.UpstreamFault, 0},
		"session with dots":     {session, ondemandtest.Reply(201, "application/json", `{"data":{"id":".."}}`), domain.UpstreamFault, 0},
		"a redirect":            {session, ondemandtest.Reply(302, "text/plain", "").With(ondemandtest.Header("Location", "/chat/v1/sessions")), domain.UpstreamFault, 0},
		"query reset":           {query, ondemandtest.Reset(), domain.UpstreamFault, 0},
		"session hangs up":      {session, ondemandtest.Hangup(), domain.UpstreamFault, 0},
		"cut":                   {query, ondemandtest.AfterDeltas(1, ondemandtest.Cut()), domain.UpstreamCut, 0},
		"no end":                {query, ondemandtest.NoDone(), domain.UpstreamCut, 0},
		"reset in the answer":   {query, ondemandtest.AfterDeltas(1, ondemandtest.Reset()), domain.UpstreamCut, 0},
		"hang-up in the answer": {query, ondemandtest.AfterDeltas(1, ondemandtest.Hangup()), domain.UpstreamCut, 0},
		"error frame":           {query, ondemandtest.AfterDeltas(1, ondemandtest.ErrorFrame("m", "server_error")), domain.UpstreamFault, 0},
		"error key":             {query, ondemandtest.AfterDeltas(1, ondemandtest.ErrorKeyFrame("m", "server_error")), domain.UpstreamFault, 0},
		"failed":                {query, ondemandtest.AfterDeltas(1, ondemandtest.FailedFrame("m")), domain.UpstreamFault, 0},
		"malformed frame":       {query, ondemandtest.AfterDeltas(1, ondemandtest.MalformedFrame()), domain.UpstreamFault, 0},
		"endless frame":         {query, ondemandtest.AfterDeltas(1, ondemandtest.EndlessFrame()), domain.UpstreamFault, 0},
	}
}

func signInFaults() map[string]faultCase {
	const signIn = ondemandtest.SignIn
	return map[string]faultCase{
		"wrong password":        {signIn, ondemandtest.Status(401), domain.CredentialRefused, none},
		"sign-in 400":           {signIn, ondemandtest.Refusal(400, "no", "invalid_request"), domain.CredentialRefused, none},
		"sign-in 500":           {signIn, ondemandtest.Status(500), domain.UpstreamFault, none},
		"sign-in 403":           {signIn, ondemandtest.Status(403), domain.PlanRefused, none},
		"sign-in without token": {signIn, ondemandtest.Reply(200, "application/json", `{"data":{"user":{"userId":"u","default_company_id":"c"}}}`), domain.UpstreamFault, none},
		"sign-in without user":  {signIn, ondemandtest.Reply(200, "application/json", `{"data":{"tokenData":{"token":"t"},"user":{"default_company_id":"c"}}}`), domain.UpstreamFault, none},
		"sign-in no company":    {signIn, ondemandtest.Reply(200, "application/json", `{"data":{"tokenData":{"token":"t"},"user":{"userId":"u"}}}`), domain.UpstreamFault, none},
		"sign-in odd token":     {signIn, ondemandtest.Reply(200, "application/json", `{"data":{"tokenData":{"token":"t\r\nx: y"},"user":{"userId":"u","default_company_id":"c"}}}`), domain.UpstreamFault, none},
		"sign-in broken JSON":   {signIn, ondemandtest.BrokenJSON(), domain.UpstreamFault, none},
		"sign-in CDN page":      {signIn, ondemandtest.CDNPage(200), domain.UpstreamFault, none},
	}
}

func TestFaultOfThePlatformBecomesKind(t *testing.T) {
	tests := chatFaults()
	maps.Copy(tests, signInFaults())
	for name, test := range tests {
		for kind, account := range bothAccounts(t) {
			want := test.kind
			if kind == "key" && test.key != 0 {
				want = test.key
			}
			if want == none {
				continue
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				sim := simulator(t, ondemandtest.Options{})
				sim.Script(ondemandtest.Fault{On: test.on, Do: test.do})
				checkKind(t, name, ask(t, newClient(t, sim.URL), account).End, want)
			})
		}
	}
}

// none marks what cannot happen to a kind of account.
const none domain.Kind = 255

func TestRefreshThatIsRefusedAsksForASignIn(t *testing.T) {
	tests := map[string]struct {
		do   ondemandtest.Effect
		kind domain.Kind
	}{
		"401":           {ondemandtest.Status(401), domain.GrantExpired},
		"400":           {ondemandtest.Status(400), domain.GrantExpired},
		"403":           {ondemandtest.Status(403), domain.PlanRefused},
		"503":           {ondemandtest.Status(503), domain.UpstreamFault},
		"without token": {ondemandtest.Reply(200, "application/json", `{"data":{}}`), domain.UpstreamFault},
		"broken JSON":   {ondemandtest.BrokenJSON(), domain.UpstreamFault},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sim := simulator(t, ondemandtest.Options{})
			sim.Script(ondemandtest.Fault{On: ondemandtest.Refresh, Do: test.do})
			c := newClient(t, sim.URL)
			account := passwordAccount(t)
			_, err := c.Refresh(t.Context(), account, mustSignIn(t, c, account))
			checkKind(t, name, err, test.kind)
		})
	}
}

func TestRateLimitSaysWhenToComeBack(t *testing.T) {
	sim := simulator(t, ondemandtest.Options{})
	sim.Script(ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.Status(429).With(ondemandtest.RetryAfter(7 * time.Second))})
	err := ask(t, newClient(t, sim.URL), keyAccount(t)).End
	if got := domain.AsError(err).RetryAfter; got != 7*time.Second {
		t.Errorf("got %v (%v), want 7 s", got, err)
	}
}

func TestMissingRouteIsTriedThreeTimesAgain(t *testing.T) {
	for misses, want := range map[int]domain.Kind{1: 0, 3: 0, 4: domain.RouteMissing} {
		sim := simulator(t, ondemandtest.Options{})
		sim.Script(ondemandtest.Fault{On: ondemandtest.NewSession, Times: misses, Do: ondemandtest.NoRoute()})
		account := keyAccount(t)
		_, err := newClient(t, sim.URL).OpenSession(t.Context(), account, &domain.Grant{})
		if want == 0 && err != nil || want != 0 && domain.KindOf(err) != want {
			t.Errorf("after %d misses: got %v, want kind %v", misses, err, want)
		}
		if calls := sim.Count(ondemandtest.NewSession, ""); calls != min(misses+1, 4) {
			t.Errorf("after %d misses: %d calls", misses, calls)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	defer other.Close()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	_, err := c.SignIn(t.Context(), passwordAccount(t))
	checkKind(t, "a redirect", err, domain.UpstreamFault)
	if followed.Load() {
		t.Error("the credentials went where the redirect pointed")
	}
}

func TestRefusedConnectionAndBadAddressAreErrorsOfTheirOwn(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	_, err := newClient(t, closed.URL).SignIn(t.Context(), passwordAccount(t))
	checkKind(t, "nobody there", err, domain.UpstreamFault)
	_, err = newClient(t, "http://exa mple").SignIn(t.Context(), passwordAccount(t))
	checkKind(t, "no address", err, domain.Internal)

	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, err = newClient(t, secure.URL).SignIn(t.Context(), passwordAccount(t))
	checkKind(t, "a certificate nobody knows", err, domain.UpstreamFault)
}

func TestConnectionIsUsedAgainAfterAnAnswer(t *testing.T) {
	var connections atomic.Int64
	handler := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = io.WriteString(w, data(answerA)+done)
		w.(http.Flusher).Flush() //nolint:forcetypeassert // every server of a test has it
		_, _ = io.WriteString(w, ": bye\n\n")
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(handler))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := newClient(t, server.URL)
	for range 5 {
		answer, err := c.Query(t.Context(), keyAccount(t), &domain.Grant{}, "s", &domain.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if g := readStream(t, answer); g.Answer != "A" || !errors.Is(g.End, io.EOF) {
			t.Fatalf("got %+v", g)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("five answers took %d connections", n)
	}
}

func TestCloseTellsTheUpstreamAtOnce(t *testing.T) {
	sim := simulator(t, ondemandtest.Options{})
	sim.Script(ondemandtest.Fault{On: ondemandtest.Query, Do: ondemandtest.AfterDeltas(1, ondemandtest.Hang())})
	c, account := newClient(t, sim.URL), keyAccount(t)
	session, err := c.OpenSession(t.Context(), account, &domain.Grant{})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Query(t.Context(), account, &domain.Grant{}, session, &domain.Query{Endpoint: "predefined-openai-gpt4o", Text: "a b c d e f"})
	if err != nil {
		t.Fatal(err)
	}
	delta, err := answer.Next()
	if err != nil {
		t.Fatal(err)
	}
	first := string(delta.Text)
	answer.Close()
	answer.Close()
	if string(delta.Text) != first {
		t.Errorf("closing changed the last delta from %q to %q", first, delta.Text)
	}
	if err := sim.WaitFor(t.Context(), func() bool { return sim.OpenStreams() == 0 }); err != nil {
		t.Error("the upstream was not told")
	}
	for err = nil; err == nil; {
		_, err = answer.Next()
	}
	checkKind(t, "the end of a closed answer", err, domain.ClientGone)
}

func TestLongPromptIsServed(t *testing.T) {
	sim := simulator(t, ondemandtest.Options{Model: ondemandtest.Recall})
	c, account := newClient(t, sim.URL), keyAccount(t)
	session, err := c.OpenSession(t.Context(), account, &domain.Grant{})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("<line> \"é\" 😀\n", 300_000)
	answer, err := c.Query(t.Context(), account, &domain.Grant{}, session, &domain.Query{Endpoint: "predefined-openai-gpt4o", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	if g := readStream(t, answer); g.Answer != ondemandtest.RecallOf(text) {
		t.Errorf("a prompt of %d bytes did not arrive as it was", len(text))
	}
}

func TestAnswerMayBeClosedWhileItIsPulled(t *testing.T) {
	sim := simulator(t, ondemandtest.Options{})
	sim.Script(ondemandtest.Fault{On: ondemandtest.Query, Do: ondemandtest.AfterDeltas(1, ondemandtest.Hang())})
	c, account := newClient(t, sim.URL), keyAccount(t)
	session, err := c.OpenSession(t.Context(), account, &domain.Grant{})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Query(t.Context(), account, &domain.Grant{}, session, &domain.Query{Endpoint: "predefined-openai-gpt4o", Text: "a b c d"})
	if err != nil {
		t.Fatal(err)
	}
	pulled := make(chan error)
	go func() {
		var err error
		for err == nil {
			_, err = answer.Next()
		}
		pulled <- err
	}()
	answer.Close()
	checkKind(t, "the end of an answer closed by another", <-pulled, domain.ClientGone)
}
