package main_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// wordy answers in several deltas, each answer with a beginning of its own.
func wordy(seen sim.Seen) sim.Answer {
	sum := sha256.Sum256([]byte(seen.Session + seen.Query))
	return sim.Answer{Deltas: []string{"Reply ", "to ", fmt.Sprintf("<%x>", sum[:4]), " goes ", "on ", "and ", "on, ", "and ends."}}
}

// breakage is a way for an answer to break off after its third delta.
type breakage struct {
	name    string
	do      sim.Effect
	code    string // of the error event
	environ []string
	kind    accountKind
	stream  bool
}

// breakages are all ways, for both kinds of accounts. What is sent right before a connection
// is reset may be lost with it, hence the pause.
func breakages(stream bool) (all []breakage) {
	const failed = "upstream_error"
	for _, kind := range []accountKind{byPassword, byKey} {
		for _, b := range []breakage{
			{name: "cut", do: sim.Cut(), code: failed},
			{name: "reset", do: sim.Pause(500 * time.Millisecond).With(sim.Reset()), code: failed},
			{name: "hung up", do: sim.Pause(500 * time.Millisecond).With(sim.Hangup()), code: failed},
			{name: "error frame", do: sim.ErrorFrame("The model is overloaded", "server_error"), code: failed},
			{name: "error key", do: sim.ErrorKeyFrame("The model is overloaded", "server_error"), code: failed},
			{name: "failed frame", do: sim.FailedFrame("Fulfillment failed"), code: failed},
			{name: "malformed frame", do: sim.MalformedFrame(), code: failed},
			{name: "silence", do: sim.Hang(), code: "upstream_timeout", environ: []string{"STREAM_TIMEOUT=1.5"}},
			{name: "only heartbeats", do: sim.Heartbeats(50 * time.Millisecond), code: "upstream_timeout", environ: []string{"STREAM_TIMEOUT=0.7"}},
		} {
			b.kind, b.stream = kind, stream
			all = append(all, b)
		}
	}
	return all
}

func (b breakage) label() string { return b.name + ", " + string(b.kind) }

// setStage lets the first account's next answer break off, and returns the conversation to ask.
func (b breakage) setStage(t *testing.T, accounts int) (*stage, []spoken) {
	t.Helper()
	s := setStage(t, staging{kind: b.kind, accounts: accounts, stream: b.stream, options: sim.Options{Model: wordy}, environ: b.environ})
	history := s.warmUp(false)
	s.platform.Script(sim.Fault{On: sim.Query, Account: s.labels[0], Times: 1, Do: sim.AfterDeltas(3, b.do)})
	return s, history
}

// broken checks that a stream ended with one error event and nothing that looks like an end.
func (s *stage) broken(a answer, code string) told {
	s.t.Helper()
	got := a.tells(s.t)
	if a.status != http.StatusOK || got.failure != code || got.done || got.finish != "" || a.err != nil {
		s.t.Fatalf("status %d, failure %q, [DONE] %v, finish reason %q (%v); want 200, an error event %q, and no end\n%s\n%s",
			a.status, got.failure, got.done, got.finish, a.err, code, a.body, s.log.tail())
	}
	if n := strings.Count(a.body, `data: {"error"`); n != 1 {
		s.t.Errorf("%d error events, want 1\n%s", n, a.body)
	}
	return got
}

func TestAStreamThatBreaksOffEndsWithOneErrorEventAndIsNotRetried(t *testing.T) {
	t.Parallel()
	atOnce(t, breakages(true), breakage.label, func(b breakage, t *testing.T) {
		s, history := b.setStage(t, 2)
		before := s.tallies()
		got := s.broken(s.ask(history), b.code)
		s.called("of a stream that broke off", before, answered, tally{})
		session := s.lastSession()
		if sent := s.platform.Transcript(session)[0].Answer; !strings.HasPrefix(sent, got.text) || !strings.HasSuffix(got.text, ">") {
			t.Errorf("the client got %q, the platform had sent %q; want its first three deltas", got.text, sent)
		}

		history = s.next(history, got.text)
		text, account := s.chat(history)
		if account != s.labels[1] {
			t.Errorf("the next turn went to %s, which should rest", account)
		}
		s.inNewSession()
		history = s.next(history, text)
		s.chat(history)
		if turns := s.platform.Transcript(s.lastSession()); len(turns) != 2 {
			t.Errorf("the turn after the replay is number %d of its session, want 2: the conversation is whole again", len(turns))
		}
		s.nothingTwice()
	})
}

func TestTheTurnAfterABrokenStreamGetsANewSessionOfTheOnlyAccount(t *testing.T) {
	t.Parallel()
	atOnce(t, breakages(true), breakage.label, func(b breakage, t *testing.T) {
		s, history := b.setStage(t, 1)
		got := s.broken(s.ask(history), b.code)
		s.chat(s.next(history, got.text))
		s.inNewSession()
		s.chat(history) // as if the client had seen nothing
		s.inNewSession()
		s.nothingTwice()
	})
}

