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
	client := addressOf(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && f.isProxy(client); i-- {
		hop := strings.TrimSpace(hops[i])
		if hop == "" {
			continue
		}
		if client = addressOf(hop); !client.IsValid() {
			return client // a proxy that is believed names no address
		}
	}
	return client
}

// addressOf reads an address as proxies write them, some with a port or in brackets. The zero Addr: it is none.
func addressOf(hop string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(hop); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}

// OverTLS tells whether the client speaks https, to this process or to a proxy that is believed.
func (f Forwarded) OverTLS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	believed := f.All || f.isProxy(addressOf(r.RemoteAddr))
	return believed && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func (f Forwarded) isProxy(address netip.Addr) bool { return among(f.Proxies, address) }

func among(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) })
}
