package config

import (
	"errors"
	"fmt"
	"strings"

	"ondemand-api-proxy/domain"
)

// accounts reads the operator's accounts: a list, or an object that holds it
// under "accounts", as some keep it in a file of its own.
func accounts() codec[[]domain.Account] {
	return codec[[]domain.Account]{
		allowed: `a list of {"email","password"} or {"api_key"}`,
		value:   accountList,
		text:    fromJSON(accountList),
		show:    showAccounts,
	}
}

func accountList(raw any) ([]domain.Account, error) {
	if fields, wrapped := raw.(map[string]any); wrapped {
		if _, holds := fields["accounts"]; !holds {
			return nil, errors.New(`an account stands in a list, even where there is one only: put it in brackets, as [{"api_key": "..."}]`)
		}
		outer, err := newObject("the object", raw, "accounts")
		if err != nil {
			return nil, err
		}
		raw = outer.fields["accounts"]
	}
	entries, ok := raw.([]any)
	if !ok {
		return nil, errNotAllowed
	}
	list := make([]domain.Account, 0, len(entries))
	for i, entry := range entries {
		account, err := oneAccount(position("account", "accounts", i), entry)
		if err != nil {
			return nil, err
		}
		if err := differs(list, account); err != nil {
			return nil, err
		}
		list = append(list, account)
	}
	return list, nil
}

// differs refuses an account that list holds already, or whose name it holds.
func differs(list []domain.Account, account domain.Account) error {
	where := position("account", "accounts", len(list))
	for i, other := range list {
		if other.ID() == account.ID() {
			return fmt.Errorf("%s is the same account as %s, and each may be listed once", where, position("account", "accounts", i))
		}
		if other.Name() == account.Name() {
			return fmt.Errorf("%s has the same \"name\" as %s, and names have to differ", where, position("account", "accounts", i))
		}
	}
	return nil
}

func oneAccount(where string, raw any) (domain.Account, error) {
	o, err := newObject(where, raw, "email", "password", "api_key", "name", "max_concurrency", "requests_per_minute")
	if err != nil {
		return domain.Account{}, err
	}
	credential, err := o.credential()
	if err != nil {
		return domain.Account{}, err
	}
	name, nameErr := o.label("name")
	concurrency, concurrencyErr := o.whole("max_concurrency", 0, mostRequests)
	perMinute, perMinuteErr := o.whole("requests_per_minute", 0, mostRequests)
	if err := first(nameErr, concurrencyErr, perMinuteErr); err != nil {
		return domain.Account{}, err
	}
	account, err := domain.NewAccount(name, credential, domain.AccountLimits{MaxConcurrency: concurrency, RequestsPerMinute: perMinute})
	if err != nil {
		return domain.Account{}, o.errorf("cannot be used: %w", err)
	}
	return account, nil
}

func (o object) credential() (domain.Credential, error) {
	email, emailErr := o.text("email")
	password, passwordErr := o.text("password")
	key, keyErr := o.text("api_key")
	if err := first(emailErr, passwordErr, keyErr); err != nil {
		return domain.Credential{}, err
	}
	signsIn := o.has("email") || o.has("password")
	var credential domain.Credential
	var err error
	switch {
	case o.has("api_key") && signsIn:
		return domain.Credential{}, o.errorf(`has an "api_key" beside an "email" or "password", and takes only one of the two kinds`)
	case o.has("api_key"):
		credential, err = domain.NewKeyCredential(key)
	case !signsIn:
		return domain.Credential{}, o.errorf(`lacks "email" and "password", or else "api_key"`)
	case !o.has("email"):
		return domain.Credential{}, o.errorf(`lacks "email"`)
	case !o.has("password"):
		return domain.Credential{}, o.errorf(`lacks "password"`)
	default:
		credential, err = domain.NewPasswordCredential(email, password)
	}
	if err != nil {
		return domain.Credential{}, o.errorf("cannot be used: %w", err)
	}
	return credential, nil
}

func showAccounts(list []domain.Account) string {
	if len(list) == 0 {
		return none
	}
	passwords := 0
	for _, account := range list {
		if account.Credential().Kind() == domain.PasswordCredential {
			passwords++
		}
	}
	var kinds []string
	if passwords > 0 {
		kinds = append(kinds, count(passwords, "password"))
	}
	if keys := len(list) - passwords; keys > 0 {
		kinds = append(kinds, count(keys, "key"))
	}
	return fmt.Sprintf("%s (%s)", count(len(list), "account"), strings.Join(kinds, ", "))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// first returns the first error of several fields, in their order.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
