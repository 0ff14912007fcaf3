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
	grant, err := client.SignIn(ctx, &account)
	if err != nil {
		return err
	}
	_, err = client.OpenSession(ctx, &account, &grant)
	return err
}
