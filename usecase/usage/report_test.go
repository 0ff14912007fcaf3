package usage

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

func TestACursorComesBackFromItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Cursor{Began: rapid.Int64().Draw(t, "began"), ID: rapid.Int64().Draw(t, "id")}
		if got, err := ParseCursor(want.String()); err != nil || got != want {
			t.Fatalf("%q is read as %+v, error %v, want %+v", want, got, err, want)
		}
	})
	if got, err := ParseCursor(""); err != nil || got != (Cursor{}) {
		t.Errorf("the empty text is read as %+v, error %v, want the zero cursor", got, err)
	}
	for _, bad := range []string{"1", "1.", ".1", "1.2.3", "1.2 ", " 1.2", "a.b", "1.02", "99999999999999999999.1"} {
		if got, err := ParseCursor(bad); err == nil {
			t.Errorf("%q is read as %+v, want an error", bad, got)
		}
	}
}

func TestFailuresAreWhatTheServiceIsToBlameFor(t *testing.T) {
	outcomes := Outcomes{
		domain.OutcomeCompleted: 1, domain.OutcomeLength: 1, domain.OutcomeClientGone: 1, domain.OutcomeRejected: 1,
		domain.OutcomeUpstreamCut: 1, domain.OutcomeUpstreamError: 1, domain.OutcomeTimeout: 1, domain.OutcomeRateLimited: 1,
		domain.OutcomeNoAccount: 1, domain.OutcomeShutdown: 1, domain.OutcomeInternal: 1,
	}
	if got := outcomes.Failures(); got != 7 {
		t.Errorf("%d of the outcomes are failures, want 7", got)
	}
}

func TestTheEstimatedShareIsOneOfTokens(t *testing.T) {
	if got := (Totals{}).EstimatedShare(); got != 0 {
		t.Errorf("the share of no tokens is %g, want 0", got)
	}
	if got := (Totals{Sums: Sums{Prompt: 6, Completion: 2, Estimated: 2}}).EstimatedShare(); got != 0.25 {
		t.Errorf("the share of 2 tokens of 8 is %g, want 0.25", got)
	}
}

func TestATallyIsTheSumOfItsRequests(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000).UTC() // the beginning of minute 30000000
	tally := NewTally()
	measured := newEntry(record(1), Prices{"gpt-4o": {In: 2.5, Out: 10}})
	estimated := measured
	estimated.Usage.Source, estimated.Stream, estimated.Attempts = domain.UsageEstimated, true, 3
	estimated.Began = at.Add(time.Second)
	refused := Entry{Record: domain.Record{Began: at, Model: "gpt-4o", Scope: "token", Outcome: domain.OutcomeRateLimited}}
	for _, e := range []Entry{measured, estimated, refused} {
		tally.Add(&e)
	}
	completed := Sums{Requests: 2, Prompt: 20, Completion: 10, Estimated: 15, Cost: 150_000, Attempts: 4, Streams: 1, Last: 1_800_000_001_000}
	none := Sums{Requests: 1, Last: 1_800_000_000_000}
	want := map[Key]Sums{
		{30_000_000, All, "", domain.OutcomeCompleted}:              completed,
		{30_000_000, ByModel, "gpt-4o", domain.OutcomeCompleted}:    completed,
		{30_000_000, ByAccount, "account", domain.OutcomeCompleted}: completed,
		{30_000_000, ByToken, "token", domain.OutcomeCompleted}:     completed,
		{30_000_000, All, "", domain.OutcomeRateLimited}:            none,
		{30_000_000, ByModel, "gpt-4o", domain.OutcomeRateLimited}:  none,
		{30_000_000, ByAccount, "", domain.OutcomeRateLimited}:      none,
		{30_000_000, ByToken, "token", domain.OutcomeRateLimited}:   none,
	}
	if diff := cmp.Diff(want, tally.Sums); diff != "" {
		t.Errorf("the sums (-want +got):\n%s", diff)
	}
	latencies := tally.Latencies[30_000_000]
	if first, duration := latencies.First.Count(), latencies.Duration.Count(); first != 2 || duration != 2 {
		t.Errorf("%d first deltas and %d durations were counted, want 2 and 2: a refused request has none", first, duration)
	}
}

func TestATallyOfMinutesFoldsIntoHoursAndDays(t *testing.T) {
	tally := NewTally()
	for _, began := range []time.Duration{0, 59 * time.Minute, time.Hour, -time.Minute, 40 * time.Hour} {
		e := newEntry(record(1), nil)
		e.Began = e.Began.Add(began) // 1800000000000 is 8:00 of day 20833
		tally.Add(&e)
	}
	for step, want := range map[Step]map[int64]int64{Hour: {500_000: 2, 500_001: 1, 499_999: 1, 500_040: 1}, Day: {20_833: 4, 20_835: 1}} {
		got, measured := make(map[int64]int64), make(map[int64]int64)
		folded := tally.By(step)
		for key, sums := range folded.Sums {
			if key.Dimension == ByModel {
				got[key.At] += sums.Requests
			}
		}
		for at, latencies := range folded.Latencies {
			measured[at] = latencies.Duration.Count()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("requests by %d minutes (-want +got):\n%s", step, diff)
		}
		if diff := cmp.Diff(want, measured); diff != "" {
			t.Errorf("durations by %d minutes (-want +got):\n%s", step, diff)
		}
	}
}
