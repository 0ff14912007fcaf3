package main_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// occupy keeps the database of a directory for itself, as a backup tool or a curious person
// may, until it is told to let go.
func occupy(t *testing.T, directory string) (letGo func()) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(directory, "ondemand-proxy.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	connection, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connection.ExecContext(context.Background(), "PRAGMA busy_timeout = 5000"); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatalf("the database cannot be occupied: %v", err)
	}
	done := false
	letGo = func() {
		if done {
			return
		}
		done = true
		if _, err := connection.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Errorf("the database cannot be let go: %v", err)
		}
		_ = connection.Close()
		_ = db.Close()
	}
	t.Cleanup(letGo)
	return letGo
}

func TestADatabaseThatIsOccupiedDelaysRowsAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lasts  time.Duration
		faults bool
	}{
		"for shorter than a write waits":  {2 * time.Second, false},
		"for longer than the write limit": {13 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := keyed(sim.Start(t, sim.Options{}), t.TempDir())
			p := startWith(t, s)
			ids := allAnswered(t, p, 2)
			shownInTime(t, p, 2)
			letGo := occupy(t, s.dataDir)
			began := time.Now()
			for time.Since(began) < c.lasts {
				asked := time.Now()
				ids = append(ids, allAnswered(t, p, 1)...)
				if took := time.Since(asked); took > 4*time.Second {
					t.Errorf("a request took %s while the database was occupied", took)
				}
				if rows := listed(t, p, "requests"); len(rows) != 2 {
					t.Errorf("the dashboard lists %d requests, want the 2 of before", len(rows))
				}
				time.Sleep(200 * time.Millisecond)
			}
			isReady(t, p, "stored")
			_, faults, _ := ledgerOf(t, p)
			if took := time.Since(began); (faults > 0) != c.faults && (c.faults || took < 4*time.Second) {
				t.Errorf("after %s %d faults were counted, want some: %t", took, faults, c.faults)
			}
			letGo()
			awaitLedger(t, p, "all rows are written", 40*time.Second, func(queued int, _ int64) bool { return queued == 0 })
			p.stop(syscall.SIGTERM, 0)
			checkKept(t, s.dataDir, ids)
		})
	}
}

func TestAnEndWhileTheDatabaseIsOccupiedIsGoodAndSoon(t *testing.T) {
	t.Parallel()
	s := keyed(sim.Start(t, sim.Options{}), t.TempDir())
	p := startWith(t, s)
	ids := allAnswered(t, p, 2)
	shownInTime(t, p, 2)
	letGo := occupy(t, s.dataDir)
	allAnswered(t, p, 1) // which is told to be lost by a warning, and nothing else
	began := time.Now()
	p.stop(syscall.SIGTERM, 0)
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the end took %s", took)
	}
	letGo()
	checkKept(t, s.dataDir, ids)
}

func TestAStartWhileTheDatabaseIsOccupiedServesAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := keyed(sim.Start(t, sim.Options{}), t.TempDir())
	p := startWith(t, s)
	ids := allAnswered(t, p, 2)
	p.stop(syscall.SIGTERM, 0)
	letGo := occupy(t, s.dataDir)
	p = startWith(t, s)
	later := allAnswered(t, p, 2)
	_, _, inMemory := ledgerOf(t, p)
	letGo()
	if !inMemory {
		awaitLedger(t, p, "all rows are written", 40*time.Second, func(queued int, _ int64) bool { return queued == 0 })
		ids = append(ids, later...)
	}
	p.stop(syscall.SIGTERM, 0)
	checkKept(t, s.dataDir, ids)
}
