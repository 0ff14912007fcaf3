package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"ondemand-api-proxy/domain"
)

// AccessToken is one token that clients may use.
type AccessToken struct {
	Token     domain.Secret
	RateLimit int       // requests per minute; 0: no limit
	Models    []string  // the only models it may use; empty: all
	Expires   time.Time // zero: never
}

// Gate knows who may come in.
type Gate struct{ passes []*pass }

// pass is an access token without the token.
type pass struct {
	id      domain.TokenID
	first   bool // the operator's own token
	sum     [sha256.Size]byte
	models  []string
	expires time.Time
	bucket  *bucket // nil: no limit
}

// NewGate returns the gate for these tokens. The first one is the operator's own.
func NewGate(tokens []AccessToken) *Gate {
	g := &Gate{}
	for i, t := range tokens {
		p := &pass{
			id: domain.TokenIDOf(t.Token), first: i == 0, sum: sha256.Sum256([]byte(t.Token.Reveal())),
			models: t.Models, expires: t.Expires,
		}
		if t.RateLimit > 0 {
			p.bucket = newBucket(t.RateLimit)
		}
		g.passes = append(g.passes, p)
	}
	return g
}

// admit returns the pass of whoever shows a valid token, in either of the two headers:
// in a private Hugging Face Space, Authorization belongs to the Space. Every pass is
// compared, in constant time, so that the time tells nothing of where or whether one fits.
func (g *Gate) admit(header http.Header, now time.Time) *pass {
	var admitted *pass
	for _, shown := range Shown(header) {
		sum := sha256.Sum256([]byte(shown))
		for _, p := range g.passes {
			fits := subtle.ConstantTimeCompare(sum[:], p.sum[:]) == 1
			if fits && (p.expires.IsZero() || now.Before(p.expires)) {
				admitted = p
			}
		}
	}
	return admitted
}

// Shown returns what a request shows as its token, from both headers; empty texts among it.
func Shown(header http.Header) []string {
	return []string{bearer(header.Get("Authorization")), header.Get("X-Api-Key")}
}

// bearer returns the token of an Authorization header; the scheme's case does not matter.
func bearer(value string) string {
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// allows tells whether the pass may use a model.
func (p *pass) allows(model string) bool {
	return len(p.models) == 0 || slices.Contains(p.models, model)
}
