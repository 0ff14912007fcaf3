package httpserver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// act is what a handler does: flush it, where it is negative, else write so many bytes.
type act int

// script is a handler and the request for it.
type script struct {
	proto, method string
	status        int
	length        bool // the handler tells the length of its answer
	closes        bool // it has the connection closed
	acts          []act
}

func scripts() *rapid.Generator[script] {
	return rapid.Custom(func(t *rapid.T) script {
		return script{
			proto:  rapid.SampledFrom([]string{"1.1", "1.1", "1.1", "1.0"}).Draw(t, "version"),
			method: rapid.SampledFrom([]string{"GET", "GET", "POST", "HEAD"}).Draw(t, "method"),
			status: rapid.SampledFrom([]int{200, 200, 200, 404, 204, 304}).Draw(t, "status"),
			length: rapid.IntRange(0, 3).Draw(t, "length") == 0,
			closes: rapid.IntRange(0, 5).Draw(t, "closes") == 0,
			acts: rapid.SliceOfN(rapid.Map(rapid.OneOf(
				rapid.Just(-1), rapid.IntRange(0, 300), rapid.IntRange(2000, 5000), rapid.IntRange(gatherMost-30, gatherMost+30), rapid.IntRange(30_000, 70_000),
			), func(n int) act { return act(n) }), 0, 12).Draw(t, "acts"),
		}
	})
}

// text is what the n-th act writes.
func (a act) text(n int) []byte { return bytes.Repeat([]byte{byte('a' + n%26)}, int(a)) }

