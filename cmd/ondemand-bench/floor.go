package main

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// mostFloorBody bounds the body that the floor reads, as the proxy's own default does.
const mostFloorBody = 20 << 20

// runFloor serves what everything is compared with until ctx ends: the reverse proxy of
// Go's library, with an access token and a body read whole first, as any gateway that may
// try again has to. It translates nothing.
func runFloor(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(roleFloor, flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "")
	to := flags.String("to", "", "")
	token := flags.String("token", "", "")
	pool := flags.Bool("pool", false, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	target, err := url.Parse(*to)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newFloor(target, *token, *pool), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// newFloor returns the floor in front of target. pool: it keeps its buffers for copying,
// which ReverseProxy by itself does not.
func newFloor(target *url.URL, token string, pool bool) http.Handler {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConnsPerHost: 8192, IdleConnTimeout: 90 * time.Second, DisableCompression: true,
		},
	}
	if pool {
		proxy.BufferPool = &copyBuffers{}
	}
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			return
		}
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "no valid access token", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostFloorBody))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		proxy.ServeHTTP(w, r)
	})
}

// copyBuffers implements httputil.BufferPool.
type copyBuffers struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (b *copyBuffers) Get() []byte {
	if kept, is := b.pool.Get().(*[]byte); is {
		return *kept
	}
	return make([]byte, 32<<10) // as much as ReverseProxy would take
}

// Put implements httputil.BufferPool.
func (b *copyBuffers) Put(buffer []byte) { b.pool.Put(&buffer) }
