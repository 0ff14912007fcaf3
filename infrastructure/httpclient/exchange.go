package httpclient

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// errBodyClosed is what reading a body gives that was closed.
var errBodyClosed = errors.New("the body of the answer was closed")

// writers holds the space in which requests are put together: a connection needs it only
// while it sends one.
var writers = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}

// exchange sends a request and reads the head of its answer, one after the other, on an idle
// connection or a new one. A context that ends closes the connection, whatever it is
// waiting for. Nothing is ever sent twice.
func (t *Transport) exchange(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	c, err := t.connect(ctx, addressOf(request.URL))
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, causeOr(ctx, err)
	}
	stop := context.AfterFunc(ctx, c.abort)
	response, err := c.ask(request)
	if err != nil {
		stop()
		c.abort()
		return nil, causeOr(ctx, err)
	}
	response.Body = &body{
		source: response.Body, ctx: ctx, stop: stop, conn: c, idle: &t.idle,
		lasting: !response.Close && !request.Close && response.StatusCode != http.StatusSwitchingProtocols,
	}
	return response, nil
}

// causeOr returns why ctx ended, which broke the connection; err, if it did not.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// ask sends a request and reads the head of its answer.
func (c *conn) ask(request *http.Request) (*http.Response, error) {
	writer := writers.Get().(*bufio.Writer)
	writer.Reset(c.Conn)
	err := request.Write(writer)
	if err == nil {
		err = writer.Flush()
	}
	writer.Reset(nil)
	writers.Put(writer)
	if err != nil {
		return nil, err
	}
	c.headLeft = maxHeaderSize
	for {
		response, err := http.ReadResponse(c.reader, request)
		if err != nil {
			return nil, err
		}
		if response.StatusCode/100 != 1 || response.StatusCode == http.StatusSwitchingProtocols {
			c.headLeft = unbounded
			return response, nil
		}
	}
}

// body is the body of an answer. Its connection goes back to the idle ones when the body
// is read to its end, and is closed when it is closed before that. Close may be called
// while Read blocks, which then returns.
type body struct {
	source  io.Reader
	ctx     context.Context
	stop    func() bool // detaches the connection from ctx
	conn    *conn
	idle    *idleConns
	lasting bool // the connection may serve another request
	ended   atomic.Bool
	err     error // what Read has ended with
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.ended.Load() {
		return 0, errBodyClosed
	}
	n, err := b.source.Read(p)
	switch {
	case err == io.EOF:
		b.err = err
		b.end(b.lasting && b.conn.reader.Buffered() == 0)
	case err != nil:
		b.err = causeOr(b.ctx, err)
		b.end(false)
	}
	return n, b.err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.end(false)
	return nil
}

// end lets go of the connection.
func (b *body) end(keep bool) {
	if b.ended.Swap(true) {
		return
	}
	if attached := b.stop(); attached && keep {
		b.idle.put(b.conn)
		return
	}
	b.conn.abort()
}
