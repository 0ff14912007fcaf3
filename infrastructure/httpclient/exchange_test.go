package httpclient_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"ondemand-api-proxy/infrastructure/httpclient"
)

// ask makes a call whose answer the test reads itself.
func ask(ctx context.Context, transport http.RoundTripper, url, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	return transport.RoundTrip(request)
}

// rawServer answers every request of every connection by what answer writes; false ends the
// connection.
func rawServer(t *testing.T, answer func(conn net.Conn, request *http.Request, body []byte) bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serve := func(conn net.Conn) {
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		for reader := bufio.NewReader(conn); ; {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			body, err := io.ReadAll(request.Body)
			if err != nil || !answer(conn, request, body) {
				return
			}
		}
	}
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return "http://" + listener.Addr().String()
}

// TestAnswersAreNeverMixed lets callers read, leave and cancel as they like, and a server
// frame, end and spoil its answers as it likes: whoever got a whole answer got its own.
func TestAnswersAreNeverMixed(t *testing.T) {
	url := rawServer(t, func(conn net.Conn, _ *http.Request, body []byte) bool {
		said := strings.Repeat(string(body)+" ", 1+rand.IntN(400))
		all := "HTTP/1.1 200 OK\r\n" + []string{"", "Connection: close\r\n"}[rand.IntN(2)]
		if rand.IntN(2) == 0 {
			all += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(said), said)
		} else {
			all += fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(said), said)
		}
		cut := rand.IntN(len(all))
		spoilt := rand.IntN(6)
		switch spoilt {
		case 0:
			// What nobody asked for. It comes with the answer: had it come after the next request, it
			// would have been the answer to that, for all that HTTP/1.1 can tell.
			all += "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnot yours"
		case 1:
			all = all[:cut] // a part of it
		}
		if _, err := io.WriteString(conn, all[:cut]); err != nil {
			return false
		}
		time.Sleep(time.Duration(rand.IntN(2)) * time.Millisecond)
		_, err := io.WriteString(conn, all[cut:])
		return err == nil && spoilt != 1 && rand.IntN(20) > 0 // now and then it hangs up after an answer
	})
	transport := newTransport(t)
	var callers sync.WaitGroup
	for caller := range 16 {
		callers.Go(func() {
			for turn := range 100 {
				if err := callAnyhow(t.Context(), transport, url, fmt.Sprintf("%d/%d", caller, turn)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// callAnyhow makes a call and stays, leaves or cancels. An answer that is whole has to be
// name, over and over.
func callAnyhow(ctx context.Context, transport http.RoundTripper, url, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	kind := rand.IntN(5)
	if kind == 0 {
		stop := time.AfterFunc(time.Duration(rand.IntN(1500))*time.Microsecond, cancel)
		defer stop.Stop()
	}
	response, err := ask(ctx, transport, url, name)
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	if kind == 1 {
		return nil
	}
	if kind == 2 {
		defer time.AfterFunc(time.Duration(rand.IntN(1500))*time.Microsecond, func() { _ = response.Body.Close() }).Stop()
	}
	said, err := io.ReadAll(response.Body)
	if err == nil && strings.ReplaceAll(string(said), name+" ", "") != "" {
		return fmt.Errorf("%s got %.80q", name, said)
	}
	return nil
}

func TestAConnectionIsUsedAgainWhenItsAnswerWasReadToTheEnd(t *testing.T) {
	url := rawServer(t, func(conn net.Conn, request *http.Request, _ []byte) bool {
		_, err := io.WriteString(conn, map[string]string{
			"/":      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone",
			"/empty": "HTTP/1.1 204 No Content\r\n\r\n",
			"/early": "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone",
			"/long":  "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + strings.Repeat("long", 10_000),
			"/last":  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ndone",
			"/more":  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone and more",
			"/open":  "HTTP/1.1 200 OK\r\n\r\ndone",
			"/other": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n",
		}[request.URL.Path])
		return err == nil && request.URL.Path != "/open"
	})
	for path, kept := range map[string]int{"/": 1, "/empty": 1, "/early": 1, "/long": 1, "/last": 0, "/more": 0, "/open": 0, "/other": 0} {
		transport := newTransport(t)
		if response := call(t, transport, url+path); response == nil || response.StatusCode == http.StatusContinue {
			t.Errorf("%s: got %v", path, response)
		}
		if n := transport.Idle(); n != kept {
			t.Errorf("%s: %d connections are kept, want %d", path, n, kept)
		}
	}
	// What was left before its end is not kept either.
	transport := newTransport(t)
	response, err := ask(t.Context(), transport, url+"/long", "")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if _, err := response.Body.Read(make([]byte, 1)); err == nil {
		t.Error("a closed body was read")
	}
	if n := transport.Idle(); n != 0 {
		t.Errorf("%d connections are kept of an answer that was not read", n)
	}
}

// TestAConnectionThatWasHungUpMeanwhileIsNotAsked is what a pause of a conversation does.
func TestAConnectionThatWasHungUpMeanwhileIsNotAsked(t *testing.T) {
	for _, goodbye := range []string{"", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"} {
		hungUp := make(chan struct{})
		url := rawServer(t, func(conn net.Conn, _ *http.Request, body []byte) bool {
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			time.Sleep(20 * time.Millisecond) // until the answer was read
			_, _ = io.WriteString(conn, goodbye)
			defer func() { hungUp <- struct{}{} }()
			return false
		})
		transport := newTransport(t)
		for turn := range 3 {
			response, err := ask(t.Context(), transport, url, "again")
			if err != nil {
				t.Fatalf("turn %d: %v", turn, err)
			}
			if said, err := io.ReadAll(response.Body); err != nil || string(said) != "again" {
				t.Errorf("turn %d: %q, %v", turn, said, err)
			}
			if transport.Idle() != 1 {
				t.Error("the connection was not kept")
			}
			<-hungUp
			time.Sleep(5 * time.Millisecond)
		}
	}
}

var errEnough = errors.New("enough")

// TestACallEndsWithItsContext wherever it is.
func TestACallEndsWithItsContext(t *testing.T) {
	gone := make(chan struct{}, 1)
	silent := rawServer(t, func(conn net.Conn, request *http.Request, _ []byte) bool {
		if request.URL.Path == "/begun" {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n")
		}
		_, _ = conn.Read(make([]byte, 1)) // until the caller has left
		gone <- struct{}{}
		return false
	})
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mute.Close() }()

	for _, where := range []string{silent + "/head", silent + "/begun", "https://" + mute.Addr().String()} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { cancel(errEnough) })
		response, err := ask(ctx, newTransport(t), where, "")
		if err == nil {
			_, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
		}
		if !errors.Is(err, errEnough) {
			t.Errorf("%s: got %v", where, err)
		}
		if strings.HasPrefix(where, silent) {
			<-gone // the peer has seen it
		}
	}
}

func TestClosingABodyEndsWhoReadsIt(t *testing.T) {
	url := rawServer(t, func(conn net.Conn, _ *http.Request, _ []byte) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n")
		_, _ = conn.Read(make([]byte, 1))
		return false
	})
	transport := newTransport(t)
	response, err := ask(t.Context(), transport, url, "")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(10*time.Millisecond, func() { _ = response.Body.Close() })
	if said, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("%q passed for a whole answer", said)
	}
	if transport.Idle() != 0 {
		t.Error("its connection was kept")
	}
}

