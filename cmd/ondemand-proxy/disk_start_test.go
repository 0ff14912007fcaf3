package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/usecase/usage"
)

// startChanged is startWith for a command that has to be changed before it runs.
func startChanged(t *testing.T, s setup, change func(*exec.Cmd)) *proxy {
	t.Helper()
	p := &proxy{t: t, out: &output{}, log: &output{}, dataDir: s.dataDir, exited: make(chan struct{})}
	p.command = exec.Command(binary, s.args...)
	p.command.Env = append([]string{
		"HOME=/", "PATH=" + os.Getenv("PATH"), "API_ACCESS_TOKEN=" + accessToken, "PORT=0", "DATA_DIR=" + s.dataDir, "RATE_LIMIT=0",
		"RETRY_DELAY=0.01", "DEBUG_MODE=true", "GORACE=atexit_sleep_ms=10",
	}, s.environ...)
	p.command.Dir = t.TempDir()
	p.command.Stdout, p.command.Stderr = p.out, p.log
	change(p.command)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.failed = p.command.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		if !p.ended {
			p.stop(syscall.SIGTERM, 0)
		}
	})
	address := regexp.MustCompile(`API +(http://\S+)/v1`)
	deadline := time.After(30 * time.Second)
	for {
		changed := p.out.next()
		if found := address.FindStringSubmatch(p.out.String()); found != nil {
			p.url = found[1]
			return p
		}
		select {
		case <-changed:
		case <-p.exited:
			t.Fatalf("the program ended before it served: %v\n%s%s", p.failed, p.out, p.log)
		case <-deadline:
			t.Fatalf("the program does not serve after 30 s\n%s%s", p.out, p.log)
		}
	}
}

// keyed is a setup over a simulator with one account that needs no sign-in.
func keyed(platform *sim.Server, dataDir string, environ ...string) setup {
	return setup{dataDir: dataDir, environ: upstreams(platform, append([]string{"ONDEMAND_ACCOUNTS=" + paramAccounts}, environ...)...)}
}

// ledgerOf is how the ledger does, as the dashboard and the metrics say it, which have to agree.
func ledgerOf(t *testing.T, p *proxy) (queued int, faults int64, inMemory bool) {
	t.Helper()
	for {
		before := figures(t, p)
		shown := data[struct {
			Ledger struct {
				Queued   int
				Faults   int64
				InMemory bool `json:"in_memory"`
			}
		}](t, p, "overview").Ledger
		const faulted, memory = "ondemand_proxy_ledger_faults_total", "ondemand_proxy_ledger_in_memory"
		after := figures(t, p)
		if before[faulted] == after[faulted] {
			if float64(shown.Faults) != after[faulted] || shown.InMemory != (after[memory] == 1) {
				t.Errorf("the dashboard says of the ledger %+v, the metrics say %v faults, in memory %v", shown, after[faulted], after[memory])
			}
			return shown.Queued, shown.Faults, shown.InMemory
		}
	}
}

// awaitLedger waits until the ledger is as it should be.
func awaitLedger(t *testing.T, p *proxy, what string, within time.Duration, is func(queued int, faults int64) bool) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		queued, faults, _ := ledgerOf(t, p)
		if is(queued, faults) {
			return
		}
		if time.Since(began) > within {
			t.Fatalf("after %s it is still not so that %s: %d rows wait, %d faults\n%s", within, what, queued, faults, p.log.tail())
		}
	}
}

// allAnswered sends requests that are all answered, and returns their ids.
func allAnswered(t *testing.T, p *proxy, requests int) (ids []string) {
	t.Helper()
	for range requests {
		a := p.post(t, asking, asks("Anything?"))
		if a.status != 200 {
			t.Fatalf("a request got %d: %s\n%s", a.status, a.body, p.log.tail())
		}
		ids = append(ids, a.header.Get("X-Request-Id"))
	}
	return ids
}

// checkKept checks that a store that nobody uses any more has exactly these requests, each
// once, and sums that say the same.
func checkKept(t *testing.T, directory string, ids []string) {
	t.Helper()
	store := sqlite.New(directory)
	if asideAs, err := store.Open(context.Background()); err != nil || asideAs != "" {
		t.Fatalf("the file does not open: %v, moved to %q", err, asideAs)
	}
	missing := map[string]bool{}
	for _, id := range ids {
		missing[id] = true
	}
	for row, err := range store.Each(context.Background(), usage.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !missing[row.RequestID] {
			t.Errorf("request %s stands there though nobody waits for it, or for the second time", row.RequestID)
		}
		delete(missing, row.RequestID)
	}
	if len(missing) != 0 {
		t.Errorf("%d of %d requests are missing: %v", len(missing), len(ids), missing)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	checkIntegrity(t, filepath.Join(directory, "ondemand-proxy.db"))
	if aside, _ := filepath.Glob(filepath.Join(directory, "*.damaged-*")); len(aside) > 0 {
		t.Errorf("the file was taken for damaged: %v", aside)
	}
}

// isReady checks that the service says it is ready, and what it says of the ledger.
func isReady(t *testing.T, p *proxy, ledger string) {
	t.Helper()
	a := p.get(t, asking, "/readyz")
	if a.status != 200 || !strings.Contains(a.body, `"ledger":"`+ledger) {
		t.Errorf("GET /readyz: status %d, %s; want 200 and the ledger %q", a.status, a.body, ledger)
	}
}
