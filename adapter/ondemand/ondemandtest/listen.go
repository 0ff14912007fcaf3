package ondemandtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server is a simulator behind an address of its own.
type Server struct {
	*Sim
	URL    string // "http://127.0.0.1:40123", the base URL of gateway and API alike
	server *http.Server
	served chan struct{}
}

// Listen serves a new simulator at address ("127.0.0.1:0" is any free port) until
// Close. There is no access control but the platform's own: keep it on loopback.
func Listen(ctx context.Context, address string, opts Options) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulator: cannot listen on %s: %w", address, err)
	}
	s := &Server{
		Sim:    New(opts),
		URL:    "http://" + listener.Addr().String(),
		served: make(chan struct{}),
	}
	s.server = &http.Server{Handler: s.Sim, ReadHeaderTimeout: 30 * time.Second}
	go func() {
		defer close(s.served)
		_ = s.server.Serve(listener) // ends with Close, and only with Close
	}()
	return s, nil
}

// closeWait bounds how long Close waits for calls that are being served.
const closeWait = 5 * time.Second

// Close ends every call and every connection, and returns when none is left.
func (s *Server) Close() error {
	s.Sim.Close()
	err := s.server.Close()
	<-s.served
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if late := s.WaitFor(ctx, func() bool { return s.Running() == 0 }); late != nil {
		return fmt.Errorf("simulator: calls were still being served %s after it was closed", closeWait)
	}
	return err
}

// TB is what Start needs of a *testing.T, so that the simulator does not link the
// testing package into the product.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start serves a simulator on a free loopback port until the test ends.
func Start(t TB, opts Options) *Server {
	t.Helper()
	s, err := Listen(context.Background(), "127.0.0.1:0", opts)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Fatalf("%v", err)
		}
	})
	return s
}
