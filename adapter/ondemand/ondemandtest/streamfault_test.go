package ondemandtest_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestStreamsBreakAsScripted(t *testing.T) {
	six := sim.Answer{Deltas: []string{"1", "2", "3", "4", "5", "6"}}
	for name, test := range map[string]struct {
		do   sim.Effect
		text string
		done bool
		err  error
		holds,
		lacks string
	}{
		"whole":            {sim.Pause(0), "123456", true, nil, "metricsLog", "zzz"},
		"cut":              {sim.AfterDeltas(3, sim.Cut()), "123", false, nil, "", "metricsLog"},
		"cut at once":      {sim.Cut(), "", false, nil, "fulfilling", "metricsLog"},
		"reset":            {sim.AfterDeltas(3, sim.Reset()), "", false, syscall.ECONNRESET, "", "metricsLog"},
		"hangup":           {sim.AfterDeltas(3, sim.Hangup()), "123", false, io.ErrUnexpectedEOF, "", "metricsLog"},
		"error frame":      {sim.AfterDeltas(2, sim.ErrorFrame("Sorry", "server_error")), "12", false, nil, `"eventType":"error"`, "metricsLog"},
		"error key":        {sim.AfterDeltas(2, sim.ErrorKeyFrame("Sorry", "x")), "12", false, nil, `data:{"message":"Sorry","errorCode":"x"}`, "metricsLog"},
		"failed":           {sim.AfterDeltas(2, sim.FailedFrame("Sorry")), "12", true, nil, `"status":"failed"`, "metricsLog"},
		"malformed":        {sim.AfterDeltas(2, sim.MalformedFrame()), "123456", true, nil, `"answer": "brok` + "\n", "zzz"},
		"raw":              {sim.RawFrame("[1]"), "123456", true, nil, "data:[1]\n", "zzz"},
		"no done":          {sim.NoDone(), "123456", false, nil, "metricsLog", "[DONE]"},
		"after done":       {sim.AfterDone("garbage\n"), "123456", true, nil, "data:[DONE]\n\ngarbage\n", "zzz"},
		"cut at the end":   {sim.BeforeDone(sim.Cut()), "123456", false, nil, "metricsLog", "[DONE]"},
		"error at the end": {sim.BeforeDone(sim.ErrorFrame("Sorry", "x")), "123456", false, nil, `"eventType":"error"`, "[DONE]"},
		"frame once done":  {sim.OnceDone(sim.RawFrame("[1]")), "123456", true, nil, "data:[DONE]\n\nevent:message\ndata:[1]\n", "zzz"},
		"hangup once done": {sim.OnceDone(sim.Hangup()), "123456", true, io.ErrUnexpectedEOF, "metricsLog", "zzz"},
		"empty":            {sim.EmptyAnswer(), "", true, nil, "metricsLog", `"fulfillment"`},
		"reasoning only":   {sim.ReasoningOnly("Hm."), "", true, nil, "fulfillment_thinking", `"fulfillment"`},
		"slow bytes":       {sim.AfterDeltas(5, sim.SlowBytes(time.Microsecond)), "123456", true, nil, "metricsLog", "zzz"},
		"two in a row":     {sim.AfterDeltas(1, sim.MalformedFrame()).With(sim.AfterDeltas(4, sim.Cut())), "1234", false, nil, "brok", "metricsLog"},
		"too late":         {sim.AfterDeltas(9, sim.Cut()), "123456", true, nil, "metricsLog", "zzz"},
		"cut of one write": {sim.Using(sim.Wire{OneWrite: true}).With(sim.AfterDeltas(3, sim.Cut())), "123", false, nil, "", "metricsLog"},
	} {
		t.Run(name, func(t *testing.T) {
			server, c := start(t, sim.Options{Model: func(sim.Seen) sim.Answer { return six }})
			session := c.session()
			server.Script(sim.Fault{On: sim.Query, Times: 1, Do: test.do})
			got := c.ask(session, "hi", "")
			s := readStream(t, got.body)
			if got.status != 200 || !errors.Is(got.err, test.err) || s.done != test.done {
				t.Errorf("status %d, error %v, done %v; want 200, %v, %v", got.status, got.err, s.done, test.err, test.done)
			}
			// What a reset leaves of the data before it is up to the system.
			if s.text != test.text && !errors.Is(test.err, syscall.ECONNRESET) {
				t.Errorf("text %q, want %q", s.text, test.text)
			}
			if !strings.Contains(got.body, test.holds) || strings.Contains(got.body, test.lacks) {
				t.Errorf("the stream should hold %q and lack %q:\n%s", test.holds, test.lacks, got.body)
			}
		})
	}
}