// play is the handler.
func (s *script) play(w http.ResponseWriter) {
	if s.length {
		total := 0
		for _, a := range s.acts {
			total += max(int(a), 0)
		}
		w.Header().Set("Content-Length", fmt.Sprint(total))
	}
	if s.closes {
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Date", "never")
	w.WriteHeader(s.status)
	for n, a := range s.acts {
		if a < 0 {
			_ = http.NewResponseController(w).Flush()
			continue
		}
		_, _ = w.Write(a.text(n))
	}
}

// told is an answer as its client has it.
type told struct {
	status string
	header http.Header
	body   string
	coding []string
	lasts  bool // the connection serves another request
}

// ask sends the script's request twice, over one connection if it lasts, and returns what came the first time.
func (s *script) ask(address string) (told, error) {
	c, err := (&net.Dialer{}).Dial("tcp", address)
	if err != nil {
		return told{}, err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	reader := bufio.NewReader(c)
	var first told
	for turn := range 2 {
		if _, err := fmt.Fprintf(c, "%s / HTTP/%s\r\nHost: here\r\n\r\n", s.method, s.proto); err != nil && turn == 0 {
			return told{}, err
		}
		response, err := http.ReadResponse(reader, &http.Request{Method: s.method})
		if turn == 1 {
			first.lasts = err == nil
			if err != nil {
				break
			}
		}
		if err != nil {
			return told{}, err
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return told{}, err
		}
		if turn == 0 {
			first = told{status: response.Status, header: response.Header, body: string(body), coding: response.TransferEncoding}
		} else if string(body) != first.body {
			return told{}, errors.New("the second answer is another one")
		}
	}
	return first, nil
}

// TestAnswersAreThoseOfNetHTTP holds this server against net/http's own.
func TestAnswersAreThoseOfNetHTTP(t *testing.T) {
	var now atomic.Pointer[script]
	play := func(w http.ResponseWriter, _ *http.Request) { now.Load().play(w) }
	ours, _ := startCounted(t, play)
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	plain := &http.Server{Handler: http.HandlerFunc(play), ReadHeaderTimeout: headTimeout}
	served := make(chan error, 1)
	go func() { served <- plain.Serve(inner) }()
	defer func() {
		if err := errors.Join(plain.Close(), <-served); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	rapid.Check(t, func(t *rapid.T) {
		s := scripts().Draw(t, "script")
		now.Store(&s)
		want, err := s.ask(inner.Addr().String())
		if err != nil {
			t.Fatalf("net/http: %v", err)
		}
		got, err := s.ask(ours[len("http://"):])
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("the answer is\n%.300s, want\n%.300s", fmt.Sprint(got), fmt.Sprint(want))
		}
	})
}

func TestAStreamedDeltaTakesOneWrite(t *testing.T) {
	const deltas = 20
	address, writes := startCounted(t, func(w http.ResponseWriter, _ *http.Request) {
		for range deltas {
			_, _ = w.Write([]byte("data: a few hundred bytes at most\n\n"))
			_ = http.NewResponseController(w).Flush()
		}
	})
	fetch(t, &http.Client{Transport: newTransport(t)}, address)
	if n := writes.Load(); n != deltas+1 { // and the chunk that ends the answer
		t.Errorf("%d deltas took %d writes", deltas, n)
	}
}

// choking is a connection on which one write gets through in part only, and all later ones would.
type choking struct {
	net.Conn
	room int
	sent bytes.Buffer
}

var errChoked = errors.New("the client does not read")

func (c *choking) SetWriteDeadline(time.Time) error { return nil }

func (c *choking) Write(text []byte) (int, error) {
	if len(text) > c.room {
		n := c.room
		c.room = 1 << 20
		c.sent.Write(text[:n])
		return n, errChoked
	}
	c.room -= len(text)
	return c.sent.Write(text)
}

func TestNothingFollowsWhatWasSentInPart(t *testing.T) {
	inner := &choking{room: 100}
	c := &conn{Conn: inner}
	if _, err := c.Write(make([]byte, 80)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.writeChunks(make([]byte, 80)); n != 80 || err != nil {
		t.Fatalf("what is gathered is refused: %d, %v", n, err)
	}
	if err := c.release(); !errors.Is(err, errChoked) {
		t.Errorf("a flush that failed returns %v", err)
	}
	if n, err := c.Write([]byte("0\r\n\r\n")); n != 0 || !errors.Is(err, errChoked) {
		t.Errorf("the end of the answer is written behind a part of a chunk: %d, %v", n, err)
	}
	if inner.sent.Len() != 100 {
		t.Errorf("%d bytes were sent, want the 100 before the failure", inner.sent.Len())
	}
}

// BenchmarkStreamedDeltas is what a delta of a stream costs from the handler's write to the system's; with each,
// 2,000 others are written, as many as wait for theirs in between.
func BenchmarkStreamedDeltas(b *testing.B) {
	for name, direct := range map[string]bool{"net/http": false, "chunks of our own": true} {
		b.Run(name, func(b *testing.B) { benchmarkDeltas(b, direct, 2000) })
	}
}

// unheard is a connection that takes whatever is written.
type unheard struct{ net.Conn }

func (unheard) Write(text []byte) (int, error)   { return len(text), nil }
func (unheard) SetWriteDeadline(time.Time) error { return nil }
func (unheard) SetReadDeadline(time.Time) error  { return nil }
func (unheard) SetDeadline(time.Time) error      { return nil }
func (unheard) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (unheard) LocalAddr() net.Addr              { return &net.TCPAddr{} }

// asking is such a connection that asks once and then waits until it is closed.
type asking struct {
	unheard
	question *bytes.Reader
	over     chan struct{}
}

func (a *asking) Read(into []byte) (int, error) {
	if a.question.Len() > 0 {
		return a.question.Read(into)
	}
	<-a.over
	return 0, io.EOF
}

func (a *asking) Close() error { return nil }

// offered is a listener with connections of a kind.
type offered struct {
	conns chan net.Conn
	over  chan struct{}
}

func (o *offered) Accept() (net.Conn, error) {
	select {
	case c := <-o.conns:
		return c, nil
	case <-o.over:
		return nil, net.ErrClosed
	}
}
func (o *offered) Close() error   { return nil }
func (o *offered) Addr() net.Addr { return &net.TCPAddr{} }

func benchmarkDeltas(b *testing.B, direct bool, streams int) {
	delta := bytes.Repeat([]byte("d"), 200)
	writers := make(chan http.ResponseWriter, streams)
	over := make(chan struct{})
	r := &running{}
	handler := r.count(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		if g, ours := w.(*gatherer); ours && !direct {
			g.chunked = false
		}
		writers <- w
		<-over
	}))
	server := &http.Server{Handler: handler, ConnContext: withConn, ReadHeaderTimeout: headTimeout}
	listener := &offered{conns: make(chan net.Conn, streams), over: over}
	for range streams {
		listener.conns <- &asking{question: bytes.NewReader([]byte("GET / HTTP/1.1\r\nHost: here\r\n\r\n")), over: over}
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(limited(listener, 0)) }()
	var all []http.ResponseWriter
	for range streams {
		all = append(all, <-writers)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w := all[i%len(all)]
		_, _ = w.Write(delta)
		w.(http.Flusher).Flush()
	}
	close(over)
	if err := <-served; !errors.Is(err, net.ErrClosed) {
		b.Error(err)
	}
}
