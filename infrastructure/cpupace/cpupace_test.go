package cpupace

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// several makes the default be to use several processors, and sets it again at the end.
func several(t testing.TB) (all int) {
	t.Helper()
	t.Setenv("GOMAXPROCS", "")
	t.Cleanup(runtime.SetDefaultGOMAXPROCS)
	runtime.SetDefaultGOMAXPROCS()
	if all = runtime.GOMAXPROCS(0); all == 1 {
		t.Skip("this machine has one processor")
	}
	return all
}

func TestOneRequestAtATimeUsesOneProcessor(t *testing.T) {
	all := several(t)
	synctest.Test(t, func(t *testing.T) {
		pace := New()
		expect := func(when string, want int) {
			t.Helper()
			if got := runtime.GOMAXPROCS(0); got != want {
				t.Errorf("%s: %d processors are used, want %d", when, got, want)
			}
		}
		pace.Began(1)
		expect("right after the start", all)
		time.Sleep(Calm + time.Nanosecond)
		pace.Began(1)
		expect("one after the other", 1)
		pace.Began(2)
		expect("two at once", all)
		time.Sleep(Calm)
		pace.Began(1)
		expect("soon after two at once", all)
		time.Sleep(time.Nanosecond)
		pace.Began(1)
		expect("one after the other again", 1)
		pace.Began(3)
		expect("many at once", all)
	})
}

func TestANumberThatSomebodyChoseIsKept(t *testing.T) {
	all := several(t)
	t.Setenv("GOMAXPROCS", "7")
	synctest.Test(t, func(t *testing.T) {
		pace := New()
		for range 3 {
			time.Sleep(2 * Calm)
			pace.Began(1)
		}
		pace.Began(2)
	})
	if got := runtime.GOMAXPROCS(0); got != all {
		t.Errorf("%d processors are used, want %d", got, all)
	}
}

// TestWhoOverlapsHasAllProcessors whatever happens at the same moment.
func TestWhoOverlapsHasAllProcessors(t *testing.T) {
	all := several(t)
	pace := New()
	for range 200 {
		pace.mu.Lock()
		pace.crowd = time.Time{} // long ago
		pace.mu.Unlock()
		var running atomic.Int64
		var begun, together sync.WaitGroup
		begun.Add(4)
		for range 4 {
			together.Go(func() {
				pace.Began(int(running.Add(1)))
				begun.Done()
				begun.Wait()
				if got := runtime.GOMAXPROCS(0); got != all {
					t.Errorf("four requests have %d processors, want %d", got, all)
				}
			})
		}
		together.Wait()
	}
}

func BenchmarkBegan(b *testing.B) {
	several(b)
	pace := New()
	for b.Loop() {
		pace.Began(2)
	}
}

// BenchmarkToAndFro is what it takes to use one processor, and all again.
func BenchmarkToAndFro(b *testing.B) {
	several(b)
	pace := New()
	for b.Loop() {
		pace.crowd = time.Time{}
		pace.Began(1)
		pace.Began(2)
	}
}
