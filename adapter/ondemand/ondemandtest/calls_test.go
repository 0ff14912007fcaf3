package ondemandtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestCallsTellWhatArrived(t *testing.T) {
	server, c := start(t, sim.Options{Model: sim.Say("one two")})
	c.header.Set("x-mark", "m")
	session := c.session()
	c.ask(session, "hi", "")
	eventually(t, server, "all over", func() bool { return server.Running() == 0 })
	calls := server.Calls()
	if len(calls) != 2 {
		t.Fatalf("%d calls, want 2", len(calls))
	}
	if got := calls[0]; got.Op != sim.NewSession || got.Account != keyA || got.Session != session || got.Status != 201 ||
		string(got.Body) != `{"externalUserId":"u","pluginIds":[]}` || got.Header.Get("x-mark") != "m" || got.Query != nil {
		t.Errorf("first call: %+v", got)
	}
	if got := calls[1]; got.Op != sim.Query || got.Path != c.queryPath(session) || got.Session != session || got.Status != 200 ||
		got.Query.Query != "hi" || got.Deltas != 2 || got.ClientGone || got.Ended.Before(got.At) {
		t.Errorf("second call: %+v", got)
	}
}

func TestOverlappingQueriesOfASessionAreCounted(t *testing.T) {
	server, c := start(t, sim.Options{})
	session := c.session()
	server.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.AfterDeltas(1, sim.Hang())})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	response, err := c.open(ctx, http.MethodPost, c.queryPath(session), c.queryBody("first", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	c.ask(session, "second", "")
	if got := server.Overlaps(); got != 1 {
		t.Errorf("%d overlaps, want 1", got)
	}
	if got := server.PeakQueries(keyA); got != 2 {
		t.Errorf("peak of %d queries, want 2", got)
	}
	leave()
	eventually(t, server, "all over", func() bool { return server.Running() == 0 })
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	server, _ := start(t, sim.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := server.WaitFor(ctx, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("WaitFor ended with %v, want the context's error", err)
	}
}

func TestCloseEndsEverythingThatWaits(t *testing.T) {
	server, c := start(t, sim.Options{})
	session := c.session()
	server.Script(
		sim.Fault{On: sim.Query, Times: 1, Do: sim.Hang()},
		sim.Fault{On: sim.Query, Times: 1, Do: sim.AfterDeltas(1, sim.Hang())},
		sim.Fault{On: sim.Query, Times: 1, Do: sim.Heartbeats(time.Millisecond)},
		sim.Fault{On: sim.Query, Times: 1, Do: sim.Pause(time.Hour)},
		sim.Fault{On: sim.Query, Times: 1, Do: sim.Paced(sim.Pace{Between: time.Hour})},
	)
	var calls sync.WaitGroup
	for range 5 {
		calls.Go(func() {
			if got := c.ask(session, "hi", ""); got.err == nil {
				t.Errorf("a call ended properly with %d %q, want a broken connection", got.status, got.body)
			}
		})
	}
	eventually(t, server, "all are there", func() bool { return server.Count(sim.Query, "") == 5 && server.OpenStreams() == 3 })
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	calls.Wait()
	if got := server.Running(); got != 0 {
		t.Errorf("%d calls still running", got)
	}
}

func TestListenReportsATakenAddress(t *testing.T) {
	server, _ := start(t, sim.Options{})
	if _, err := sim.Listen(t.Context(), server.URL[len("http://"):], sim.Options{}); err == nil {
		t.Error("listening on a taken address succeeded")
	}
}

func TestFiveHundredConversationsAtOnce(t *testing.T) {
	server, c := start(t, sim.Options{Model: sim.Recall})
	var conversations sync.WaitGroup
	for i := range 500 {
		conversations.Go(func() {
			session := c.session()
			var seen []string
			for turn := range 3 {
				query := fmt.Sprintf("conversation %d, turn %d", i, turn)
				answer := readStream(t, c.ask(session, query, "").body).text
				seen = append(seen, query)
				if want := sim.RecallOf(seen...); answer != want {
					t.Errorf("conversation %d, turn %d: got %q, want %q", i, turn, answer, want)
				}
				seen = append(seen, answer)
			}
		})
	}
	conversations.Wait()
	if got := server.Count(sim.Query, keyA); got != 1500 {
		t.Errorf("counted %d queries, want 1500", got)
	}
	if got := server.Overlaps(); got != 0 {
		t.Errorf("%d overlaps, want 0", got)
	}
}
