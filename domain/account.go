package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// AccountID is the short, stable, public name of an account: ten hexadecimal
// digits derived from its e-mail address or key. It is safe in logs, metrics and
// stored rows, where the address itself must not appear.
type AccountID string

// CredentialKind tells how an account proves who it is.
type CredentialKind uint8

// The two kinds of on-demand.io account.
const (
	// PasswordCredential signs in with an e-mail address and a password.
	PasswordCredential CredentialKind = iota + 1
	// KeyCredential sends an API key with every call and never signs in.
	KeyCredential
)

// Credential is what an account signs in with. Its zero value is invalid.
type Credential struct {
	kind     CredentialKind
	email    Secret
	password Secret
	key      Secret
}

// NewPasswordCredential returns the credential of an account that signs in.
func NewPasswordCredential(email, password string) (Credential, error) {
	switch {
	case email == "":
		return Credential{}, errors.New(`"email" is empty`)
	case strings.ContainsAny(email, ":\r\n"):
		// The sign-in is HTTP Basic, where a colon ends the user name.
		return Credential{}, errors.New(`"email" holds a colon or a line break`)
	case password == "":
		return Credential{}, errors.New(`"password" is empty`)
	}
	return Credential{kind: PasswordCredential, email: NewSecret(email), password: NewSecret(password)}, nil
}

// NewKeyCredential returns the credential of an account that uses an API key.
func NewKeyCredential(key string) (Credential, error) {
	if key == "" {
		// The platform answers an empty key header with an opaque 500.
		return Credential{}, errors.New(`"api_key" is empty`)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Credential{}, errors.New(`"api_key" holds a character that no HTTP header can carry`)
	}
	return Credential{kind: KeyCredential, key: NewSecret(key)}, nil
}

// Kind tells which of the fields are set.
func (c Credential) Kind() CredentialKind { return c.kind }

// Email is the address of a PasswordCredential.
func (c Credential) Email() Secret { return c.email }

// Password belongs to Email.
func (c Credential) Password() Secret { return c.password }

// Key is the API key of a KeyCredential.
func (c Credential) Key() Secret { return c.key }

// identity is the same for the same account, whatever its password is today.
func (c Credential) identity() string {
	if c.kind == KeyCredential {
		return "key:" + c.key.Reveal()
	}
	return "email:" + strings.ToLower(c.email.Reveal())
}

// Masked shows enough of the credential to recognise it in a list of one's own
// accounts, and not enough to use it: "al***@example.org", or "key ***".
func (c Credential) Masked() string {
	if c.kind == KeyCredential {
		return "key " + redacted
	}
	local, host, found := strings.Cut(c.email.Reveal(), "@")
	if !found {
		return redacted
	}
	characters := []rune(local)
	shown := min(2, len(characters)-1)
	return string(characters[:max(shown, 0)]) + redacted + "@" + host
}

// Account is one on-demand.io account of the operator.
type Account struct {
	id         AccountID
	name       string
	credential Credential
	limits     AccountLimits
}

// AccountLimits are the operator's own budgets for one account; zero is no limit.
type AccountLimits struct {
	MaxConcurrency    int // queries at the same time
	RequestsPerMinute int // queries begun in any 60 seconds
}

// NewAccount returns an account; name may be empty, and is then its id.
func NewAccount(name string, credential Credential, limits AccountLimits) (Account, error) {
	if credential.kind == 0 {
		return Account{}, errors.New("an account needs a credential")
	}
	if limits.MaxConcurrency < 0 || limits.RequestsPerMinute < 0 {
		return Account{}, errors.New("an account's limits cannot be negative")
	}
	sum := sha256.Sum256([]byte("account\x00" + credential.identity()))
	id := AccountID(hex.EncodeToString(sum[:5]))
	if name == "" {
		name = string(id)
	}
	return Account{id: id, name: name, credential: credential, limits: limits}, nil
}

// ID is the account's stable public id.
func (a Account) ID() AccountID { return a.id }

// Name is what the operator calls the account, else its id. Never an e-mail
// address unless the operator chose it as a name.
func (a Account) Name() string { return a.name }

// Label is what the account is called where more people may look than its operator: its
// name, or its id when the name may be an e-mail address.
func (a Account) Label() string {
	if strings.Contains(a.name, "@") {
		return string(a.id)
	}
	return a.name
}

// Credential is what the account signs in with.
func (a Account) Credential() Credential { return a.credential }

// Limits are the operator's budgets for this account.
func (a Account) Limits() AccountLimits { return a.limits }

// SameCredential tells whether both sign in the same way with the same secret, so
// that what is known about one (its state, its tokens) holds for the other.
func (a Account) SameCredential(other Account) bool {
	return a.id == other.id && a.credential.kind == other.credential.kind &&
		a.credential.email.Equal(other.credential.email) &&
		a.credential.password.Equal(other.credential.password) &&
		a.credential.key.Equal(other.credential.key)
}

// Grant is what a sign-in yields and the following calls carry. It lives in
// memory only. An account with a key has the key as its grant.
type Grant struct {
	Token        Secret
	RefreshToken Secret
	UserID       string
	CompanyID    string
	Expires      time.Time // zero: not known
}
