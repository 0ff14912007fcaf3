package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Sizes of the buffer that HTTP is read through, in bytes.
const (
	firstWire = 8 << 10
	mostWire  = 64 << 20
)

var (
	errTooLong  = errors.New("a message is longer than any message should be")
	errNoLength = errors.New("a message tells no length")
)

// wire reads HTTP/1.1 from a connection as cheaply as it goes: the bench shares its
// processors with what it measures. What its methods return is valid until the next call.
type wire struct {
	conn    net.Conn
	buffer  []byte
	at, end int // what was read and is not taken yet
}

func newWire(conn net.Conn) *wire { return &wire{conn: conn, buffer: make([]byte, firstWire)} }

// fill reads once.
func (w *wire) fill() error {
	switch {
	case w.at == w.end:
		w.at, w.end = 0, 0
	case w.end == len(w.buffer) && w.at > 0:
		w.at, w.end = 0, copy(w.buffer, w.buffer[w.at:w.end])
	case w.end == len(w.buffer):
		if len(w.buffer) >= mostWire {
			return errTooLong
		}
		w.buffer = append(w.buffer, make([]byte, len(w.buffer))...)
	}
	n, err := w.conn.Read(w.buffer[w.end:])
	w.end += n
	if n > 0 {
		return nil
	}
	return err
}

// head returns a message's first line and its headers, each with its line end.
func (w *wire) head() ([]byte, error) {
	for {
		if i := bytes.Index(w.buffer[w.at:w.end], []byte("\r\n\r\n")); i >= 0 {
			head := w.buffer[w.at : w.at+i+2]
			w.at += i + 4
			return head, nil
		}
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
}

// take returns exactly the next n bytes.
func (w *wire) take(n int) ([]byte, error) {
	for w.end-w.at < n {
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
	w.at += n
	return w.buffer[w.at-n : w.at], nil
}

// line returns the next line, without its end.
func (w *wire) line() ([]byte, error) {
	for {
		if i := bytes.IndexByte(w.buffer[w.at:w.end], '\n'); i >= 0 {
			line := w.buffer[w.at : w.at+i]
			w.at += i + 1
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
}

// pass hands the next n bytes on, piece by piece as they come.
func (w *wire) pass(n int, got func([]byte)) error {
	for n > 0 {
		if w.at == w.end {
			if err := w.fill(); err != nil {
				return err
			}
		}
		piece := min(n, w.end-w.at)
		got(w.buffer[w.at : w.at+piece])
		w.at += piece
		n -= piece
	}
	return nil
}

// framing is how the body of a message ends.
type framing struct {
	chunked bool
	length  int // -1: not told
}

// framingOf reads the headers of a message.
func framingOf(head []byte) framing {
	f := framing{length: -1}
	if string(header(head, "Transfer-Encoding")) == "chunked" {
		f.chunked = true
	}
	if n, err := strconv.Atoi(string(header(head, "Content-Length"))); err == nil && n >= 0 {
		f.length = n
	}
	return f
}

// body hands a body on, piece by piece as it comes. No error means that it was whole.
func (w *wire) body(f framing, got func([]byte)) error {
	if !f.chunked {
		if f.length < 0 {
			return errNoLength
		}
		return w.pass(f.length, got)
	}
	for {
		line, err := w.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("a chunk begins with %q", line)
		}
		if err := w.pass(int(size), got); err != nil {
			return err
		}
		if _, err := w.line(); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

// header returns the value of a header, nil when there is none.
func header(head []byte, name string) []byte {
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte("\r\n"))
		head = rest
		if len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return bytes.TrimSpace(line[len(name)+1:])
		}
	}
	return nil
}
