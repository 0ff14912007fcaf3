package main_test

import (
	"fmt"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// warmProxy starts a proxy that keeps sessions ready, and begins so many conversations that it has two.
func warmProxy(t *testing.T, options sim.Options) (*proxy, *sim.Server) {
	t.Helper()
	options.Accounts = []sim.Account{{Key: "key"}}
	platform := sim.Start(t, options)
	p := start(t, platform, `[{"api_key":"key"}]`, "WARM_SESSIONS=2")
	for i := range 3 {
		served(t, p, asks(fmt.Sprint("Beginning ", i)))
	}
	awaitSim(t, platform, "two sessions wait for a conversation", func() bool {
		return len(platform.Sessions("")) == 5
	})
	return p, platform
}

func TestANewConversationTakesASessionThatIsReady(t *testing.T) {
	t.Parallel()
	p, platform := warmProxy(t, sim.Options{Model: sim.Recall})
	platform.Script(sim.Fault{On: sim.NewSession, Do: sim.Hang()}) // from now on there are no others
	messages, seen := "", []string{}
	for turn := range 3 {
		question := fmt.Sprint("Question ", turn)
		messages += `{"role":"user","content":` + inJSON(question) + `}`
		seen = append(seen, question)
		text := served(t, p, chatBody("gpt-4o", messages)).text
		if want := sim.RecallOf(seen...); text != want {
			t.Fatalf("turn %d was answered %q, want %q: the session held something else", turn+1, text, want)
		}
		messages += `,{"role":"assistant","content":` + inJSON(text) + `},`
		seen = append(seen, text)
	}
	if got := served(t, p, asks("Another one.")).text; got != sim.RecallOf("Another one.") {
		t.Errorf("the second conversation was answered %q", got)
	}
	if overlaps := platform.Overlaps(); overlaps != 0 {
		t.Errorf("%d queries came into a session that was still answering", overlaps)
	}
}

func TestAReadySessionThatThePlatformForgotIsReplacedUnseen(t *testing.T) {
	t.Parallel()
	p, platform := warmProxy(t, sim.Options{})
	platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.SessionExpired()})
	served(t, p, asks("Anybody there?"))
	if got := platform.Count(sim.Query, ""); got != 5 {
		t.Errorf("%d queries for four questions, want one more for the session that was gone", got)
	}
}

func TestAnIdleProxyOpensNoSession(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key"}}})
	p := start(t, platform, `[{"api_key":"key"}]`, "WARM_SESSIONS=2")
	served(t, p, asks("Once."))
	time.Sleep(500 * time.Millisecond)
	if got := platform.Count(sim.NewSession, ""); got != 1 {
		t.Errorf("%d sessions were opened for one conversation", got)
	}
}

func TestTheFirstRequestFindsAnAccountThatIsSignedIn(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{
		{Email: "a@example.org", Password: "of a"}, {Email: "b@example.org", Password: "of b"}, {Email: "c@example.org", Password: "of c"},
	}})
	p := start(t, platform, `[{"email":"a@example.org","password":"of a"},{"email":"b@example.org","password":"of b"},{"email":"c@example.org","password":"changed"}]`, "WARM_SESSIONS=2")
	awaitSim(t, platform, "all accounts were signed in, or refused", func() bool {
		return platform.Count(sim.SignIn, "") == 3 && platform.Running() == 0
	})
	platform.Script(sim.Fault{On: sim.SignIn, Do: sim.Hang()}) // from now on nobody gets in
	for i := range 4 {
		served(t, p, asks(fmt.Sprint("Question ", i)))
	}
	if a, b := platform.Count(sim.Query, "a@example.org"), platform.Count(sim.Query, "b@example.org"); a != 2 || b != 2 {
		t.Errorf("%d and %d queries went to the two accounts that are well, want 2 and 2", a, b)
	}
}
