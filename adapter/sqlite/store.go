// Package sqlite keeps what has to survive a restart in one SQLite file of the data
// directory.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	sqlitedriver "modernc.org/sqlite" // registers the driver "sqlite"
	sqlitecodes "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// fileName is the store's file in the data directory.
const fileName = "ondemand-proxy.db"

// Store is an open store. It is safe for concurrent use.
type Store struct {
	db   *sql.DB
	path string
}

// Open opens the store in the directory, which is made if it is missing, and brings its
// tables up to date. A damaged file is moved aside and a new one begun; asideAs is then the
// name of what was moved, for a warning.
func Open(ctx context.Context, directory string) (store *Store, asideAs string, err error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, "", fmt.Errorf("make the data directory: %w", err)
	}
	path := filepath.Join(directory, fileName)
	store, err = open(ctx, path)
	if err == nil || !isDamaged(err) {
		return store, "", err
	}
	asideAs = fmt.Sprintf("%s.damaged-%s", path, time.Now().UTC().Format("20060102-150405.000"))
	if err := moveAside(path, asideAs); err != nil {
		return nil, "", fmt.Errorf("move the damaged file aside: %w", err)
	}
	store, err = open(ctx, path)
	return store, asideAs, err
}

func open(ctx context.Context, path string) (*Store, error) {
	// The file holds ids of upstream sessions: nobody else's business.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	options := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: options.Encode()}).String())
	if err != nil {
		return nil, err
	}
	store := &Store{db: db, path: path}
	if err := store.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return store, nil
}

func (s *Store) migrate(ctx context.Context) error {
	var fine string
	if err := s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&fine); err != nil {
		return err
	}
	if fine != "ok" {
		return errDamaged
	}
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.db, scripts, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

var errDamaged = errors.New("the file is damaged")

// isDamaged tells a file that is no sound database from one that cannot be opened now.
func isDamaged(err error) bool {
	if errors.Is(err, errDamaged) {
		return true
	}
	var failure *sqlitedriver.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Code() & 0xff { // the primary result code
	case sqlitecodes.SQLITE_CORRUPT, sqlitecodes.SQLITE_NOTADB:
		return true
	default:
		return false
	}
}

// moveAside renames the database; what SQLite keeps beside it belongs to it.
func moveAside(path, as string) error {
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, as+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(path, as)
}
