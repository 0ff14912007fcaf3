package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// victimDirectory names the data directory of a process that is there to be killed.
const victimDirectory = "SQLITE_TEST_VICTIM"

type unheard struct{}

func (unheard) LedgerFaulted(err error) { fmt.Fprintln(os.Stderr, err) }
func (unheard) LedgerWrote(usage.Batch) {}

// runVictim records requests until it is killed, and says which when it has.
func runVictim(directory string) {
	store := New(directory)
	aside, err := store.Open(context.Background())
	if err != nil || aside != "" {
		fmt.Fprintln(os.Stderr, "Open:", aside, err)
		os.Exit(1)
	}
	ledger := usage.NewLedger(store, nil, unheard{}, usage.Options{})
	go ledger.Run(context.Background())
	together, pause := 20, time.Millisecond // slower than the store can write
	if raceDetector {
		together, pause = 1, 5*time.Millisecond
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("%d-%d", os.Getpid(), i)
		ledger.Record(domain.Record{
			RequestID: id, Began: time.Now(), Model: "gpt-4o", Outcome: domain.OutcomeCompleted, Attempts: 1,
			Usage: domain.Usage{Prompt: 10, Completion: i % 100}, Duration: time.Duration(i%1000) * time.Millisecond,
		})
		fmt.Println(id)
		if i%together == 0 {
			time.Sleep(pause)
		}
	}
}

// killOne runs a victim, kills it at a random moment and returns which requests it had
// recorded a second before.
func killOne(t *testing.T, directory string) (recorded []string) {
	t.Helper()
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimDirectory+"="+directory)
	victim.Stderr = os.Stderr
	output, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var said []string
	var when []time.Time
	var group sync.WaitGroup
	begun, begin := context.WithTimeout(t.Context(), time.Minute)
	group.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); begin() {
			mu.Lock()
			said, when = append(said, lines.Text()), append(when, time.Now())
			mu.Unlock()
		}
	})
	<-begun.Done() // a busy machine may need a second for the start alone
	time.Sleep(1200*time.Millisecond + rand.N(800*time.Millisecond))
	killed := time.Now()
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	_ = victim.Wait() // it was killed: that is its error
	for i := range said {
		if when[i].Before(killed.Add(-time.Second)) {
			recorded = append(recorded, said[i])
		}
	}
	return recorded
}

func TestAKilledProcessLosesNothingOlderThanASecond(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	found := 0
	for range 2 {
		recorded := killOne(t, directory)
		store := mustOpen(t, directory)
		agree(t, store)
		kept := make(map[string]bool)
		for row, err := range store.Each(t.Context(), everything) {
			if err != nil {
				t.Fatal(err)
			}
			kept[row.RequestID] = true
		}
		for _, id := range recorded {
			if !kept[id] {
				t.Fatalf("request %s is missing: it had been recorded a second before the kill", id)
			}
		}
		found += len(recorded)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("no victim had recorded anything a second before it was killed: nothing was tried")
	}
}
