package app

import (
	"runtime/debug"
	"slices"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/adapter/dashboard"
	"ondemand-api-proxy/adapter/eventlog"
	"ondemand-api-proxy/adapter/metrics"
	"ondemand-api-proxy/adapter/ondemand"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/adapter/tiktoken"
	"ondemand-api-proxy/adapter/web"
	"ondemand-api-proxy/infrastructure/config"
	"ondemand-api-proxy/infrastructure/cpupace"
	"ondemand-api-proxy/infrastructure/httpclient"
	"ondemand-api-proxy/infrastructure/httpserver"
	"ondemand-api-proxy/infrastructure/logging"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/chat"
	"ondemand-api-proxy/usecase/models"
	"ondemand-api-proxy/usecase/usage"
)

// options is the whole program.
func options(settings Settings) fx.Option {
	return fx.Options(
		fx.NopLogger,
		fx.StartTimeout(startTimeout),
		fx.StopTimeout(settings.Config.ShutdownGrace+stopMargin),
		fx.Supply(settings, settings.Config),
		processModule(), outboundModule(), useCaseModule(), inboundModule(),
		fx.Invoke(run),
	)
}

// processModule is what the process itself has: a log, and a way out to the network.
func processModule() fx.Option {
	return fx.Module(
		"process",
		fx.Provide(
			newInForce,
			func(c config.Config) zap.AtomicLevel { return zap.NewAtomicLevelAt(c.Level()) },
			func(s Settings, level zap.AtomicLevel) *zap.Logger {
				return logging.New(level, logging.FormatFor(s.LogForPeople), zapcore.AddSync(s.Log)) // Run may have put a buffer before it
			},
			httpclient.NewTransport,
		),
	)
}

// outboundModule is what the use cases reach the world through.
func outboundModule() fx.Option {
	return fx.Module(
		"outbound",
		fx.Provide(
			fx.Annotate(
				func(c config.Config, s Settings, transport *httpclient.Transport) *ondemand.Client {
					return newClient(c, s.Version, transport)
				},
				fx.As(new(chat.Upstream)), fx.As(new(accounts.Authenticator)), fx.As(new(models.Source)),
			),
			eventlog.New,
			func(s Settings) *sqlite.Store { return s.opening.store },
			func(log *eventlog.Log, ledger *usage.Ledger) web.Recorder { return recorders{log, ledger} },
			func() *accountView { return &accountView{} },
			func(log *eventlog.Log) *ledgerWatcher { return &ledgerWatcher{log: log} },
			func(s Settings, current *inForce, accounts *accountView, sessions *chat.Sessions, ledger *usage.Ledger) *metrics.Metrics {
				return metrics.New(metrics.Options{
					Version: s.Version, DefaultToken: func() bool { return current.now().UsesDefaultToken() },
					Statuses: accounts.statuses, Sessions: sessions.Len, Ledger: ledger.Health,
				})
			},
			fx.Annotate(
				func(log *eventlog.Log, figures *metrics.Metrics) watchers { return watchers{log, figures} },
				fx.As(new(chat.Observer)), fx.As(new(accounts.Observer)), fx.As(new(models.Observer)),
			),
			func(figures *metrics.Metrics) web.Observer { return figures },
			fx.Annotate(tiktoken.New, fx.As(new(chat.Tokenizer))),
		),
	)
}

func newClient(c config.Config, version string, transport *httpclient.Transport) *ondemand.Client {
	return ondemand.New(ondemand.Options{
		GatewayURL: c.UpstreamGatewayURL, APIURL: c.UpstreamAPIURL,
		RequestTimeout: c.RequestTimeout, StreamTimeout: c.StreamTimeout,
		UserAgent: "ondemand-api-proxy/" + version,
	}, transport)
}

// mostSessions bounds the idle upstream sessions that are remembered; one takes about
// 300 bytes.
const mostSessions = 50_000

// useCaseModule is what the product does.
func useCaseModule() fx.Option {
	return fx.Module(
		"usecase",
		fx.Provide(
			func(c config.Config, auth accounts.Authenticator, observer accounts.Observer, view *accountView) *accounts.Pool {
				view.pool = accounts.New(auth, observer, accounts.Options{Cooldown: c.AccountCooldown, Wait: c.RequestTimeout}, c.Accounts)
				return view.pool
			},
			func(c config.Config, store *sqlite.Store, watcher *ledgerWatcher) *usage.Ledger {
				return usage.NewLedger(store, pricesOf(c), watcher, usage.Options{Retention: c.UsageRetention()})
			},
			func(p *accounts.Pool) (chat.Accounts, models.Caller) { return pooled{p}, p },
			func(c config.Config) *chat.Sessions { return chat.NewSessions(c.SessionTimeout, mostSessions) },
			func(c config.Config) chat.Options {
				return chat.Options{MaxRetries: c.MaxRetries, RetryDelay: c.RetryDelay, StreamTimeout: c.StreamTimeout}
			},
			func(c config.Config) (*models.Catalogue, error) { return models.New(c.Models, c.DefaultModel) },
			func(c *models.Catalogue) chat.Models { return c },
			func(c config.Config, p *accounts.Pool, upstream chat.Upstream) *chat.Warm {
				return chat.NewWarm(p, upstream, c.WarmSessions, c.SessionTimeout)
			},
			chat.New,
			models.NewRefresher,
		),
	)
}

