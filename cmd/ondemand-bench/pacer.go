package main

import (
	"context"
	"net"
	"sync"
	"time"
)

// pacer sends the deltas of many streams at their times, all from one goroutine: a timer
// and a switch for each delta would cost more than the sending does. As every stream
// waits as long as any other, the queue is in order by itself.
type pacer struct {
	mu    sync.Mutex
	queue []*paced
	some  chan struct{} // holds one when the queue may have become non-empty
}

// paced is a stream under way.
type paced struct {
	conn  net.Conn
	a     *answer
	next  int // the delta to be sent
	due   time.Time
	delay time.Duration
	done  chan error
}

func newPacer() *pacer { return &pacer{some: make(chan struct{}, 1)} }

// stream sends the deltas of an answer, the first one at once, and returns at its end.
func (p *pacer) stream(conn net.Conn, a *answer, delay time.Duration) error {
	s := &paced{conn: conn, a: a, due: time.Now(), delay: delay, done: make(chan error, 1)}
	if ended, err := s.send(); ended {
		return err
	}
	p.push(s)
	return <-s.done
}

// send sends one delta, and the end behind the last one. ended: there is nothing more to do.
func (s *paced) send() (ended bool, err error) {
	if err := send(s.conn, s.a.deltas[s.next]); err != nil {
		return true, err
	}
	s.next++
	s.due = s.due.Add(s.delay)
	if s.next < len(s.a.deltas) {
		return false, nil
	}
	for _, frame := range s.a.streamTail {
		if err := send(s.conn, frame); err != nil {
			return true, err
		}
	}
	return true, nil
}

func (p *pacer) push(streams ...*paced) {
	p.mu.Lock()
	p.queue = append(p.queue, streams...)
	p.mu.Unlock()
	select {
	case p.some <- struct{}{}:
	default:
	}
}

// due takes the streams whose time has come, or tells how long the next one waits; 0: there is none.
func (p *pacer) due(into []*paced) (due []*paced, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, n := time.Now(), 0
	for n < len(p.queue) && !p.queue[n].due.After(now) {
		n++
	}
	due = append(into, p.queue[:n]...)
	p.queue = append(p.queue[:0], p.queue[n:]...)
	if n == 0 && len(p.queue) > 0 {
		wait = p.queue[0].due.Sub(now)
	}
	return due, wait
}

// run sends until ctx ends.
func (p *pacer) run(ctx context.Context) {
	var due, still []*paced
	for ctx.Err() == nil {
		var wait time.Duration
		due, wait = p.due(due[:0])
		if len(due) == 0 {
			p.sleep(ctx, wait)
			continue
		}
		still = still[:0]
		for _, s := range due {
			if ended, err := s.send(); ended {
				s.done <- err
			} else {
				still = append(still, s)
			}
		}
		p.push(still...)
	}
}

// sleep waits for so long, or for the first stream when wait is 0.
func (p *pacer) sleep(ctx context.Context, wait time.Duration) {
	if wait > 0 {
		time.Sleep(wait)
		return
	}
	select {
	case <-p.some:
	case <-ctx.Done():
	}
}
