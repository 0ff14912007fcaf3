package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/usecase/usage"
)

// kills is how often the program is killed: SOAK_KILLS, or 5 times.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SOAK_KILLS")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("SOAK_KILLS is %q, want a number from 1", text)
	}
	return n
}

// survivor is a client whose conversation outlives the program.
type survivor struct {
	name string
	talk []message
}

// mourning is what all survivors know together.
type mourning struct {
	t        *testing.T
	mu       sync.Mutex
	ended    map[string]time.Time // request id -> when its whole answer was there
	begun    atomic.Int64
	answered atomic.Int64
	cut      atomic.Int64
	dead     atomic.Bool // the program is being killed
}

func TestAKillAtAnyMomentHarmsNeitherTheStoreNorTheConversations(t *testing.T) {
	platform := sim.Start(t, sim.Options{
		Accounts: []sim.Account{{Email: "a@example.org", Password: "secret"}, {Key: "key-b"}}, Model: soakModel,
		Pace: sim.Pace{BeforeFirst: 3 * time.Millisecond, Between: time.Millisecond}, KeepSessions: 100_000, KeepBody: 1,
	})
	s := setup{dataDir: t.TempDir(), environ: []string{
		"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL, "DEBUG_MODE=false", "LOG_LEVEL=warn",
		`ONDEMAND_ACCOUNTS=[{"email":"a@example.org","password":"secret"},{"api_key":"key-b"}]`,
	}}
	m := &mourning{t: t, ended: map[string]time.Time{}}
	survivors := make([]*survivor, 8)
	for i := range survivors {
		survivors[i] = &survivor{name: fmt.Sprint("survivor ", i)}
	}
	for life := range kills(t) {
		if life%5 == 4 { // whatever it is doing while it starts
			killAtBirth(t, s, rand.N(150*time.Millisecond))
			m.checkCopy(s.dataDir, life)
			continue
		}
		lasts := rand.N(1500 * time.Millisecond)
		if life == 0 {
			lasts += 1500 * time.Millisecond // so that there is something to lose
		}
		killed := m.live(startWith(t, s), survivors, lasts)
		m.checkCopy(s.dataDir, life)
		m.checkSafe(s.dataDir, killed)
	}
	p := startWith(t, s)
	m.dead.Store(false)
	client := pouringClient(t)
	for _, survivor := range survivors {
		if !m.asks(p, client, survivor) {
			t.Errorf("%s is not answered after the last start", survivor.name)
		}
	}
	p.stop(syscall.SIGTERM, 0)
	checkIntegrity(t, filepath.Join(s.dataDir, "ondemand-proxy.db"))
	t.Logf("%d kills: %d requests begun, %d answered whole and right, %d cut by a kill", kills(t), m.begun.Load(), m.answered.Load(), m.cut.Load())
}

// killAtBirth starts the program and kills it after a moment, whether it serves or not.
func killAtBirth(t *testing.T, s setup, after time.Duration) {
	t.Helper()
	p := launch(t, s)
	time.Sleep(after)
	p.stop(syscall.SIGKILL, 0)
}

// live lets the survivors talk to a program until it is killed, and tells when that was.
func (m *mourning) live(p *proxy, survivors []*survivor, lasts time.Duration) (killed time.Time) {
	m.t.Helper()
	m.dead.Store(false)
	client := pouringClient(m.t)
	var group sync.WaitGroup
	for _, survivor := range survivors {
		group.Go(func() {
			for !m.dead.Load() && !m.t.Failed() {
				m.asks(p, client, survivor)
			}
		})
	}
	time.Sleep(lasts)
	m.dead.Store(true)
	killed = time.Now()
	p.stop(syscall.SIGKILL, 0)
	group.Wait()
	return killed
}

// asks goes on with a conversation, and tells whether the answer came. It has to be one to exactly
// what the client had sent, whatever became of the program since it began.
func (m *mourning) asks(p *proxy, client *http.Client, s *survivor) bool {
	if len(s.talk) >= 2*longestTalk {
		s.talk = nil
	}
	number := m.begun.Add(1)
	history := append(slices.Clone(s.talk), message{"user", soakText(int(number), s.name)})
	messages := make([]map[string]string, 0, len(history))
	for _, said := range history {
		messages = append(messages, map[string]string{"role": said.role, "content": said.text})
	}
	document, err := json.Marshal(map[string]any{"model": "gpt-4o", "stream": number%2 == 0, "messages": messages})
	if err != nil {
		m.t.Error(err)
		return false
	}
	response, err := p.open(m.t.Context(), client, string(document))
	var got answer
	if err == nil {
		got = read(response)
		err = got.err
	}
	if err != nil {
		m.cut.Add(1)
		if !m.dead.Load() {
			m.t.Errorf("a request failed before the kill: %v", err)
		}
		return false
	}
	said := soakRead(got.status, got.header.Get("Content-Type"), got.body)
	if !said.done || len(said.choices) != 1 {
		m.t.Errorf("status %d, %q, %s: want an answer", got.status, said.failure, said.broken)
		return false
	}
	text := said.choices[0].text
	if right, _ := soakProves(text, history); !right || !strings.HasSuffix(text, soakEnd) {
		m.t.Errorf("%s: the answer is not whole, or not one to what was sent: %q", s.name, text)
	}
	m.answered.Add(1)
	m.mu.Lock()
	m.ended[got.header.Get("X-Request-Id")] = time.Now()
	m.mu.Unlock()
	s.talk = append(history, message{"assistant", text})
	return true
}

// checkCopy checks the files that a kill left, in a copy: the program itself has to open the rest.
func (m *mourning) checkCopy(dataDir string, life int) {
	m.t.Helper()
	entries, err := os.ReadDir(dataDir)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.Contains(entry.Name(), "damaged") {
			m.t.Errorf("after kill %d a file was moved aside as damaged: %s", life+1, entry.Name())
		}
	}
	checkIntegrity(m.t, filepath.Join(copyOf(m.t, dataDir), "ondemand-proxy.db"))
}

// checkSafe checks that everything stands in the ledger once that ended a second before the kill, and
// nothing that nobody began.
func (m *mourning) checkSafe(dataDir string, killed time.Time) {
	m.t.Helper()
	store := sqlite.New(copyOf(m.t, dataDir))
	if asideAs, err := store.Open(m.t.Context()); err != nil || asideAs != "" {
		m.t.Fatalf("the ledger does not open: %v, moved to %q", err, asideAs)
	}
	defer func() { _ = store.Close() }()
	rows := map[string]int{}
	for row, err := range store.Each(m.t.Context(), usage.Filter{}) {
		if err != nil {
			m.t.Fatal(err)
		}
		rows[row.RequestID]++
	}
	for id, ended := range m.ended {
		if rows[id] == 0 && ended.Before(killed.Add(-time.Second)) {
			m.t.Errorf("request %s ended %s before the kill and is not in the ledger", id, killed.Sub(ended))
		}
	}
	// What an earlier kill has lost stays lost.
	maps.DeleteFunc(m.ended, func(id string, _ time.Time) bool { return rows[id] == 0 })
	for id, times := range rows {
		if times > 1 {
			m.t.Errorf("request %s stands in the ledger %d times", id, times)
		}
	}
	if int64(len(rows)) > m.begun.Load() {
		m.t.Errorf("the ledger has %d requests, and only %d were begun", len(rows), m.begun.Load())
	}
}

// copyOf copies a directory of a program that is gone.
func copyOf(t *testing.T, directory string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(directory)); err != nil {
		t.Fatal(err)
	}
	return to
}
