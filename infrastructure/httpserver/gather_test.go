package httpserver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"pgregory.net/rapid"
)

// counting counts what the server's connections write at once.
type counting struct {
	net.Listener
	writes atomic.Int64
}

func (l *counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countedConn{c, &l.writes}, nil
}

type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c *countedConn) Write(text []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(text)
}

// startCounted starts a server whose writes are counted.
func startCounted(t *testing.T, handle http.HandlerFunc) (address string, writes *atomic.Int64) {
	t.Helper()
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := &counting{Listener: inner}
	s := New(Options{}, &service{HandlerFunc: handle}, zap.NewNop())
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(limited(listener, 0)) }()
	t.Cleanup(func() {
		if err := errors.Join(s.http.Shutdown(context.Background()), <-served); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving ended with %v", err)
		}
	})
	return "http://" + inner.Addr().String(), &listener.writes
}

// fetch returns the body of an answer.
func fetch(t interface{ Fatal(...any) }, client *http.Client, address string) []byte {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestALargeWriteGoesOutAtOnce(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcdef"), 10<<10/16)
	for name, test := range map[string]struct {
		length bool // the handler tells it
		most   int64
	}{"as a chunk": {false, 2}, "as a whole": {true, 1}} { // the chunk that ends an answer comes by itself
		address, writes := startCounted(t, func(w http.ResponseWriter, _ *http.Request) {
			if test.length {
				w.Header().Set("Content-Length", "10240")
			}
			_, _ = w.Write(text)
			_ = http.NewResponseController(w).Flush()
		})
		if got := fetch(t, &http.Client{Transport: newTransport(t)}, address); !bytes.Equal(got, text) {
			t.Fatalf("%s: %d bytes came, want the %d that were written", name, len(got), len(text))
		}
		if n := writes.Load(); n > test.most {
			t.Errorf("%s: it took %d writes, want %d at most", name, n, test.most)
		}
	}
}

func newTransport(t *testing.T) *http.Transport {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// step is a write of so many bytes, or a flush where that is 0.
func steps() *rapid.Generator[[]int] {
	return rapid.SliceOfN(rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 100), rapid.IntRange(2000, 5000), rapid.IntRange(30_000, 70_000)), 0, 12)
}

func TestWhateverIsWrittenComesInOrder(t *testing.T) {
	var script atomic.Pointer[[]int]
	address, _ := startCounted(t, func(w http.ResponseWriter, _ *http.Request) {
		next := byte(0)
		for _, size := range *script.Load() {
			if size == 0 {
				w.(http.Flusher).Flush()
				continue
			}
			text := make([]byte, size)
			for i := range text {
				text[i] = next
				next++
			}
			if n, err := w.Write(text); n != size || err != nil {
				t.Errorf("Write returns %d, %v for %d bytes", n, err, size)
			}
		}
	})
	client := &http.Client{Transport: newTransport(t)}
	rapid.Check(t, func(t *rapid.T) {
		written := steps().Draw(t, "steps")
		script.Store(&written)
		want := 0
		for _, size := range written {
			want += size
		}
		got := fetch(t, client, address)
		if len(got) != want {
			t.Fatalf("%d bytes came, want %d", len(got), want)
		}
		for i, b := range got {
			if b != byte(i) {
				t.Fatalf("byte %d is %d, want %d", i, b, byte(i))
			}
		}
	})
}

func TestAFlushedWriteReachesTheClientWhileTheHandlerGoesOn(t *testing.T) {
	for _, size := range []int{1, 3000, 10_000, 40_000} {
		read := make(chan struct{})
		address, _ := startCounted(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(make([]byte, size))
			w.(http.Flusher).Flush()
			select {
			case <-read:
			case <-r.Context().Done():
			}
		})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := newTransport(t).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(response.Body, make([]byte, size)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		close(read)
		if rest, err := io.ReadAll(response.Body); len(rest) > 0 || err != nil {
			t.Errorf("%d bytes: %d more came, and %v", size, len(rest), err)
		}
		_ = response.Body.Close()
	}
}