func TestAHeadIsBounded(t *testing.T) {
	url := rawServer(t, func(conn net.Conn, request *http.Request, _ []byte) bool {
		line := "X-Much: " + strings.Repeat("x", 1000) + "\r\n"
		size := httpclient.MaxHeaderSize / 2
		if request.URL.Path == "/endless" {
			size *= 4
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+strings.Repeat(line, size/len(line))+"Content-Length: 500000\r\n\r\n"+strings.Repeat("x", 500_000))
		return false
	})
	transport := newTransport(t)
	if response, err := ask(t.Context(), transport, url+"/endless", ""); err == nil {
		_ = response.Body.Close()
		t.Error("an endless head was read")
	}
	response, err := ask(t.Context(), transport, url, "")
	if err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(response.Body); err != nil || len(said) != 500_000 {
		t.Errorf("a long body behind a long head: %d bytes, %v", len(said), err)
	}
}

// TestALongRequestMayBeAnsweredBeforeItWasSent is what servers do that find it too long.
func TestALongRequestMayBeAnsweredBeforeItWasSent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge) // without reading it
	}))
	defer server.Close()
	response, err := ask(t.Context(), newTransport(t), server.URL, strings.Repeat("long ", 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got status %d", response.StatusCode)
	}
}

func TestRequestsOfAllSizesArrive(t *testing.T) {
	url := rawServer(t, func(conn net.Conn, _ *http.Request, body []byte) bool {
		_, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		return err == nil
	})
	transport := newTransport(t)
	for _, size := range []int{0, 1, 2_000, 4_096, 10_000, 32 << 10, 32<<10 + 1, 1 << 20} {
		sent := strings.Repeat("s", size)
		response, err := ask(t.Context(), transport, url, sent)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(response.Body); err != nil || string(got) != sent {
			t.Errorf("of %d bytes %d came back, %v", size, len(got), err)
		}
		_ = response.Body.Close()
	}
}

// FuzzAnswer holds what is made of a peer's bytes against what net/http's own transport
// makes of them.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\nX: 1\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nuntil the end",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "", "HTTP/1.1", "\x15\x03\x01",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ndone", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.HasPrefix(raw, []byte("HTTP/1.1 101")) {
			t.Skip("nobody asks for another protocol; net/http makes its body writable")
		}
		url := rawServer(t, func(conn net.Conn, _ *http.Request, _ []byte) bool {
			_, _ = conn.Write(raw)
			return false
		})
		plain := &http.Transport{DisableCompression: true}
		defer plain.CloseIdleConnections()
		got, want := told(t.Context(), newTransport(t), url), told(t.Context(), plain, url)
		if got != want {
			t.Errorf("of %q became\n%s\nwant\n%s", raw, got, want)
		}
	})
}

// told is what a caller gets to know about an answer.
func told(ctx context.Context, transport http.RoundTripper, url string) string {
	response, err := ask(ctx, transport, url, "well?")
	if err != nil {
		return "no answer"
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%s %s %v %d\n%q\nwhole: %t %v", response.Proto, response.Status, response.Header, response.ContentLength, body, err == nil, response.Trailer)
}
