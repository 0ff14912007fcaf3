package httpserver

import (
	"context"
	"net"
	"net/http"
	"sync"
)

const (
	// net/http gives its connection no more than 4 KiB at once, and the few bytes that end a chunk by
	// themselves. Whatever a handler writes that would take several system calls for it is gathered
	// until the handler flushes it, and goes out with one.
	gatherFrom = 2 << 10 // as much as net/http keeps before it begins a chunk
	gatherMost = 32 << 10
)

// gatherBuffers are buffers that no connection uses: one has a buffer from a large write to its flush.
var gatherBuffers = sync.Pool{New: func() any { b := make([]byte, 0, gatherMost); return &b }}

// gathered is what a connection holds back. A handler and net/http on its behalf write one after the other.
type gathered struct {
	on   bool
	text *[]byte // nil: none
}

// connKey is where a request's context has its connection.
type connKey struct{}

// withConn implements http.Server.ConnContext.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// response is what net/http gives a handler.
type response interface {
	http.ResponseWriter
	FlushError() error
}

// gatherer is a response whose large writes its connection gathers.
type gatherer struct {
	response
	conn *conn
}

// newGatherer returns w with large writes gathered; nil where that cannot be, as in a test.
func newGatherer(w http.ResponseWriter, request *http.Request) *gatherer {
	c, ok := request.Context().Value(connKey{}).(*conn)
	inner, flushes := w.(response)
	if !ok || !flushes {
		return nil
	}
	return &gatherer{response: inner, conn: c}
}

// end is for when the handler has ended: what is left then net/http flushes itself.
func (g *gatherer) end() { _ = g.conn.release() }

// Write implements http.ResponseWriter.
func (g *gatherer) Write(text []byte) (int, error) {
	if len(text) >= gatherFrom {
		g.conn.gathered.on = true
	}
	return g.response.Write(text)
}

// Flush implements http.Flusher.
func (g *gatherer) Flush() { _ = g.FlushError() }

// FlushError is Flush for http.ResponseController.
func (g *gatherer) FlushError() error {
	err := g.response.FlushError()
	if failed := g.conn.release(); err == nil {
		err = failed
	}
	return err
}

// Unwrap is for http.ResponseController.
func (g *gatherer) Unwrap() http.ResponseWriter { return g.response }

// gather takes text unless nothing is to be gathered, or it would be too much: then what was gathered
// before it is sent, and text is to be.
func (c *conn) gather(text []byte) (taken bool, err error) {
	g := &c.gathered
	if !g.on {
		return false, nil
	}
	if g.text == nil {
		g.text = gatherBuffers.Get().(*[]byte)
	}
	if len(*g.text)+len(text) > gatherMost {
		return false, c.sendGathered()
	}
	*g.text = append(*g.text, text...)
	return true, nil
}

// release ends gathering and sends what was gathered.
func (c *conn) release() error {
	c.gathered.on = false
	return c.sendGathered()
}

func (c *conn) sendGathered() error {
	text := c.gathered.text
	if text == nil {
		return nil
	}
	c.gathered.text = nil
	_, err := c.write(*text)
	*text = (*text)[:0]
	gatherBuffers.Put(text)
	return err
}
