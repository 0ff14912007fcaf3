package app

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ondemand-api-proxy/domain"
)

// strangersProblem checks an account of each kind against whoever listens at this address.
func strangersProblem(t *testing.T, url string) (problems []string) {
	t.Helper()
	c := configFor(t, platform(t), account(t, "main", alice), account(t, "second", bob))
	c.UpstreamGatewayURL, c.UpstreamAPIURL, c.RequestTimeout = url, url, patience
	for _, check := range CheckAccounts(t.Context(), c, "v0-test") {
		problems = append(problems, check.Problem)
	}
	return problems
}

func TestWhoIsNotThePlatformIsExplained(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })
	plain := httptest.NewServer(hello)
	defer plain.Close()
	encrypted := httptest.NewUnstartedServer(hello)
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of every refused handshake
	encrypted.StartTLS()
	defer encrypted.Close()
	for name, c := range map[string]struct{ url, want string }{
		"another certificate": {encrypted.URL, "the TLS certificate of on-demand.io is not trusted: check the clock and the CA certificates"},
		"no TLS":              {strings.Replace(plain.URL, "http:", "https:", 1), "whoever answers does not speak TLS: check upstream_gateway_url"},
		"another service":     {plain.URL, "what answers does not sound like on-demand.io: check upstream_gateway_url"},
	} {
		for _, got := range strangersProblem(t, c.url) {
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
	}
}

func TestWhatTheNetworkReportsIsExplained(t *testing.T) {
	for name, c := range map[string]struct {
		cause error
		want  string
	}{
		"a name":       {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "gateway.on-demand.oi"}}, `the host name "gateway.on-demand.oi" is not found: check the network and its name server (DNS)`},
		"an address":   {&net.OpError{Op: "dial", Err: errors.New("no route to host")}, "on-demand.io cannot be reached, no connection comes about: check the network, the firewall"},
		"a proxy":      {&net.OpError{Op: "proxyconnect", Err: &net.DNSError{Name: "proxy"}}, "the HTTP proxy that HTTPS_PROXY or HTTP_PROXY names cannot be reached"},
		"a connection": {&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, "the connection to on-demand.io broke off: try again"},
		"nothing":      {nil, "what answers does not sound like on-demand.io"},
	} {
		err := domain.E(domain.UpstreamFault, "The upstream failed.", fmt.Errorf("sign-in: %w", c.cause))
		if c.cause == nil {
			err.Cause = nil
		}
		if got := problem(account(t, "main", alice), err); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
