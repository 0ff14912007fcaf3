package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// accountKind is how the accounts of a stage prove who they are.
type accountKind string

const (
	byPassword accountKind = "password"
	byKey      accountKind = "key"
)

// accounts are the first n accounts of a kind: as the platform knows them, and as the
// program is told of them.
func (k accountKind) accounts(n int) (known []sim.Account, configured string) {
	var entries []string
	for _, name := range []string{"a", "b"}[:n] {
		if k == byPassword {
			known = append(known, sim.Account{Email: name + "@example.org", Password: "secret"})
			entries = append(entries, `{"email":"`+name+`@example.org","password":"secret"}`)
		} else {
			known = append(known, sim.Account{Key: "key-" + name})
			entries = append(entries, `{"api_key":"key-`+name+`"}`)
		}
	}
	return known, "[" + strings.Join(entries, ",") + "]"
}

// stage is a platform with accounts of one kind, the program in front of it, and one
// client that sends one request at a time. The first account is the one that meets trouble.
type stage struct {
	t        *testing.T
	platform *sim.Server
	*proxy
	environ []string // of the program
	client  *http.Client
	labels  []string // of the accounts, as they are configured
	stream  bool     // what the client asks for
	asked   int
}

// staging says how a stage is set up.
type staging struct {
	kind     accountKind
	accounts int
	stream   bool
	options  sim.Options
	environ  []string
}

// roomy are times that no test waits for, however busy the machine is. A program built
// with the race detector would sleep a second before it ends.
var roomy = []string{"REQUEST_TIMEOUT=20", "STREAM_TIMEOUT=20", "MAX_RETRIES=3", "DEBUG_MODE=false"}

// setStage starts the platform and the program, and waits until that has got its catalogue: until
// it is asked for something it makes no further call of its own.
func setStage(t *testing.T, how staging) *stage {
	t.Helper()
	known, configured := how.kind.accounts(how.accounts)
	how.options.Accounts = known
	if how.options.Model == nil {
		how.options.Model = sim.Recall
	}
	s := &stage{t: t, platform: sim.Start(t, how.options), client: httpClient(t), stream: how.stream}
	for _, account := range known {
		s.labels = append(s.labels, account.Label())
	}
	s.environ = slices.Concat(roomy, []string{
		"UPSTREAM_GATEWAY_URL=" + s.platform.URL, "UPSTREAM_API_URL=" + s.platform.URL, "ONDEMAND_ACCOUNTS=" + configured,
	}, how.environ)
	s.proxy = startWith(t, setup{environ: s.environ})
	s.await("the catalogue was fetched", func() bool {
		return slices.ContainsFunc(s.platform.CallsOf(sim.Catalogue, ""), func(c sim.Call) bool { return c.Status == http.StatusOK && !c.Ended.IsZero() })
	})
	return s
}

// await waits until cond holds for the platform.
func (s *stage) await(what string, cond func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	if err := s.platform.WaitFor(ctx, cond); err != nil {
		s.t.Fatalf("after 30 s it is still not so that %s\n%s", what, s.log.tail())
	}
}

// spoken is one message of a conversation.
type spoken struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// question is a conversation of one new message, which no other one resembles.
func (s *stage) question() []spoken {
	s.asked++
	return []spoken{{"user", fmt.Sprintf("Question <%d> of the client.", s.asked)}}
}

// next is the conversation with this answer and a new question.
func (s *stage) next(history []spoken, answered string) []spoken {
	return slices.Concat(history, []spoken{{"assistant", answered}}, s.question())
}

