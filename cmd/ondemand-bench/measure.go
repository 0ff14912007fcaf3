package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Times around what is measured.
const (
	warmUp   = 500 * time.Millisecond
	ramp     = 500 * time.Millisecond // over which the users of a slow phase begin
	idleTime = time.Second            // before the memory of an idle process is read
)

var errInterrupted = errors.New("interrupted before the end")

// run is one phase on one target in one round.
type run struct {
	Phase   string         `json:"phase"`
	Target  string         `json:"target"`
	Round   int            `json:"round"`
	Figures figures        `json:"figures"`
	Asked   upstreamCounts `json:"upstream"` // while it was measured
	Answers tally          `json:"answers"`
}

// tally counts what became of all answers of a run, those of its warm-up included.
type tally struct {
	Checked int            `json:"checked"`
	Bad     map[string]int `json:"bad,omitempty"` // by verdict
	Faults  []string       `json:"faults,omitempty"`
}

// mostFaults is how many bad answers are described.
const mostFaults = 3

func (a *tally) add(samples []sample) {
	for _, s := range samples {
		a.Checked++
		if s.verdict == verdictFine {
			continue
		}
		if a.Bad == nil {
			a.Bad = make(map[string]int)
		}
		a.Bad[s.verdict.String()]++
		if len(a.Faults) < mostFaults {
			a.Faults = append(a.Faults, s.verdict.String()+": "+s.fault)
		}
	}
}

// bad is how many answers were not what they had to be.
func (a *tally) bad() int {
	n := 0
	for _, count := range a.Bad {
		n += count
	}
	return n
}

// measure runs a phase on a target that is started for it.
func (s *stage) measure(ctx context.Context, p phase, name string, round int) (r run, err error) {
	r = run{Phase: p.name, Target: name, Round: round, Figures: make(figures)}
	if err := s.pace(ctx, 0, 0, p.perWrite); err != nil {
		return r, err
	}
	t, err := s.start(ctx, name)
	if err != nil {
		return r, err
	}
	if p.kind == kindIdle {
		s.idle(ctx, t, r.Figures)
	} else {
		err = s.load(ctx, p, t, &r)
	}
	stopped := t.stop()
	if ctx.Err() != nil { // all that went wrong came from that
		return r, errInterrupted
	}
	err = errors.Join(err, stopped)
	if err == nil && s.options.profile != "" && name == targetProxy {
		err = s.keepProfiles(t, p)
	}
	if err != nil {
		err = fmt.Errorf("%s on %s: %w", p.name, name, err)
	}
	return r, err
}

// idle looks at a process that has nothing to do.
func (s *stage) idle(ctx context.Context, t *target, f figures) {
	f[figureStart] = milliseconds(t.process.started)
	pause(ctx, idleTime)
	if now, _, ok := t.process.memory(); ok {
		f[figureIdle] = float64(now) / (1 << 20)
	}
}

// load puts a phase's load on a target.
func (s *stage) load(ctx context.Context, p phase, t *target, r *run) error {
	all := &script{answers: s.answers, stream: p.stream, turns: p.turns, question: s.options.question, nonce: fmt.Sprintf("%s.%s.%d", p.name, t.name, r.Round)}
	c := newCrowd(all, t, p.users)
	defer c.hangUp()
	c.prime(ctx)
	if p.delay == 0 && p.roundTrip == 0 {
		c.closed(ctx, min(warmUp, s.options.duration), 0)
	}
	r.Answers.add(c.take())
	if err := s.pace(ctx, p.delay, p.roundTrip, p.perWrite); err != nil {
		return err
	}
	before, err := s.counts(ctx)
	if err != nil {
		return err
	}
	began, used := time.Now(), time.Duration(0)
	if t.process != nil {
		t.process.forgetPeak()
		used, _ = t.process.cpu()
	}
	c.put(ctx, p, s.options.duration, uint64(r.Round))
	lasted := time.Since(began)
	samples := c.take()
	r.Answers.add(samples)
	r.Figures.ofSamples(samples, lasted, p)
	if t.process != nil {
		r.Figures.ofProcess(t.process, used, len(samples))
	}
	after, err := s.counts(ctx)
	r.Asked = after.minus(before)
	if r.Asked.Strange > 0 {
		err = fmt.Errorf("the upstream got %d requests that it cannot have got", r.Asked.Strange)
	}
	return err
}

// put puts the load itself.
func (c *crowd) put(ctx context.Context, p phase, lasting time.Duration, seed uint64) {
	switch {
	case p.kind == kindOpen:
		c.open(ctx, p.rate, lasting, seed)
	case p.delay > 0:
		c.closed(ctx, lasting, ramp)
	default:
		c.closed(ctx, lasting, 0)
	}
}

// ofSamples takes what the users saw.
func (f figures) ofSamples(samples []sample, lasted time.Duration, p phase) {
	var totals, firsts []time.Duration
	var byTurn [2][]time.Duration
	for _, s := range samples {
		if s.verdict != verdictFine {
			continue
		}
		totals, firsts = append(totals, s.total), append(firsts, s.first)
		byTurn[min(s.turn, 1)] = append(byTurn[min(s.turn, 1)], s.first)
	}
	for _, sorted := range [][]time.Duration{totals, firsts, byTurn[0], byTurn[1]} {
		slices.Sort(sorted)
	}
	f[figureRate] = float64(len(totals)) / lasted.Seconds()
	f[figureP50], f[figureP99] = milliseconds(quantile(totals, .5)), milliseconds(quantile(totals, .99))
	f[figureFirst50], f[figureFirst99] = milliseconds(quantile(firsts, .5)), milliseconds(quantile(firsts, .99))
	if p.kind == kindFirst {
		fresh, old := quantile(byTurn[0], .5), quantile(byTurn[1], .5)
		f[figureNew], f[figureOld] = milliseconds(fresh), milliseconds(old)
		if old > 0 {
			f[figureNewToOld] = float64(fresh) / float64(old)
		}
	}
}

// ofProcess takes what the operating system says of the target, since it had used so much.
func (f figures) ofProcess(p *process, used time.Duration, requests int) {
	if now, ok := p.cpu(); ok && requests > 0 {
		f[figureCPU] = float64(now-used) / 1000 / float64(requests)
	}
	if _, peak, ok := p.memory(); ok {
		f[figurePeak] = float64(peak) / (1 << 20)
	}
}
