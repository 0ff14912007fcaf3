package httpclient_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"ondemand-api-proxy/infrastructure/httpclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newTransport(t *testing.T) *httpclient.Transport {
	t.Helper()
	transport := httpclient.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// call makes one call and reads its answer to the end.
func call(t *testing.T, transport http.RoundTripper, url string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return nil
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Error(err)
	}
	return response
}

// TestEveryStreamHasAConnectionOfItsOwn although the server would speak HTTP/2.
func TestEveryStreamHasAConnectionOfItsOwn(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := newTransport(t)
	transport.Trust(server.Certificate())
	for range 3 {
		if response := call(t, transport, server.URL); response != nil && response.ProtoMajor != 1 {
			t.Errorf("got %s, want HTTP/1.1", response.Proto)
		}
		if n := transport.Idle(); n != 1 {
			t.Errorf("%d connections are kept", n)
		}
	}
}

func TestWhoIsNotTrustedIsNotAsked(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err := ask(t.Context(), newTransport(t), server.URL, "secret")
	var untrusted *tls.CertificateVerificationError
	if !errors.As(err, &untrusted) {
		t.Errorf("got %v", err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, err = ask(t.Context(), newTransport(t), strings.Replace(plain.URL, "http:", "https:", 1), "secret")
	var noTLS tls.RecordHeaderError
	if !errors.As(err, &noTLS) {
		t.Errorf("got %v", err)
	}
}

func TestAProxyIsUsed(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Asked", r.URL.String())
	}))
	defer proxy.Close()
	transport := newTransport(t)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport.Through(address)
	if response := call(t, transport, "http://far.example/away"); response != nil && response.Header.Get("X-Asked") != "http://far.example/away" {
		t.Errorf("the proxy was asked for %q", response.Header.Get("X-Asked"))
	}
}

func TestManyConnectionsToOneHostAreKept(t *testing.T) {
	const parallel = 20
	var connections atomic.Int64
	var together sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		together.Done()
		together.Wait() // so that every call of a round has a connection of its own
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	transport := newTransport(t)
	for range 3 {
		together.Add(parallel)
		var calls sync.WaitGroup
		for range parallel {
			calls.Go(func() { call(t, transport, server.URL) })
		}
		calls.Wait()
	}
	if n := connections.Load(); n != parallel {
		t.Errorf("three rounds of %d calls took %d connections", parallel, n)
	}
}

func TestNothingIsFollowedAndNothingCompressed(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if got := r.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("Accept-Encoding is %q", got)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	if response := call(t, newTransport(t), server.URL); response != nil && response.StatusCode != http.StatusFound {
		t.Errorf("got status %d, want the redirect itself", response.StatusCode)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls were made", n)
	}
}
