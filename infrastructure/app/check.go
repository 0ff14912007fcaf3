package app

import (
	"context"
	"sync"

	"ondemand-api-proxy/adapter/ondemand"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/infrastructure/config"
	"ondemand-api-proxy/infrastructure/httpclient"
)

// AccountCheck is what became of trying one account.
type AccountCheck struct {
	Account domain.Account
	Problem string // a sentence that says what to do; empty: it can be used
}

// checksAtOnce bounds how many accounts are tried at the same time.
const checksAtOnce = 8

// CheckAccounts signs every configured account in and opens a chat session with it,
// which costs nothing. The checks come in the order of the configuration.
func CheckAccounts(ctx context.Context, c config.Config, version string) []AccountCheck {
	transport := httpclient.NewTransport()
	defer transport.CloseIdleConnections()
	client := newClient(c, version, transport)
	checks := make([]AccountCheck, len(c.Accounts))
	slots := make(chan struct{}, checksAtOnce)
	var group sync.WaitGroup
	for i, account := range c.Accounts {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			checks[i] = AccountCheck{account, problem(account, tryAccount(ctx, client, account))}
		})
	}
	group.Wait()
	return checks
}

func tryAccount(ctx context.Context, client *ondemand.Client, account domain.Account) error {
	grant, err := client.SignIn(ctx, account)
	if err != nil {
		return err
	}
	_, err = client.OpenSession(ctx, account, grant)
	return err
}

// problem says in words what to do about an error.
func problem(account domain.Account, err error) string {
	if err == nil {
		return ""
	}
	switch domain.KindOf(err) {
	case domain.CredentialRefused:
		if account.Credential().Kind() == domain.KeyCredential {
			return "the API key is refused: make a new one at on-demand.io and put it into the configuration"
		}
		return "the e-mail address or the password is wrong: correct it in the configuration"
	case domain.GrantExpired:
		return "on-demand.io refuses the token it has just issued: try again, and sign in at on-demand.io to see whether the account is in order"
	case domain.PlanRefused:
		return "its plan does not include the API, its credit is used up, or it is blocked: see the account at on-demand.io"
	case domain.UpstreamRateLimited:
		return "it has reached the rate limit of on-demand.io: try again in a few minutes"
	case domain.UpstreamSilent:
		return "on-demand.io did not answer in time: check the network, or try again later"
	case domain.ClientGone:
		return "the check was interrupted"
	default:
		return "on-demand.io could not be reached or did not answer properly: check the network, upstream_gateway_url and upstream_api_url"
	}
}
