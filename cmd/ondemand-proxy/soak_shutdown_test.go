package main_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// stampede is what clients saw of a program that was told to end while they all kept asking.
type stampede struct {
	t        *testing.T
	p        *proxy
	signaled atomic.Bool

	mu       sync.Mutex
	whole    map[string]bool // ids of requests whose whole answer came
	outlived int             // of these: were under way when the signal came
	refused  int             // with 503, over open connections
	lost     int             // without a byte of an answer: they were never accepted
}

// asks sends one request and notes how it ended. There are three ways for it to end, and the last
// two only after the signal.
func (s *stampede) asks(client *http.Client, i int) {
	before := !s.signaled.Load()
	response, err := s.p.open(s.t.Context(), client, asks(fmt.Sprint("question ", i), fmt.Sprintf(`"stream":%t`, i%2 == 0)))
	signaled := s.signaled.Load()
	var got answer
	if err == nil {
		got = read(response)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil && signaled:
		s.lost++
		time.Sleep(time.Millisecond)
	case err == nil && got.status == http.StatusServiceUnavailable && got.code() == "unavailable" && s.signaled.Load():
		s.refused++
	case err == nil && got.err == nil && got.status == http.StatusOK && soakRead(got.status, got.header.Get("Content-Type"), got.body).done:
		s.whole[got.header.Get("X-Request-Id")] = true
		if before && s.signaled.Load() {
			s.outlived++
		}
	default:
		s.t.Errorf("a request was not answered: %v, status %d, %v, %.300s", err, got.status, got.err, got.body)
	}
}

func TestUnderLoadASignalLosesNothingThatWasAccepted(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}}, Model: wordy, Pace: sim.Pace{BeforeFirst: 20 * time.Millisecond, Between: 100 * time.Millisecond}})
	s := &stampede{t: t, whole: map[string]bool{}}
	s.p = start(t, platform, `[{"api_key":"key-1"},{"api_key":"key-2"}]`, "DEBUG_MODE=false")
	ready := keptAlive(t, s.p)
	over := make(chan struct{})
	var clients, watchers sync.WaitGroup
	for i := range 48 {
		transport := &http.Transport{DisableKeepAlives: i%3 == 0} // some come with a new connection each time
		client := &http.Client{Transport: transport}
		clients.Go(func() {
			defer transport.CloseIdleConnections()
			for n := i; ; n += 48 {
				select {
				case <-over:
					return
				default:
					s.asks(client, n)
				}
			}
		})
	}
	time.Sleep(time.Second)
	s.signaled.Store(true)
	signalled(t, s.p, syscall.SIGTERM)
	at := time.Now()
	watchers.Go(func() { readyUntilRefused(t, s.p, ready) })
	awaitRefusal(t, s.p)
	if took := time.Since(at); took > time.Second {
		t.Errorf("new connections were refused only after %s", took)
	}
	watchers.Wait()
	awaitExit(t, s.p, 20*time.Second)
	close(over)
	clients.Wait()
	s.check()
	if queries := platform.Count(sim.Query, ""); queries != len(s.whole) {
		t.Errorf("the platform got %d queries, and %d requests were answered", queries, len(s.whole))
	}
}

// readyUntilRefused asks over an open connection whether the program is ready, and checks that from a
// refusal of a new connection on it never is.
func readyUntilRefused(t *testing.T, p *proxy, ready *http.Client) {
	awaitRefusal(t, p)
	response, err := ready.Get(p.url + "/readyz")
	if err != nil {
		t.Errorf("GET /readyz over an open connection: %v", err)
		return
	}
	if got := read(response); got.status != http.StatusServiceUnavailable {
		t.Errorf("a new connection was refused when /readyz said %d", got.status)
	}
}

// check holds the ledger against what clients saw.
func (s *stampede) check() {
	s.t.Helper()
	s.t.Logf("%d answered whole, %d of them after the signal, %d refused over open connections, %d never accepted", len(s.whole), s.outlived, s.refused, s.lost)
	if s.outlived < 24 || s.refused == 0 {
		s.t.Error("too little was shown")
	}
	checkIntegrity(s.t, filepath.Join(s.p.dataDir, "ondemand-proxy.db"))
	store := sqlite.New(s.p.dataDir)
	if _, err := store.Open(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	rows := 0
	for row, err := range store.Each(s.t.Context(), usage.Filter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		rows++
		if !s.whole[row.RequestID] || row.Outcome != domain.OutcomeCompleted {
			s.t.Errorf("request %s ended as %s, and its client has its whole answer: %t", row.RequestID, row.Outcome, s.whole[row.RequestID])
		}
	}
	if rows != len(s.whole) {
		s.t.Errorf("the ledger has %d requests, and %d were answered", rows, len(s.whole))
	}
	if strings.Contains(s.p.log.String(), "could not be written") {
		s.t.Errorf("the ledger could not be written\n%s", s.p.log.tail())
	}
}
