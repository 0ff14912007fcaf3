package ondemandtest

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Options say what the simulated platform is like. The zero value is usable: the
// default accounts, the Echo model, no delays, no limits.
type Options struct {
	// Accounts are the platform's customers; none: DefaultAccounts.
	Accounts []Account
	// Model answers the queries; nil: Echo.
	Model Model
	// Wire and Pace are the shape and the speed of answers; Using and Paced change
	// them for single queries.
	Wire Wire
	Pace Pace

	// TokenLife is how long an access token is good; 0: an hour.
	TokenLife time.Duration
	// OpaqueTokens makes access tokens random text rather than JWTs with an "exp".
	OpaqueTokens bool
	// RotateRefresh makes every refresh return a new refresh token and end the old one.
	RotateRefresh bool

	// SessionIdle is how long an unused session lives; 0: for ever.
	SessionIdle time.Duration
	// ExpiredAs400 answers queries to an expired or forgotten session with the
	// "expired" 400 instead of 404.
	ExpiredAs400 bool

	// QueriesPerMinute is the limit of each company in any 60 seconds; 0: none.
	QueriesPerMinute int
	// LimitRetryAfter adds a Retry-After, in whole seconds, to the limit's 429; 0: none.
	LimitRetryAfter time.Duration

	// Catalogue is the list of models; nil: DefaultCatalogue.
	Catalogue []Endpoint
	// Envelope is how the catalogue wraps its list.
	Envelope Envelope
	// Endpoints are further endpoint ids that queries may use, unlisted.
	Endpoints []string
	// StrictEffort refuses a reasoningEffort that the endpoint's catalogue entry does
	// not list. The platform itself was seen to accept it.
	StrictEffort bool

	// Now is the clock of tokens, sessions, limits and records; nil: time.Now.
	Now func() time.Time

	// MaxBody bounds a request's body in bytes; 0: 64 MiB. Longer ones get 413.
	MaxBody int64
	// KeepCalls and KeepSessions bound the records, oldest dropped first; 0: 10,000 each.
	KeepCalls, KeepSessions int
	// KeepBytes bounds the texts of all sessions, and again those of all calls, in
	// bytes, oldest dropped first; 0: 256 MiB.
	KeepBytes int
	// KeepBody bounds the copy of each call's body in bytes; 0: 64 KiB.
	KeepBody int
}

// Account is a customer of the simulated platform: Email and Password, or Key.
type Account struct {
	Email, Password string
	Key             string
	// UserID and CompanyID are derived from the account when empty. Accounts with
	// the same CompanyID share its rate limit.
	UserID, CompanyID string
}

// Label is how scripts and records name the account: its e-mail address, else its key.
func (a Account) Label() string {
	if a.Email != "" {
		return a.Email
	}
	return a.Key
}

// DefaultAccounts are one account of each kind, for demonstrations.
func DefaultAccounts() []Account {
	return []Account{
		{Email: "demo@example.org", Password: "demo-password"},
		{Key: "demo-key"},
	}
}

// DemoOptions are for showing the proxy to a person without any account: the Demo
// model at reading speed, and little memory.
func DemoOptions() Options {
	return Options{
		Accounts:     DefaultAccounts(),
		Model:        Demo,
		Pace:         Pace{BeforeFirst: 300 * time.Millisecond, Between: 20 * time.Millisecond, Heartbeat: 5 * time.Second},
		KeepCalls:    200,
		KeepSessions: 1000,
		KeepBytes:    16 << 20,
		KeepBody:     1 << 10,
	}
}

// filled returns the options with every default in place.
func (o Options) filled() Options {
	if len(o.Accounts) == 0 {
		o.Accounts = DefaultAccounts()
	}
	accounts := make([]Account, len(o.Accounts))
	for i, a := range o.Accounts {
		accounts[i] = a.filled()
	}
	o.Accounts = accounts
	if o.Model == nil {
		o.Model = Echo
	}
	if o.Catalogue == nil {
		o.Catalogue = DefaultCatalogue()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.TokenLife = either(o.TokenLife, time.Hour)
	o.MaxBody = either(o.MaxBody, 64<<20)
	o.KeepCalls = either(o.KeepCalls, 10_000)
	o.KeepSessions = either(o.KeepSessions, 10_000)
	o.KeepBytes = either(o.KeepBytes, 256<<20)
	o.KeepBody = either(o.KeepBody, 64<<10)
	return o
}

func (a Account) filled() Account {
	sum := sha256.Sum256([]byte(a.Label()))
	a.UserID = either(a.UserID, hex.EncodeToString(sum[:12]))
	a.CompanyID = either(a.CompanyID, hex.EncodeToString(sum[12:24]))
	return a
}

// either returns value, or fallback when value is zero.
func either[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
