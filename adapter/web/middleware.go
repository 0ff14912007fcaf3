package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

// Keys of what a request carries along in its gin.Context.
const (
	keyRecord   = "record"
	keyPass     = "pass"
	keyBodyRead = "body_read"
)

// method names the methods there are; a client may invent others.
func method(name string) string {
	if slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodOptions, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch}, name) {
		return name
	}
	return "other"
}

// causes are the errors of a request as the log may have them. What is wrong with a
// request is said in words of its own (a model's name, a role); those only the client gets.
func causes(c *gin.Context) []error {
	var all []error
	for _, e := range c.Errors {
		err := domain.AsError(e.Err)
		if err.Kind == domain.InvalidRequest || err.Kind == domain.ModelNotFound {
			err = domain.E(err.Kind, "the client was told why", err.Cause)
		}
		all = append(all, err)
	}
	return all
}

// recoverPanic, deferred, turns a defect of ours into an answer. When a part of the answer is out
// already, the connection is cut: the client must not take it for whole.
func (s *Server) recoverPanic(c *gin.Context) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	recordOf(c).Outcome = domain.OutcomeInternal
	s.log.Error("a request made the proxy panic", zap.String("request_id", recordOf(c).RequestID), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
	if c.Writer.Written() {
		panic(http.ErrAbortHandler)
	}
	s.fail(c, domain.E(domain.Internal, "The proxy met an error of its own.", fmt.Errorf("panic: %v", p)))
}

// What a request's head may hold. Its size in bytes is bounded by the server.
const (
	mostHeaders = 100
	longestURL  = 8 << 10 // bytes
)

// refuseOversized refuses heads that no client of ours sends.
func (s *Server) refuseOversized(c *gin.Context) {
	switch {
	case len(c.Request.RequestURI) > longestURL:
		s.fail(c, domain.E(domain.InvalidRequest, "The request's URL is longer than 8 KiB.", nil))
	case len(c.Request.Header) > mostHeaders:
		s.fail(c, domain.E(domain.InvalidRequest, "The request has more than 100 headers.", nil))
	}
}

// refuseStrangers refuses who comes from a network that is not allowed.
func (s *Server) refuseStrangers(c *gin.Context) {
	route := c.FullPath()
	if len(s.options.AllowedNetworks) == 0 || route == "/healthz" || route == "/readyz" {
		return
	}
	if !among(s.options.AllowedNetworks, s.options.Forwarded.Client(c.Request)) {
		s.fail(c, domain.E(domain.NotAllowed, "Requests from this address are not allowed (allowed_networks).", nil))
	}
}

// refuseWhenDraining answers what still comes over open connections during shutdown.
func (s *Server) refuseWhenDraining(c *gin.Context) {
	if s.draining.Load() {
		c.Header("Connection", "close")
		s.fail(c, domain.E(domain.Unavailable, "The proxy is shutting down; try again in a moment.", nil))
	}
}

// authorize lets in who shows a valid access token.
func (s *Server) authorize(c *gin.Context) {
	p := s.gate.admit(c.Request.Header, time.Now())
	if p == nil {
		s.fail(c, domain.E(domain.Unauthenticated, "No valid access token was given: send it as \"Authorization: Bearer <token>\" or as \"x-api-key: <token>\".", nil))
		return
	}
	c.Set(keyPass, p)
}

// watcher lets in who may see the metrics.
func (s *Server) watcher(c *gin.Context) {
	if s.options.MetricsPublic {
		return
	}
	if s.authorize(c); !c.IsAborted() && !passOf(c).first {
		s.fail(c, domain.E(domain.NotAllowed, "Only the first access token (api_access_token) may read the metrics.", nil))
	}
}

// withinBudget lets in who has tokens of today left.
func (s *Server) withinBudget(c *gin.Context) {
	if err := passOf(c).withinBudget(time.Now()); err != nil {
		s.fail(c, err)
	}
}

// limitRate takes one request from the access token's bucket.
func (s *Server) limitRate(c *gin.Context) {
	b := passOf(c).bucket
	if b == nil {
		return
	}
	q := b.take(time.Now())
	q.describe(c.Writer.Header())
	if !q.admitted {
		err := domain.E(domain.RateLimited, fmt.Sprintf("The limit of %d requests a minute for this access token is reached.", q.limit), nil)
		err.RetryAfter = q.retry
		s.fail(c, err)
	}
}

func passOf(c *gin.Context) *pass { return c.MustGet(keyPass).(*pass) }

// fail answers with an error and ends the request.
func (s *Server) fail(c *gin.Context, err error) {
	e := domain.AsError(err)
	s.discard(c)
	_ = c.Error(e) // for the access log
	recordOf(c).Outcome = domain.OutcomeOf(e, "")
	status, header, body := openai.FromError(e)
	maps.Copy(c.Writer.Header(), header)
	c.Abort()
	c.Data(status, header.Get("Content-Type"), body)
}

func (s *Server) noRoute(c *gin.Context) {
	s.fail(c, domain.E(domain.NotFound, "There is no such route: chat is at POST /v1/chat/completions, the models are at GET /v1/models.", nil))
}

func (s *Server) noMethod(c *gin.Context) {
	s.fail(c, domain.E(domain.MethodNotAllowed, "This route does not take that method; see the Allow header.", nil))
}
