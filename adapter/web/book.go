package web

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"ondemand-api-proxy/domain"
)

// unmatched stands for every path that is no route: strangers try many.
const unmatched = "unmatched"

// book gives the request its id, and tells the log, the recorder and the observer how it
// ended, be it in a panic. The client's own ids are not taken over: they are text of a stranger.
func (s *Server) book(c *gin.Context) {
	route := c.FullPath() // the template, never the client's path
	if route == "" {
		route = unmatched
	}
	record := openRecord(c)
	s.observer.RequestBegan(route)
	defer s.closeRecord(c, route, record)
	defer s.recoverPanic(c)
	c.Next()
}

func openRecord(c *gin.Context) *domain.Record {
	record := &domain.Record{RequestID: "req_" + rand.Text(), Began: time.Now(), Outcome: domain.OutcomeCompleted}
	c.Set(keyRecord, record)
	c.Header("X-Request-Id", record.RequestID)
	return record
}

func (s *Server) closeRecord(c *gin.Context, route string, record *domain.Record) {
	record.Duration = time.Since(record.Began)
	record.Status = c.Writer.Status()
	if record.Model != "" {
		s.recorder.Record(*record)
	}
	s.observer.RequestEnded(route, method(c.Request.Method), *record)
	s.accessLog(c, route, record)
}

// accessLog writes a line for each request: refusals and failures always, defects of ours
// as errors, the rest at debug level, since completions have a line of their own.
func (s *Server) accessLog(c *gin.Context, route string, record *domain.Record) {
	level := zap.DebugLevel
	switch {
	case record.Outcome == domain.OutcomeInternal:
		level = zap.ErrorLevel
	case record.Status >= http.StatusBadRequest && route != "/readyz":
		level = zap.InfoLevel
	}
	line := s.log.Check(level, "http request")
	if line == nil {
		return
	}
	line.Write(zap.String("request_id", record.RequestID), zap.String("method", method(c.Request.Method)),
		zap.String("route", route), zap.Int("status", record.Status), zap.Duration("took", record.Duration), zap.Errors("errors", causes(c)))
}

// completion makes the request one for a completion, which is kept on record.
func (s *Server) completion(c *gin.Context) {
	record := recordOf(c)
	record.Model, record.Scope = domain.OtherModel, passOf(c).id
}

func recordOf(c *gin.Context) *domain.Record { return c.MustGet(keyRecord).(*domain.Record) }
