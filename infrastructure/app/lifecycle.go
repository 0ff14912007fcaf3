package app

import (
	"context"
	"sync"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/dashboard"
	"ondemand-api-proxy/adapter/metrics"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/adapter/web"
	"ondemand-api-proxy/infrastructure/config"
	"ondemand-api-proxy/infrastructure/httpclient"
	"ondemand-api-proxy/infrastructure/httpserver"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/chat"
	"ondemand-api-proxy/usecase/models"
	"ondemand-api-proxy/usecase/usage"
)

// parts are what has to be started and stopped.
type parts struct {
	fx.In

	Settings  Settings
	Config    config.Config
	Log       *zap.Logger
	Transport *httpclient.Transport
	Store     *sqlite.Store
	Ledger    *usage.Ledger
	Sessions  *chat.Sessions
	Warm      *chat.Warm
	Pool      *accounts.Pool
	Refresher *models.Refresher
	Dashboard *dashboard.Server
	Gate      *web.Gate
	InForce   *inForce
	Catalogue *models.Catalogue
	Metrics   *metrics.Metrics
	Level     zap.AtomicLevel
	Server    *httpserver.Server
}

// run says in which order the parts start; they stop in the opposite one, so that
// nothing is gone while something else still needs it.
func run(lifecycle fx.Lifecycle, p parts) {
	memory := &memory{store: p.Store, opening: p.Settings.opening, directory: p.Config.DataDir, sessions: p.Sessions, gate: p.Gate, log: p.Log}
	reloader := &reloader{
		settings: p.Settings, inForce: p.InForce, pool: p.Pool, gate: p.Gate, catalogue: p.Catalogue, refresher: p.Refresher,
		ledger: p.Ledger, level: p.Level, figures: p.Metrics, log: p.Log,
	}
	var background background
	background.ctx, background.cancel = context.WithCancel(context.Background())
	for _, hook := range []fx.Hook{
		{OnStop: func(context.Context) error { p.Transport.CloseIdleConnections(); return nil }},
		{OnStart: memory.recall, OnStop: memory.save},
		{OnStop: func(context.Context) error { p.Pool.Close(); return nil }},
		{OnStop: func(context.Context) error { p.Warm.Close(); return nil }},
		{OnStop: func(context.Context) error { background.end(); return nil }},
		{OnStart: func(ctx context.Context) error { return p.Server.Start(ctx, p.stoppedServing) }, OnStop: p.Server.Stop},
		{OnStart: func(context.Context) error {
			background.begin(p.Ledger.Run, p.Dashboard.Run, p.Refresher.Run, reloader.watchFile, reloader.watchHangup)
			if p.Config.WarmSessions > 0 {
				background.begin(p.Pool.KeepSignedIn)
			}
			p.greet()
			return nil
		}},
	} {
		lifecycle.Append(hook)
	}
}

// stoppedServing ends the run when the server ends by itself.
func (p *parts) stoppedServing(err error) {
	p.Log.Error("the server stopped serving", zap.Error(err))
	p.Settings.fail(errServing)
}

// background runs what goes on until the service stops.
type background struct {
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func (b *background) begin(work ...func(context.Context)) {
	for _, do := range work {
		b.group.Go(func() { do(b.ctx) })
	}
}

// end returns when nothing is running any more.
func (b *background) end() {
	b.cancel()
	b.group.Wait()
}
