package usage

import (
	"time"

	"ondemand-api-proxy/domain"
)

// Outcomes counts requests by how they ended.
type Outcomes map[domain.Outcome]int64

// Failures are the requests that the service failed to serve: all but those that were
// completed or ended by the client's limit, that the client left, or that it got wrong.
func (o Outcomes) Failures() (count int64) {
	for outcome, n := range o {
		switch outcome {
		case domain.OutcomeCompleted, domain.OutcomeLength, domain.OutcomeClientGone, domain.OutcomeRejected:
		default:
			count += n
		}
	}
	return count
}

// Totals sum up all requests of a range.
type Totals struct {
	Sums
	Outcomes Outcomes
	First    Quantiles // time to the first delta, of requests that had one
	Duration Quantiles // of requests that were tried upstream
}

// EstimatedShare is the share of the tokens that were not measured by the upstream, 0 to 1.
func (t Totals) EstimatedShare() float64 {
	if tokens := t.Prompt + t.Completion; tokens > 0 {
		return float64(t.Estimated) / float64(tokens)
	}
	return 0
}

// Part sums up the requests of a range that have a name in common: of a model, or of an account.
type Part struct {
	Name string
	Sums
	Outcomes Outcomes
}

// LastUsed is when the latest of the requests began.
func (p Part) LastUsed() time.Time { return time.UnixMilli(p.Last).UTC() }

// Point sums up the requests of one hour or day.
type Point struct {
	Start              time.Time // UTC
	Outcomes           Outcomes  // nil: there were no requests
	Prompt, Completion int64     // tokens
	First, Duration    Quantiles // as in Totals
}
