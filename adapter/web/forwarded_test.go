package web

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func TestOnlyProxiesThatAreTrustedAreBelievedAboutAddresses(t *testing.T) {
	f := Forwarded{Proxies: prefixes("10.0.0.0/8", "fd00::/8")}
	for _, test := range []struct {
		from string
		says []string
		want string
	}{
		{"203.0.113.7:1234", nil, "203.0.113.7"},
		{"203.0.113.7:1234", []string{"10.0.0.1"}, "203.0.113.7"},
		{"10.0.0.1:1234", nil, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"203.0.113.7"}, "203.0.113.7"},
		{"10.0.0.1:1234", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"}, // the first one may be a lie
		{"10.0.0.1:1234", []string{"198.51.100.1", "203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"[::ffff:10.0.0.1]:1234", []string{"203.0.113.7"}, "203.0.113.7"},
		{"[fd00::1]:1234", []string{"2001:db8::7"}, "2001:db8::7"},
		{"10.0.0.1:1234", []string{"203.0.113.7:4711"}, "203.0.113.7"},
		{"10.0.0.1:1234", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"10.0.0.1:1234", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"10.0.0.1:1234", []string{"nonsense"}, "invalid IP"},
		{"10.0.0.1:1234", []string{""}, "10.0.0.1"},
		{"pipe", nil, "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.from
		r.Header["X-Forwarded-For"] = test.says
		if got := f.Client(r).String(); got != test.want {
			t.Errorf("from %s with %q: the client is %s, want %s", test.from, test.says, got, test.want)
		}
	}
}

func TestOnlyProxiesThatAreTrustedAreBelievedAboutTLS(t *testing.T) {
	for _, test := range []struct {
		name       string
		f          Forwarded
		from, says string
		tls        bool
		want       bool
	}{
		{"plain", Forwarded{}, "203.0.113.7:1", "", false, false},
		{"its own TLS", Forwarded{}, "203.0.113.7:1", "", true, true},
		{"a stranger", Forwarded{Proxies: prefixes("10.0.0.0/8")}, "203.0.113.7:1", "https", false, false},
		{"a proxy", Forwarded{Proxies: prefixes("10.0.0.0/8")}, "10.1.2.3:1", "HTTPS", false, true},
		{"a proxy without TLS", Forwarded{Proxies: prefixes("10.0.0.0/8")}, "10.1.2.3:1", "http", false, false},
		{"a Space", Forwarded{All: true}, "203.0.113.7:1", "https", false, true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.from
		if test.tls {
			r.TLS = &tls.ConnectionState{}
		}
		r.Header.Set("X-Forwarded-Proto", test.says)
		if got := test.f.OverTLS(r); got != test.want {
			t.Errorf("%s: over TLS is %t, want %t", test.name, got, test.want)
		}
	}
}

func TestWhoIsNotInAnAllowedNetworkGetsNothingButHealth(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) {
		o.AllowedNetworks, o.Forwarded = prefixes("192.168.0.0/16"), Forwarded{Proxies: prefixes("10.0.0.0/8")}
	})
	ask := func(path, from, says string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.RemoteAddr = from
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("X-Forwarded-For", says)
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, r)
		return answer.Code
	}
	for _, path := range []string{"/", "/v1/models", "/metrics", "/nowhere"} {
		for name, code := range map[string]int{
			"a stranger":                ask(path, "203.0.113.7:1", ""),
			"a stranger that lies":      ask(path, "203.0.113.7:1", "192.168.1.1"),
			"a stranger behind a proxy": ask(path, "10.0.0.1:1", "203.0.113.7"),
			"nobody":                    ask(path, "pipe", ""),
		} {
			if code != http.StatusForbidden {
				t.Errorf("GET %s: %s gets %d, want 403", path, name, code)
			}
		}
		for name, code := range map[string]int{"a neighbour": ask(path, "192.168.1.1:1", ""), "a neighbour behind a proxy": ask(path, "10.0.0.1:1", "192.168.1.1")} {
			if code == http.StatusForbidden {
				t.Errorf("GET %s: %s is refused", path, name)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code := ask(path, "203.0.113.7:1", ""); code != http.StatusOK {
			t.Errorf("GET %s gets %d", path, code)
		}
	}
}
