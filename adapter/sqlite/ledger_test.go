package sqlite

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

var (
	_          usage.Store = (*Store)(nil)
	everything             = usage.Filter{}
)

func TestARowComesBackAsItWentIn(t *testing.T) {
	for name, store := range map[string]*Store{"file": mustOpen(t, t.TempDir()), "memory": inMemory(t)} {
		want := []usage.Entry{entry(1, noon), {Record: domain.Record{Began: noon.Add(-time.Second), Outcome: domain.OutcomeRejected, Status: 400}}}
		add(t, store, want...)
		found, err := store.Recent(t.Context(), everything, usage.Cursor{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []usage.Entry
		for _, row := range found {
			got = append(got, row.Entry)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, diff)
		}
		if got, want := store.InMemory(), name == "memory"; got != want {
			t.Errorf("%s: InMemory is %t, want %t", name, got, want)
		}
		if err := store.Close(); err != nil {
			t.Errorf("%s: Close: %v", name, err)
		}
	}
}

func TestRollupsSayWhatTheRowsSay(t *testing.T) {
	check(t, func(t *rapid.T) {
		store := inMemory(t)
		defer store.Close()
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			add(t, store, rapid.SliceOfN(someEntry, 0, 30).Draw(t, "rows")...)
		}
		agree(t, store)
	})
}

func TestABatchThatIsWrittenTwiceCountsOnce(t *testing.T) {
	store := mustOpen(t, t.TempDir())
	for _, id := range []int64{7, 7, 8, 8, 8} {
		if err := store.Append(t.Context(), batchOf(id, []usage.Entry{entry(1, noon)})); err != nil {
			t.Fatal(err)
		}
	}
	totals, err := store.Totals(t.Context(), noon.Add(-time.Hour), noon.Add(23*time.Hour))
	if err != nil || totals.Requests != 2 {
		t.Errorf("two batches of a request were counted as %d requests, error %v", totals.Requests, err)
	}
	agree(t, store)
}

func TestABatchThatFailsLeavesNothing(t *testing.T) {
	store := mustOpen(t, t.TempDir())
	add(t, store, entry(1, noon))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Append(ctx, batchOf(99, []usage.Entry{entry(2, noon)})); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want that the context ended", err)
	}
	broken := batchOf(100, []usage.Entry{entry(3, noon)})
	if _, err := store.writer.Exec("ALTER TABLE latencies RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	if err := store.Append(t.Context(), broken); err == nil {
		t.Error("a batch was written without a table, want an error")
	}
	if _, err := store.writer.Exec("ALTER TABLE gone RENAME TO latencies"); err != nil {
		t.Fatal(err)
	}
	if rows, _ := stored(t, store, usage.Hour); rows.Sums[usage.Key{At: usage.Hour.Of(noon), Dimension: usage.All, Outcome: domain.OutcomeCompleted}].Requests != 1 {
		t.Errorf("rows of failed batches stand in the ledger: %v", rows.Sums)
	}
	agree(t, store)
	if err := store.Append(t.Context(), broken); err != nil { // the retry
		t.Fatal(err)
	}
	agree(t, store)
}

func TestPruningTakesOldMinutesAndLeavesHoursAndDays(t *testing.T) {
	store := mustOpen(t, t.TempDir())
	store.now = func() time.Time { return noon }
	for i := range 10 { // of four sums and a pair of histograms
		add(t, store, entry(i, noon.Add(time.Duration(i)*time.Minute)))
	}
	var deleted []int
	for range 4 {
		n, err := store.PruneMinutes(t.Context(), noon.Add(5*time.Minute), 12)
		if err != nil {
			t.Fatal(err)
		}
		deleted = append(deleted, n)
	}
	_, minutes := stored(t, store, usage.Minute)
	if !slices.Equal(deleted, []int{12, 12, 1, 0}) || len(minutes.Sums) != 5*4 || len(minutes.Latencies) != 5 {
		t.Errorf("%d rollups were deleted, and of minutes %d sums and %d histograms are left; want 12, 12, 1, 0 and 20 and 5",
			deleted, len(minutes.Sums), len(minutes.Latencies))
	}
	totals, err := store.Totals(t.Context(), noon, noon.Add(26*time.Hour))
	if err != nil || totals.Requests != 10 || totals.Duration.P50 == 0 {
		t.Errorf("the totals are %+v, error %v, want all 10 requests", totals, err)
	}
}

