package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// shortage is a way to leave a running program no room on its disk.
type shortage struct {
	name  string
	disk  func(t *testing.T) string // a directory on a disk that can become full
	begin func(t *testing.T, p *proxy)
	end   func(t *testing.T, p *proxy)
}

// smallDisk mounts a disk of a few megabytes, in memory.
func smallDisk(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=4m"); err != nil {
		lacks(t, "the right to mount a small disk: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(directory, 0); err != nil {
			t.Errorf("the disk cannot be unmounted: %v", err)
			_ = syscall.Unmount(directory, syscall.MNT_DETACH)
		}
	})
	return directory
}

// fill leaves no room on the disk of a directory.
func fill(t *testing.T, directory string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(directory, "ballast"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	block := make([]byte, 4096)
	for {
		if _, err := file.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func clearOut(t *testing.T, directory string) {
	t.Helper()
	if err := os.Remove(filepath.Join(directory, "ballast")); err != nil {
		t.Fatal(err)
	}
}

// limitFiles lets a program write no file beyond so many bytes, or beyond any size again.
func limitFiles(t *testing.T, p *proxy, bytes uint64) {
	t.Helper()
	const limit = syscall.RLIMIT_FSIZE
	var now syscall.Rlimit
	if err := syscall.Getrlimit(limit, &now); err != nil { // the program has what this process has
		t.Fatal(err)
	}
	now.Cur = min(bytes, now.Max)
	_, _, failed := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.command.Process.Pid), limit, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	if failed != 0 {
		lacks(t, "the right to limit what a program may write: "+failed.Error())
	}
}

var shortages = []shortage{
	{
		"the disk is full", smallDisk,
		func(t *testing.T, p *proxy) { fill(t, p.dataDir) },
		func(t *testing.T, p *proxy) { clearOut(t, p.dataDir) },
	},
	{
		"no file may grow", func(t *testing.T) string { return t.TempDir() },
		func(t *testing.T, p *proxy) { limitFiles(t, p, 1) },
		func(t *testing.T, p *proxy) { limitFiles(t, p, ^uint64(0)) },
	},
}

func TestWithoutRoomOnTheDiskRequestsGoOnAndTheirRowsComeLater(t *testing.T) {
	t.Parallel()
	for _, short := range shortages {
		t.Run(short.name, func(t *testing.T) {
			t.Parallel()
			s := keyed(sim.Start(t, sim.Options{}), short.disk(t))
			p := startWith(t, s)
			ids := allAnswered(t, p, 3)
			shownInTime(t, p, 3)
			short.begin(t, p)
			ids = append(ids, untilFaulted(t, p)...)
			awaitLogged(t, p, "the ledger could not be written", 1)
			isReady(t, p, "stored")
			if rows := listed(t, p, "requests"); len(rows) < 3 {
				t.Errorf("the dashboard lists %d requests, want those of before", len(rows))
			}
			ids = append(ids, allAnswered(t, p, 3)...)
			if queued, _, _ := ledgerOf(t, p); queued < 3 {
				t.Errorf("%d rows wait to be written, want at least 3", queued)
			}
			short.end(t, p)
			awaitLedger(t, p, "all rows are written", 60*time.Second, func(queued int, _ int64) bool { return queued == 0 })
			ids = append(ids, allAnswered(t, p, 1)...)
			p.stop(syscall.SIGTERM, 0)
			checkKept(t, s.dataDir, ids)
		})
	}
}

// untilFaulted sends requests until a write has failed: there may be some room left in what
// files there are.
func untilFaulted(t *testing.T, p *proxy) (ids []string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; {
		ids = append(ids, allAnswered(t, p, 5)...)
		if _, faults, _ := ledgerOf(t, p); faults > 0 {
			return ids
		}
	}
	t.Fatalf("after %d requests no write has failed, so that nothing is tried", len(ids))
	return nil
}

func TestAnEndWithoutRoomOnTheDiskIsGoodAndHurtsNothing(t *testing.T) {
	t.Parallel()
	for _, short := range shortages {
		t.Run(short.name, func(t *testing.T) {
			t.Parallel()
			s := keyed(sim.Start(t, sim.Options{}), short.disk(t))
			p := startWith(t, s)
			ids := allAnswered(t, p, 3)
			shownInTime(t, p, 3)
			short.begin(t, p)
			lost := untilFaulted(t, p)
			began := time.Now()
			p.stop(syscall.SIGTERM, 0)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("the end took %s", took)
			}
			if strings.HasPrefix(short.name, "the disk") {
				fill(t, s.dataDir) // what the end itself has freed
				again := startWith(t, s)
				allAnswered(t, again, 2)
				again.stop(syscall.SIGTERM, 0)
				clearOut(t, s.dataDir)
			}
			p = startWith(t, s)
			isReady(t, p, "stored")
			rows := listed(t, p, "requests?limit=200")
			p.stop(syscall.SIGTERM, 0)
			kept := map[string]bool{}
			for _, row := range rows {
				kept[row.RequestID] = true
			}
			for _, id := range ids {
				if !kept[id] {
					t.Errorf("request %s of before is missing", id)
				}
			}
			if len(rows) > len(ids)+len(lost)+2 {
				t.Errorf("%d requests are kept, of %d", len(rows), len(ids)+len(lost)+2)
			}
			checkIntegrity(t, filepath.Join(s.dataDir, "ondemand-proxy.db"))
			if aside, _ := filepath.Glob(filepath.Join(s.dataDir, "*.damaged-*")); len(aside) > 0 {
				t.Errorf("the file was taken for damaged: %v", aside)
			}
		})
	}
}

func TestAFullDiskAtTheFirstStartIsOnlyWarnedAbout(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	fill(t, disk)
	s := keyed(sim.Start(t, sim.Options{}), filepath.Join(disk, "data"))
	for range 2 {
		p := startWith(t, s)
		allAnswered(t, p, 1)
		awaitLogged(t, p, "the data directory cannot be used", 1)
		isReady(t, p, "in memory only")
		p.stop(syscall.SIGTERM, 0)
	}
	clearOut(t, disk)
	p := startWith(t, s)
	isReady(t, p, "stored")
	ids := allAnswered(t, p, 1)
	p.stop(syscall.SIGTERM, 0)
	checkKept(t, s.dataDir, ids)
}
