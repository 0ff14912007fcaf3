package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/metrics"
	"ondemand-api-proxy/adapter/web"
	"ondemand-api-proxy/infrastructure/config"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/models"
	"ondemand-api-proxy/usecase/usage"
)

// inForce is the configuration that is in force, for whoever asks while the service runs.
type inForce struct {
	config atomic.Pointer[config.Config]
	notice atomic.Pointer[notice]
}

// notice is what a person has to know of the last reload; nil: nothing.
type notice struct {
	problem string   // one sentence; empty: the file was taken over
	restart []string // keys that take effect after a restart
}

func newInForce(c config.Config) *inForce {
	f := &inForce{}
	f.config.Store(&c)
	return f
}

func (f *inForce) now() config.Config { return *f.config.Load() }

// reloader takes over a changed configuration while the service runs.
type reloader struct {
	settings  Settings
	inForce   *inForce
	pool      *accounts.Pool
	gate      *web.Gate
	catalogue *models.Catalogue
	refresher *models.Refresher
	ledger    *usage.Ledger
	level     zap.AtomicLevel
	figures   *metrics.Metrics
	log       *zap.Logger

	mu sync.Mutex // one at a time
}

// watchFile reloads whenever the configuration file changes, until ctx ends.
func (r *reloader) watchFile(ctx context.Context) {
	if r.settings.Reload != nil {
		config.Watch(ctx, r.settings.Config.File(), r.reload)
	}
}

// watchHangup reloads for each signal, until ctx ends.
func (r *reloader) watchHangup(ctx context.Context) {
	for {
		select {
		case <-r.settings.Hangup:
			r.reload()
		case <-ctx.Done():
			return
		}
	}
}

// reload reads the configuration and takes over what can change while running: all of it, or
// nothing when there is an error in it.
func (r *reloader) reload() {
	if r.settings.Reload == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	current := r.inForce.now()
	next, err := r.read(current)
	r.figures.ConfigReloaded(err == nil)
	if err != nil {
		r.log.Error("the changed configuration cannot be used; the running one stays", zap.Error(err))
		r.inForce.notice.Store(&notice{problem: err.Error()})
		return
	}
	restart := current.NeedRestart(next)
	if len(restart) > 0 {
		r.log.Warn("some of the changed settings take effect only after a restart", zap.Strings("keys", restart))
	}
	for _, sentence := range next.Hidden() {
		r.log.Warn(sentence)
	}
	changes := current.Changes(next)
	r.apply(current.TakeOver(next))
	r.inForce.notice.Store(&notice{restart: restart})
	r.log.Info("configuration reloaded", zap.Int("accounts", len(next.Accounts)), zap.Int("access_tokens", 1+len(next.AccessTokens)), zap.Strings("changed", changes))
}

// read returns the configuration as it is now, if it can be used.
func (r *reloader) read(current config.Config) (config.Config, error) {
	next, err := r.settings.Reload()
	if err != nil {
		return next, err
	}
	if current.File().Exists() && !next.File().Exists() {
		return next, errors.New("the configuration file is gone: " + current.File().Path())
	}
	return next, CheckConfig(next)
}

// CheckConfig finds what spans several keys of a configuration and would keep the service from
// starting.
func CheckConfig(c config.Config) error {
	if _, err := models.New(c.Models, c.DefaultModel); err != nil {
		return fmt.Errorf("default_model from %s: %w", c.Origin("default_model"), err)
	}
	return nil
}

// apply makes the configuration the one in force.
func (r *reloader) apply(c config.Config) {
	r.inForce.config.Store(&c)
	r.level.SetLevel(c.Level())
	r.gate.Replace(accessTokens(c))
	r.catalogue.Configure(c.Models, c.DefaultModel)
	r.ledger.SetPrices(pricesOf(c))
	r.pool.Replace(c.Accounts)
	r.refresher.Poke()
}
