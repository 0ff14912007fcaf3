package main_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/domain"
)

// The size of the test of those who leave: a tenth of all.
const (
	crowd       = 500
	crowdLeaves = crowd / 10
	crowdDeltas = 60
	crowdPace   = 100 * time.Millisecond // so that an answer takes six seconds
)

// crowdText is the whole answer, in crowdDeltas deltas.
func crowdText() (whole string, deltas []string) {
	for i := range crowdDeltas {
		deltas = append(deltas, fmt.Sprintf("word %d 🌲, ", i))
	}
	return strings.Join(deltas, ""), deltas
}

func TestATenthOfACrowdLeavesAndAllOthersGetTheirWholeAnswer(t *testing.T) {
	whole, deltas := crowdText()
	platform := sim.Start(t, sim.Options{
		Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}, {Key: "key-3"}},
		Model:    func(sim.Seen) sim.Answer { return sim.Answer{Deltas: deltas} },
		Pace:     sim.Pace{Between: crowdPace},
	})
	p := start(t, platform, `[{"api_key":"key-1"},{"api_key":"key-2"},{"api_key":"key-3"}]`, "DEBUG_MODE=false")
	transport := &http.Transport{MaxIdleConnsPerHost: crowd}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}

	var group sync.WaitGroup
	leavers := rand.Perm(crowd)[:crowdLeaves]
	leaves := make(map[int]int, crowdLeaves) // who -> after how many chunks
	for _, who := range leavers {
		leaves[who] = rand.IntN(crowdDeltas / 2)
	}
	for i := range crowd {
		group.Go(func() {
			after, is := leaves[i]
			if is {
				leaveAfter(t, p, client, after)
				return
			}
			response, err := p.open(t.Context(), client, asks("Tell me all.", `"stream":true`))
			if err != nil {
				t.Errorf("a client that stays: %v", err)
				return
			}
			if said := soakRead(response.StatusCode, response.Header.Get("Content-Type"), read(response).body); said.broken != "" || !said.done || said.choices[0].text != whole {
				t.Errorf("a client that stays got status %d, [DONE] %t, error %q, %s", response.StatusCode, said.done, said.failure, said.broken)
			}
		})
	}
	awaitSim(t, platform, "all streams are open at once", func() bool { return platform.OpenStreams() >= crowd-crowdLeaves })
	group.Wait()
	ended := time.Now()
	awaitSim(t, platform, "no stream is open", func() bool { return platform.OpenStreams() == 0 })
	if took := time.Since(ended); took > 2*time.Second {
		t.Errorf("the platform had a stream open %s after the last client", took)
	}
	checkCrowd(t, platform, p)
}

// leaveAfter leaves a stream after so many chunks, and before the end.
func leaveAfter(t *testing.T, p *proxy, client *http.Client, chunks int) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	response, err := p.open(ctx, client, asks("Tell me all.", `"stream":true`))
	if err != nil {
		t.Errorf("a client that leaves: %v", err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for seen := 0; seen < chunks && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data: ") {
			seen++
		}
	}
	leave()
}

// checkCrowd checks how the platform and the ledger saw everybody end.
func checkCrowd(t *testing.T, platform *sim.Server, p *proxy) {
	t.Helper()
	gone := 0
	for _, call := range platform.CallsOf(sim.Query, "") {
		if call.ClientGone {
			gone++
		}
	}
	if queries := platform.Count(sim.Query, ""); gone != crowdLeaves || queries != crowd {
		t.Errorf("of %d upstream queries %d were given up, want %d of %d", queries, gone, crowdLeaves, crowd)
	}
	p.stop(syscall.SIGTERM, 0)
	checkIntegrity(t, filepath.Join(p.dataDir, "ondemand-proxy.db"))
	store := sqlite.New(p.dataDir)
	if _, err := store.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	totals, err := store.Totals(t.Context(), time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	left, completed := totals.Outcomes[domain.OutcomeClientGone], totals.Outcomes[domain.OutcomeCompleted]
	if left != crowdLeaves || completed != crowd-crowdLeaves || totals.Requests != crowd {
		t.Errorf("the ledger says %v, want %d completed and %d client_gone", totals.Outcomes, crowd-crowdLeaves, crowdLeaves)
	}
}
