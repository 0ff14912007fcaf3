// Package sqlite keeps what has to survive a restart in one SQLite file of the data
// directory: the ledger, and the tips of upstream sessions.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// fileName is the store's file in the data directory.
const fileName = "ondemand-proxy.db"

// Store is the store. One of Open and OpenMemory comes before everything else; from then
// on it is safe for concurrent use.
type Store struct {
	directory string
	memory    bool
	writer    *sql.DB // of one connection
	readers   *sql.DB // of a few, which never wait for the writer
	now       func() time.Time
	lock      *flock.Flock // of the directory; nil: not locked

	requests, rollups prepared // of the writer
}

var errNotOpen = errors.New("the store is not open")

// New returns the store of a data directory. It is not open.
func New(directory string) *Store { return &Store{directory: directory, now: time.Now} }

// Open opens the file in the directory, which is made if it is missing, and brings its
// tables up to date. A damaged file is moved aside and a new one begun; asideAs is then the
// name of what was moved, for a warning. The error is ErrInUse when another process has the
// store open. After an error the store is not open.
func (s *Store) Open(ctx context.Context) (asideAs string, err error) {
	if err := os.MkdirAll(s.directory, 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	if err := s.claim(); err != nil {
		return "", err
	}
	if asideAs, err = s.openClaimed(ctx); err != nil {
		return asideAs, errors.Join(err, s.release())
	}
	return asideAs, nil
}

func (s *Store) openClaimed(ctx context.Context) (asideAs string, err error) {
	path := filepath.Join(s.directory, fileName)
	err = s.openFile(ctx, path)
	if err == nil || !isDamaged(err) {
		return "", err
	}
	asideAs = fmt.Sprintf("%s.damaged-%s", path, time.Now().UTC().Format("20060102-150405.000"))
	if err := moveAside(path, asideAs); err != nil {
		return "", fmt.Errorf("move the damaged file aside: %w", err)
	}
	return asideAs, s.openFile(ctx, path)
}

// OpenMemory opens an empty store that is lost when it is closed, for when there is no
// directory to write to. It keeps the rows of the latest 100,000 requests only.
func (s *Store) OpenMemory(ctx context.Context) error {
	db, err := connectMemory()
	if err != nil {
		return err
	}
	if err := migrate(ctx, db); err != nil {
		return errors.Join(err, db.Close())
	}
	return s.use(ctx, db, db, true)
}

func (s *Store) openFile(ctx context.Context, path string) error {
	// The file holds ids of upstream sessions: nobody else's business.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	writer, err := connectWriter(path)
	if err != nil {
		return err
	}
	if err := migrate(ctx, writer); err != nil {
		return errors.Join(err, writer.Close())
	}
	readers, err := connectReaders(path)
	if err != nil {
		return errors.Join(err, writer.Close())
	}
	return s.use(ctx, writer, readers, false)
}

// use opens the store over pools that are ready, or closes them.
func (s *Store) use(ctx context.Context, writer, readers *sql.DB, memory bool) (err error) {
	if s.requests, err = prepare(ctx, writer, intoRequests); err == nil {
		s.rollups, err = prepare(ctx, writer, intoRollups)
	}
	if err != nil {
		return errors.Join(err, readers.Close(), writer.Close())
	}
	s.writer, s.readers, s.memory = writer, readers, memory
	return nil
}

// InMemory tells whether nothing will survive a restart.
func (s *Store) InMemory() bool { return s.memory }

// Close closes the store; nothing else may be called any more.
func (s *Store) Close() error {
	if s.writer == nil {
		return nil
	}
	if s.memory {
		return s.writer.Close()
	}
	// The last connection to be closed tidies the file up, which readers may not.
	return errors.Join(s.readers.Close(), s.writer.Close(), s.release())
}

// change runs do in a transaction that may write.
func (s *Store) change(ctx context.Context, do func(*sql.Tx) error) error {
	if s.writer == nil {
		return errNotOpen
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// read runs do in a transaction that sees one state of the store.
func (s *Store) read(ctx context.Context, do func(*sql.Tx) error) error {
	if s.readers == nil {
		return errNotOpen
	}
	tx, err := s.readers.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return do(tx)
}
