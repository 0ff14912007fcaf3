package usage

import (
	"slices"
	"time"

	"ondemand-api-proxy/domain"
)

// Entry is one row of the ledger: the record of a request, and what it cost. Its times are
// whole milliseconds, and a time that was measured is never 0.
type Entry struct {
	domain.Record
	Cost int64 // nano-dollars, by the prices of the moment it was recorded
}

// newEntry fixes the cost of a record and rounds its times to what the store keeps.
func newEntry(record domain.Record, prices Prices) Entry {
	record.Began = time.UnixMilli(record.Began.UnixMilli()).UTC()
	record.FirstDelta = wholeMilliseconds(record.FirstDelta)
	record.Duration = wholeMilliseconds(record.Duration)
	record.Tries = slices.Clone(record.Tries) // others have the record as well
	for i := range record.Tries {
		try := &record.Tries[i]
		try.Began, try.Took = max(try.Began, 0).Round(time.Millisecond), wholeMilliseconds(try.Took)
	}
	return Entry{Record: record, Cost: prices.Cost(record.Model, record.Usage.Prompt, record.Usage.Completion)}
}

func wholeMilliseconds(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return max(d.Round(time.Millisecond), time.Millisecond)
}
