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
	gatherMost = 16 << 10
)

// gatherBuffers are buffers that no connection uses: one has a buffer from a write to its flush.
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

// gatherer is a response whose connection gathers large writes, and all writes of a stream.
type gatherer struct {
	response
	conn    *conn
	chunked bool // what is written goes out as chunks of our own; see chunk.go
}

// newGatherer returns w with its writes gathered; nil where that cannot be, as in a test.
func newGatherer(w http.ResponseWriter, request *http.Request) *gatherer {
	c, ok := request.Context().Value(connKey{}).(*conn)
	inner, flushes := w.(response)
	if !ok || !flushes {
		return nil
	}
	c.begun = false
	return &gatherer{response: inner, conn: c}
}

// end is for when the handler has ended: what is left then net/http flushes itself.
func (g *gatherer) end() { _ = g.conn.release() }

// Write implements http.ResponseWriter.
func (g *gatherer) Write(text []byte) (int, error) {
	if g.chunked {
		return g.conn.writeChunks(text)
	}
	if len(text) >= gatherFrom {
		g.conn.gathered.on = true
	}
	return g.response.Write(text)
}

// Flush implements http.Flusher.
func (g *gatherer) Flush() { _ = g.FlushError() }

// FlushError is Flush for http.ResponseController.
func (g *gatherer) FlushError() error {
	if g.chunked {
		return g.conn.release()
	}
	g.conn.gathered.on = true
	err := g.response.FlushError()
	g.chunked = err == nil && g.conn.promisesChunks()
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
	if !c.gathered.on {
		return false, nil
	}
	if held := c.held(); len(*held)+len(text) <= gatherMost {
		*held = append(*held, text...)
		return true, nil
	}
	return false, c.sendGathered()
}

// held is what was gathered so far, to be added to.
func (c *conn) held() *[]byte {
	if c.gathered.text == nil {
		c.gathered.text = gatherBuffers.Get().(*[]byte)
	}
	return c.gathered.text
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
