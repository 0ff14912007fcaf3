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

// completeChat serves POST /v1/chat/completions.
func (s *Server) completeChat(c *gin.Context) {
	body, err := s.body(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer body.room.release() // what is made of the body is as large
	request, options, err := openai.FromChatRequest(body.bytes)
	body.giveBack()
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
	completion := answer.Completion(head, recordOf(c).Usage)
	c.Header("Content-Length", strconv.Itoa(len(completion)))
	c.Data(http.StatusOK, "application/json", completion)
	c.Writer.Flush() // the books are kept while the client reads
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