// heartbeat is how often a silent stream gets a sign of life.
const heartbeat = 15 * time.Second

// inboundModule is how clients come in.
func inboundModule() fx.Option {
	return fx.Module(
		"inbound",
		fx.Provide(
			func(c config.Config) *web.Gate { return web.NewGate(accessTokens(c)) },
			dashboardOptions,
			func(pool *accounts.Pool, upstream chat.Upstream) operated { return operated{pool, upstream} },
			func(options dashboard.Options, store *sqlite.Store, pool operated, figures *metrics.Metrics, watcher *ledgerWatcher) *dashboard.Server {
				watcher.board = dashboard.New(options, store, pool, figures)
				return watcher.board
			},
			func(c config.Config, pool *accounts.Pool, figures *metrics.Metrics, store *sqlite.Store, board *dashboard.Server) web.Options {
				return web.Options{
					Metrics: figures.Handler(), MetricsPublic: c.MetricsPublic,
					MaxBody: c.MaxBodyBytes(), MaxBodies: mostBodies(), Heartbeat: heartbeat, CORSOrigins: c.CORSOrigins,
					AllowedNetworks: c.AllowedNetworks, Forwarded: forwarded(c),
					MaxInFlight: c.MaxInFlight, MaxQueue: c.MaxQueue,
					Pages: board.Routes(), Draining: board.Close,
					Unready:    func() error { _, err := pool.Outlook(nil); return err },
					MemoryOnly: store.InMemory,
				}
			},
			func(s Settings, c *models.Catalogue) web.Models {
				if s.Demo {
					return demoModels{c}
				}
				return c
			},
			func(i *chat.Interactor) web.Chat { return i },
			fx.Annotate(web.New, fx.As(new(httpserver.Handler))),
			func(c config.Config) httpserver.Options {
				return httpserver.Options{
					Host: c.Host, Port: c.Port, Grace: c.ShutdownGrace,
					MaxConnections: 2 * (c.MaxInFlight + c.MaxQueue), // some clients keep idle ones
					Began:          cpupace.New().Began,
				}
			},
			httpserver.New,
		),
	)
}

// pricesOf returns what the models cost.
func pricesOf(c config.Config) usage.Prices {
	prices := make(usage.Prices, len(c.ModelPrices))
	for model, price := range c.ModelPrices {
		prices[model] = usage.Price{In: price.In, Out: price.Out}
	}
	return prices
}

func forwarded(c config.Config) web.Forwarded {
	return web.Forwarded{Proxies: c.TrustedProxies, All: c.InSpace}
}

// mostBodies is how many bytes the bodies of requests may take in all: a quarter of the memory that
// GOMEMLIMIT allows, since a request holds what was made of its body, and what is sent of it.
func mostBodies() int64 {
	const usual = 512 << 20
	return min(debug.SetMemoryLimit(-1)/4, usual)
}

// firstTokenName is what the dashboard calls the operator's own access token.
const firstTokenName = "main"

func dashboardOptions(current *inForce, s Settings, ledger *usage.Ledger, gate *web.Gate) dashboard.Options {
	return dashboard.Options{
		Version: s.Version, Started: time.Now(), Access: current.access, InSpace: s.Config.InSpace, Demo: s.Demo, TokenName: gate.NameOf,
		Shown: web.Shown, OverTLS: forwarded(s.Config).OverTLS, Client: forwarded(s.Config).Client, Health: ledger.Health,
	}
}

// accessTokens returns all tokens that clients may use.
func accessTokens(c config.Config) []web.AccessToken {
	tokens := []web.AccessToken{{Name: firstTokenName, Token: c.APIAccessToken, RateLimit: c.RateLimit}}
	for _, t := range c.AccessTokens {
		limit := c.RateLimit
		if t.RateLimit != nil {
			limit = *t.RateLimit
		}
		tokens = append(tokens, web.AccessToken{
			Name: t.Name, Token: t.Token, RateLimit: limit, TokensPerDay: int64(t.TokensPerDay), Models: slices.Clone(t.Models), Expires: t.Expires,
		})
	}
	return tokens
}
