package gcpace

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestASmallHeapMayGrowToTheSameSize(t *testing.T) {
	for live, want := range map[uint64]uint64{4 << 20: Small, 10 << 20: Small, 16 << 20: Small, 20 << 20: 40 << 20, 1 << 30: 2 << 30} {
		if got := live + live*uint64(percentFor(live))/100; got > want || got < want-live/50-1 {
			t.Errorf("a live heap of %d grows to %d, want %d", live, got, want)
		}
	}
	if got := percentFor(0); got != 800 {
		t.Errorf("before the first collection the percentage is %d", got)
	}
}

func TestASmallHeapThatIsSeldomCollectedIsKeptSmall(t *testing.T) {
	p := &pacer{percent: usual}
	now := time.Now()
	for live, want := range map[uint64]int{8 << 20: calm, Small - 1: calm, Small: usual, 1 << 30: usual} {
		now = now.Add(time.Minute)
		if got := p.next(now, live); got != want {
			t.Errorf("a live heap of %d may grow by %d percent, want %d", live, got, want)
		}
	}
	for range many {
		now = now.Add(often / 2)
		p.next(now, 8<<20)
	}
	if got := p.next(now.Add(often/2), 8<<20); got != 300 {
		t.Errorf("a busy one may grow by %d percent, want 300", got)
	}
}

// goal is how far the heap may grow before it is collected.
func goal() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func TestTheRoomThatAStartGetsIsTakenBack(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	runtime.GC()
	end := Begin()
	defer end()
	if got := goal(); got < Small/2 {
		t.Errorf("at the start the goal is %d MiB", got>>20)
	}
	for began := time.Now(); goal() > Small/2; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%s after the start the goal is %d MiB", time.Since(began), goal()>>20)
		}
	}
}

func TestTheCollectorFollows(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	end := Begin()
	await := func(what string, fits func(goal uint64) bool) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			runtime.GC()
			if got := goal(); fits(got) {
				return
			} else if time.Since(began) > 20*time.Second {
				t.Fatalf("%s: the goal is %d MiB", what, got>>20)
			}
		}
	}
	await("a small heap", func(goal uint64) bool { return goal > Small/2 && goal < 2*Small })
	large := make([]*[1 << 10]byte, 64<<10) // 64 MiB
	for i := range large {
		large[i] = new([1 << 10]byte)
	}
	await("a large heap", func(goal uint64) bool { return goal > 100<<20 && goal < 200<<20 })
	runtime.KeepAlive(large)
	await("a small heap again", func(goal uint64) bool { return goal > Small/2 && goal < 2*Small })
	time.Sleep(start + 5*often) // the collection that ends the start does not count
	runtime.GC()
	for began := time.Now(); goal() > Small/2; time.Sleep(10 * time.Millisecond) { // until the pacer was told
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the goal of a small heap that is seldom collected is %d MiB", goal()>>20)
		}
	}
	await("a small heap that is busy again", func(goal uint64) bool { return goal > Small/2 && goal < 2*Small })
	end()
	await("the end", func(goal uint64) bool { return goal < Small/2 })
}

func TestWhoSetsGOGCIsLetBe(t *testing.T) {
	t.Setenv("GOGC", "77")
	defer debug.SetGCPercent(debug.SetGCPercent(77))
	Begin()()
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("the percentage is %d, want 77", got)
	}
}