func TestAWholeAnswerThatBreaksOffIsRetriedElsewhere(t *testing.T) {
	t.Parallel()
	atOnce(t, breakages(false), breakage.label, func(b breakage, t *testing.T) {
		s, history := b.setStage(t, 2)
		before := s.tallies()
		a := s.ask(history)
		if b.name == "only heartbeats" { // too late for another attempt
			s.ends(history, a, silent.left)
			return
		}
		text := s.whole(history, a)
		s.called("of a broken answer and the second one", before, answered, answered)
		s.inNewSession()
		if n := strings.Count(text, "Reply"); n != 1 {
			t.Errorf("the answer is %q, want the second one alone", text)
		}
		if _, account := s.chat(s.next(history, text)); account != s.labels[1] {
			t.Errorf("the next turn went to %s, want the account that has the conversation", account)
		}
		if turns := s.platform.Transcript(s.lastSession()); len(turns) != 2 {
			t.Errorf("the next turn is number %d of its session, want 2", len(turns))
		}
		s.nothingTwice()
	})
}

// lastSession is the session of the latest query.
func (s *stage) lastSession() string {
	calls := s.platform.CallsOf(sim.Query, "")
	return calls[len(calls)-1].Session
}

// inNewSession checks that the latest query began its session.
func (s *stage) inNewSession() {
	s.t.Helper()
	if turns := s.platform.Transcript(s.lastSession()); len(turns) != 1 {
		s.t.Errorf("the latest query is number %d of its session, want a new session", len(turns))
	}
}

func TestAWholeAnswerFailsOnlyWhenEveryAttemptBroke(t *testing.T) {
	t.Parallel()
	type scene struct {
		name    string
		faults  []sim.Fault
		queries int
		want    ending
	}
	atOnce(t, []scene{
		{"always cut", []sim.Fault{{On: sim.Query, Do: sim.AfterDeltas(3, sim.Cut())}}, 4, failed.left},
		{"cut but once", []sim.Fault{{On: sim.Query, Times: 3, Do: sim.AfterDeltas(3, sim.Cut())}}, 4, wholeAnswer},
		{"always silent", []sim.Fault{{On: sim.Query, Do: sim.AfterDeltas(3, sim.Hang())}}, 2, silent.left},
		{"cut, then silent", []sim.Fault{{On: sim.Query, Times: 1, Do: sim.AfterDeltas(3, sim.Cut())}, {On: sim.Query, Do: sim.AfterDeltas(3, sim.Hang())}}, 3, failed.left},
	}, func(c scene) string { return c.name }, func(c scene, t *testing.T) {
		s := setStage(t, staging{kind: byKey, accounts: 1, options: sim.Options{Model: wordy}, environ: []string{"STREAM_TIMEOUT=1.5"}})
		s.platform.Script(c.faults...)
		history := s.question()
		s.ends(history, s.ask(history), c.want)
		if n := s.platform.Count(sim.Query, ""); n != c.queries {
			t.Errorf("%d queries, want %d", n, c.queries)
		}
		s.nothingTwice()
	})
}

func TestReasoningWithoutAnAnswerIsAnErrorInAStreamAndRetriedOtherwise(t *testing.T) {
	t.Parallel()
	for _, end := range []sim.Effect{sim.ReasoningOnly("Let me think."), sim.Answering(sim.Answer{Reasoning: "Let me think.", Text: "x"}).With(sim.AfterDeltas(2, sim.Cut()))} {
		for _, stream := range []bool{true, false} {
			s := setStage(t, staging{kind: byPassword, accounts: 2, stream: stream})
			history := s.warmUp(false)
			s.platform.Script(sim.Fault{On: sim.Query, Account: s.labels[0], Times: 1, Do: end})
			before := s.tallies()
			a := s.ask(history)
			if !stream {
				s.whole(history, a)
				if got := a.tells(t); got.reasoning != "" {
					t.Errorf("the second answer came with reasoning %q, which belongs to the first", got.reasoning)
				}
				s.called("of an empty answer and the second one", before, answered, answered)
				continue
			}
			if got := s.broken(a, "upstream_error"); got.reasoning == "" || got.text != "" {
				t.Errorf("got reasoning %q and text %q, want some reasoning only", got.reasoning, got.text)
			}
			s.called("of an empty answer", before, answered, tally{})
			s.restsFor(time.Second, wholeAnswer)
		}
	}
}

func TestAPauseWithHeartbeatsIsNoFault(t *testing.T) {
	t.Parallel()
	s := setStage(t, staging{
		kind: byKey, accounts: 1, stream: true, environ: []string{"REQUEST_TIMEOUT=1", "STREAM_TIMEOUT=1"},
		options: sim.Options{Pace: sim.Pace{BeforeFirst: 2500 * time.Millisecond, Heartbeat: 100 * time.Millisecond}},
	})
	history := s.question()
	s.whole(history, s.ask(history))
	if n := s.platform.Count(sim.Query, ""); n != 1 {
		t.Errorf("%d queries, want 1", n)
	}
}

