package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ondemand-api-proxy/domain"
)

// AccessToken is one token that clients may use.
type AccessToken struct {
	Name         string // the operator's name for it
	Token        domain.Secret
	RateLimit    int       // requests per minute; 0: no limit
	TokensPerDay int64     // tokens of models, of prompts and answers, in a day of UTC; 0: no limit
	Models       []string  // the only models it may use; empty: all
	Expires      time.Time // zero: never
}

// Gate knows who may come in, and how much of what each may have.
type Gate struct {
	passes atomic.Pointer[[]*pass]

	mu       sync.Mutex                   // of Replace
	counters map[domain.TokenID]*counters // what was used does not change with the configuration
}

// counters are what the holder of an access token has used.
type counters struct {
	bucket *bucket // of the limit it had last
	spent  spent
}

// pass is an access token without the token.
type pass struct {
	id      domain.TokenID
	name    string
	first   bool // the operator's own token
	sum     [sha256.Size]byte
	models  []string
	expires time.Time
	bucket  *bucket // nil: no limit
	perDay  int64   // 0: no limit
	spent   *spent
}

// NewGate returns the gate for these tokens. The first one is the operator's own.
func NewGate(tokens []AccessToken) *Gate {
	g := &Gate{counters: make(map[domain.TokenID]*counters)}
	g.Replace(tokens)
	return g
}

// Replace makes these the tokens that let in, at once. A token that stays has used what it has
// used; requests under way are not disturbed.
func (g *Gate) Replace(tokens []AccessToken) {
	g.mu.Lock()
	defer g.mu.Unlock()
	passes := make([]*pass, 0, len(tokens))
	for i, t := range tokens {
		p := &pass{
			id: domain.TokenIDOf(t.Token), name: t.Name, first: i == 0, sum: sha256.Sum256([]byte(t.Token.Reveal())),
			models: t.Models, expires: t.Expires, perDay: t.TokensPerDay,
		}
		used := g.counters[p.id]
		if used == nil {
			used = &counters{}
			g.counters[p.id] = used
		}
		if t.RateLimit > 0 && (used.bucket == nil || used.bucket.limit != t.RateLimit) {
			used.bucket = newBucket(t.RateLimit).usedLike(used.bucket)
		}
		if t.RateLimit > 0 {
			p.bucket = used.bucket
		}
		p.spent = &used.spent
		passes = append(passes, p)
	}
	g.passes.Store(&passes)
}

// Spent tells what access tokens have used of today's tokens before the start.
func (g *Gate) Spent(tokens map[domain.TokenID]int64, now time.Time) {
	for _, p := range *g.passes.Load() {
		p.spent.add(tokens[p.id], now)
	}
}

// NameOf returns what the operator calls the access token with this id, "" when there is none.
func (g *Gate) NameOf(id domain.TokenID) string {
	for _, p := range *g.passes.Load() {
		if p.id == id {
			return p.name
		}
	}
	return ""
}

// admit returns the pass of whoever shows a valid token, in either of the two headers:
// in a private Hugging Face Space, Authorization belongs to the Space. Every pass is
// compared, in constant time, so that the time tells nothing of where or whether one fits.
func (g *Gate) admit(header http.Header, now time.Time) *pass {
	var admitted *pass
	passes := *g.passes.Load()
	for _, shown := range Shown(header) {
		sum := sha256.Sum256([]byte(shown))
		for _, p := range passes {
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