func TestMinutesOfLongAgoAreNotWritten(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	oldest := noon.Add(-usage.MinutesKept)
	add(t, store, entry(1, oldest.Add(-time.Millisecond)), entry(2, oldest))
	var requests, histograms int
	err := store.writer.QueryRow(`SELECT (SELECT sum(requests) FROM rollups WHERE step = 1 AND dimension = 'all'),
		(SELECT count(*) FROM latencies WHERE step = 1)`).Scan(&requests, &histograms)
	if err != nil || requests != 1 || histograms != 1 {
		t.Errorf("minutes hold %d requests and %d histograms, error %v, want the one that is kept", requests, histograms, err)
	}
	agree(t, store)
}

func TestPruningTakesOldRowsAndLeavesTheirSums(t *testing.T) {
	store := mustOpen(t, t.TempDir())
	for i := range 10 {
		add(t, store, entry(i, noon.Add(time.Duration(i)*time.Hour)))
	}
	var deleted []int
	for range 3 {
		n, err := store.Prune(t.Context(), noon.Add(5*time.Hour), 3)
		if err != nil {
			t.Fatal(err)
		}
		deleted = append(deleted, n)
	}
	left, err := store.Recent(t.Context(), everything, usage.Cursor{}, 100)
	if err != nil || !slices.Equal(deleted, []int{3, 2, 0}) || len(left) != 5 || left[4].RequestID != "req-5" {
		t.Errorf("%d rows were deleted and %d are left, error %v; want 3, 2, 0 and 5", deleted, len(left), err)
	}
	totals, err := store.Totals(t.Context(), noon, noon.Add(24*time.Hour))
	if err != nil || totals.Requests != 10 {
		t.Errorf("%d requests are counted, error %v, want all 10", totals.Requests, err)
	}
}

func TestAStoreInMemoryKeepsTheLatestRowsAndAllSums(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	add(t, store, entry(0, noon), entry(1, noon), entry(2, noon))
	// As if so many had come meanwhile.
	if _, err := store.writer.Exec("UPDATE sqlite_sequence SET seq = ?", mostMemoryRows+1); err != nil {
		t.Fatal(err)
	}
	add(t, store, entry(3, noon))
	found, err := store.Recent(t.Context(), everything, usage.Cursor{}, 10)
	if err != nil || len(found) != 2 || found[1].RequestID != "req-2" {
		t.Errorf("%d rows are left, error %v, want the latest two", len(found), err)
	}
	totals, err := store.Totals(t.Context(), noon, noon.Add(24*time.Hour))
	if err != nil || totals.Requests != 4 {
		t.Errorf("%d requests are counted, error %v, want 4", totals.Requests, err)
	}
}

func TestAReadThatIsGivenUpDoesNotEmptyAStoreInMemory(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	add(t, store, entry(1, noon))
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Microsecond)
		_, _ = store.Series(ctx, noon.AddDate(-1, 0, 0), noon, usage.Hour, 0)
		cancel()
	}
	if found, err := store.Recent(t.Context(), everything, usage.Cursor{}, 10); err != nil || len(found) != 1 {
		t.Errorf("%d rows are left, error %v, want the one", len(found), err)
	}
}

func TestAStoreThatIsNotOpenSaysSo(t *testing.T) {
	store := New(t.TempDir())
	_, err := store.Totals(t.Context(), noon, noon.Add(time.Hour))
	if appendErr := store.Append(t.Context(), batchOf(1, nil)); !errors.Is(err, errNotOpen) || !errors.Is(appendErr, errNotOpen) {
		t.Errorf("the errors are %v and %v, want %v", err, appendErr, errNotOpen)
	}
	if err := store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestTheTablesHaveNoPlaceForContentAddressesOrTokens(t *testing.T) {
	store := mustOpen(t, t.TempDir())
	for table, want := range map[string]string{
		"requests": "id " + strings.ReplaceAll(columns, ",", ""), "rollups": strings.ReplaceAll(sumColumns, ",", ""),
		"latencies": "step at first_delta duration", "last_batch": "only batch",
		"session_tips": "tip session_id account_id last_used", "clean_stop": "id stopped_at",
	} {
		var got string
		if err := store.writer.QueryRow("SELECT group_concat(name, ' ') FROM pragma_table_info(?)", table).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("table %s has the columns %q, want %q", table, got, want)
		}
	}
}
