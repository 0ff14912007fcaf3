package httpclient_test

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ondemand-api-proxy/infrastructure/httpclient"
)

// BenchmarkTheTransport asks for streams of 50 frames, next to net/http's own transport. The
// server's part is in the figures.
func BenchmarkTheTransport(b *testing.B) {
	frame := "data: " + strings.Repeat("x", 170) + "\n\n"
	server := func(secure bool) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			for range 50 {
				_, _ = io.WriteString(w, frame)
				w.(http.Flusher).Flush()
			}
		}))
		if s.EnableHTTP2 = secure; secure {
			s.StartTLS()
		} else {
			s.Start()
		}
		return s
	}
	plain, secure := server(false), server(true)
	defer plain.Close()
	defer secure.Close()

	own := httpclient.NewTransport()
	own.Trust(secure.Certificate())
	theirs := &http.Transport{MaxIdleConnsPerHost: 1000, ForceAttemptHTTP2: true, TLSClientConfig: secure.Client().Transport.(*http.Transport).TLSClientConfig}
	theirs.TLSClientConfig.RootCAs = x509.NewCertPool()
	theirs.TLSClientConfig.RootCAs.AddCert(secure.Certificate())
	defer own.CloseIdleConnections()
	defer theirs.CloseIdleConnections()

	for _, c := range []struct {
		name      string
		transport http.RoundTripper
		url       string
	}{
		{"plain/own", own, plain.URL},
		{"plain/net-http", theirs, plain.URL},
		{"TLS/own", own, secure.URL},
		{"TLS/net-http, HTTP2", theirs, secure.URL},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					response, err := ask(b.Context(), c.transport, c.url, "A question of some length.")
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
			})
		})
	}
}
