package httpserver

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections live in memory, so that time may be made up.
type pipes struct {
	ends chan net.Conn
	over chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.ends:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// unhurried runs a test of a client that takes its time, over a connection to a server.
func unhurried(t *testing.T, handle http.HandlerFunc, test func(t *testing.T, c net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		listener := &pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: handle}
		go func() { _ = server.Serve(limited(listener, 0)) }()
		near, far := net.Pipe()
		listener.ends <- far
		test(t, near)
		_ = near.Close()
		close(listener.over)
		_ = server.Close()
		synctest.Wait()
	})
}

const get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

// dribble reads so many bytes, one after each pause, and tells whether the connection held.
func dribble(c net.Conn, bytes int, pause time.Duration) (held bool) {
	one := make([]byte, 1)
	for range bytes {
		time.Sleep(pause)
		if _, err := c.Read(one); err != nil {
			return false
		}
	}
	return true
}

func TestAClientThatReadsTooSlowlyIsCut(t *testing.T) {
	words := strings.Repeat("word ", 40)
	for name, handle := range map[string]http.HandlerFunc{
		"a stream": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := io.WriteString(w, words); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
			}
		},
		"a whole answer": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat(words, 1000)) },
	} {
		t.Run(name, func(t *testing.T) {
			unhurried(t, handle, func(t *testing.T, c net.Conn) {
				_, _ = io.WriteString(c, get)
				if dribble(c, 60, time.Second) {
					t.Error("after a minute of a byte a second the connection is still there")
				}
			})
		})
	}
}

func TestAClientThatAsksAndReadsNothingIsCut(t *testing.T) {
	unhurried(t, fine, func(t *testing.T, c net.Conn) {
		began := time.Now()
		for {
			if _, err := io.WriteString(c, get); err != nil {
				break
			}
		}
		if took := time.Since(began); took > writePatience+renewEvery {
			t.Errorf("the connection was closed after %s", took)
		}
	})
}

func TestASlowClientGetsALongAnswerAsLongAsItKeepsReading(t *testing.T) {
	const size = 4 << 20
	unhurried(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) }, func(t *testing.T, c net.Conn) {
		_, _ = io.WriteString(c, get)
		began := time.Now()
		in := bufio.NewReaderSize(c, 16)
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		read, piece := 0, make([]byte, 4<<10)
		for {
			time.Sleep(time.Second)
			n, err := io.ReadFull(response.Body, piece)
			if read += n; err != nil {
				break
			}
		}
		if read != size || time.Since(began) < 10*writePatience {
			t.Errorf("read %d of %d bytes in %s", read, size, time.Since(began))
		}
	})
}

func TestTheNextRequestOfAConnectionHasItsOwnTime(t *testing.T) {
	unhurried(t, fine, func(t *testing.T, c net.Conn) {
		in := bufio.NewReader(c)
		for i, pause := range []time.Duration{0, 100 * time.Millisecond, time.Second, time.Hour} {
			time.Sleep(pause)
			_, _ = io.WriteString(c, get)
			time.Sleep(writePatience - 2*renewEvery)
			if _, err := http.ReadResponse(in, nil); err != nil {
				t.Fatalf("request %d, read within its time: %v", i+1, err)
			}
		}
	})
}

func TestNoMoreClientsAreConnectedThanThereArePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := &pipes{make(chan net.Conn), make(chan struct{})}
		l := limited(ends, 2)
		accepted := make(chan net.Conn, 10)
		go func() {
			defer close(accepted)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		for range 3 {
			_, far := net.Pipe()
			go func() { ends.ends <- far }()
		}
		synctest.Wait()
		if len(accepted) != 2 {
			t.Fatalf("%d clients were connected at once, want 2", len(accepted))
		}
		first := <-accepted
		_ = first.Close()
		_ = first.Close() // gives its place back once only
		synctest.Wait()
		if len(accepted) != 2 {
			t.Errorf("after one had left %d are connected, want the one that waited and the other", len(accepted))
		}
		close(ends.over)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for c := range accepted {
			_ = c.Close()
		}
	})
}
