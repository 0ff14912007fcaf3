package dashboard

import (
	"net/http"
	"time"
)

// requestsJSON is the answer of GET /api/requests.
type requestsJSON struct {
	Requests []requestJSON `json:"requests"`
	Next     *string       `json:"next"` // where the next page begins; null: this was the last
}

// requests serves GET /api/requests, newest first.
func (s *Server) requests(w http.ResponseWriter, r *http.Request) error {
	values, names := r.URL.Query(), s.namer()
	filter, err := s.filterOf(values, names, time.Now())
	if err != nil {
		return err
	}
	before, limit, err := pageOf(values)
	if err != nil {
		return err
	}
	rows, err := s.ledger.Recent(r.Context(), filter, before, limit+1)
	if err != nil {
		return err
	}
	wire := requestsJSON{Requests: make([]requestJSON, 0, len(rows))}
	if len(rows) > limit {
		rows = rows[:limit]
		next := rows[limit-1].Cursor().String()
		wire.Next = &next
	}
	for i := range rows {
		wire.Requests = append(wire.Requests, s.toRequest(&rows[i].Entry, names))
	}
	return answer(w, wire)
}
