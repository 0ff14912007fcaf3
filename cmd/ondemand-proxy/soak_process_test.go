package main_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// footing is what a process takes, by its own metrics.
type footing struct {
	goroutines, files float64
	resident, heap    float64 // bytes; the heap is what lives after a collection
	stacks            float64 // bytes
}

func (f footing) String() string {
	const mib = 1 << 20
	return fmt.Sprintf("%4.0f goroutines, %4.0f files, %6.1f MiB resident, %5.1f MiB live heap", f.goroutines, f.files, f.resident/mib, f.heap/mib)
}

func footingOf(metrics map[string]float64) footing {
	return footing{
		goroutines: metrics["go_goroutines"], files: metrics["process_open_fds"], resident: metrics["process_resident_memory_bytes"],
		heap: metrics["go_memstats_heap_alloc_bytes"], stacks: metrics["go_memstats_stack_inuse_bytes"],
	}
}

// betweenScrapes lets a process be idle that is asked again and again: one that is busy may take more memory.
const betweenScrapes = 25 * time.Millisecond

// settled returns what a process takes that has nothing to do: the least of everything seen while
// its memory is collected three times, as pools and finalizers need, and then goes back to the system,
// until a second and a half brought no more. Being asked is what makes it collect.
func settled(t *testing.T, scrape func() map[string]float64) footing {
	t.Helper()
	metrics := scrape()
	least, collections, deadline := footingOf(metrics), metrics["go_gc_duration_seconds_count"], time.Now().Add(time.Minute)
	for metrics["go_gc_duration_seconds_count"] < collections+3 {
		if time.Now().After(deadline) {
			t.Fatal("the program's memory was not collected three times within a minute")
		}
		time.Sleep(betweenScrapes)
		metrics = scrape()
		least = least.and(footingOf(metrics))
	}
	for same := 0; same < 3 && time.Now().Before(deadline); same++ {
		time.Sleep(500 * time.Millisecond)
		if now := footingOf(scrape()); now.resident < least.resident-1<<20 {
			least, same = least.and(now), 0
		}
	}
	return least
}

// and is the less of both.
func (f footing) and(other footing) footing {
	return footing{
		min(f.goroutines, other.goroutines), min(f.files, other.files), min(f.resident, other.resident), min(f.heap, other.heap), min(f.stacks, other.stacks),
	}
}

// samplesOf reads the text of /metrics.
func samplesOf(text string) map[string]float64 {
	all := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		series, value, found := cutLast(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); found && err == nil && !strings.HasPrefix(series, "#") {
			all[series] = n
		}
	}
	return all
}

// scraper asks a program for its metrics over one connection.
func scraper(t *testing.T, p *proxy) func() map[string]float64 {
	t.Helper()
	transport := &http.Transport{MaxConnsPerHost: 1}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	return func() map[string]float64 { return samplesOf(p.get(t, client, "/metrics").body) }
}
