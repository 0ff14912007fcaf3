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

// SuccessRate is the share of the requests that were served, 0 to 1, of those that could be:
// what clients left or got wrong says nothing about the service. False: there were none.
func (o Outcomes) SuccessRate() (rate float64, known bool) {
	served := o[domain.OutcomeCompleted] + o[domain.OutcomeLength]
	all := served + o.Failures()
	if all == 0 {
		return 0, false
	}
	return float64(served) / float64(all), true
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

// Part sums up the requests of a range that have a name in common: of a model, an account or an access token.
type Part struct {
	Name string
	Sums
	Outcomes Outcomes
}

// LastUsed is when the latest of the requests began.
func (p Part) LastUsed() time.Time { return time.UnixMilli(p.Last).UTC() }

// Point sums up the requests of one minute, hour or day.
type Point struct {
	Start              time.Time // UTC
	Outcomes           Outcomes  // nil: there were no requests
	Prompt, Completion int64     // tokens
	First, Duration    Quantiles // as in Totals
}
