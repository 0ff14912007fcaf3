package web

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

// completeChat serves POST /v1/chat/completions, once it is the request's turn.
func (s *Server) completeChat(c *gin.Context) {
	if err := s.turnstile.enter(c.Request.Context()); err != nil {
		s.fail(c, err)
		return
	}
	defer s.turnstile.leave()
	request, head, release, err := s.chatRequest(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer release()
	if request.Stream {
		s.stream(c, request, head)
		return
	}
	s.whole(c, request, head)
}

// whole answers with one JSON object.
func (s *Server) whole(c *gin.Context, request *domain.ChatRequest, head *openai.Head) {
	answer := openai.NewCollector()
	record, err := s.chat.Complete(c.Request.Context(), request, answer)
	keep(c, record)
	if err != nil {
		s.fail(c, err)
		return
	}
	completion := answer.Completion(head, recordOf(c).Usage)
	c.Header("Content-Length", strconv.Itoa(len(completion)))
	c.Data(http.StatusOK, "application/json", completion)
	if (telling{c.Writer}).FlushError() != nil { // the books are kept while the client reads
		recordOf(c).Outcome = domain.OutcomeClientGone
	}
}

// telling is gin's writer, with flushes that tell how they went: much of an answer reaches the connection
// only then.
type telling struct{ gin.ResponseWriter }

// FlushError is Flush for http.ResponseController.
func (w telling) FlushError() error {
	w.WriteHeaderNow()
	if inner, wraps := w.ResponseWriter.(interface{ Unwrap() http.ResponseWriter }); wraps {
		return http.NewResponseController(inner.Unwrap()).Flush()
	}
	return http.ErrNotSupported
}

// chatRequest reads the request. release gives back the room that it takes: what is made of a
// body is as large.
//
// It is a function of its own for the sake of the stack too: whatever a stream that waits stands on is held
// thousands of times.
//
//go:noinline
func (s *Server) chatRequest(c *gin.Context) (request *domain.ChatRequest, head *openai.Head, release func(), err error) {
	body, err := s.body(c)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if release == nil { // there is no request, be it for a panic
			body.room.release()
		}
	}()
	parsed, options, err := openai.FromChatRequest(body.bytes)
	body.giveBack()
	if err == nil && !passOf(c).allows(parsed.Model) {
		err = domain.E(domain.NotAllowed, notYourModel, nil)
		if model, unknown := s.models.Find(parsed.Model); unknown == nil { // else its name is the client's text
			recordOf(c).Model, recordOf(c).Endpoint = model.Name, model.Endpoint
		}
	}
	if err != nil {
		return nil, nil, nil, err
	}
	parsed.ID = recordOf(c).RequestID
	parsed.Scope = passOf(c).id
	head = &openai.Head{ID: "chatcmpl-" + rand.Text(), Model: parsed.Model, Created: time.Now(), IncludeUsage: options.IncludeUsage}
	return &parsed, head, body.room.release, nil
}

// keep puts down what became of a request. What it used of its day is counted before its client learns
// of the end, and may ask again.
func keep(c *gin.Context, record *domain.Record) {
	*recordOf(c) = *record
	passOf(c).spent.add(int64(record.Usage.Prompt+record.Usage.Completion), time.Now())
}

// stream answers with server-sent events. Until something is on the wire, a failure is
// a plain error; from then on it is an event, and the stream ends without [DONE].
func (s *Server) stream(c *gin.Context, request *domain.ChatRequest, head *openai.Head) {
	out := openai.NewStream(telling{c.Writer}, head, s.options.Heartbeat)
	defer out.Close()
	record, err := s.chat.Complete(c.Request.Context(), request, out)
	keep(c, record)
	out.Close() // no heartbeat from here on: who begins the answer is settled
	s.end(c, out, err)
}

// end ends a stream by how its request ended.
func (s *Server) end(c *gin.Context, out *openai.Stream, err error) {
	switch {
	case err != nil && !out.Started():
		s.fail(c, err)
	case err != nil:
		_ = c.Error(err)
		out.Fail(domain.AsError(err))
	default:
		if err := out.End(recordOf(c).Usage); err != nil {
			recordOf(c).Outcome = domain.OutcomeClientGone
			s.log.Debug("the client left before the end of its stream", zap.String("request_id", recordOf(c).RequestID), zap.Error(err))
		}
	}
}
