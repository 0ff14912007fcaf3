package dashboard

import (
	"errors"
	"net/http"
	"time"
)

// patience is how long a client may take nothing at all of what is written.
const patience = 30 * time.Second

// patient writes to a client that may be slow, but not stand still.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newPatient(w http.ResponseWriter) patient { return patient{w, http.NewResponseController(w)} }

// Write implements io.Writer.
func (p patient) Write(text []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.w.Write(text)
}
