package sqlite

import (
	"errors"
	"io/fs"
	"os"

	sqlitedriver "modernc.org/sqlite"
	sqlitecodes "modernc.org/sqlite/lib"
)

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
