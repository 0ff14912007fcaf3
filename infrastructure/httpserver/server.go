// Package httpserver runs the HTTP server: it listens, serves, and shuts down so that
// answers under way can end.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"ondemand-api-proxy/domain"
)

// Handler serves requests, and refuses new ones once it drains.
type Handler interface {
	http.Handler
	Drain()
}

// Options are the server's settings.
type Options struct {
	Host  string
	Port  int           // 0: the system chooses
	Grace time.Duration // what running answers get to end at shutdown
	// MaxConnections is how many clients may be connected at once; more wait for one that
	// ends. 0: no limit.
	MaxConnections int
	// Began is told of each request that begins: how many run now, with it. It must not block. nil: nobody is told.
	Began func(running int)
}

// The server's own limits. An answer may take as long as it takes; a request's head not.
const (
	headTimeout  = 10 * time.Second
	idleTimeout  = 2 * time.Minute
	maxHeadBytes = 64 << 10
	// endTimeout is what answers get to tell their clients that they were ended.
	endTimeout = 3 * time.Second
)

// Server is the HTTP server.
type Server struct {
	options  Options
	handler  Handler
	http     *http.Server
	end      context.CancelCauseFunc // of all requests
	newborn  newborn
	running  running
	listener net.Listener
	stopping atomic.Bool
	served   chan error
}

// New returns a server; it does not listen yet.
func New(options Options, handler Handler, log *zap.Logger) *Server {
	requests, end := context.WithCancelCause(context.Background())
	s := &Server{options: options, handler: handler, end: end, served: make(chan error, 1)}
	s.running.began = options.Began
	s.http = &http.Server{
		Handler: s.running.count(handler), ReadHeaderTimeout: headTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeadBytes,
		BaseContext: func(net.Listener) context.Context { return requests },
		ConnContext: withConn,
		ConnState:   s.newborn.watch,
		ErrorLog:    quiet(log),
	}
	return s
}

// quiet sends what net/http complains about (mostly clients that break off) to the debug log.
func quiet(log *zap.Logger) *stdlog.Logger {
	std, err := zap.NewStdLogAt(log, zap.DebugLevel)
	if err != nil {
		panic("httpserver: zap has no debug level: " + err.Error())
	}
	return std
}

// Start listens, and serves in the background. failed is called when serving ends by itself.
func (s *Server) Start(ctx context.Context, failed func(error)) error {
	address := net.JoinHostPort(s.options.Host, strconv.Itoa(s.options.Port))
	var config net.ListenConfig
	inner, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return explain(address, err)
	}
	s.listener = limited(inner, s.options.MaxConnections)
	go func() {
		err := s.http.Serve(s.listener)
		if s.stopping.Load() {
			err = nil
		} else {
			failed(err)
		}
		s.served <- err
	}()
	return nil
}

// explain says in one sentence why the server cannot listen.
func explain(address string, err error) error {
	const windowsAddressInUse = syscall.Errno(10048) // WSAEADDRINUSE
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, windowsAddressInUse):
		return fmt.Errorf("cannot listen on %s: another program uses this port; end it, or choose another port with --port or PORT", address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: this user may not use that port; choose one above 1023 with --port or PORT", address)
	default:
		return fmt.Errorf("cannot listen on %s (host and port): %w", address, err)
	}
}

// Addr is where the server listens, once started.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Stop refuses new connections at once and, through the handler, whatever still comes
// over open ones. Answers under way get the grace to end; then they are ended, each
// with its own error event. It returns when all are gone.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	s.handler.Drain()
	var err error
	if s.listener != nil {
		_ = s.listener.Close() // http.Server.Shutdown would hang up on the open connections too
		err = <-s.served
	}
	grace, cancel := context.WithTimeout(ctx, s.options.Grace)
	defer cancel()
	s.running.wait(grace)
	s.end(domain.E(domain.Unavailable, "The proxy is shutting down, and this answer was not done in time.", nil))
	s.newborn.close()
	last, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	if s.http.Shutdown(last) != nil {
		return errors.Join(err, s.http.Close())
	}
	return err
}
