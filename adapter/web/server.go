// Package web is the HTTP surface: the routes, and what every request passes
// through. It translates nothing itself; adapter/openai does.
package web

import (
	"context"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/dashboard"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

// Chat answers chat requests.
type Chat interface {
	Complete(ctx context.Context, request *domain.ChatRequest, out chat.Sink) (*domain.Record, error)
}

// Recorder keeps the record of every completion request, served or refused. It is quick
// and never fails the request.
type Recorder interface {
	Record(domain.Record)
}

// Observer counts every request. It is quick.
type Observer interface {
	// RequestBegan tells the route's template, or "unmatched".
	RequestBegan(route string)
	// RequestEnded tells the same route, and a method of a closed set.
	RequestEnded(route, method string, record domain.Record)
}

// Models knows the models there are.
type Models interface {
	List() []domain.ModelMapping
	Find(name string) (domain.ModelMapping, error)
}

// Options are the settings of the HTTP surface.
type Options struct {
	MaxBody     int64         // bytes of a request's body
	MaxBodies   int64         // bytes of the bodies of all requests that are being served
	Heartbeat   time.Duration // a silent stream gets a comment this often
	CORSOrigins []string      // "*" or origins; empty: no browser of another site may call
	MaxInFlight int           // requests for completions that are served at once
	MaxQueue    int           // and that wait for it
	// AllowedNetworks are where clients may come from, by what Forwarded believes; empty:
	// from everywhere. What only asks for the health may come from elsewhere too.
	AllowedNetworks []netip.Prefix
	Forwarded       Forwarded
	// Unready returns why no request could be served now, nil while some could.
	Unready func() error
	// MemoryOnly tells whether nothing of the ledger will survive a restart.
	MemoryOnly func() bool
	// Pages are the routes of the dashboard.
	Pages []dashboard.Route
	// Metrics serves GET /metrics, to whoever has the first access token unless MetricsPublic.
	Metrics       http.Handler
	MetricsPublic bool
	// Draining is called when the server begins to refuse requests; it ends the streams of
	// the dashboard.
	Draining func()
}

// Server is the HTTP handler of the whole service.
type Server struct {
	options   Options
	chat      Chat
	models    Models
	gate      *Gate
	recorder  Recorder
	observer  Observer
	log       *zap.Logger
	turnstile *turnstile
	bodies    *bodies
	engine    *gin.Engine
	draining  atomic.Bool
}

// New returns the handler.
func New(options Options, chat Chat, models Models, gate *Gate, recorder Recorder, observer Observer, log *zap.Logger) *Server {
	gin.SetMode(gin.ReleaseMode) // the only mode that prints nothing by itself
	s := &Server{
		options: options, chat: chat, models: models, gate: gate, recorder: recorder, observer: observer, log: log, engine: gin.New(),
		turnstile: newTurnstile(options.MaxInFlight, options.MaxQueue), bodies: newBodies(options.MaxBodies),
	}
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	s.engine.ForwardedByClientIP = false
	s.engine.Use(s.book, boundBody, s.refuseOversized, s.refuseStrangers, s.allowOrigins, s.refuseWhenDraining)
	s.engine.NoRoute(s.noRoute)
	s.engine.NoMethod(s.noMethod)

	look := []string{http.MethodGet, http.MethodHead} // what watches a service often asks with HEAD
	s.engine.Match(look, "/healthz", s.health)
	s.engine.Match(look, "/readyz", s.ready)
	s.engine.GET("/metrics", s.watcher, gin.WrapH(options.Metrics))
	for _, p := range options.Pages {
		s.engine.Handle(p.Method, p.Path, s.page(p.Handler))
	}
	for _, prefix := range []string{"/v1", ""} { // some clients append only the rest to their base URL
		api := s.engine.Group(prefix)
		api.GET("/models", s.authorize, s.listModels)
		api.GET("/models/*id", s.authorize, s.oneModel)
		api.POST("/chat/completions", s.authorize, s.completion, s.limitRate, s.withinBudget, s.completeChat)
	}
	return s
}

// page serves a route of the dashboard. A browser that goes elsewhere while its question is
// being answered is no defect.
func (s *Server) page(handler dashboard.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := handler(c.Writer, c.Request)
		if err == nil {
			return
		}
		if c.Request.Context().Err() != nil && domain.KindOf(err) == domain.Internal {
			err = domain.E(domain.ClientGone, "The client left before it was answered.", err)
		}
		s.fail(c, err)
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Drain makes the server refuse all requests from now on; those under way go on, but for
// what would never end by itself.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.options.Draining()
}
