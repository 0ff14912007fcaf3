package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lockName is the file in the data directory that is locked while a store is open there.
// The lock is the system's own and ends with the process, however that ends: the file
// that stays behind says nothing.
const lockName = "ondemand-proxy.lock"

// ErrInUse is why a store is not opened in a directory that another process has one open in:
// both would count and prune, and each would take the other's sessions for left behind.
var ErrInUse = errors.New("another process uses this data directory")

// claim takes the directory for this store alone.
func (s *Store) claim() error {
	lock := flock.New(filepath.Join(s.directory, lockName))
	claimed, err := lock.TryLock()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil // by this file system: what is stored is worth more than the lock
	case err != nil:
		return fmt.Errorf("lock the data directory: %w", err)
	case !claimed:
		return ErrInUse
	}
	s.lock = lock
	return nil
}

// release lets others have the directory.
func (s *Store) release() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}
