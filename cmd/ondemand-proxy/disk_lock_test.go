package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// refusedBeside checks that another program with the same data is refused at once, in one line.
func refusedBeside(t *testing.T, what string, s setup, directory string) {
	t.Helper()
	s.environ = append(s.environ, "DEBUG_MODE=true")
	r := runToEnd(t, s)
	checkComplaint(t, what, r, 1, "another ondemand-proxy uses the data directory "+directory, "data_dir", "DATA_DIR")
	if r.stdout != "" || r.took > 10*time.Second {
		t.Errorf("%s: it greeted with %q after %s, want no greeting, at once", what, r.stdout, r.took)
	}
}

func TestASecondProxyOnTheSameDataIsRefused(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	directory := t.TempDir()
	s := keyed(platform, directory)
	first := startWith(t, s)
	ids := allAnswered(t, first, 1)
	for range 3 {
		refusedBeside(t, "a second one", s, directory)
	}
	another := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(directory, another); err == nil { // not everybody may, on Windows
		refusedBeside(t, "a second one by another path", keyed(platform, another), another)
	}
	ids = append(ids, allAnswered(t, first, 1)...)
	first.stop(syscall.SIGTERM, 0)

	second := startWith(t, s)
	isReady(t, second, "stored")
	ids = append(ids, allAnswered(t, second, 1)...)
	second.stop(syscall.SIGTERM, 0)
	checkKept(t, directory, ids)
}

func TestACrashLeavesNoLockBehind(t *testing.T) {
	t.Parallel()
	s := keyed(sim.Start(t, sim.Options{}), t.TempDir())
	var ids []string
	for range 3 {
		p := startWith(t, s)
		isReady(t, p, "stored")
		ids = append(ids, allAnswered(t, p, 1)...)
		shownInTime(t, p, len(ids))
		p.stop(syscall.SIGKILL, 0)
	}
	checkKept(t, s.dataDir, ids)
}

func TestADemoRunsBesideTheRealOneButNotBesideAnother(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	directory := t.TempDir()
	p := startWith(t, keyed(platform, directory))
	demo := setup{dataDir: directory, args: []string{"serve", "--demo"}}
	d := startWith(t, demo)
	refusedBeside(t, "a second demo", demo, filepath.Join(directory, "demo"))
	for _, one := range []*proxy{p, d} {
		isReady(t, one, "stored")
		allAnswered(t, one, 1)
	}
}

func TestProxiesThatKeepNothingDoNotMeet(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := keyed(sim.Start(t, sim.Options{}), filepath.Join(file, "below"))
	for range 2 {
		p := startWith(t, s)
		isReady(t, p, "in memory only")
		allAnswered(t, p, 1)
		if notices := data[struct{ Notices []string }](t, p, "overview").Notices; len(notices) != 1 || notices[0] != "memory_only" {
			t.Errorf("the dashboard notes %v, want memory_only", notices)
		}
		if _, _, inMemory := ledgerOf(t, p); !inMemory {
			t.Error("nothing says that the ledger is in memory")
		}
		if a := p.get(t, asking, "/healthz"); a.status != http.StatusOK {
			t.Errorf("GET /healthz: status %d", a.status)
		}
	}
}