// body is the request for an answer to a conversation.
func (s *stage) body(history []spoken, members map[string]any) string {
	request := map[string]any{"model": "gpt-4o", "messages": history, "stream": s.stream}
	for name, value := range members {
		request[name] = value
	}
	text, err := json.Marshal(request)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// ask gets an answer, once nothing of earlier requests goes on at the platform.
func (s *stage) ask(history []spoken) answer {
	s.t.Helper()
	return s.askWith(history, nil)
}

func (s *stage) askWith(history []spoken, members map[string]any) answer {
	s.t.Helper()
	s.await("the platform is at rest", func() bool { return s.platform.Running() == 0 })
	return s.post(s.t, s.client, s.body(history, members))
}

// chat asks, checks that the answer is whole, and returns it and the account that gave it.
func (s *stage) chat(history []spoken) (text, account string) {
	s.t.Helper()
	a := s.ask(history)
	return s.whole(history, a), s.lastAsked()
}

// lastAsked is the account that got the latest query.
func (s *stage) lastAsked() string {
	calls := s.platform.CallsOf(sim.Query, "")
	return calls[len(calls)-1].Account
}

// whole checks that an answer is complete, and that the model which gave it had seen the
// conversation, each message once. It returns the text.
func (s *stage) whole(history []spoken, a answer) string {
	s.t.Helper()
	got := a.tells(s.t)
	if a.status != http.StatusOK || got.failure != "" || got.finish != "stop" || !got.done || a.err != nil {
		s.t.Fatalf("got status %d, failure %q, finish reason %q, [DONE] %v (%v); want a whole answer\n%s\n%s",
			a.status, got.failure, got.finish, got.done, a.err, a.body, s.log.tail())
	}
	calls := s.platform.CallsOf(sim.Query, "")
	turns := s.platform.Transcript(calls[len(calls)-1].Session)
	if last := turns[len(turns)-1]; got.text != last.Answer {
		s.t.Errorf("the client got %q, the model's answer was %q", got.text, last.Answer)
	}
	s.sawOnce(turns, history)
	return got.text
}

// sawOnce checks that a session's model, when it was asked last, had seen each message once and in order.
func (s *stage) sawOnce(turns []sim.Turn, history []spoken) {
	s.t.Helper()
	var seen strings.Builder
	for i, turn := range turns {
		seen.WriteString(turn.Query + "\n")
		if i < len(turns)-1 {
			seen.WriteString(turn.Answer + "\n")
		}
	}
	at := 0
	for _, m := range history {
		found := strings.Index(seen.String(), m.Content)
		if n := strings.Count(seen.String(), m.Content); n != 1 || found < at {
			s.t.Errorf("the model saw %q %d times, at %d after %d; want once, in order. It saw:\n%s", m.Content, n, found, at, seen.String())
			return
		}
		at = found
	}
}

// ending is how a request has to end. For one that is refused, code is the error's code, and
// least and most are what Retry-After may say, in seconds; zero: there is none.
type ending struct {
	status      int
	code        string
	least, most int
}

var wholeAnswer = ending{status: http.StatusOK}

// ends checks how a request ended.
func (s *stage) ends(history []spoken, a answer, want ending) {
	s.t.Helper()
	if want == wholeAnswer {
		s.whole(history, a)
		return
	}
	if a.status != want.status || a.code() != want.code {
		s.t.Fatalf("got status %d and %s, want %d and code %q\n%s", a.status, a.body, want.status, want.code, s.log.tail())
	}
	header := a.header.Get("Retry-After")
	if after, err := strconv.Atoi(header); want.most == 0 && header != "" || want.most > 0 && (err != nil || after < want.least || after > want.most) {
		s.t.Errorf("Retry-After is %q, want %d to %d whole seconds (0: none)", header, want.least, want.most)
	}
	shouldRetry := ""
	if want.status == http.StatusBadGateway || want.status == http.StatusGatewayTimeout {
		shouldRetry = "false"
	}
	if got := a.header.Get("x-should-retry"); got != shouldRetry {
		s.t.Errorf("x-should-retry is %q, want %q with status %d", got, shouldRetry, want.status)
	}
}

// tally counts the calls of an account.
type tally struct{ SignIns, Refreshes, Sessions, Queries int }

func (a tally) plus(b tally) tally {
	return tally{a.SignIns + b.SignIns, a.Refreshes + b.Refreshes, a.Sessions + b.Sessions, a.Queries + b.Queries}
}

func (a tally) times(n int) tally {
	return tally{a.SignIns * n, a.Refreshes * n, a.Sessions * n, a.Queries * n}
}

// tallies are the calls of all accounts so far.
func (s *stage) tallies() map[string]tally {
	all := map[string]tally{}
	for _, label := range s.labels {
		all[label] = tally{
			s.platform.Count(sim.SignIn, label), s.platform.Count(sim.Refresh, label),
			s.platform.Count(sim.NewSession, label), s.platform.Count(sim.Query, label),
		}
	}
	return all
}

// since are the calls that came after the tallies before.
func (s *stage) since(before map[string]tally) map[string]tally {
	all := s.tallies()
	for label, old := range before {
		all[label] = all[label].plus(old.times(-1))
	}
	return all
}

// called checks what a request cost each account, in the order of the configuration.
func (s *stage) called(what string, before map[string]tally, want ...tally) {
	s.t.Helper()
	wanted := map[string]tally{}
	for i, label := range s.labels {
		wanted[label] = want[i]
	}
	if diff := cmp.Diff(wanted, s.since(before)); diff != "" {
		s.t.Errorf("calls of each account %s (-want +got):\n%s\n%s", what, diff, s.log.tail())
	}
}

// calledTogether checks what a request cost all accounts together.
func (s *stage) calledTogether(before map[string]tally, want tally) {
	s.t.Helper()
	var got tally
	for _, one := range s.since(before) {
		got = got.plus(one)
	}
	if got != want {
		s.t.Errorf("calls of all accounts together: %+v, want %+v\n%s", got, want, s.log.tail())
	}
}

// warmUp lets every account answer once, so that all are signed in and the first one is
// the next to be asked. It returns the conversation with which trouble is to be met: a new one, or
// the second turn of the first account's.
func (s *stage) warmUp(continued bool) []spoken {
	s.t.Helper()
	var history []spoken
	for i, label := range s.labels {
		q := s.question()
		text, account := s.chat(q)
		if account != label {
			s.t.Fatalf("warm-up %d was answered by %s, want %s: accounts take turns", i, account, label)
		}
		if i == 0 && continued {
			history = s.next(q, text)
		}
	}
	if !continued {
		history = s.question()
	}
	return history
}

// struck tells how many calls the first account has made, and when the last one was.
func (s *stage) struck() (calls int, at time.Time) {
	all := s.platform.CallsOf("", s.labels[0])
	return len(all), all[len(all)-1].At
}

// staysInUse checks that the first account is given work in its turn.
func (s *stage) staysInUse() {
	s.t.Helper()
	before := s.tallies()
	for range s.labels {
		s.chat(s.question())
	}
	want := slices.Repeat([]tally{{Sessions: 1, Queries: 1}}, len(s.labels))
	s.called("when it should be the turn of each account", before, want...)
}

// restsFor checks that the first account is given no work until the time since its last call,
// and is then; meanwhile every request ends as it should.
func (s *stage) restsFor(rest time.Duration, meanwhile ending) {
	s.t.Helper()
	calls, at := s.struck()
	pause := rest - 200*time.Millisecond - time.Since(at) // after the first question
	for deadline := at.Add(rest + 10*time.Second); time.Now().Before(deadline); pause = 50 * time.Millisecond {
		q := s.question()
		a := s.ask(q)
		again := s.platform.CallsOf("", s.labels[0])
		if len(again) > calls {
			s.whole(q, a)
			if gap := again[calls].At.Sub(at); gap < rest {
				s.t.Errorf("the account was asked again after %v, want it left alone for %v", gap, rest)
			}
			return
		}
		s.ends(q, a, meanwhile)
		time.Sleep(pause)
	}
	s.t.Errorf("the account was not asked again within 10 s of the end of its rest of %v", rest)
}

// longerThanARest is longer than an account rests after one fault.
const longerThanARest = 1200 * time.Millisecond

// staysOut checks that the first account is given no work any more: at once, and after the
// longest time that a fault would have rested it.
func (s *stage) staysOut(meanwhile ending) {
	s.t.Helper()
	calls, at := s.struck()
	for _, since := range []time.Duration{0, longerThanARest} {
		time.Sleep(since - time.Since(at))
		for range s.labels {
			q := s.question()
			s.ends(q, s.ask(q), meanwhile)
		}
		if n, again := s.struck(); n > calls {
			s.t.Fatalf("the account was asked again after %v, want it left alone for an hour", again.Sub(at))
		}
	}
}

// nothingTwice checks that no query went into a session which was busy, or in which one
// had come to nothing, and that no query was ever sent into the same session twice.
func (s *stage) nothingTwice() {
	s.t.Helper()
	s.await("the platform is at rest", func() bool { return s.platform.Running() == 0 })
	if n := s.platform.Overlaps(); n > 0 {
		s.t.Errorf("%d queries came into a session that was still answering", n)
	}
	for _, id := range s.platform.Sessions("") {
		turns := s.platform.Transcript(id)
		texts := map[string]bool{}
		for i, turn := range turns {
			if texts[turn.Query] {
				s.t.Errorf("session %s got a query twice: %q", id, turn.Query)
			}
			texts[turn.Query] = true
			if !turn.Complete && i < len(turns)-1 {
				s.t.Errorf("session %s was asked on after a query whose answer broke off: %q", id, turn.Query)
			}
		}
	}
}
