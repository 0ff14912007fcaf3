package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Forwarded knows which reverse proxies to believe about where a request comes from. Anybody
// can send the headers that they set.
type Forwarded struct {
	// Proxies are their addresses.
	Proxies []netip.Prefix
	// All believes everybody about https: in a Hugging Face Space nothing else than its
	// proxy reaches the process.
	All bool
}

// Client returns the address of who made the request: of the connection, or, while that is a
// proxy's, the one that the proxy names. The zero Addr: it cannot be told.
func (f Forwarded) Client(r *http.Request) netip.Addr {
	connected, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := connected.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && f.isProxy(client); i-- {
		hop := strings.TrimSpace(hops[i])
		if hop == "" {
			continue
		}
		named, err := netip.ParseAddr(hop)
		if err != nil {
			return netip.Addr{} // a proxy that is believed names no address
		}
		client = named.Unmap()
	}
	return client
}

// OverTLS tells whether the client speaks https, to this process or to a proxy that is believed.
func (f Forwarded) OverTLS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	connected, err := netip.ParseAddrPort(r.RemoteAddr)
	believed := f.All || err == nil && f.isProxy(connected.Addr().Unmap())
	return believed && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func (f Forwarded) isProxy(address netip.Addr) bool { return among(f.Proxies, address) }

func among(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) })
}
