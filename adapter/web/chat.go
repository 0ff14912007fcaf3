package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

// completeChat serves POST /v1/chat/completions.
func (s *Server) completeChat(c *gin.Context) {
	body, err := s.body(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	request, options, err := openai.FromChatRequest(body)
	if err != nil {
		s.fail(c, err)
		return
	}
	if !passOf(c).allows(request.Model) {
		s.fail(c, domain.E(domain.NotAllowed, "This access token may not use that model.", nil))
		return
	}
	request.ID = recordOf(c).RequestID
	request.Scope = passOf(c).id
	head := openai.Head{ID: "chatcmpl-" + rand.Text(), Model: request.Model, Created: time.Now(), IncludeUsage: options.IncludeUsage}
	if request.Stream {
		s.stream(c, request, head)
		return
	}
	answer := openai.NewCollector()
	*recordOf(c), err = s.chat.Complete(c.Request.Context(), request, answer)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", answer.Completion(head, recordOf(c).Usage))
}

// stream answers with server-sent events. Until something is on the wire, a failure is
// a plain error; from then on it is an event, and the stream ends without [DONE].
func (s *Server) stream(c *gin.Context, request domain.ChatRequest, head openai.Head) {
	out := openai.NewStream(c.Writer, head, s.options.Heartbeat)
	defer out.Close()
	var err error
	*recordOf(c), err = s.chat.Complete(c.Request.Context(), request, out)
	out.Close() // no heartbeat from here on: who begins the answer is settled
	switch {
	case err != nil && !out.Started():
		s.fail(c, err)
	case err != nil:
		_ = c.Error(err)
		out.Fail(domain.AsError(err))
	default:
		if err := out.End(recordOf(c).Usage); err != nil {
			recordOf(c).Outcome = domain.OutcomeClientGone
			s.log.Debug("the client left before the end of its stream", zap.String("request_id", request.ID), zap.Error(err))
		}
	}
}

// body reads the request's body, up to the limit.
func (s *Server) body(c *gin.Context) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, s.options.MaxBody))
	c.Set(keyBodyRead, err == nil)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, domain.E(domain.TooLarge, fmt.Sprintf("The request's body is larger than the %d MiB allowed (max_body_mib).", s.options.MaxBody>>20), nil)
	case err != nil:
		return nil, domain.E(domain.InvalidRequest, "The request's body ended before its announced length.", err)
	}
	return body, nil
}

// discardTime is how long a client that is refused may go on sending its body.
const discardTime = 5 * time.Second

// discard reads a little of a body that nobody wants, so that a client which sends before
// it reads gets to see the refusal instead of a broken connection.
func (s *Server) discard(c *gin.Context) {
	if c.GetBool(keyBodyRead) || c.Request.ContentLength == 0 || c.GetHeader("Expect") != "" {
		return // nothing is on its way
	}
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(discardTime))
	_, _ = io.CopyN(io.Discard, c.Request.Body, 2*s.options.MaxBody)
}