// logged waits until the log holds text so many times.
func (s *stage) logged(text string, times int) {
	s.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		changed := s.log.next()
		if strings.Count(s.log.String(), text) >= times {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			s.t.Fatalf("after 30 s the log still does not hold %s %d times\n%s", text, times, s.log.tail())
		}
	}
}

// talkative has much to say, slowly.
func talkative(sim.Seen) sim.Answer {
	return sim.Answer{Deltas: slices.Repeat([]string{"word ", "after ", "word, "}, 1000)}
}

// abandoned checks that the latest query was given up within a second of since, and that its account
// got no rest for it.
func (s *stage) abandoned(since time.Time) {
	s.t.Helper()
	s.await("the upstream call has ended", func() bool { return s.platform.Running() == 0 })
	calls := s.platform.CallsOf(sim.Query, "")
	call := calls[len(calls)-1]
	if took := call.Ended.Sub(since); !call.ClientGone || took > time.Second {
		s.t.Errorf("the upstream call: given up %v, after %v; want so within a second", call.ClientGone, took)
	}
	s.logged(`"completion"`, s.asked)
	if strings.Contains(s.log.String(), "account rests") {
		s.t.Errorf("the account rests although nothing is wrong with it\n%s", s.log.tail())
	}
	s.platform.SetModel(sim.Recall)
	s.platform.ClearScript()
	s.staysInUse()
	s.nothingTwice()
}

func TestAClientThatLeavesEndsTheUpstreamCallAndHarmsNoAccount(t *testing.T) {
	t.Parallel()
	type scene struct {
		name   string
		stream bool
		do     sim.Effect
		deltas int // that are out when the client leaves
	}
	slowly := sim.Paced(sim.Pace{Between: 20 * time.Millisecond})
	atOnce(t, []scene{
		{"a stream under way", true, slowly, 5},
		{"a stream before its first delta", true, sim.AfterDeltas(0, sim.Hang()), 0},
		{"a stream without headers", true, sim.Hang(), 0},
		{"a whole answer under way", false, slowly, 5},
		{"a whole answer without headers", false, sim.Hang(), 0},
	}, func(c scene) string { return c.name }, func(c scene, t *testing.T) {
		s := setStage(t, staging{kind: byPassword, accounts: 2, stream: c.stream})
		history := s.warmUp(false)
		s.platform.SetModel(talkative)
		s.platform.Script(sim.Fault{On: sim.Query, Do: c.do})
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		answers := make(chan error, 1)
		queries := s.platform.Count(sim.Query, "")
		go func() {
			response, err := s.open(ctx, s.client, s.body(history, nil))
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
			answers <- err
		}()
		s.await("the query is under way", func() bool {
			calls := s.platform.CallsOf(sim.Query, "")
			return len(calls) > queries && calls[queries].Deltas >= c.deltas
		})
		left := time.Now()
		leave()
		if err := <-answers; err == nil {
			t.Error("the answer came to an end before the client left")
		}
		s.abandoned(left)
	})
}

func TestAnAnswerThatIsEndedEarlyEndsTheUpstreamCall(t *testing.T) {
	t.Parallel()
	type scene struct {
		name    string
		stream  bool
		members map[string]any
		finish  string
	}
	atOnce(t, []scene{
		{"stop text, streamed", true, map[string]any{"stop": []string{"after word, word"}}, "stop"},
		{"stop text, whole", false, map[string]any{"stop": []string{"after word, word"}}, "stop"},
		{"token limit, streamed", true, map[string]any{"max_tokens": 7}, "length"},
		{"token limit, whole", false, map[string]any{"max_tokens": 7}, "length"},
	}, func(c scene) string { return c.name }, func(c scene, t *testing.T) {
		s := setStage(t, staging{kind: byPassword, accounts: 2, stream: c.stream})
		history := s.warmUp(false)
		s.platform.SetModel(talkative)
		s.platform.Script(sim.Fault{On: sim.Query, Do: sim.Paced(sim.Pace{Between: 5 * time.Millisecond})})
		a := s.askWith(history, c.members)
		ended := time.Now()
		got := a.tells(t)
		if a.status != http.StatusOK || got.finish != c.finish || !got.done || !strings.HasPrefix(got.text, "word ") {
			t.Fatalf("status %d, finish reason %q, [DONE] %v, text %q; want 200 and %q\n%s", a.status, got.finish, got.done, got.text, c.finish, s.log.tail())
		}
		s.abandoned(ended)
		old := s.platform.Sessions(s.labels[0])
		s.chat(s.next(history, got.text))
		s.inNewSession()
		if slices.Contains(old, s.lastSession()) {
			t.Error("the next turn went into a session from before")
		}
	})
}
