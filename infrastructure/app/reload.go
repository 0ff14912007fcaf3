package app

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/web"
	"ondemand-api-proxy/infrastructure/config"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/models"
)

// reloader takes over a changed configuration while the service runs.
type reloader struct {
	settings  Settings
	pool      *accounts.Pool
	gate      *web.Gate
	refresher *models.Refresher
	log       *zap.Logger

	mu      sync.Mutex
	current config.Config
	file    config.File // as it was read last
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

// reload reads the configuration and takes over what can change while running. A
// configuration with an error changes nothing.
func (r *reloader) reload() {
	if r.settings.Reload == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	next, err := r.settings.Reload()
	if err != nil {
		r.log.Error("the changed configuration cannot be used; the running one stays", zap.Error(err))
		return
	}
	if r.file.Exists() && !next.File().Exists() {
		r.log.Error("the configuration file is gone; the running configuration stays", zap.String("file", r.file.Path()))
		return
	}
	r.file = next.File()
	if keys := r.current.NeedRestart(next); len(keys) > 0 {
		r.log.Warn("some of the changed settings take effect only after a restart", zap.Strings("keys", keys))
	}
	r.current.Accounts, r.current.AccessTokens, r.current.RateLimit = next.Accounts, next.AccessTokens, next.RateLimit
	r.pool.Replace(next.Accounts)
	r.gate.Replace(accessTokens(r.current))
	r.refresher.Poke()
	r.log.Info("configuration reloaded", zap.Int("accounts", len(next.Accounts)), zap.Int("access_tokens", 1+len(next.AccessTokens)))
}
