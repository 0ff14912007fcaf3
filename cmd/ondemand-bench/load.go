package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// primers is how many users are made ready at the same time.
const primers = 64

// crowd is the users of a run against one target.
type crowd struct {
	script *script
	target *target
	users  []*user
}

func newCrowd(s *script, t *target, users int) *crowd {
	c := &crowd{script: s, target: t}
	for range users {
		c.users = append(c.users, newUser(s, t))
	}
	return c
}

// prime connects every user and takes each a number of turns into its conversation. As the
// users begin at different places, every turn is as frequent as any from then on. Everybody
// asks at least once: servers close connections on which nothing was ever asked.
func (c *crowd) prime(ctx context.Context) {
	places := make(chan int)
	var group sync.WaitGroup
	for range primers {
		group.Go(func() {
			for i := range places {
				u := c.users[i]
				for range 1 + i%c.script.turns {
					u.keep(u.ask(ctx, time.Now()))
				}
			}
		})
	}
	for i := range c.users {
		places <- i
	}
	close(places)
	group.Wait()
}

// closed lets every user ask again as soon as it has its answer, for so long; it returns
// when the last answer is there. The users begin spread over ramp.
func (c *crowd) closed(ctx context.Context, lasting, ramp time.Duration) {
	began := time.Now()
	var group sync.WaitGroup
	for i, u := range c.users {
		group.Go(func() {
			pause(ctx, ramp*time.Duration(i)/time.Duration(len(c.users)))
			for ctx.Err() == nil {
				u.keep(u.ask(ctx, time.Now()))
				if time.Since(began) >= lasting {
					return
				}
			}
		})
	}
	group.Wait()
}

// open lets users ask at random moments, rate of them a second on average, whether or not
// others have their answers. The time of an answer runs from its moment on, so that a target
// which falls behind does not look good by it.
func (c *crowd) open(ctx context.Context, rate float64, lasting time.Duration, seed uint64) {
	idle := make(chan *user, 1<<16)
	for _, u := range c.users {
		idle <- u
	}
	moments := rand.New(rand.NewPCG(seed, seed))
	var group sync.WaitGroup
	for next, end := time.Now(), time.Now().Add(lasting); next.Before(end) && ctx.Err() == nil; {
		next = next.Add(time.Duration(moments.ExpFloat64() / rate * float64(time.Second)))
		pause(ctx, time.Until(next))
		u := c.idleUser(idle)
		moment := next
		group.Go(func() {
			u.keep(u.ask(ctx, moment))
			idle <- u
		})
	}
	group.Wait()
}

// idleUser is one that waits for nothing, a new one if there is none.
func (c *crowd) idleUser(idle <-chan *user) *user {
	select {
	case u := <-idle:
		return u
	default:
		u := newUser(c.script, c.target)
		c.users = append(c.users, u)
		return u
	}
}

// take returns what was measured since the last call.
func (c *crowd) take() []sample {
	var all []sample
	for _, u := range c.users {
		all = append(all, u.samples...)
		u.samples = u.samples[:0]
	}
	return all
}

func (c *crowd) hangUp() {
	for _, u := range c.users {
		u.hangUp()
	}
}

// pause waits for so long, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
