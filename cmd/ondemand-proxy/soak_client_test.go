package main_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// soakToken is an access token as a client has it.
type soakToken struct{ name, secret string }

// soakCall is a request that a client makes.
type soakCall struct {
	method, path, route string // route as the metrics name it
	token               soakToken
	body                string
	stream              bool
	number              int // of a request for a completion, else 0
	leave               soakLeave
}

// soakLeave says when a client leaves before its answer is complete; the zero value: never.
type soakLeave struct {
	is    bool
	after time.Duration // it was sent
	bytes int           // of the body that it reads first; 0: it goes by the time
}

// soakEnding is what a client knows of a request that it sent.
type soakEnding struct {
	call   soakCall
	id     string // x-request-id; empty: it left before that came
	status int    // 0: the same
	left   bool   // it did not wait for the end
	said   soakSaid
	// outcomes are the words that the ledger may have for it.
	outcomes []string
}

// sends makes a request, and tells the books how it ended. What was never sent is in no book.
func (s *soak) sends(client *http.Client, call soakCall) soakEnding {
	ending := soakEnding{call: call}
	ctx, leave := context.WithTimeout(context.Background(), time.Minute)
	defer leave()
	var wire atomic.Pointer[soakConn]
	var before atomic.Int64 // bytes that had been sent over wire
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			conn := info.Conn.(*soakConn)
			before.Store(conn.written())
			wire.Store(conn)
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil && call.leave.is && call.leave.bytes == 0 {
				time.AfterFunc(call.leave.after, leave)
			}
		},
	})
	request, err := http.NewRequestWithContext(traced, call.method, s.proxy.url+call.path, strings.NewReader(call.body))
	if err != nil {
		s.books.disagree("a request cannot be made: %v", err)
		return ending
	}
	request.Header.Set("Authorization", "Bearer "+call.token.secret)
	response, err := client.Do(request)
	var body string
	if err == nil {
		ending.status, ending.id = response.StatusCode, response.Header.Get("X-Request-Id")
		body, err = call.leave.read(response.Body)
		_ = response.Body.Close()
	}
	switch {
	case err == nil:
		ending.said = soakRead(response.StatusCode, response.Header.Get("Content-Type"), body)
		ending.outcomes = ending.said.outcomes(response.StatusCode)
	case errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, errSoakLeft):
		if conn := wire.Load(); conn == nil || conn.written() == before.Load() {
			return ending // it left before its request did
		}
		ending.left = true
	default:
		s.books.disagree("%s %s failed with nobody leaving: %v", call.method, call.path, err)
		return ending
	}
	s.books.ended(ending)
	return ending
}

// soakConn counts what is sent over a connection. WroteRequest alone tells too little: it is called before the
// last buffer is flushed, and a client that leaves at that moment has sent nothing.
type soakConn struct {
	net.Conn
	mu   sync.Mutex
	sent int64
}

// soakTransport makes a transport over connections that count.
func soakTransport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &soakConn{Conn: conn}, nil
	}}
}

func (c *soakConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.Conn.Write(p)
	c.sent += int64(n)
	return n, err
}

// written tells how many bytes were sent, once a write that is going on has ended.
func (c *soakConn) written() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// read reads a body, to its end or as far as the client has patience.
func (l soakLeave) read(body io.Reader) (string, error) {
	if l.bytes == 0 {
		all, err := io.ReadAll(body)
		return string(all), err
	}
	some := make([]byte, l.bytes)
	n, err := io.ReadFull(body, some)
	if err == io.EOF || err == io.ErrUnexpectedEOF { // it ended before
		return string(some[:n]), nil
	}
	if err == nil {
		err = errSoakLeft
	}
	return string(some[:n]), err
}

// errSoakLeft is why a client that has read enough reads no further.
var errSoakLeft = errors.New("the client left")

// soaker is a client that asks at random.
type soaker struct {
	*soak
	client *http.Client
	talk   []message // its conversation so far; empty: the next question begins one
	token  soakToken // of that conversation
}

// work asks until it is time to stop.
func (c *soaker) work(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		c.step()
		time.Sleep(rand.N(100 * time.Millisecond))
	}
}

// step does one of all the things that clients do.
func (c *soaker) step() {
	switch kind := rand.IntN(100); {
	case kind < 70:
		c.converse()
	case kind < 74:
		c.asksAlone(soakQuestion{text: strings.Repeat("long words ", 1000+rand.IntN(40_000))})
	case kind < 80:
		c.asksAlone(soakQuestion{members: map[string]any{"n": 2}, choices: 2})
	case kind < 84:
		c.asksAlone(soakQuestion{members: map[string]any{"max_tokens": 1 + rand.IntN(30)}, short: true})
	case kind < 86:
		c.asksAlone(soakQuestion{members: map[string]any{"stop": []string{"so on"}}, short: true})
	case kind < 90:
		c.asksWith(soakToken{"", []string{"sk-wrong", "", accessToken + "x"}[rand.IntN(3)]})
	case kind < 93:
		c.asksWith([]soakToken{soakLimited, soakPoor, soakNarrow, soakGuest}[rand.IntN(4)])
	case kind < 97:
		c.malformed()
	default:
		c.elsewhere()
	}
}
