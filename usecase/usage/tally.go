package usage

import (
	"time"

	"ondemand-api-proxy/domain"
)

// Step is the width of a rollup, in minutes. Steps are counted from 1970 in UTC.
type Step int64

// The steps.
const (
	Minute Step = 1
	Hour   Step = 60
	Day    Step = 24 * 60
)

// MinutesKept is how long rollups of minutes are kept; those of hours and days are kept for
// ever. It is what a day up to now and the day before it need, and some time to spare.
const MinutesKept = 50 * time.Hour

// Of is the number of the step that holds t.
func (s Step) Of(t time.Time) int64 {
	return floorDiv(t.UnixMilli(), int64(s)*time.Minute.Milliseconds())
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Dimension is what a rollup tells apart, beside the outcome. The dimensions are summed each by
// itself, so that rollups grow with the sum and not with the product of names.
type Dimension string

// The dimensions. Names are empty in All.
const (
	All       Dimension = "all"
	ByModel   Dimension = "model"
	ByAccount Dimension = "account" // empty: no account was tried
	ByToken   Dimension = "token"
)

// Key says what a rollup sums up.
type Key struct {
	At        int64 // number of the step
	Dimension Dimension
	Name      string
	Outcome   domain.Outcome
}

// Sums are sums over requests.
type Sums struct {
	Requests   int64
	Prompt     int64 // tokens
	Completion int64 // tokens
	Estimated  int64 // tokens of both kinds that were not measured by the upstream
	Cost       int64 // nano-dollars
	Attempts   int64 // upstream queries
	Streams    int64 // requests that asked for a stream
	Last       int64 // when the latest began, in Unix milliseconds
}

// Plus returns the sums over both.
func (s Sums) Plus(o Sums) Sums {
	last := max(s.Last, o.Last)
	switch {
	case s.Requests == 0:
		last = o.Last
	case o.Requests == 0:
		last = s.Last
	}
	return Sums{
		Requests: s.Requests + o.Requests, Prompt: s.Prompt + o.Prompt, Completion: s.Completion + o.Completion,
		Estimated: s.Estimated + o.Estimated, Cost: s.Cost + o.Cost, Attempts: s.Attempts + o.Attempts,
		Streams: s.Streams + o.Streams, Last: last,
	}
}

func sumsOf(e *Entry) Sums {
	s := Sums{
		Requests: 1, Prompt: int64(e.Usage.Prompt), Completion: int64(e.Usage.Completion),
		Cost: e.Cost, Attempts: int64(e.Attempts), Last: e.Began.UnixMilli(),
	}
	if e.Usage.Source != domain.UsageMeasured {
		s.Estimated = s.Prompt + s.Completion
	}
	if e.Stream {
		s.Streams = 1
	}
	return s
}

// Tally is the sums and latencies of some requests, by minutes unless By folded it.
type Tally struct {
	Sums      map[Key]Sums
	Latencies map[int64]*Latencies // by number of the step
}

// NewTally returns an empty tally.
func NewTally() *Tally {
	return &Tally{Sums: make(map[Key]Sums), Latencies: make(map[int64]*Latencies)}
}

// Empty tells whether nothing was added.
func (t *Tally) Empty() bool { return len(t.Sums) == 0 }

// Add adds one request to its minute.
func (t *Tally) Add(e *Entry) {
	at, sums := Minute.Of(e.Began), sumsOf(e)
	for _, key := range [...]Key{
		{at, All, "", e.Outcome},
		{at, ByModel, e.Model, e.Outcome},
		{at, ByAccount, string(e.Account), e.Outcome},
		{at, ByToken, string(e.Scope), e.Outcome},
	} {
		t.Sums[key] = t.Sums[key].Plus(sums)
	}
	t.latencies(at).add(e)
}

func (t *Tally) latencies(at int64) *Latencies {
	l := t.Latencies[at]
	if l == nil {
		l = &Latencies{}
		t.Latencies[at] = l
	}
	return l
}

// By returns a tally of minutes as one of wider steps.
func (t *Tally) By(step Step) *Tally {
	folded := NewTally()
	for key, sums := range t.Sums {
		key.At = floorDiv(key.At, int64(step))
		folded.Sums[key] = folded.Sums[key].Plus(sums)
	}
	for at, latencies := range t.Latencies {
		folded.latencies(floorDiv(at, int64(step))).Merge(latencies)
	}
	return folded
}
