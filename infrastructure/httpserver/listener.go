package httpserver

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// writePatience is how long a client may take to read what is written at once, which is at most a piece.
	writePatience = 30 * time.Second
	piece         = 64 << 10 // bytes
	// renewEvery spares most writes of a stream the setting of a new deadline.
	renewEvery = time.Second
)

// listener accepts no more connections than there are places for, and connections that cut a client which reads too
// slowly: whatever is written to it, it must not hold an account, a place or a buffer for ever.
//
// It bounds them itself, since the connections of golang.org/x/net/netutil hide that a TCP connection can be closed
// one way, without which a refusal may be lost to a reset.
type listener struct {
	net.Listener
	places chan struct{} // one for each connection; nil: any number
	over   chan struct{}
	close  func() error // once
}

// limited returns inner with at most so many connections at once; 0: any number.
func limited(inner net.Listener, most int) *listener {
	l := &listener{Listener: inner, over: make(chan struct{})}
	if most > 0 {
		l.places = make(chan struct{}, most)
	}
	l.close = sync.OnceValue(func() error {
		close(l.over)
		return inner.Close()
	})
	return l
}

// Close implements net.Listener. It also ends the wait for a place.
func (l *listener) Close() error { return l.close() }

// Accept implements net.Listener. It waits while every place is taken.
func (l *listener) Accept() (net.Conn, error) {
	leave := func() {}
	if l.places != nil {
		select {
		case l.places <- struct{}{}:
			leave = sync.OnceFunc(func() { <-l.places })
		case <-l.over:
			return nil, net.ErrClosed
		}
	}
	inner, err := l.Listener.Accept()
	if err != nil {
		leave()
		return nil, err
	}
	return &conn{Conn: inner, leave: leave}, nil
}

// conn is a connection that has a place, and whose writes have a deadline.
type conn struct {
	net.Conn
	leave    func()
	renewed  atomic.Int64 // when the deadline was set, in nanoseconds of Unix time; 0: there is none of ours
	gathered gathered
	begun    bool  // something was sent since the request under way was read
	broken   error // what a write failed with: whatever followed what was sent in part would be taken for the rest of it
}

// Close implements net.Conn.
func (c *conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite lets the client read to the end what was written; net/http looks for it.
func (c *conn) CloseWrite() error {
	if way, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return way.CloseWrite()
	}
	return nil
}

// Write implements net.Conn. What it gathers is written for certain only after release.
func (c *conn) Write(text []byte) (int, error) {
	switch taken, err := c.gather(text); {
	case err != nil:
		return 0, err
	case taken:
		return len(text), nil
	}
	return c.write(text)
}

// write sends text. A long one is written in pieces, so that a slow client gets time by its length.
func (c *conn) write(text []byte) (int, error) {
	c.begun = true
	written := 0
	for c.broken == nil {
		if c.broken = c.renew(time.Now()); c.broken != nil {
			break
		}
		var n int
		n, c.broken = c.Conn.Write(text[written:min(written+piece, len(text))])
		written += n
		if written == len(text) {
			break
		}
	}
	return written, c.broken
}

func (c *conn) renew(now time.Time) error {
	if now.UnixNano()-c.renewed.Load() < int64(renewEvery) {
		return nil
	}
	c.renewed.Store(now.UnixNano())
	return c.Conn.SetWriteDeadline(now.Add(writePatience))
}

// SetWriteDeadline implements net.Conn. The server lifts the deadline between two requests.
func (c *conn) SetWriteDeadline(at time.Time) error {
	c.renewed.Store(0)
	return c.Conn.SetWriteDeadline(at)
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(at time.Time) error {
	c.renewed.Store(0)
	return c.Conn.SetDeadline(at)
}
