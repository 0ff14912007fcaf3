// Package dashboard is the page on which a person sees how the proxy does: its files,
// the login, and the data behind it as JSON and as a stream of events.
package dashboard

import (
	"context"
	"iter"
	"net/http"
	"net/netip"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/usage"
)

// Ledger is where everything comes from that has a range. The ranges are from from on and
// before to.
type Ledger interface {
	Totals(ctx context.Context, from, to time.Time) (usage.Totals, error)
	Series(ctx context.Context, from, to time.Time, step usage.Step, offset time.Duration) ([]usage.Point, error)
	Models(ctx context.Context, from, to time.Time) ([]usage.Part, error)
	Accounts(ctx context.Context, from, to time.Time) ([]usage.Part, error)
	Tokens(ctx context.Context, from, to time.Time) ([]usage.Part, error)
	Recent(ctx context.Context, filter usage.Filter, before usage.Cursor, limit int) ([]usage.Row, error)
	Each(ctx context.Context, filter usage.Filter) iter.Seq2[usage.Row, error]
}

// Pool is the operator's accounts.
type Pool interface {
	Statuses() []accounts.Status
	// PutBack makes an account ready at once.
	PutBack(domain.AccountID) error
	// Test tries an account out. The error's message says what to do about it.
	Test(context.Context, domain.AccountID) error
}

// Gauges are the figures of the moment, which the metrics show as well.
type Gauges interface {
	Moment() usage.Moment
}

// Options are the dashboard's settings.
type Options struct {
	Version string
	Started time.Time
	// Access tells who may see what, as the configuration has it now.
	Access func() Access
	// InSpace tells that the page lives in a frame of huggingface.co.
	InSpace bool
	Demo    bool
	// TokenName returns what the operator calls an access token, "" when there is none.
	TokenName func(domain.TokenID) string
	// Shown returns what a request shows as its token; empty texts among it do not count.
	Shown func(http.Header) []string
	// OverTLS tells whether a browser speaks https, though perhaps not to this process.
	OverTLS func(*http.Request) bool
	// Client returns the address of who made the request; the zero Addr where it cannot be told.
	Client func(*http.Request) netip.Addr
	// Health tells how the ledger does.
	Health func() usage.Health
}

// Access is what the configuration says about the dashboard.
type Access struct {
	Password domain.Secret
	// Restricted keeps account names, actions and exports from whoever logs in: everybody
	// knows the password.
	Restricted    bool
	DefaultToken  bool     // the access token is the one everybody knows
	ConfigProblem string   // why the changed configuration is not in force; empty: it is
	NeedRestart   []string // changed keys that take effect after a restart
}

// Server serves the dashboard.
type Server struct {
	options  Options
	ledger   Ledger
	pool     Pool
	gauges   Gauges
	files    func() files
	logins   *logins
	throttle throttle
	feed     *feed
}

// New returns a Server. Run has to be running for its events, and Close ends them.
func New(options Options, ledger Ledger, pool Pool, gauges Gauges) *Server {
	s := &Server{options: options, ledger: ledger, pool: pool, gauges: gauges, files: own, logins: newLogins()}
	s.feed = newFeed(s.moment, s.rows)
	return s
}

// Handler answers a request. An error comes before anything was written, and is answered
// by whoever called.
type Handler func(http.ResponseWriter, *http.Request) error

// Route is where a Handler belongs.
type Route struct {
	Method, Path string // a path that ends in *name takes all below it
	Handler      Handler
}

// Routes returns all routes of the dashboard.
func (s *Server) Routes() []Route {
	const get, head, post = http.MethodGet, http.MethodHead, http.MethodPost
	return []Route{
		{get, "/", s.page},
		{head, "/", s.page},
		{get, assetsPath + "*name", s.asset},
		{head, assetsPath + "*name", s.asset},
		{post, "/api/login", s.login},
		{post, "/api/logout", s.logout},
		{get, "/api/overview", s.guarded(s.overview)},
		{get, "/api/series", s.guarded(s.series)},
		{get, "/api/models", s.guarded(s.models)},
		{get, "/api/accounts", s.guarded(s.accounts)},
		{post, "/api/accounts/test", s.guarded(s.testAccount)},
		{post, "/api/accounts/put-back", s.guarded(s.putBack)},
		{get, "/api/requests", s.guarded(s.requests)},
		{get, "/api/export", s.guarded(s.export)},
		{get, "/api/events", s.guarded(s.events)},
	}
}

// Run watches the figures of the moment for who listens to events, until ctx ends.
func (s *Server) Run(ctx context.Context) { s.feed.run(ctx) }

// Close ends all streams of events, and those still to come.
func (s *Server) Close() { s.feed.close() }

// LedgerWrote implements a part of usage.Observer: who listens sees what was written.
func (s *Server) LedgerWrote(batch usage.Batch) { s.feed.wrote(batch) }
