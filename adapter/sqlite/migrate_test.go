package sqlite

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"ondemand-api-proxy/usecase/usage"
)

func TestAFileOfTheFirstVersionGoesOn(t *testing.T) {
	text, err := os.ReadFile("migrations/00001_sessions.sql")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	writer, err := connectWriter(directory + "/" + fileName)
	if err != nil {
		t.Fatal(err)
	}
	up, _, _ := strings.Cut(string(text), "-- +goose Down")
	old := &Store{writer: writer}
	if _, err := writer.Exec(up + `CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(old.SaveSessions(t.Context(), sessions()), writer.Close()); err != nil {
		t.Fatal(err)
	}

	store := mustOpen(t, directory)
	if diff := cmp.Diff(sessions(), take(t, store)); diff != "" {
		t.Errorf("sessions of the old file (-want +got):\n%s", diff)
	}
	add(t, store, entry(1, noon))
	agree(t, store)
}

// bring brings the tables of an open store to a version.
func bring(t *testing.T, store *Store, version int64) {
	t.Helper()
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, store.writer, scripts, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	move := provider.UpTo
	if at, err := provider.GetDBVersion(t.Context()); err != nil || at > version {
		move = provider.DownTo
	}
	if _, err := move(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// widths returns the steps of a table, in order.
func widths(t *testing.T, db *sql.DB, table string) (steps string) {
	t.Helper()
	query := "SELECT group_concat(step, ' ') FROM (SELECT DISTINCT step FROM " + table + " ORDER BY step)"
	if err := db.QueryRow(query).Scan(&steps); err != nil {
		t.Fatal(err)
	}
	return steps
}

func TestAFileOfTheSecondVersionKeepsItsSums(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	days := time.Duration(40) * 24 * time.Hour // long enough ago for no minutes
	before := []usage.Entry{entry(1, noon.Add(-days)), entry(2, noon.Add(time.Hour-days))}
	add(t, store, before...)
	add(t, store, entry(3, noon))
	bring(t, store, 2)
	for _, table := range []string{"rollups", "latencies"} {
		if got := widths(t, store.writer, table); got != "1 24" {
			t.Errorf("steps of %s in version 2 are %q, want hours and days", table, got)
		}
	}
	bring(t, store, 3)
	for _, table := range []string{"rollups", "latencies"} {
		if got := widths(t, store.writer, table); got != "60 1440" {
			t.Errorf("steps of %s are %q, want hours and days in minutes", table, got)
		}
	}
	add(t, store, entry(4, noon.Add(time.Hour)))
	for _, step := range []usage.Step{usage.Hour, usage.Day} {
		if rows, rollups := stored(t, store, step); !cmp.Equal(rows, rollups) {
			t.Errorf("rollups of %d minutes differ from the rows:\n%s", step, cmp.Diff(rows, rollups))
		}
	}
	found, err := store.Recent(t.Context(), everything, usage.Cursor{}, 10)
	if err != nil || len(found) != 4 || len(found[0].Tries) != 2 || found[1].Tries != nil {
		t.Errorf("the rows are %+v, error %v, want four, the newest with its tries, those of before without", found, err)
	}
}
