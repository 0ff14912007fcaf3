package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// The size of the model-based test: at least 2,000 steps, cut into parts by restarts.
const (
	treeWorkers = 8
	treeSteps   = 105 // of each worker in each part
	treeParts   = 3
)

// TestEveryAnswerIsComputedFromExactlyTheHistoryTheClientSent grows random trees of
// conversations, in parallel and under faults, over a clean restart and a crash. Every
// text a client sends carries marks; the simulated model answers with a digest of the
// marks it has seen, in their order. So an answer proves which history it came from.
func TestEveryAnswerIsComputedFromExactlyTheHistoryTheClientSent(t *testing.T) {
	seed := rand.Uint64()
	if fixed, err := strconv.ParseUint(os.Getenv("TREES_SEED"), 10, 64); err == nil {
		seed = fixed
	}
	t.Logf("TREES_SEED=%d repeats the choices, though not how they interleave", seed)

	witness := &witness{seen: map[string]sim.Seen{}, holders: map[string]string{}}
	platform := sim.Start(t, sim.Options{
		Accounts: []sim.Account{
			{Email: "a@example.org", Password: "secret"}, {Email: "b@example.org", Password: "secret"}, {Key: "key-c"}, {Key: "key-d"},
		},
		Model: witness.answer, RotateRefresh: true, KeepSessions: 100_000,
	})
	trouble(platform, rand.New(rand.NewPCG(seed, 0)))
	forest := &forest{t: t, platform: platform, witness: witness}
	program := setup{dataDir: t.TempDir(), environ: []string{
		"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL,
		`ONDEMAND_ACCOUNTS=[{"email":"a@example.org","password":"secret"},{"email":"b@example.org","password":"secret"},{"api_key":"key-c"},{"api_key":"key-d"}]`,
		`ACCESS_TOKENS=[{"name":"other","token":"` + otherToken + `"}]`, "MAX_RETRIES=6", "REQUEST_TIMEOUT=10", "STREAM_TIMEOUT=10", "LOG_LEVEL=warn", "DEBUG_MODE=false",
	}}
	for part := range treeParts {
		p := startWith(t, program)
		var group sync.WaitGroup
		for w := range treeWorkers {
			random := rand.New(rand.NewPCG(seed, uint64(1+part*treeWorkers+w)))
			gardener := &gardener{forest: forest, random: random, proxy: p, client: httpClient(t)}
			group.Go(func() { gardener.work(treeSteps) })
		}
		group.Wait()
		if part%2 == 0 {
			p.stop(syscall.SIGTERM, 0)
		} else {
			p.stop(syscall.SIGKILL, 0)
		}
	}
	forest.sumUp()
}

// trouble lets the platform fail now and then, in every way that a further attempt can mend.
func trouble(platform *sim.Server, random *rand.Rand) {
	var mu sync.Mutex
	rarely := func(share float64) func(sim.Call) bool {
		return func(sim.Call) bool {
			mu.Lock()
			defer mu.Unlock()
			return random.Float64() < share
		}
	}
	for _, effect := range []sim.Effect{
		sim.Reset(), sim.Hangup(), sim.CDNPage(502), sim.Status(500), sim.SessionExpired(), sim.EmptyAnswer(),
		sim.AfterDeltas(0, sim.Reset()), sim.AfterDeltas(0, sim.Cut()), sim.AfterDeltas(2, sim.Reset()), sim.AfterDeltas(3, sim.Cut()),
		sim.AfterDeltas(1, sim.ErrorFrame("no", "server_error")), sim.AfterDeltas(2, sim.MalformedFrame()), sim.NoDone(),
	} {
		platform.Script(sim.Fault{On: sim.Query, If: rarely(0.006), Do: effect})
	}
	for _, effect := range []sim.Effect{sim.Reset(), sim.NoRoute(), sim.Status(503), sim.BrokenJSON()} {
		platform.Script(sim.Fault{On: sim.NewSession, If: rarely(0.01), Do: effect})
	}
	platform.Script(
		sim.Fault{On: sim.Refresh, If: rarely(0.2), Do: sim.Status(500)},
		sim.Fault{On: sim.SignIn, If: rarely(0.1), Do: sim.Reset()},
	)
}

