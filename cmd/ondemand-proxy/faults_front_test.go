package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// front is the network in front of the platform: an address that can be made to refuse
// connections, or to show a certificate that nobody trusts.
type front struct {
	t       *testing.T
	handler http.Handler
	server  *http.Server
	address string
	good    *tls.Certificate // nil: no TLS
	bad     *tls.Certificate
	serving sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	idle     map[net.Conn]bool
	trouble  fault         // what is to come, or has come: unreached or tlsFailure; empty: none
	after    sim.Operation // it comes once such a call is answered
	down     bool
}

// newFront serves the handler until the test ends, over TLS if there are certificates.
func newFront(t *testing.T, handler http.Handler, good, bad *tls.Certificate) *front {
	t.Helper()
	f := &front{t: t, handler: handler, address: "127.0.0.1:0", good: good, bad: bad, idle: map[net.Conn]bool{}}
	f.server = &http.Server{
		Handler: f, ConnState: f.watch, ReadHeaderTimeout: time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), // handshakes that fail are what it is for
	}
	f.listen()
	f.address = f.listener.Addr().String()
	t.Cleanup(func() {
		_ = f.server.Close()
		f.serving.Wait()
	})
	return f
}

// url is the front's origin.
func (f *front) url() string {
	if f.good != nil {
		return "https://" + f.address
	}
	return "http://" + f.address
}

// listen begins to accept connections, under the lock or before anybody else knows.
func (f *front) listen() {
	var config net.ListenConfig
	listener, err := config.Listen(f.t.Context(), "tcp", f.address)
	if err != nil {
		f.t.Fatalf("the platform's address cannot be listened on again: %v", err)
	}
	f.listener = listener
	if f.good != nil {
		listener = tls.NewListener(listener, &tls.Config{
			MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.certificate(), nil },
		})
	}
	f.serving.Go(func() { _ = f.server.Serve(listener) }) // ends with the listener
}

func (f *front) certificate() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return f.bad
	}
	return f.good
}

// watch keeps the connections that wait for a call.
func (f *front) watch(conn net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state == http.StateIdle && f.down {
		_ = conn.Close()
	}
	if state == http.StateIdle {
		f.idle[conn] = true
		return
	}
	delete(f.idle, conn)
}

// breaks lets no further call through: at once, or once a call of this kind is answered.
func (f *front) breaks(how fault, after sim.Operation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trouble, f.after = how, after
	if after == "" {
		f.fall()
	}
}

// fall makes the trouble begin, under the lock.
func (f *front) fall() {
	f.down = true
	if f.trouble == unreached {
		_ = f.listener.Close()
	}
	for conn := range f.idle {
		_ = conn.Close()
	}
}

// mend ends the trouble.
func (f *front) mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down && f.trouble == unreached {
		f.listen()
	}
	f.trouble, f.after, f.down = "", "", false
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	last := f.after != "" && !f.down && operationOf(r) == f.after
	f.mu.Unlock()
	if !last {
		f.handler.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	f.handler.ServeHTTP(answer, r)
	f.mu.Lock()
	f.fall()
	f.mu.Unlock()
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Connection", "close")
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// operationOf tells the two calls apart after which something may happen.
func operationOf(r *http.Request) sim.Operation {
	switch filepath.Base(r.URL.Path) {
	case "refresh_token":
		return sim.Refresh
	case "sessions":
		return sim.NewSession
	}
	return ""
}

// certify makes a certificate for loopback that is its own authority.
func certify(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// trust writes the certificate where a program finds it that is told of the file.
func trust(t *testing.T, certificate *tls.Certificate) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "trusted.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
