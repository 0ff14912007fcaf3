package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// requestsOfRound is enough for some seconds of processor time.
const requestsOfRound = 5000

// BenchmarkTheLedger compares the program with one that records nothing, by the processor time
// that a request takes in each. Both serve at full speed at the same time, so that
// whatever else the machine does meets both alike. The shorter the answers, the larger is
// the share of the ledger.
func BenchmarkTheLedger(b *testing.B) {
	without := buildWithoutLedger(b)
	for _, words := range []int{2, 100} {
		b.Run(fmt.Sprint("answers of ", words, " words"), func(b *testing.B) {
			model := sim.Say(strings.Repeat("word ", words))
			compare(b, newContender(b, binary, model), newContender(b, without, model))
		})
	}
}

// compare runs a round of both in each loop, and reports medians.
func compare(b *testing.B, with, without *contender) {
	round := func() (cost, other time.Duration) {
		var group sync.WaitGroup
		group.Go(func() { cost = with.run(b) })
		group.Go(func() { other = without.run(b) })
		group.Wait()
		return cost, other
	}
	round() // warms up
	var costs, others, shares []float64
	for b.Loop() {
		cost, other := round()
		costs, others = append(costs, float64(cost.Microseconds())), append(others, float64(other.Microseconds()))
		shares = append(shares, 100-100*float64(other)/float64(cost))
	}
	for unit, values := range map[string][]float64{"cpu-µs/request": costs, "cpu-µs/request-without": others, "%-of-it": shares} {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], unit)
	}
	b.ReportMetric(shares[len(shares)/4], "%-of-it-lower-quartile")
	b.ReportMetric(shares[len(shares)*3/4], "%-of-it-upper-quartile")
}

// contender is a program under measurement.
type contender struct {
	proxy  *proxy
	client *http.Client
}

// newContender starts a program with a simulator and a data directory of its own.
func newContender(b *testing.B, program string, model sim.Model) *contender {
	b.Helper()
	usual := binary
	defer func() { binary = usual }()
	binary = program
	platform := sim.Start(b, sim.Options{
		Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}}, Model: model, KeepCalls: 100, KeepSessions: 1000,
	})
	return &contender{start(b, platform, `[{"api_key":"key-1"},{"api_key":"key-2"}]`, "DEBUG_MODE=false"), pouringClient(b)}
}

// run runs a round and returns the processor time that a request took.
func (c *contender) run(b *testing.B) time.Duration {
	before := c.used(b)
	var sent atomic.Int64
	pour(b.Context(), c.proxy, c.client, func() bool { return sent.Add(1) <= requestsOfRound }, func(got answer) {
		if got.err != nil || got.status != http.StatusOK {
			b.Errorf("status %d, error %v, %s", got.status, got.err, got.body)
		}
	})
	time.Sleep(time.Second) // until the ledger has written all of it
	return (c.used(b) - before) / requestsOfRound
}

var cpuSeconds = regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`)

// used is the processor time that the program has used.
func (c *contender) used(b *testing.B) time.Duration {
	found := cpuSeconds.FindStringSubmatch(c.proxy.get(b, c.client, "/metrics").body)
	if found == nil {
		b.Error("the program does not tell its processor time")
		return 0
	}
	seconds, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		b.Error(err)
	}
	return time.Duration(seconds * float64(time.Second))
}

// buildWithoutLedger builds the program with a ledger that records nothing: a file of the
// build is replaced, so that the program itself needs no switch for it.
func buildWithoutLedger(b *testing.B) string {
	b.Helper()
	path, err := filepath.Abs("../../usecase/usage/ledger.go")
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	const record = "func (l *Ledger) Record(record domain.Record) {\n"
	patched := strings.Replace(string(text), record, record+"\treturn\n", 1)
	if patched == string(text) {
		b.Fatalf("%s has no %q any more", path, record)
	}
	directory := b.TempDir()
	replacement, overlay, program := filepath.Join(directory, "ledger.go"), filepath.Join(directory, "overlay.json"), filepath.Join(directory, "ondemand-proxy")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: replacement}})
	if err != nil {
		b.Fatal(err)
	}
	for name, content := range map[string]string{replacement: patched, overlay: string(list)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if output, err := exec.Command("go", "build", "-overlay", overlay, "-o", program).CombinedOutput(); err != nil {
		b.Fatalf("cannot build the program without its ledger: %v\n%s", err, output)
	}
	return program
}
