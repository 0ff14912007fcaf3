package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sqlitedriver "modernc.org/sqlite"
)

// explainer opens connections that note the statements which walk over a whole table.
type explainer struct {
	name string

	mu    sync.Mutex
	seen  int
	scans []string
}

func (e *explainer) Driver() driver.Driver { return &sqlitedriver.Driver{} }

func (e *explainer) Connect(context.Context) (driver.Conn, error) {
	conn, err := e.Driver().Open(e.name)
	return explained{conn, e}, err
}

// explained has no methods but those of driver.Conn, so that every statement has to be prepared.
type explained struct {
	driver.Conn
	by *explainer
}

func (c explained) Prepare(query string) (driver.Stmt, error) {
	plan, err := c.Conn.Prepare("EXPLAIN QUERY PLAN " + query)
	if err != nil {
		return nil, err
	}
	values := make([]driver.NamedValue, strings.Count(query, "?"))
	for i := range values {
		values[i].Ordinal = i + 1
	}
	rows, err := plan.(driver.StmtQueryContext).QueryContext(context.Background(), values)
	if err != nil {
		return nil, err
	}
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	c.by.seen++
	line := make([]driver.Value, len(rows.Columns()))
	for err = rows.Next(line); err == nil; err = rows.Next(line) {
		what, _ := line[3].(string)
		for _, table := range []string{"requests", "rollups", "latencies"} {
			if strings.HasPrefix(what, "SCAN "+table) {
				c.by.scans = append(c.by.scans, query)
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := errors.Join(rows.Close(), plan.Close()); err != nil {
		return nil, err
	}
	return c.Conn.Prepare(query)
}

func TestNothingWalksOverAWholeTable(t *testing.T) {
	directory := t.TempDir()
	if err := mustOpen(t, directory).Close(); err != nil {
		t.Fatal(err)
	}
	watched := &explainer{name: "file:" + filepath.ToSlash(filepath.Join(directory, fileName))}
	store := New(directory)
	db := sql.OpenDB(watched)
	if err := store.use(t.Context(), db, db, true); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	end := yearBegan.Add(yearLasts)
	store.now = func() time.Time { return end }
	add(t, store, entry(1, end))
	for name, read := range yearReads(t.Context(), store) {
		if err := read(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := store.Prune(t.Context(), noon, 10)
	_, errMinutes := store.PruneMinutes(t.Context(), noon, 10)
	if err := errors.Join(err, errMinutes); err != nil {
		t.Error(err)
	}
	for _, query := range watched.scans {
		t.Errorf("this walks over a whole table: %s", query)
	}
	if watched.seen < 20 {
		t.Errorf("only %d statements were seen, want all", watched.seen)
	}
	if _, err := db.ExecContext(t.Context(), "DELETE FROM requests WHERE status = 1"); err != nil || len(watched.scans) != 1 {
		t.Errorf("of a statement that does, the test notes %d, error %v", len(watched.scans), err)
	}
}
