// Package httpclient builds the one HTTP transport that outbound adapters share.
package httpclient

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Times and bounds of connections, for a handful of hosts with many calls each.
const (
	dialTimeout   = 10 * time.Second
	tlsTimeout    = 10 * time.Second
	keepAlive     = 30 * time.Second
	idleTimeout   = 90 * time.Second
	maxIdle       = 1024
	tlsSessions   = 64
	maxHeaderSize = 256 << 10 // bytes
	// What a connection reads at once: most of a short stream that came together. A stream that waits holds it, too.
	readBuffer = 8 << 10 // bytes
	// What a peer's system takes before the peer reads any of it, with room to spare, in bytes.
	maxUnread = 32 << 10
)

// Transport implements http.RoundTripper. It keeps connections alive and speaks HTTP/1.1:
// each stream has a connection of its own, so that one that breaks or stalls cuts this
// stream and no other.
//
// The usual call it makes in the goroutine of its caller (see exchange), with what
// net/http offers for writing requests and reading answers. http.Transport has two more
// goroutines for each connection, whose stacks and wakings cost as much as the
// rest of a short stream. What that one does better is left to it: requests through a
// proxy, and those so long that they may be answered before they are sent.
//
// It bounds how long a connection may take to come about, and nothing else: how long
// an answer may take only the caller knows, who sets that with a context. It follows no
// redirect, which would carry credentials to an address nobody configured; whoever puts
// it into a http.Client has to see to that again.
type Transport struct {
	library *http.Transport
	dialer  *net.Dialer
	secure  *tls.Config
	idle    idleConns
}

// NewTransport returns a transport. Callers close its idle connections when they stop.
func NewTransport() *Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	secure := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ClientSessionCache: tls.NewLRUClientSessionCache(tlsSessions),
		NextProtos:         []string{"http/1.1"},
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &Transport{
		dialer: dialer,
		secure: secure,
		library: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: tlsTimeout,
			TLSClientConfig:     secure,
			Protocols:           &http1,
			MaxIdleConns:        maxIdle,
			MaxIdleConnsPerHost: maxIdle, // the default of 2 would dial for nearly every call under load
			IdleConnTimeout:     idleTimeout,
			// A compressor holds events of a stream back until it has enough of them.
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaderSize,
		},
	}
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	proxy, err := t.library.Proxy(request)
	if err != nil || proxy != nil || request.ContentLength < 0 || request.ContentLength > maxUnread {
		return t.library.RoundTrip(request)
	}
	return t.exchange(request)
}

// CloseIdleConnections closes the connections that wait for their next request.
func (t *Transport) CloseIdleConnections() {
	t.library.CloseIdleConnections()
	t.idle.close()
}
