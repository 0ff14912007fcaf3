package usage

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAQueueGivesBackWhatItTookInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := queue{bound: rapid.SampledFrom([]int{1, 3, 1023, 1024, 1500}).Draw(t, "bound")}
		var want []int64
		next := int64(0)
		for range 10 {
			for range rapid.IntRange(0, 3000).Draw(t, "pushed") {
				if q.full() {
					break
				}
				q.push(Entry{Cost: next})
				want = append(want, next)
				next++
			}
			if q.count != len(want) || q.full() != (len(want) == q.bound) {
				t.Fatalf("the queue says that it holds %d, want %d of %d", q.count, len(want), q.bound)
			}
			for range rapid.IntRange(1, 3000).Draw(t, "popped") {
				if len(want) == 0 {
					break
				}
				if got := q.pop().Cost; got != want[0] {
					t.Fatalf("got %d, want %d", got, want[0])
				}
				want = slices.Delete(want, 0, 1)
			}
			if len(want) == 0 && len(q.ring) > fewest {
				t.Fatalf("an empty queue keeps room for %d", len(q.ring))
			}
		}
	})
}
