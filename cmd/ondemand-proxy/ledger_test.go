package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

func TestTheLedgerHasEveryRequestWithItsTrueEndAlsoAfterACrash(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	platform.Script(sim.Fault{On: sim.Query, Skip: 3, Times: 1, Do: sim.AfterDeltas(1, sim.Cut())})
	p := start(t, platform, `[{"api_key":"key-1"}]`, "RATE_LIMIT=5")
	client := httpClient(t)
	for _, body := range []string{
		asks("hi"), asks("hi", `"stream":true`), asks("hi", `"max_tokens":1`), asks("hi", `"stream":true`), `{"model":`, asks("one too many"),
	} {
		p.post(t, client, body)
	}
	time.Sleep(1100 * time.Millisecond) // what ended a second before a crash is kept
	p.stop(syscall.SIGKILL, 0)

	store := sqlite.New(p.dataDir)
	asideAs, err := store.Open(t.Context())
	if err != nil || asideAs != "" {
		t.Fatalf("the file does not open: %v, moved to %q", err, asideAs)
	}
	defer func() { _ = store.Close() }()
	rows, err := store.Recent(t.Context(), usage.Filter{}, usage.Cursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := len(rows) - 1; i >= 0; i-- {
		got = append(got, rows[i].Model+" "+string(rows[i].Outcome))
	}
	want := []string{"gpt-4o completed", "gpt-4o completed", "gpt-4o length", "gpt-4o upstream_cut", "other rejected", "other rate_limited"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the ledger (-want +got):\n%s", diff)
	}
	totals, err := store.Totals(t.Context(), time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour))
	if err != nil || totals.Outcomes[domain.OutcomeCompleted] != 2 {
		t.Errorf("the totals are %+v, %v; want two completed", totals, err)
	}
	for _, name := range []string{"ondemand-proxy.db", "ondemand-proxy.db-wal"} {
		text, _ := os.ReadFile(filepath.Join(p.dataDir, name))
		if strings.Contains(string(text), "one too many") || strings.Contains(string(text), accessToken) || strings.Contains(string(text), "key-1") {
			t.Errorf("%s holds what a client said, or a secret", name)
		}
	}
}
