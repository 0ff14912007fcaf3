package models

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

// platform is the catalogue's source and whoever calls it, at once.
type platform struct {
	began time.Time

	mu       sync.Mutex
	asked    []time.Duration // when, since began
	offered  []domain.ModelMapping
	err      error // of the platform
	callErr  error // of whoever calls it
	observed []string
	onCall   func(ctx context.Context, number int) error
}

func (p *platform) Call(ctx context.Context, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	p.mu.Lock()
	p.asked = append(p.asked, time.Since(p.began))
	number, err := len(p.asked), p.callErr
	p.mu.Unlock()
	if p.onCall != nil {
		err = p.onCall(ctx, number)
	}
	if err != nil {
		return err
	}
	return call(ctx, &domain.Account{}, &domain.Grant{})
}

func (p *platform) Catalogue(context.Context, *domain.Account, *domain.Grant) ([]domain.ModelMapping, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.offered, p.err
}

func (p *platform) CatalogueRefreshed(models int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.observed = append(p.observed, "error")
		return
	}
	p.observed = append(p.observed, slices.Repeat([]string{"model"}, models)...)
}

// becomes changes what the platform answers from now on.
func (p *platform) becomes(offered []domain.ModelMapping, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offered, p.err, p.callErr = offered, err, nil
}

// told is what the observer was told so far.
func (p *platform) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.observed)
}

// check compares the times of asking.
func (p *platform) check(t *testing.T, want ...time.Duration) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if diff := cmp.Diff(want, p.asked); diff != "" {
		t.Errorf("times of asking since the start (-want +got):\n%s", diff)
	}
}

// running starts a refresher of a new catalogue; the end of the test ends it.
func running(t *testing.T, p *platform) (*Catalogue, *Refresher, context.CancelFunc) {
	t.Helper()
	p.began = time.Now()
	c := catalogue(t, nil, "")
	r := NewRefresher(c, p, p, p)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
	return c, r, cancel
}

func TestTheCatalogueIsAskedForAtOnceAndThenHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{offered: []domain.ModelMapping{model("new-model", "predefined-new")}}
		c, _, _ := running(t, p)
		if got := endpoint(c, "new-model"); got != "predefined-new" {
			t.Errorf("after the first refresh new-model leads to %s, want predefined-new", got)
		}
		p.becomes(nil, nil)
		time.Sleep(2*time.Hour + time.Minute)
		p.check(t, 0, time.Hour, 2*time.Hour)
		if got := endpoint(c, "new-model"); got != "error: model_not_found" {
			t.Errorf("a model that is no longer offered leads to %s", got)
		}
	})
}

func TestAFailureIsTriedAgainSoonAndThenLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{err: errors.New("no")}
		running(t, p)
		time.Sleep(200 * time.Second)
		s := time.Second
		want := []time.Duration{0, 1 * s, 3 * s, 7 * s, 15 * s, 31 * s, 63 * s, 123 * s, 183 * s}
		p.check(t, want...)

		p.becomes(nil, nil) // the next one goes well, and the hour begins
		time.Sleep(time.Hour)
		want = append(want, 243*s)
		p.check(t, want...)

		p.becomes(nil, errors.New("no")) // and the next failure begins with short pauses again
		time.Sleep(250 * s)
		hour := 243*s + time.Hour
		p.check(t, append(want, hour, hour+1*s, hour+3*s, hour+7*s, hour+15*s, hour+31*s, hour+63*s, hour+123*s, hour+183*s)...)
	})
}

func TestANewCatalogueShowsWithinSecondsOfTheFirstUsableAccount(t *testing.T) {
	for _, kind := range []domain.Kind{domain.NoAccount, domain.AccountsExhausted} {
		synctest.Test(t, func(t *testing.T) {
			p := &platform{callErr: domain.E(kind, "None.", nil)}
			c, _, _ := running(t, p)
			time.Sleep(3 * time.Hour)
			synctest.Wait()
			if told := p.told(); len(told) != 0 {
				t.Errorf("%v: the observer was told %d times that there is nobody to ask with", kind, len(told))
			}
			p.becomes([]domain.ModelMapping{model("new-model", "predefined-new")}, nil)
			time.Sleep(idleRetry)
			synctest.Wait()
			if got := endpoint(c, "new-model"); got != "predefined-new" {
				t.Errorf("%v: %s after an account became usable new-model leads to %s", kind, idleRetry, got)
			}
		})
	}
}

func TestAFailureLeavesTheCatalogueAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{offered: []domain.ModelMapping{model("new-model", "predefined-new")}}
		c, r, _ := running(t, p)
		before := names(c)
		p.becomes(nil, errors.New("no"))
		r.Poke()
		synctest.Wait()
		if diff := cmp.Diff(before, names(c)); diff != "" {
			t.Errorf("a failed refresh changed the list (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"model", "error"}, p.told()); diff != "" {
			t.Errorf("what the observer was told (-want +got):\n%s", diff)
		}
	})
}

func TestPokeRefreshesAtOnceAndEndsTheLongPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{err: errors.New("no")}
		_, r, _ := running(t, p)
		time.Sleep(100 * time.Second) // the next attempt would come after 123 s
		r.Poke()
		s := time.Second
		want := []time.Duration{0, 1 * s, 3 * s, 7 * s, 15 * s, 31 * s, 63 * s, 100 * s}
		p.check(t, want...)
		time.Sleep(4 * s)
		p.check(t, append(want, 101*s, 103*s)...)
	})
}

func TestAPokeDuringARefreshIsNotLostAndNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{onCall: func(_ context.Context, number int) error {
			if number == 1 {
				time.Sleep(10 * time.Second)
			}
			return nil
		}}
		_, r, _ := running(t, p)
		for range 5 {
			r.Poke()
		}
		time.Sleep(time.Minute)
		p.check(t, 0, 10*time.Second)
	})
}

func TestTheEndOfTheContextEndsARefreshUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{onCall: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}
		_, _, cancel := running(t, p)
		cancel()
		synctest.Wait() // running's cleanup waits for Run to return
		if told := p.told(); len(told) != 0 {
			t.Errorf("the observer was told %q of a refresh that was only interrupted", told)
		}
	})
}
