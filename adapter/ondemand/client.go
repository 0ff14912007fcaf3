package ondemand

import (
	"net/http"
	"strings"
	"time"

	"ondemand-api-proxy/usecase/chat"
)

var _ chat.Upstream = (*Client)(nil)

// What New uses where Options leave a time at zero.
const (
	defaultRequestTimeout = 30 * time.Second
	defaultStreamTimeout  = 120 * time.Second
)

// Options say where the platform is and how long to wait for it.
type Options struct {
	// GatewayURL is the origin that signs accounts in: "https://gateway.on-demand.io".
	GatewayURL string
	// APIURL is the origin of chat and catalogue: "https://api.on-demand.io".
	APIURL string
	// RequestTimeout bounds each control call as a whole, and the wait for the
	// headers of a query's answer. Zero: 30 s.
	RequestTimeout time.Duration
	// StreamTimeout is the longest silence inside an answer. Heartbeats may stretch
	// the wait for the next delta to ten times this. Zero: 120 s.
	StreamTimeout time.Duration
	// UserAgent is sent with every call. Empty: "ondemand-api-proxy".
	UserAgent string
}

// Client talks to the platform. It remembers nothing of a call and is safe for
// concurrent use.
type Client struct {
	options   Options
	transport http.RoundTripper
	buffers   bufferPool
}

// New returns a client that calls through transport, which must not be nil. It is
// a RoundTripper and not a http.Client because nothing here may follow a redirect:
// that would carry credentials to an address nobody configured.
func New(options Options, transport http.RoundTripper) *Client {
	options.GatewayURL = strings.TrimRight(options.GatewayURL, "/")
	options.APIURL = strings.TrimRight(options.APIURL, "/")
	if options.RequestTimeout <= 0 {
		options.RequestTimeout = defaultRequestTimeout
	}
	if options.StreamTimeout <= 0 {
		options.StreamTimeout = defaultStreamTimeout
	}
	if options.UserAgent == "" {
		options.UserAgent = "ondemand-api-proxy"
	}
	return &Client{options: options, transport: transport}
}
