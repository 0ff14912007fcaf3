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
	pingAfter     = 30 * time.Second
	pingTimeout   = 15 * time.Second
	tlsSessions   = 64
	maxHeaderSize = 256 << 10 // bytes
	// What a query into a running session takes, head included. A connection keeps it as long as it lasts,
	// and longer texts pass it by.
	writeBuffer = 2 << 10 // bytes
)

// NewTransport returns a transport that keeps connections alive and speaks HTTP/2
// where it can. Callers close its idle connections when they stop.
//
// It bounds how long a connection may take to come about, and nothing else: how long
// an answer may take only the caller knows, who sets that with a context. As a
// RoundTripper it follows no redirect, which would carry credentials to an address
// nobody configured; whoever puts it into a http.Client has to see to that again.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: tlsTimeout,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(tlsSessions),
		},
		ForceAttemptHTTP2: true,
		// A connection that died silently would take all its streams with it.
		HTTP2:               &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		MaxIdleConns:        maxIdle,
		MaxIdleConnsPerHost: maxIdle, // the default of 2 would dial for nearly every call under load
		IdleConnTimeout:     idleTimeout,
		WriteBufferSize:     writeBuffer,
		// A compressor holds events of a stream back until it has enough of them.
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderSize,
	}
}
