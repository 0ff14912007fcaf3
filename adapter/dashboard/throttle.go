package dashboard

import (
	"context"
	"math"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// How wrong tries are slowed down.
const (
	firstDelay   = 250 * time.Millisecond // of a wrong try after a quiet time; doubles with each
	longestDelay = 5 * time.Second
	forgetAfter  = 30 * time.Second // one wrong try is forgotten each
	mostDelayed  = 64               // wrong tries that are answered later, at the same time
)

// throttle makes wrong passwords slow, whoever tries them: behind a Space everybody has the
// same address. The right one is never asked to wait, so that nobody can be locked out.
type throttle struct {
	mu      sync.Mutex
	wrongs  float64 // wrong tries that are not forgotten
	last    time.Time
	delayed int
}

// wrong is called for a wrong try and returns when that may be told. The error says that
// too many others wait for the same.
func (t *throttle) wrong(ctx context.Context) error {
	delay, err := t.begin(time.Now())
	if err != nil {
		return err
	}
	defer func() {
		t.mu.Lock()
		t.delayed--
		t.mu.Unlock()
	}()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

func (t *throttle) begin(now time.Time) (time.Duration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrongs = max(t.wrongs-float64(now.Sub(t.last))/float64(forgetAfter), 0) + 1
	t.last = now
	delay := time.Duration(min(float64(firstDelay)*math.Pow(2, t.wrongs-1), float64(longestDelay)))
	if t.delayed >= mostDelayed {
		err := domain.E(domain.RateLimited, "Too many wrong passwords are being tried at once; the right one still gets in.", nil)
		err.RetryAfter = delay
		return 0, err
	}
	t.delayed++
	return delay, nil
}
