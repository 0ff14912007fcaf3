package ondemand

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestSilenceEndsExactlyTheWaitsThatAreTooLong holds silence against a timer of its own for each wait.
func TestSilenceEndsExactlyTheWaitsThatAreTooLong(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		type step struct{ rest, wait, bound time.Duration }
		length := rapid.Custom(func(r *rapid.T) time.Duration {
			return time.Duration(rapid.SampledFrom([]int{0, 1, 3, 10, 30, 100, 300}).Draw(r, "seconds")) * time.Second
		})
		steps := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) step {
			// Half a second apart, so that no wait ends in the moment in which it is too long.
			return step{length.Draw(r, "rest"), length.Draw(r, "wait") + time.Second/2, length.Draw(r, "bound") + time.Second}
		}), 1, 20).Draw(r, "steps")
		synctest.Test(t, func(*testing.T) {
			var over []time.Time
			s := &silence{over: func() { over = append(over, time.Now()) }}
			defer s.stop()
			for _, step := range steps {
				time.Sleep(step.rest)
				over = nil
				began := time.Now()
				s.wait(began, step.bound)
				time.Sleep(step.wait)
				synctest.Wait()
				s.rest()
				if late := step.wait > step.bound; !late && len(over) > 0 {
					r.Fatalf("a wait of %v, with %v allowed, was ended after %v", step.wait, step.bound, over[0].Sub(began))
				} else if late && (len(over) != 1 || over[0].Sub(began) != step.bound) {
					r.Fatalf("a wait of %v, with %v allowed, was ended at %v; it began at %v", step.wait, step.bound, over, began)
				}
			}
			over = nil
			time.Sleep(time.Hour)
			if synctest.Wait(); len(over) > 0 {
				r.Fatalf("who does not wait is ended")
			}
		})
	})
}

func TestStoppedSilenceIsOverForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &silence{over: func() { t.Error("a wait that was stopped is ended") }}
		s.wait(time.Now(), time.Minute)
		time.Sleep(time.Second)
		s.stop()
		time.Sleep(time.Hour)
	})
}

// BenchmarkSilence is what a wait costs that ends in good time, with as many others as there are streams.
func BenchmarkSilence(b *testing.B) {
	all := make([]silence, 2000)
	b.Cleanup(func() {
		for i := range all {
			all[i].stop()
		}
	})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s := &all[i%len(all)]
		s.wait(time.Now(), time.Minute)
		s.rest()
	}
}
