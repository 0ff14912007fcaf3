package dashboard

import (
	"net/http"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// seriesJSON is the answer of GET /api/series.
type seriesJSON struct {
	Range     string      `json:"range"`
	Step      string      `json:"step"`
	UTCOffset int         `json:"utc_offset"` // minutes
	Points    []pointJSON `json:"points"`
}

// pointJSON sums up one step. Outcomes are null when there were no requests.
type pointJSON struct {
	Start      instant        `json:"start"`
	Outcomes   usage.Outcomes `json:"outcomes"`
	Prompt     int64          `json:"prompt_tokens"`
	Completion int64          `json:"completion_tokens"`
	First      *quantilesJSON `json:"first_ms"`
	Duration   *quantilesJSON `json:"duration_ms"`
}

// series serves GET /api/series.
func (s *Server) series(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	span, err := rangeOf(values)
	if err != nil {
		return err
	}
	step, name, err := stepOf(values, span)
	if err != nil {
		return err
	}
	offset, err := offsetOf(values)
	if err != nil {
		return err
	}
	from, to := span.bounds(time.Now())
	points, err := s.ledger.Series(r.Context(), from, to, step, offset)
	if err != nil {
		return err
	}
	wire := seriesJSON{span.name, name, int(offset / time.Minute), make([]pointJSON, 0, len(points))}
	for _, p := range points {
		wire.Points = append(wire.Points, pointJSON{instant(p.Start), p.Outcomes, p.Prompt, p.Completion, toQuantiles(p.First), toQuantiles(p.Duration)})
	}
	return answer(w, wire)
}
