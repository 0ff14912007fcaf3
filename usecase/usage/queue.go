package usage

// queue is a ring of entries that grows on demand, up to its bound, and gives the memory
// back when it has run empty.
type queue struct {
	bound  int
	ring   []Entry
	oldest int
	count  int
}

// fewest is the size that a ring keeps.
const fewest = 1024

func (q *queue) full() bool { return q.count == q.bound }

// push adds the newest entry; the queue is not full.
func (q *queue) push(e Entry) {
	if q.count == len(q.ring) {
		q.grow()
	}
	q.ring[(q.oldest+q.count)%len(q.ring)] = e
	q.count++
}

func (q *queue) grow() {
	ring := make([]Entry, min(max(2*len(q.ring), fewest), q.bound))
	n := copy(ring, q.ring[q.oldest:])
	copy(ring[n:], q.ring[:q.oldest])
	q.ring, q.oldest = ring, 0
}

// pop takes the oldest entry; the queue is not empty.
func (q *queue) pop() Entry {
	e := q.ring[q.oldest]
	q.ring[q.oldest] = Entry{} // lets go of its texts
	q.oldest = (q.oldest + 1) % len(q.ring)
	q.count--
	if q.count == 0 && len(q.ring) > fewest {
		q.ring, q.oldest = nil, 0
	}
	return e
}
