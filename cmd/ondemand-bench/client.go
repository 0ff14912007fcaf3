package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// longestAnswer is how long an answer may take before it counts as dropped.
const longestAnswer = time.Minute

// sample is what one request measured.
type sample struct {
	first, total time.Duration // until the first text, and until the end
	turn         int           // of its conversation, from 0
	verdict      verdict
	fault        string // what was wrong
}

// client is one connection of a user.
type client struct {
	in    *wire
	check checker
	body  []byte
}

func dial(ctx context.Context, address string, d dialect) (*client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{in: newWire(conn), check: checker{dialect: d}}, nil
}

func (c *client) close() { _ = c.in.conn.Close() }

// ask sends a request and checks the answer to it; the time runs from began on.
func (c *client) ask(request []byte, want string, began time.Time) sample {
	c.check.begin(want)
	_ = c.in.conn.SetDeadline(time.Now().Add(longestAnswer))
	v, err := c.exchange(request)
	s := sample{total: time.Since(began), verdict: v, fault: c.check.fault}
	if err != nil {
		s.fault = err.Error()
	}
	if !c.check.first.IsZero() {
		s.first = c.check.first.Sub(began)
	}
	return s
}

func (c *client) exchange(request []byte) (verdict, error) {
	if _, err := c.in.conn.Write(request); err != nil {
		return verdictDropped, err
	}
	head, err := c.in.head()
	if err != nil {
		return verdictDropped, err
	}
	framing, fine := framingOf(head), bytes.HasPrefix(head, []byte("HTTP/1.1 200"))
	stream := bytes.HasPrefix(header(head, "Content-Type"), []byte("text/event-stream"))
	if !fine {
		refusal := fmt.Errorf("the answer begins with %.60q", head)
		c.body = c.body[:0]
		_ = c.in.body(framing, c.gather)
		return verdictRefused, fmt.Errorf("%w: %.200s", refusal, c.body)
	}
	if stream {
		err = c.in.body(framing, c.check.feed)
	} else {
		c.body = c.body[:0]
		if err = c.in.body(framing, c.gather); err == nil {
			c.check.wholeText(c.body)
		}
	}
	switch {
	case err == nil:
		return c.check.verdict(), nil
	case errors.Is(err, io.EOF) && c.check.fault == "":
		return verdictCut, fmt.Errorf("the connection ended behind %d of %d bytes", c.check.at, len(c.check.want))
	case c.check.fault != "":
		return verdictWrong, nil
	}
	return verdictDropped, err
}

func (c *client) gather(piece []byte) { c.body = append(c.body, piece...) }
