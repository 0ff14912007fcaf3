package httpclient

import (
	"crypto/x509"
	"net/http"
	"net/url"
)

// Trust makes a transport trust the certificate of a test's server.
func (t *Transport) Trust(certificate *x509.Certificate) {
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	t.secure.RootCAs = roots
}

// Through makes a transport send everything through a proxy.
func (t *Transport) Through(proxy *url.URL) { t.library.Proxy = http.ProxyURL(proxy) }

// Idle returns how many connections wait for a request.
func (t *Transport) Idle() (n int) {
	t.idle.mu.Lock()
	defer t.idle.mu.Unlock()
	for _, waiting := range t.idle.conns {
		n += len(waiting)
	}
	return n
}

// MaxHeaderSize is the bound of an answer's head.
const MaxHeaderSize = maxHeaderSize
