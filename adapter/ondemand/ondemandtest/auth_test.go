package ondemandtest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// signIn turns the customer into one that has signed in; it returns both tokens.
func (c *customer) signIn() (token, refresh string) {
	c.t.Helper()
	c.header = basic(email, password)
	got := c.post("/v1/auth/user/signin", `{"accountType":"default"}`)
	if got.status != http.StatusOK {
		c.t.Fatalf("sign-in: status %d, body %q; want 200", got.status, got.body)
	}
	token = path(c.t, got.body, "data", "tokenData", "token")
	c.header = http.Header{
		"Authorization": {"Bearer " + token},
		"X-Company-Id":  {path(c.t, got.body, "data", "user", "default_company_id")},
		"X-User-Id":     {path(c.t, got.body, "data", "user", "userId")},
	}
	c.prefix = "/chat/v1/client"
	return token, path(c.t, got.body, "data", "tokenData", "refreshToken")
}

func basic(email, password string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(email+":"+password))}}
}

func refreshBody(token, refresh string) string {
	return `{"data":{"token":"` + token + `","refreshToken":"` + refresh + `"}}`
}

func TestSignInRefusesWhatThePlatformRefuses(t *testing.T) {
	_, c := start(t, sim.Options{})
	for _, test := range []struct {
		name, email, password, body string
		want                        int
	}{
		{"wrong password", email, "wrong", `{"accountType":"default"}`, 401},
		{"unknown address", "b@example.org", password, `{"accountType":"default"}`, 401},
		{"a key account's empty address", "", "", `{"accountType":"default"}`, 401},
		{"no account type", email, password, `{}`, 400},
		{"no body", email, password, ``, 400},
	} {
		c.header = basic(test.email, test.password)
		if got := c.post("/v1/auth/user/signin", test.body); got.status != test.want {
			t.Errorf("%s: status %d, want %d", test.name, got.status, test.want)
		}
	}
}

func TestTokenIsAJWTWithItsExpiry(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	_, c := start(t, sim.Options{TokenLife: time.Minute, Now: func() time.Time { return now }})
	token, _ := c.signIn()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts, want 3", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Exp int64 }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if want := now.Add(time.Minute).Unix(); claims.Exp != want {
		t.Errorf("exp is %d, want %d", claims.Exp, want)
	}
}

func TestOpaqueTokensHoldNothing(t *testing.T) {
	_, c := start(t, sim.Options{OpaqueTokens: true})
	token, _ := c.signIn()
	if strings.Contains(token, ".") {
		t.Errorf("token %q looks like a JWT", token)
	}
	c.session()
}

func TestTokenEndsByTimeAndOnDemandAndRefreshRevivesIt(t *testing.T) {
	var later atomic.Int64
	server, c := start(t, sim.Options{
		TokenLife: time.Minute,
		Now:       func() time.Time { return time.Unix(1_800_000_000+later.Load(), 0) },
	})
	token, refresh := c.signIn()
	c.session()
	for _, end := range []func(){
		func() { later.Store(60) },
		func() { server.ExpireTokens(email) },
	} {
		end()
		if got := c.post("/chat/v1/client/sessions", `{"externalUserId":"u"}`); got.status != 401 {
			t.Fatalf("an expired token: status %d, want 401", got.status)
		}
		got := c.post("/v1/auth/user/refresh_token", refreshBody(token, refresh))
		if got.status != 200 {
			t.Fatalf("refresh: status %d, body %q, want 200", got.status, got.body)
		}
		if again := path(t, got.body, "data", "refreshToken"); again != "" {
			t.Errorf("refresh rotated the refresh token, unasked")
		}
		token = path(t, got.body, "data", "token")
		c.header.Set("Authorization", "Bearer "+token)
		c.session()
	}
	server.RevokeTokens(email)
	if got := c.post("/v1/auth/user/refresh_token", refreshBody(token, refresh)); got.status != 401 {
		t.Errorf("refresh after a revocation: status %d, want 401", got.status)
	}
	if got := server.Count(sim.Refresh, email); got != 3 {
		t.Errorf("counted %d refreshes, want 3", got)
	}
	if got := server.Count(sim.SignIn, email); got != 1 {
		t.Errorf("counted %d sign-ins, want 1", got)
	}
}

func TestRotatedRefreshTokenIsGoodOnce(t *testing.T) {
	_, c := start(t, sim.Options{RotateRefresh: true})
	token, refresh := c.signIn()
	got := c.post("/v1/auth/user/refresh_token", refreshBody(token, refresh))
	next := path(t, got.body, "data", "refreshToken")
	if next == "" || next == refresh {
		t.Fatalf("refresh returned the refresh token %q, want a new one", next)
	}
	if got := c.post("/v1/auth/user/refresh_token", refreshBody(token, refresh)); got.status != 401 {
		t.Errorf("the old refresh token: status %d, want 401", got.status)
	}
	if got := c.post("/v1/auth/user/refresh_token", refreshBody(token, next)); got.status != 200 {
		t.Errorf("the new refresh token: status %d, want 200", got.status)
	}
}

func TestChatWantsTheHeadersOfItsAPI(t *testing.T) {
	_, c := start(t, sim.Options{})
	c.signIn()
	good := c.header
	for _, test := range []struct {
		name, path string
		change     func(http.Header)
		want       int
	}{
		{"client, no token", "/chat/v1/client/sessions", func(h http.Header) { h.Del("Authorization") }, 401},
		{"client, wrong token", "/chat/v1/client/sessions", func(h http.Header) { h.Set("Authorization", "Bearer x") }, 401},
		{"client, no company", "/chat/v1/client/sessions", func(h http.Header) { h.Del("x-company-id") }, 400},
		{"client, another company", "/chat/v1/client/sessions", func(h http.Header) { h.Set("x-company-id", "x") }, 403},
		{"client, no user", "/chat/v1/client/sessions", func(h http.Header) { h.Del("x-user-id") }, 400},
		{"public, only a token", "/chat/v1/sessions", func(http.Header) {}, 401},
		{"public, wrong key", "/chat/v1/sessions", func(h http.Header) { h.Set("apikey", "x") }, 401},
		{"public, empty key", "/chat/v1/sessions", func(h http.Header) { h.Set("apikey", "") }, 500},
		{"public, right key", "/chat/v1/sessions", func(h http.Header) { h.Set("apikey", keyA) }, 201},
		{"unknown path", "/chat/v2/sessions", func(http.Header) {}, 404},
	} {
		c.header = good.Clone()
		test.change(c.header)
		if got := c.post(test.path, `{"externalUserId":"u"}`); got.status != test.want {
			t.Errorf("%s: status %d, body %q; want %d", test.name, got.status, got.body, test.want)
		}
	}
}
