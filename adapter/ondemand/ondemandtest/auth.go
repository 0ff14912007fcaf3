package ondemandtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// unauthorized is a missing, unknown or expired credential.
func unauthorized(message string) *refusal {
	return &refusal{http.StatusUnauthorized, message, "unauthorized"}
}

// signIn serves protocol section 2.1.
func (s *Sim) signIn(x *exchange) {
	var asked struct {
		AccountType string `json:"accountType"`
	}
	if err := json.Unmarshal(x.body, &asked); err != nil || asked.AccountType != "default" {
		x.refuse(invalid(`accountType must be "default"`))
		return
	}
	email, password, _ := x.r.BasicAuth()
	account, found := s.accountBy(func(a Account) bool { return a.Email != "" && a.Email == email && a.Password == password })
	if !found {
		x.refuse(unauthorized("Invalid email or password"))
		return
	}
	x.json(http.StatusOK, map[string]any{
		"message": "User signed in successfully",
		"data": map[string]any{
			"tokenData": map[string]any{"token": s.tokens.issue(account), "refreshToken": s.tokens.issueRefresh(account)},
			"user":      map[string]any{"userId": account.UserID, "default_company_id": account.CompanyID, "email": account.Email},
		},
	})
}

// refreshBody is what a refresh sends.
type refreshBody struct {
	Data struct {
		Token        string `json:"token"`
		RefreshToken string `json:"refreshToken"`
	} `json:"data"`
}

// refresh serves protocol section 2.1. The access token may have expired, but it must
// be the same account's.
func (s *Sim) refresh(x *exchange) {
	var asked refreshBody
	if err := json.Unmarshal(x.body, &asked); err != nil {
		x.refuse(invalid("request body is not valid"))
		return
	}
	holder, known, _ := s.tokens.owner(asked.Data.Token)
	account, good := s.tokens.refreshOwner(asked.Data.RefreshToken, s.opts.RotateRefresh)
	if !good || !known || holder != account {
		x.refuse(unauthorized("Invalid refresh token"))
		return
	}
	data := map[string]any{"token": s.tokens.issue(account)}
	if s.opts.RotateRefresh {
		data["refreshToken"] = s.tokens.issueRefresh(account)
	}
	x.json(http.StatusOK, map[string]any{"message": "Token refreshed successfully", "data": data})
}

// caller is the label of the account that a call claims to come from, whether or not
// its credential is good; empty when the platform knows no such account.
func (s *Sim) caller(op Operation, x *exchange) string {
	var account Account
	switch op {
	case SignIn:
		email, _, _ := x.r.BasicAuth()
		account, _ = s.accountBy(func(a Account) bool { return a.Email != "" && a.Email == email })
	case Refresh:
		var asked refreshBody
		_ = json.Unmarshal(x.body, &asked) // what cannot be read has no caller
		account, _, _ = s.tokens.owner(asked.Data.Token)
	default:
		if key := x.r.Header.Get("apikey"); key != "" {
			account, _ = s.accountBy(func(a Account) bool { return a.Key == key })
		} else {
			account, _, _ = s.tokens.owner(bearer(x.r))
		}
	}
	return account.Label()
}

func (s *Sim) accountBy(match func(Account) bool) (Account, bool) {
	if i := slices.IndexFunc(s.opts.Accounts, match); i >= 0 {
		return s.opts.Accounts[i], true
	}
	return Account{}, false
}

func bearer(r *http.Request) string {
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return text
}

// authorize tells whose call it is by the rules of the API that its path belongs to.
func (s *Sim) authorize(x *exchange) (Account, *refusal) {
	if strings.HasPrefix(x.r.URL.Path, "/chat/v1/client/") {
		return s.signedIn(x)
	}
	return s.withKey(x)
}

// signedIn checks a call to the client API.
func (s *Sim) signedIn(x *exchange) (Account, *refusal) {
	account, _, good := s.tokens.owner(bearer(x.r))
	h := x.r.Header
	switch {
	case !good:
		return Account{}, unauthorized("Invalid or expired token")
	case h.Get("x-company-id") == "":
		return Account{}, invalid("x-company-id is required")
	case h.Get("x-company-id") != account.CompanyID:
		return Account{}, &refusal{http.StatusForbidden, "User does not belong to the company", "forbidden"}
	case x.entry.call.Op == NewSession && h.Get("x-user-id") != account.UserID:
		return Account{}, invalid("x-user-id is required")
	}
	return account, nil
}

// withKey checks a call to the public API (protocol section 2.2).
func (s *Sim) withKey(x *exchange) (Account, *refusal) {
	keys := x.r.Header.Values("apikey")
	if len(keys) == 0 {
		return Account{}, unauthorized("No API key found in request")
	}
	if keys[0] == "" {
		return Account{}, &refusal{http.StatusInternalServerError, "An unexpected error occurred", ""}
	}
	account, found := s.accountBy(func(a Account) bool { return a.Key == keys[0] })
	if !found {
		return Account{}, unauthorized("Invalid API key")
	}
	return account, nil
}
