package httpclient

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/url"
	"syscall"
	"time"
)

// unbounded is the bound of what is no head.
const unbounded = math.MaxInt64

// errLongHead says that an answer's head is longer than maxHeaderSize.
var errLongHead = errors.New("the head of the answer is too long")

// address is where a connection leads to.
type address struct {
	secure bool
	host   string // with its port
}

// addressOf returns where a URL leads to.
func addressOf(u *url.URL) address {
	a := address{secure: u.Scheme == "https", host: u.Host}
	if u.Port() != "" {
		return a
	}
	port := "80"
	if a.secure {
		port = "443"
	}
	a.host = net.JoinHostPort(u.Hostname(), port)
	return a
}

// conn is a connection with at most one request under way. It belongs to whoever took it.
type conn struct {
	net.Conn // TLS, where that is spoken
	to       address
	socket   syscall.RawConn // what is below
	reader   *bufio.Reader   // of conn itself
	headLeft int64           // bytes that a head may still take
	since    time.Time       // when it became idle
}

// Read implements io.Reader. It bounds heads, for which net/http has no bound of its own.
func (c *conn) Read(p []byte) (int, error) {
	if c.headLeft <= 0 {
		return 0, errLongHead
	}
	if c.headLeft < int64(len(p)) {
		p = p[:c.headLeft]
	}
	n, err := c.Conn.Read(p)
	if c.headLeft != unbounded {
		c.headLeft -= int64(n)
	}
	return n, err
}

// abort closes the connection; whoever reads or writes it gets an error.
func (c *conn) abort() { _ = c.Close() }

// connect returns an idle connection, or a new one.
func (t *Transport) connect(ctx context.Context, to address) (*conn, error) {
	for {
		c := t.idle.take(to)
		if c == nil {
			return t.dial(ctx, to)
		}
		if c.quiet() {
			return c, nil
		}
		c.abort()
	}
}

// dial makes a connection.
func (t *Transport) dial(ctx context.Context, to address) (*conn, error) {
	dialled, err := t.dialer.DialContext(ctx, "tcp", to.host)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: dialled, to: to}
	c.reader = bufio.NewReaderSize(c, readBuffer)
	if c.socket, err = dialled.(*net.TCPConn).SyscallConn(); err == nil && to.secure {
		c.Conn, err = t.handshake(ctx, dialled, to.host)
	}
	if err != nil {
		_ = dialled.Close()
		return nil, err
	}
	return c, nil
}

// handshake makes a connection secure.
func (t *Transport) handshake(ctx context.Context, dialled net.Conn, host string) (net.Conn, error) {
	config := t.secure.Clone()
	config.ServerName, _, _ = net.SplitHostPort(host) // addressOf has put it together
	bounded, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	secured := tls.Client(dialled, config)
	return secured, secured.HandshakeContext(bounded)
}
