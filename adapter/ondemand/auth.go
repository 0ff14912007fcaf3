package ondemand

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"ondemand-api-proxy/domain"
)

// SignIn returns a fresh grant of the account (section 2.1). An account with a key
// never signs in: its grant is the key, and no call is made. Refused credentials are
// CredentialRefused; an answer without token, user or company is a fault that may pass.
func (c *Client) SignIn(ctx context.Context, account *domain.Account) (domain.Grant, error) {
	if account.Credential().Kind() == domain.KeyCredential {
		return domain.Grant{Token: account.Credential().Key()}, nil
	}
	call := &call{
		op: opSignIn, account: account, grant: new(domain.Grant), method: http.MethodPost,
		url: c.options.GatewayURL + "/v1/auth/user/signin", body: []byte(`{"accountType":"default"}`),
	}
	body, err := c.control(ctx, call, maxControlAnswer)
	if err != nil {
		return domain.Grant{}, err
	}
	var answer struct {
		Data struct {
			TokenData struct {
				Token        string `json:"token"`
				RefreshToken string `json:"refreshToken"`
			} `json:"tokenData"`
			User struct {
				UserID    string `json:"userId"`
				CompanyID string `json:"default_company_id"`
			} `json:"user"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return domain.Grant{}, call.fault("the answer is not the JSON of a sign-in")
	}
	token, user := answer.Data.TokenData, answer.Data.User
	for _, field := range [...]struct{ name, value string }{
		{"token", token.Token}, {"userId", user.UserID}, {"default_company_id", user.CompanyID},
	} {
		if !fitsHeader(field.value) {
			return domain.Grant{}, call.fault("the answer holds no usable " + field.name)
		}
	}
	return domain.Grant{
		Token:        domain.NewSecret(token.Token),
		RefreshToken: domain.NewSecret(token.RefreshToken),
		UserID:       user.UserID,
		CompanyID:    user.CompanyID,
		Expires:      tokenExpiry(token.Token),
	}, nil
}

// Refresh renews a grant without the password (section 2.1). GrantExpired means that
// the account has to sign in anew; an account with a key gets its key again, without a call.
func (c *Client) Refresh(ctx context.Context, account *domain.Account, grant *domain.Grant) (domain.Grant, error) {
	if account.Credential().Kind() == domain.KeyCredential {
		return domain.Grant{Token: account.Credential().Key()}, nil
	}
	call := &call{
		op: opRefresh, account: account, grant: grant, method: http.MethodPost,
		url: c.options.GatewayURL + "/v1/auth/user/refresh_token",
	}
	if grant.RefreshToken.IsZero() {
		return domain.Grant{}, call.failure(domain.GrantExpired, errors.New("there is no refresh token"))
	}
	call.body = refreshBody(grant)
	body, err := c.control(ctx, call, maxControlAnswer)
	if err != nil {
		return domain.Grant{}, err
	}
	var answer struct {
		Data struct {
			Token        string `json:"token"`
			RefreshToken string `json:"refreshToken"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return domain.Grant{}, call.fault("the answer is not the JSON of a refresh")
	}
	if !fitsHeader(answer.Data.Token) {
		return domain.Grant{}, call.fault("the answer holds no usable token")
	}
	fresh := *grant
	fresh.Token = domain.NewSecret(answer.Data.Token)
	fresh.Expires = tokenExpiry(answer.Data.Token)
	if answer.Data.RefreshToken != "" {
		fresh.RefreshToken = domain.NewSecret(answer.Data.RefreshToken)
	}
	return fresh, nil
}

func refreshBody(grant *domain.Grant) []byte {
	body := appendQuoted([]byte(`{"data":{"token":`), grant.Token.Reveal())
	body = appendQuoted(append(body, `,"refreshToken":`...), grant.RefreshToken.Reveal())
	return append(body, "}}"...)
}

// fitsHeader tells whether a value of an answer can be sent back in a header.
func fitsHeader(value string) bool {
	return value != "" && !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' })
}
