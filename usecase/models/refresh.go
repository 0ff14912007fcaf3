package models

import (
	"context"
	"time"

	"ondemand-api-proxy/domain"
)

// Source is the platform's own catalogue.
type Source interface {
	Catalogue(ctx context.Context, account *domain.Account, grant *domain.Grant) ([]domain.ModelMapping, error)
}

// Caller makes a call in the name of an account that can be used, or returns an
// error when there is none.
type Caller interface {
	Call(ctx context.Context, call func(context.Context, *domain.Account, *domain.Grant) error) error
}

// Observer is told how each refresh ended.
type Observer interface {
	CatalogueRefreshed(models int, err error)
}

// How often the platform's catalogue is asked for.
const (
	every      = time.Hour
	firstRetry = time.Second // after a failure, doubling
	lastRetry  = time.Minute
	// idleRetry is how soon to look again for an account that can be used; that asks
	// nobody but the pool.
	idleRetry = 2 * time.Second
)

// Refresher keeps a Catalogue up to date.
type Refresher struct {
	catalogue *Catalogue
	source    Source
	caller    Caller
	observer  Observer
	poke      chan struct{}
}

// NewRefresher returns a Refresher; Run makes it work.
func NewRefresher(catalogue *Catalogue, source Source, caller Caller, observer Observer) *Refresher {
	return &Refresher{catalogue, source, caller, observer, make(chan struct{}, 1)}
}

// Poke asks for a refresh now, for instance since there are new accounts. It never blocks.
func (r *Refresher) Poke() {
	select {
	case r.poke <- struct{}{}:
	default: // one is due already
	}
}

// Run refreshes hourly, and soon again after a failure, until ctx ends. A failure
// leaves the catalogue as it is.
func (r *Refresher) Run(ctx context.Context) {
	retry := firstRetry
	for {
		wait := every
		switch err := r.refresh(ctx); {
		case err == nil:
			retry = firstRetry
		case isIdle(err):
			wait, retry = idleRetry, firstRetry
		default:
			wait, retry = retry, min(2*retry, lastRetry)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-r.poke:
			timer.Stop()
			retry = firstRetry
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

func (r *Refresher) refresh(ctx context.Context) error {
	var offered []domain.ModelMapping
	err := r.caller.Call(ctx, func(ctx context.Context, account *domain.Account, grant *domain.Grant) (err error) {
		offered, err = r.source.Catalogue(ctx, account, grant)
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if isIdle(err) {
		return err
	}
	if err == nil {
		r.catalogue.Update(offered)
	}
	r.observer.CatalogueRefreshed(len(offered), err)
	return err
}

// isIdle tells that there was no account to ask with.
func isIdle(err error) bool {
	if err == nil {
		return false
	}
	kind := domain.KindOf(err)
	return kind == domain.NoAccount || kind == domain.AccountsExhausted
}
