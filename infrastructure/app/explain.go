package app

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"ondemand-api-proxy/adapter/ondemand"
	"ondemand-api-proxy/domain"
)

// problem says in words what to do about an account that failed with err; empty: it did not.
func problem(account domain.Account, err error) string {
	if err == nil {
		return ""
	}
	switch domain.KindOf(err) {
	case domain.CredentialRefused:
		if account.Credential().Kind() == domain.KeyCredential {
			return "the API key is refused: make a new one at on-demand.io and put it into the configuration"
		}
		return "the e-mail address or the password is wrong: try them at on-demand.io itself, and correct them in the configuration"
	case domain.GrantExpired:
		return "on-demand.io refuses the token it has just issued: try again, and sign in at on-demand.io to see whether the account is in order"
	case domain.PlanRefused:
		return "its plan does not include the API, its credit is used up, or it is blocked: see the account at on-demand.io"
	case domain.UpstreamRateLimited:
		return "it has reached the rate limit of on-demand.io: try again in a few minutes, or add another account"
	case domain.UpstreamSilent:
		return "on-demand.io did not answer in time: see whether a firewall or a slow network is in the way, raise request_timeout, or try again later"
	case domain.ClientGone:
		return "the check was interrupted"
	case domain.RouteMissing:
		return strangeAnswer(http.StatusNotFound)
	default:
		return unreachable(err)
	}
}

// unreachable says what to do when no proper answer came. What it repeats are names of hosts and
// addresses, which the configuration and the network have said.
func unreachable(err error) string {
	const settings = "upstream_gateway_url and upstream_api_url"
	var (
		name    *net.DNSError
		network *net.OpError
	)
	isNetwork := errors.As(err, &network)
	status := ondemand.StatusOf(err)
	switch {
	case isNetwork && network.Op == "proxyconnect":
		return "the HTTP proxy that HTTPS_PROXY or HTTP_PROXY names cannot be reached: correct these environment variables, or unset them"
	case errors.As(err, &name):
		return fmt.Sprintf("the host name %q is not found: check the network and its name server (DNS), and %s for a slip", name.Name, settings)
	case errors.Is(err, ondemand.ErrCertificate):
		return "the TLS certificate of on-demand.io is not trusted: check the clock and the CA certificates of this machine, and whether something in between (a proxy, a virus scanner) opens TLS"
	case errors.Is(err, ondemand.ErrNoTLS):
		return "whoever answers does not speak TLS: check " + settings + ", which may need http:// or another port"
	case isNetwork && network.Op == "dial":
		return "on-demand.io cannot be reached, no connection comes about: check the network, the firewall, and " + settings
	case status >= http.StatusInternalServerError:
		return fmt.Sprintf("on-demand.io has trouble of its own (status %d): try again later", status)
	case status != 0:
		return strangeAnswer(status)
	case isNetwork:
		return "the connection to on-demand.io broke off: try again, and check the network if it stays so"
	}
	return "what answers does not sound like on-demand.io: check " + settings + " (http:// or https://, host, port), or try again later"
}

func strangeAnswer(status int) string {
	return fmt.Sprintf("what answers does not sound like on-demand.io (status %d): check upstream_gateway_url and upstream_api_url, or try again later", status)
}
