package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// mostReaders is how many reads can go on at the same time.
const mostReaders = 4

// connectWriter returns a pool of the one connection that writes. There is no I/O yet.
func connectWriter(path string) (*sql.DB, error) {
	return connect(path, 1, url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"}, "_txlock": {"immediate"},
	})
}

// connectReaders returns a pool of connections that cannot write. With the write-ahead log
// they neither wait for the writer nor make it wait.
func connectReaders(path string) (*sql.DB, error) {
	return connect(path, mostReaders, url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}})
}

func connect(path string, most int, options url.Values) (*sql.DB, error) {
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// connectMemory returns a pool of one connection, which is the database: everybody waits
// for everybody else, but not for long, since such a store stays small.
func connectMemory() (*sql.DB, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return db, nil
}

// migrate brings the tables up to date.
func migrate(ctx context.Context, db *sql.DB) error {
	var fine string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&fine); err != nil {
		return err
	}
	if fine != "ok" {
		return errDamaged
	}
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil || isCurrent(ctx, db, scripts) {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, scripts, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// isCurrent tells whether the tables need nothing done: reading the scripts is the dearest part of a start.
func isCurrent(ctx context.Context, db *sql.DB, scripts fs.FS) bool {
	files, err := fs.Glob(scripts, "*.sql") // in order
	if err != nil {
		return false
	}
	newest, err := goose.NumericComponent(files[len(files)-1])
	if err != nil {
		return false
	}
	var is int64
	const last = "SELECT version_id FROM goose_db_version WHERE is_applied ORDER BY id DESC LIMIT 1"
	return db.QueryRowContext(ctx, last).Scan(&is) == nil && is == newest
}
