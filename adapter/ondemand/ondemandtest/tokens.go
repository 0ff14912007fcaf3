package ondemandtest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"
)

// tokens are the access and refresh tokens that were handed out.
type tokens struct {
	opts *Options
	key  []byte // signs the JWTs

	mu      sync.Mutex
	access  map[string]*token
	refresh map[string]*token
	order   []*token // oldest first, both kinds
}

type token struct {
	text    string
	account Account
	expires time.Time
	access  bool
}

// keepTokens bounds how many tokens are remembered, oldest forgotten first.
const keepTokens = 10_000

func newTokens(opts *Options) tokens {
	return tokens{opts: opts, key: []byte(rand.Text()), access: map[string]*token{}, refresh: map[string]*token{}}
}

// issue makes an access token.
func (t *tokens) issue(account Account) string {
	expires := t.opts.Now().Add(t.opts.TokenLife)
	text := rand.Text()
	if !t.opts.OpaqueTokens {
		text = t.jwt(account, expires)
	}
	t.keep(&token{text: text, account: account, expires: expires, access: true})
	return text
}

// issueRefresh makes a refresh token; it does not expire by itself.
func (t *tokens) issueRefresh(account Account) string {
	text := rand.Text()
	t.keep(&token{text: text, account: account})
	return text
}

func (t *tokens) keep(k *token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table(k)[k.text] = k
	t.order = append(t.order, k)
	for len(t.order) > keepTokens {
		delete(t.table(t.order[0]), t.order[0].text)
		t.order[0] = nil
		t.order = t.order[1:]
	}
}

func (t *tokens) table(k *token) map[string]*token {
	if k.access {
		return t.access
	}
	return t.refresh
}

// jwt is a signed token whose "exp" is rounded up to the second.
func (t *tokens) jwt(account Account, expires time.Time) string {
	enc := base64.RawURLEncoding
	head := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	claims, err := json.Marshal(map[string]any{
		"userId": account.UserID, "jti": rand.Text(), "exp": expires.Add(time.Second - time.Nanosecond).Unix(),
	})
	if err != nil {
		panic(err) // strings and a number always encode
	}
	payload := enc.EncodeToString(claims)
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(head + "." + payload))
	return head + "." + payload + "." + enc.EncodeToString(mac.Sum(nil))
}

// owner is whose access token it is, and whether it is still good.
func (t *tokens) owner(text string) (account Account, known, good bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.access[text]
	if k == nil {
		return Account{}, false, false
	}
	return k.account, true, t.opts.Now().Before(k.expires)
}

// refreshOwner is whose refresh token it is; spend makes it the last time it is good.
func (t *tokens) refreshOwner(text string, spend bool) (Account, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.refresh[text]
	if k == nil {
		return Account{}, false
	}
	if spend {
		delete(t.refresh, text)
	}
	return k.account, true
}

// ExpireTokens makes the access tokens of an account worthless; its refresh tokens
// stay good. The empty label means all accounts.
func (s *Sim) ExpireTokens(account string) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	for _, k := range s.tokens.access {
		if account == "" || k.account.Label() == account {
			k.expires = time.Time{}
		}
	}
}

// RevokeTokens makes access and refresh tokens of an account worthless, so that only
// a new sign-in helps. The empty label means all accounts.
func (s *Sim) RevokeTokens(account string) {
	s.ExpireTokens(account)
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	for text, k := range s.tokens.refresh {
		if account == "" || k.account.Label() == account {
			delete(s.tokens.refresh, text)
		}
	}
}
