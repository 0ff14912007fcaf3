package ondemandtest_test

import (
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestSessionRemembersAndRecallProvesIt(t *testing.T) {
	server, c := start(t, sim.Options{Model: sim.Recall})
	session := c.session()
	if !regexp.MustCompile(`^[0-9a-f]{24}$`).MatchString(session) {
		t.Errorf("session id %q, want 24 hexadecimal digits", session)
	}
	first := readStream(t, c.ask(session, "one", "").body).text
	if want := sim.RecallOf("one"); first != want {
		t.Errorf("first answer %q, want %q", first, want)
	}
	second := readStream(t, c.ask(session, "two", "").body).text
	if want := sim.RecallOf("one", first, "two"); second != want {
		t.Errorf("second answer %q, want %q", second, want)
	}
	want := []sim.Turn{
		{Query: "one", Answer: first, Endpoint: endpoint, Complete: true},
		{Query: "two", Answer: second, Endpoint: endpoint, Complete: true},
	}
	eventually(t, server, "both queries over", func() bool { return server.Running() == 0 })
	if diff := cmp.Diff(want, server.Transcript(session)); diff != "" {
		t.Errorf("transcript (-want +got):\n%s", diff)
	}
}

func TestSessionsEndAsConfigured(t *testing.T) {
	for _, test := range []struct {
		name string
		opts sim.Options
		want int
		code string
	}{
		{"by default", sim.Options{}, 404, "not_found"},
		{"as expired", sim.Options{ExpiredAs400: true}, 400, "invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var later atomic.Int64
			test.opts.SessionIdle = time.Minute
			test.opts.Now = func() time.Time { return time.Unix(later.Load(), 0) }
			server, c := start(t, test.opts)
			idle := c.session()
			later.Add(61)
			forgotten, other := c.session(), c.session()
			server.ForgetSessions(forgotten)
			for _, session := range []string{idle, forgotten} {
				got := c.ask(session, "hello", "")
				if got.status != test.want || path(t, got.body, "errorCode") != test.code {
					t.Errorf("status %d, body %q; want %d with %s", got.status, got.body, test.want, test.code)
				}
			}
			if got := c.ask(other, "hello", ""); got.status != 200 {
				t.Errorf("a session that was not forgotten: status %d, want 200", got.status)
			}
			server.ForgetSessions()
			if got := c.ask(other, "hello", ""); got.status != test.want {
				t.Errorf("after all were forgotten: status %d, want %d", got.status, test.want)
			}
			if got := c.ask(strings.Repeat("0", 24), "hello", ""); got.status != 404 {
				t.Errorf("a session that never was: status %d, want 404", got.status)
			}
		})
	}
}

func TestSessionsBelongToTheirAccount(t *testing.T) {
	server, c := start(t, sim.Options{})
	session := c.session()
	if got := newCustomer(t, server, keyB).ask(session, "hello", ""); got.status != 404 {
		t.Errorf("another account's session: status %d, want 404", got.status)
	}
	if diff := cmp.Diff([]string{session}, server.Sessions(keyA)); diff != "" {
		t.Errorf("sessions of the owner (-want +got):\n%s", diff)
	}
}

func TestRecordsStayBounded(t *testing.T) {
	server, c := start(t, sim.Options{KeepCalls: 5, KeepSessions: 3, KeepBytes: 1 << 20, KeepBody: 10})
	first := c.session()
	for range 9 {
		c.session()
	}
	if got := len(server.Calls()); got != 5 {
		t.Errorf("%d calls kept, want 5", got)
	}
	if got := server.Count(sim.NewSession, keyA); got != 10 {
		t.Errorf("counted %d sessions, want 10, dropped records included", got)
	}
	if got := len(server.Calls()[0].Body); got != 10 {
		t.Errorf("%d bytes of a body kept, want 10", got)
	}
	if got := len(server.Sessions("")); got != 3 {
		t.Errorf("%d sessions kept, want 3", got)
	}
	if got := c.ask(first, "hello", ""); got.status != 404 {
		t.Errorf("a session that was dropped: status %d, want 404", got.status)
	}
	last := c.session()
	if got := c.ask(last, strings.Repeat("x", 2<<20), ""); got.status != 200 {
		t.Errorf("a query longer than all that is kept: status %d, want 200", got.status)
	}
	if got := len(server.Sessions("")); got != 0 {
		t.Errorf("%d sessions kept beyond the bound of bytes, want 0", got)
	}
}
