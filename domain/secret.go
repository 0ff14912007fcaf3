package domain

import (
	"crypto/subtle"
	"fmt"
	"io"
)

// redacted is what every secret prints as, whatever the verb or the encoder.
const redacted = "***"

// Secret is text that must never be shown: a password, a key, a token, an
// e-mail address. Every way of printing or encoding it yields "***", so that a
// log line or an error that holds one by accident stays harmless.
//
// The text is behind a pointer because fmt calls no method on what it finds in an
// unexported field: it walks through the values, and prints a pointer as an address.
// Compare with Equal; == compares the pointers.
type Secret struct{ value *string }

// NewSecret wraps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the text itself. Only code that puts it on the wire or derives
// an identity from it may call this.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero tells whether there is no secret at all.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal compares in a time that does not depend on where the texts differ.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String implements fmt.Stringer; it never shows the secret.
func (s Secret) String() string { return redacted }

// Format implements fmt.Formatter, so that no verb (%#v, %x, %q) gets around String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler; it never shows the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON implements json.Marshaler; it never shows the secret.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
