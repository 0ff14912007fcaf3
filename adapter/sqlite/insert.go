package sqlite

import (
	"context"
	"database/sql"
	"strings"
)

// rowsOfInsert is how many rows one statement inserts where there are so many: in the
// engine a statement costs more than a row.
const rowsOfInsert = 50

// insertion says what is inserted, and what becomes of a row that is there already.
type insertion struct {
	table, columns, conflict string
}

func (i insertion) width() int { return strings.Count(i.columns, ",") + 1 }

// query inserts so many rows. Without OR FAIL the engine would prepare for undoing a part
// of it, by a file; whoever inserts undoes all of the transaction instead.
func (i insertion) query(rows int) string {
	places := "(?" + strings.Repeat(",?", i.width()-1) + ")"
	return "INSERT OR FAIL INTO " + i.table + " (" + i.columns + ") VALUES " + places + strings.Repeat(","+places, rows-1) + i.conflict
}

// prepared are the statements of an insertion. They are made when the store is opened: to
// prepare them takes longer than to write a small batch.
type prepared struct {
	one, many *sql.Stmt // of one row, and of rowsOfInsert
}

func prepare(ctx context.Context, db *sql.DB, i insertion) (p prepared, err error) {
	if p.one, err = db.PrepareContext(ctx, i.query(1)); err != nil {
		return p, err
	}
	p.many, err = db.PrepareContext(ctx, i.query(rowsOfInsert))
	return p, err
}

// inserter inserts rows in one transaction. What was added is there after flush.
type inserter struct {
	prepared
	width  int
	values []any // of rows that wait
}

func (i insertion) begin(ctx context.Context, tx *sql.Tx, p prepared) *inserter {
	return &inserter{prepared: prepared{tx.StmtContext(ctx, p.one), tx.StmtContext(ctx, p.many)}, width: i.width()}
}

// add inserts a row, or lets it wait for others.
func (i *inserter) add(ctx context.Context, values ...any) error {
	i.values = append(i.values, values...)
	if len(i.values) < rowsOfInsert*i.width {
		return nil
	}
	_, err := i.many.ExecContext(ctx, i.values...)
	i.values = i.values[:0]
	return err
}

// flush inserts the rows that wait.
func (i *inserter) flush(ctx context.Context) error {
	for left := i.values; len(left) > 0; left = left[i.width:] {
		if _, err := i.one.ExecContext(ctx, left[:i.width]...); err != nil {
			return err
		}
	}
	i.values = i.values[:0]
	return nil
}
