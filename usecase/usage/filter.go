package usage

import (
	"fmt"
	"time"

	"ondemand-api-proxy/domain"
)

// Filter chooses rows; what is zero does not choose.
type Filter struct {
	Model    string
	Outcome  domain.Outcome
	Account  domain.AccountID
	From, To time.Time // of when requests began; From belongs to the range, To does not
}

// Row is a row of the ledger as the store gives it back.
type Row struct {
	Entry
	ID int64 // of the row; later ones are higher
}

// Cursor is the place of a row in the order of all: those that follow it began earlier. The
// zero value stands before the newest.
type Cursor struct {
	Began int64 // Unix milliseconds
	ID    int64
}

// Cursor is the place of this row.
func (r Row) Cursor() Cursor { return Cursor{Began: r.Began.UnixMilli(), ID: r.ID} }

// String is the cursor as a URL holds it.
func (c Cursor) String() string { return fmt.Sprintf("%d.%d", c.Began, c.ID) }

// ParseCursor reads what String wrote; the empty text is the zero Cursor.
func ParseCursor(text string) (Cursor, error) {
	var c Cursor
	if text == "" {
		return c, nil
	}
	if _, err := fmt.Sscanf(text, "%d.%d", &c.Began, &c.ID); err != nil || c.String() != text {
		return Cursor{}, fmt.Errorf("%q is no cursor", text)
	}
	return c, nil
}
