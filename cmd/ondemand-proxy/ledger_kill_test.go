package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/usecase/usage"
)

// pourers is how many requests pour has under way.
const pourers = 32

// pour sends requests at full speed, every other one streamed, for as long as next says
// so, and tells how each ended.
func pour(ctx context.Context, p *proxy, client *http.Client, next func() bool, ended func(answer)) {
	var group sync.WaitGroup
	var number atomic.Int64
	for range pourers {
		group.Go(func() {
			for next() {
				i := number.Add(1)
				response, err := p.open(ctx, client, asks(fmt.Sprint("question ", i), fmt.Sprintf(`"stream":%t`, i%2 == 0)))
				if err != nil {
					ended(answer{err: err})
					continue
				}
				ended(read(response))
			}
		})
	}
	group.Wait()
}

// pouringClient is a client for pour. What it gets is not held against schemas: that would be
// slower than the program.
func pouringClient(tb testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: pourers}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// killed pours requests, kills the program a little over a second after so many ended, in the midst of
// more, and returns how many were begun, and the ids of those that ended a second before.
func killed(t *testing.T, p *proxy, requests int64) (begun int64, safe map[string]bool) {
	t.Helper()
	var mu sync.Mutex
	ends := make(map[string]time.Time)
	var sent, came atomic.Int64
	var dead atomic.Bool
	enough := make(chan struct{})
	next := func() bool { return !dead.Load() && sent.Add(1) > 0 }
	ended := func(got answer) {
		at := time.Now()
		if got.err != nil || got.status != http.StatusOK {
			if !dead.Load() {
				t.Errorf("a request before the kill: status %d, error %v, %s", got.status, got.err, got.body)
			}
			return
		}
		mu.Lock()
		ends[got.header.Get("X-Request-Id")] = at
		mu.Unlock()
		if came.Add(1) == requests {
			close(enough)
		}
	}
	done := make(chan struct{})
	began, client := time.Now(), pouringClient(t)
	go func() {
		defer close(done)
		pour(context.Background(), p, client, next, ended)
	}()
	select {
	case <-enough:
	case <-time.After(5 * time.Minute):
		t.Errorf("only %d answers after 5 minutes", came.Load())
	}
	t.Logf("%d requests in %s", requests, time.Since(began).Round(time.Millisecond))
	time.Sleep(1100 * time.Millisecond)
	dead.Store(true)
	at := time.Now()
	p.stop(syscall.SIGKILL, 0)
	<-done

	safe = make(map[string]bool)
	for id, end := range ends {
		if end.Before(at.Add(-time.Second)) {
			safe[id] = true
		}
	}
	return sent.Load(), safe
}

func TestAKillInTheMidstOfThousandsOfRequestsLosesNoneThatEndedASecondBefore(t *testing.T) {
	requests := int64(10_000)
	if raceDetector {
		requests = 4000
	}
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}}})
	s := setup{dataDir: t.TempDir(), environ: []string{
		"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL, "DEBUG_MODE=false",
		`ONDEMAND_ACCOUNTS=[{"api_key":"key-1"},{"api_key":"key-2"}]`,
	}}
	begun, safe := killed(t, startWith(t, s), requests)
	if len(safe) < int(requests) {
		t.Errorf("%d requests ended a second before the kill, want at least %d", len(safe), requests)
	}

	again := startWith(t, s)
	after := again.post(t, pouringClient(t), asks("are you back?"))
	if after.status != http.StatusOK {
		t.Errorf("after the restart: status %d, %s", after.status, after.body)
	}
	safe[after.header.Get("X-Request-Id")] = true
	again.stop(syscall.SIGTERM, 0)
	checkIntegrity(t, filepath.Join(s.dataDir, "ondemand-proxy.db"))

	store := sqlite.New(s.dataDir)
	if asideAs, err := store.Open(t.Context()); err != nil || asideAs != "" {
		t.Fatalf("the file does not open: %v, moved to %q", err, asideAs)
	}
	defer func() { _ = store.Close() }()
	rows := int64(0)
	for row, err := range store.Each(t.Context(), usage.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		delete(safe, row.RequestID)
		if len(row.Tries) != 1 || row.Tries[0].Result != "ok" {
			t.Fatalf("request %s has the tries %+v, want one that went well", row.RequestID, row.Tries)
		}
	}
	if len(safe) != 0 || rows > begun+1 {
		t.Errorf("of %d requests begun %d stand in the ledger, and %d are missing that ended a second before the kill", begun+1, rows, len(safe))
	}
	totals, err := store.Totals(t.Context(), time.Now().Add(-24*time.Hour), time.Now())
	if err != nil || totals.Requests != rows {
		t.Errorf("the totals know %d requests, error %v, want as many as there are rows: %d", totals.Requests, err, rows)
	}
}

// checkIntegrity checks that the file is sound, has no request twice, and that all rollups
// say the same as the rows.
func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ask := func(query string) (all []string) {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		defer rows.Close()
		for rows.Next() {
			var one string
			if err := rows.Scan(&one); err != nil {
				t.Fatal(err)
			}
			all = append(all, one)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := ask("PRAGMA integrity_check"); !cmp.Equal(got, []string{"ok"}) {
		t.Errorf("the file is damaged: %v", got)
	}
	if twice := ask("SELECT request_id FROM requests GROUP BY request_id HAVING count(*) > 1"); len(twice) != 0 {
		t.Errorf("%d requests stand there twice", len(twice))
	}
	const sums = "sum(prompt_tokens) || ' ' || sum(completion_tokens) || ' ' || sum(cost) || ' ' || sum(attempts) || ' ' || "
	rows := ask("SELECT count(*) || ' ' || " + sums + "sum(stream) FROM requests")[0]
	rollups := ask("SELECT sum(requests) || ' ' || " + sums + "sum(streams) FROM rollups GROUP BY step, dimension")
	if len(rollups) != 12 { // of three steps and four dimensions
		t.Errorf("there are %d kinds of rollups, want 12", len(rollups))
	}
	for _, got := range rollups {
		if got != rows {
			t.Errorf("rollups say %s, want as the rows %s (requests, tokens, cost, attempts, streams)", got, rows)
		}
	}
}