func TestBrokenTurnHoldsWhatWasSent(t *testing.T) {
	server, c := start(t, sim.Options{Model: sim.Say("one two three")})
	session := c.session()
	server.Script(sim.Fault{On: sim.Query, Do: sim.AfterDeltas(2, sim.Cut())})
	c.ask(session, "hi", "")
	eventually(t, server, "the call is over", func() bool { return server.Running() == 0 })
	want := []sim.Turn{{Query: "hi", Answer: "one two", Endpoint: endpoint}}
	if diff := cmp.Diff(want, server.Transcript(session)); diff != "" {
		t.Errorf("transcript (-want +got):\n%s", diff)
	}
}

func TestATurnIsCompleteOnceDoneIsOut(t *testing.T) {
	server, c := start(t, sim.Options{Model: sim.Say("one two three")})
	for do, want := range map[*sim.Fault]bool{
		{On: sim.Query, Times: 1, Do: sim.OnceDone(sim.Hangup())}:   true,
		{On: sim.Query, Times: 1, Do: sim.BeforeDone(sim.Hangup())}: false,
	} {
		session := c.session()
		server.Script(*do)
		c.ask(session, "hi", "")
		eventually(t, server, "the call is over", func() bool { return server.Running() == 0 })
		if turn := server.Transcript(session)[0]; turn.Complete != want || turn.Answer != "one two three" {
			t.Errorf("the turn is %+v, want all of its answer, complete: %v", turn, want)
		}
	}
}

func TestEndlessFaultsLastUntilTheClientLeaves(t *testing.T) {
	for name, test := range map[string]struct {
		do     sim.Effect
		enough string // the client leaves when it has read this
	}{
		"silence":       {sim.AfterDeltas(1, sim.Hang()), `"answer": "Echo"`},
		"heartbeats":    {sim.AfterDeltas(1, sim.Heartbeats(time.Millisecond)), "event:heartbeat"},
		"slow bytes":    {sim.AfterDeltas(1, sim.SlowBytes(time.Hour)), `"answer": "Echo"`},
		"endless frame": {sim.EndlessFrame(), "xxxx"},
		"pause":         {sim.AfterDeltas(1, sim.Pause(time.Hour)), `"answer": "Echo"`},
	} {
		t.Run(name, func(t *testing.T) {
			server, c := start(t, sim.Options{})
			session := c.session()
			server.Script(sim.Fault{On: sim.Query, Do: test.do})
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			response, err := c.open(ctx, http.MethodPost, c.queryPath(session), c.queryBody("hi", ""))
			if err != nil {
				t.Fatal(err)
			}
			read := bufio.NewReader(response.Body)
			for seen := ""; !strings.Contains(seen, test.enough); {
				part := make([]byte, 256)
				n, err := read.Read(part)
				if err != nil {
					t.Fatalf("the stream ended with %v after %q", err, seen)
				}
				seen += string(part[:n])
			}
			if got := server.OpenStreams(); got != 1 {
				t.Errorf("%d open streams, want 1", got)
			}
			leave()
			_ = response.Body.Close()
			eventually(t, server, "the stream is over", func() bool { return server.OpenStreams() == 0 && server.Running() == 0 })
			if call := server.CallsOf(sim.Query, "")[0]; !call.ClientGone || call.Status != 200 {
				t.Errorf("recorded client gone %v, status %d; want true, 200", call.ClientGone, call.Status)
			}
		})
	}
}

func TestEndlessFrameEndsByItself(t *testing.T) {
	server, c := start(t, sim.Options{})
	session := c.session()
	server.Script(sim.Fault{On: sim.Query, Do: sim.EndlessFrame()})
	response, err := c.open(t.Context(), http.MethodPost, c.queryPath(session), c.queryBody("hi", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	size, err := io.Copy(io.Discard, response.Body)
	if size < 64<<20 || size > 65<<20 || err != nil {
		t.Errorf("%d bytes and %v, want 64 MiB and a proper end", size, err)
	}
}