// witness is the model: it notes what it saw for each answer it gave.
type witness struct {
	mu      sync.Mutex
	seen    map[string]sim.Seen // by the answer's number
	holders map[string]string   // session -> the access token whose conversation it holds
}

var mark = regexp.MustCompile(`<<[^<>]+>>`)

// proof is a digest of the marks in a text, in their order.
func proof(text string) string {
	sum := sha256.Sum256([]byte(strings.Join(mark.FindAllString(text, -1), " ")))
	return hex.EncodeToString(sum[:6])
}

func (w *witness) answer(seen sim.Seen) sim.Answer {
	var all strings.Builder
	for _, turn := range seen.Turns {
		all.WriteString(turn.Query)
		all.WriteString(turn.Answer)
	}
	all.WriteString(seen.Query)
	w.mu.Lock()
	number := strconv.Itoa(len(w.seen))
	w.seen[number] = seen
	w.mu.Unlock()
	return sim.Answer{Text: fmt.Sprintf("Well: <<answer.%s.%s>>%s", proof(all.String()), number, answerEnd)}
}

// answerEnd is how every answer ends that was not cut.
const answerEnd = " and that is all, 就这样 🌲."

var answerMark = regexp.MustCompile(`<<answer\.([0-9a-f]+)\.(\d+)>>`)

// check holds an answer against the history that the client had sent. It returns whether
// a session had been continued for it.
func (w *witness) check(history []message, token, answer string) (continued bool, err error) {
	found := answerMark.FindStringSubmatch(answer)
	if found == nil {
		return false, nil // a cut answer proves nothing
	}
	var all strings.Builder
	for _, m := range history {
		all.WriteString(m.text)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen[found[2]]
	if want := proof(all.String()); found[1] != want {
		return false, fmt.Errorf("the model did not see what the client sent\nclient: %q\nmodel's session before: %+v\nquery: %q", history, seen.Turns, seen.Query)
	}
	if last := history[len(history)-1]; last.role == "user" && !strings.HasSuffix(seen.Query, last.text) {
		return false, fmt.Errorf("the newest text does not stand last and unchanged\ntext: %q\nquery: %q", last.text, seen.Query)
	}
	if holder, known := w.holders[seen.Session]; known && holder != token {
		return false, fmt.Errorf("a session of one access token served another")
	}
	w.holders[seen.Session] = token
	return len(seen.Turns) > 0, nil
}

// forest is what all gardeners share: conversations anybody may go on with, and the count.
type forest struct {
	t        *testing.T
	platform *sim.Server
	witness  *witness

	mu        sync.Mutex
	talks     []talk
	steps     int
	proved    int
	continued int
	failed    map[string]int
}

// noted counts a step.
func (f *forest) noted(proved, continued bool, failure string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps++
	if proved {
		f.proved++
	}
	if continued {
		f.continued++
	}
	if failure != "" {
		if f.failed == nil {
			f.failed = map[string]int{}
		}
		f.failed[failure]++
	}
}

// sumUp checks that the test showed something at all.
func (f *forest) sumUp() {
	f.t.Logf("%d steps: %d answers proved, %d of them in a continued session; failures %v; %d upstream queries",
		f.steps, f.proved, f.continued, f.failed, f.platform.Count(sim.Query, ""))
	if f.steps < 2000 || f.proved < f.steps*6/10 || f.continued < f.steps/8 {
		f.t.Errorf("too little was shown")
	}
	if n := f.platform.Overlaps(); n != 0 {
		f.t.Errorf("%d queries went into a session that was still answering", n)
	}
	deadline, cancel := contextWithTimeout(f.t, 10*time.Second)
	defer cancel()
	if err := f.platform.WaitFor(deadline, func() bool { return f.platform.Running() == 0 }); err != nil {
		f.t.Errorf("%d upstream calls go on without anybody waiting for them", f.platform.Running())
	}
}
