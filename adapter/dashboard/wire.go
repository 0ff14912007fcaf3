package dashboard

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// answer sends a value as JSON.
func answer(w http.ResponseWriter, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
	return nil
}

// instant is a time as the page gets it, to the millisecond; null when there is none.
type instant time.Time

// MarshalJSON implements json.Marshaler.
func (t instant) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z07:00"`), nil
}

// millis are milliseconds; null when nothing was measured.
type millis time.Duration

// MarshalJSON implements json.Marshaler.
func (d millis) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, time.Duration(d).Milliseconds(), 10), nil
}

// dollars are US dollars, from nano-dollars.
func dollars(nano int64) float64 { return float64(nano) / 1e9 }

// quantilesJSON are percentiles; nil when nothing was measured.
type quantilesJSON struct {
	P50 millis `json:"p50"`
	P95 millis `json:"p95"`
}

func toQuantiles(q usage.Quantiles) *quantilesJSON {
	if q == (usage.Quantiles{}) {
		return nil
	}
	return &quantilesJSON{millis(q.P50), millis(q.P95)}
}

// sumsJSON are what most answers sum up.
type sumsJSON struct {
	Requests   int64   `json:"requests"`
	Prompt     int64   `json:"prompt_tokens"`
	Completion int64   `json:"completion_tokens"`
	Cost       float64 `json:"cost_usd"`
}

func toSums(s usage.Sums) sumsJSON {
	return sumsJSON{s.Requests, s.Prompt, s.Completion, dollars(s.Cost)}
}

// totalsJSON are the sums of a range.
type totalsJSON struct {
	sumsJSON
	Outcomes       usage.Outcomes `json:"outcomes"`
	Failures       int64          `json:"failures"`
	SuccessRate    *float64       `json:"success_rate"`
	Estimated      int64          `json:"estimated_tokens"`
	EstimatedShare float64        `json:"estimated_share"`
	Attempts       int64          `json:"attempts"`
	Streams        int64          `json:"streams"`
	First          *quantilesJSON `json:"first_ms"`
	Duration       *quantilesJSON `json:"duration_ms"`
}

func toTotals(t usage.Totals) totalsJSON {
	wire := totalsJSON{
		sumsJSON: toSums(t.Sums), Outcomes: t.Outcomes, Failures: t.Outcomes.Failures(),
		Estimated: t.Estimated, EstimatedShare: t.EstimatedShare(), Attempts: t.Attempts, Streams: t.Streams,
		First: toQuantiles(t.First), Duration: toQuantiles(t.Duration),
	}
	if wire.Outcomes == nil {
		wire.Outcomes = usage.Outcomes{}
	}
	if rate, known := t.Outcomes.SuccessRate(); known {
		wire.SuccessRate = &rate
	}
	return wire
}

// requestJSON is a row of the ledger.
type requestJSON struct {
	RequestID   string    `json:"request_id"`
	Began       instant   `json:"began"`
	AccessToken string    `json:"access_token"`
	Model       string    `json:"model"`
	Endpoint    string    `json:"endpoint"`
	Account     string    `json:"account"`
	AccountName string    `json:"account_name"`
	Outcome     string    `json:"outcome"`
	Status      int       `json:"status"`
	Prompt      int       `json:"prompt_tokens"`
	Completion  int       `json:"completion_tokens"`
	Usage       string    `json:"usage"`
	First       millis    `json:"first_ms"`
	Duration    int64     `json:"duration_ms"`
	Stream      bool      `json:"stream"`
	Attempts    int       `json:"attempts"`
	Continued   bool      `json:"continued"`
	Cost        float64   `json:"cost_usd"`
	Tries       []tryJSON `json:"tries"`
}

// tryJSON is one attempt of a request.
type tryJSON struct {
	Choice      int    `json:"choice"`
	Account     string `json:"account"`
	AccountName string `json:"account_name"`
	Session     string `json:"session"`
	Result      string `json:"result"`
	Began       int64  `json:"began_ms"`
	Took        int64  `json:"took_ms"`
}

func (s *Server) toRequest(e *usage.Entry, names namer) requestJSON {
	account := names.of(e.Account)
	wire := requestJSON{
		RequestID: e.RequestID, Began: instant(e.Began), AccessToken: s.tokenName(e.Scope), Model: e.Model, Endpoint: string(e.Endpoint),
		Account: account.id, AccountName: account.name, Outcome: string(e.Outcome), Status: e.Status,
		Prompt: e.Usage.Prompt, Completion: e.Usage.Completion, Usage: e.Usage.Source.String(),
		First: millis(e.FirstDelta), Duration: e.Duration.Milliseconds(), Stream: e.Stream,
		Attempts: e.Attempts, Continued: e.Continued, Cost: dollars(e.Cost), Tries: make([]tryJSON, 0, len(e.Tries)),
	}
	for _, t := range e.Tries {
		account := names.of(t.Account)
		wire.Tries = append(wire.Tries, tryJSON{
			t.Choice, account.id, account.name, t.Session.String(), t.Result, t.Began.Milliseconds(), t.Took.Milliseconds(),
		})
	}
	return wire
}
