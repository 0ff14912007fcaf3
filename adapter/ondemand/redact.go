package ondemand

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// struck stands where something secret was.
const struck = "***"

// maxCauseText bounds the text of an error of the network, in bytes.
const maxCauseText = 300

// redactor strikes an account's secrets out of texts that others wrote: the
// platform may echo what it was sent.
type redactor struct{ secrets []string }

func redactorFor(c call) redactor {
	credential := c.account.Credential()
	email, password := credential.Email().Reveal(), credential.Password().Reveal()
	return redactor{secrets: []string{
		email, password, credential.Key().Reveal(),
		base64.StdEncoding.EncodeToString([]byte(email + ":" + password)),
		c.grant.Token.Reveal(), c.grant.RefreshToken.Reveal(), c.grant.UserID, c.grant.CompanyID,
	}}
}

// text returns at most limit bytes of said, on one line, without secrets.
func (r redactor) text(said string, limit int) string {
	if said == "" {
		return ""
	}
	// Control characters go first: one in the middle would hide a secret, and
	// removing it afterwards would show it again.
	said = r.strike(printable(said))
	if len(said) <= limit {
		return said
	}
	end := limit
	for end > 0 && !utf8.RuneStart(said[end]) {
		end--
	}
	return said[:end] + "…"
}

// printable is text without anything that a log line should not hold.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, ""))
}

// looksSecret matches what is secret whoever it belongs to: addresses, credentials as
// headers carry them, JWTs.
const looksSecret = `[^\s"'<>@]+@[^\s"'<>@]+|(?:bearer|basic)\s+[^\s"'\],]+|eyj[\w-]+\.[\w.-]+`

// strike replaces every secret, in any case and however a text would write it, and
// what looks like one. What cannot be searched for is not shown at all.
func (r redactor) strike(said string) string {
	// The longest first: a secret may begin with another one.
	secrets := slices.Clone(r.secrets)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var forms, encoded []string
	for _, secret := range secrets {
		if printable(secret) != "" {
			forms = append(forms, anyForm(secret))
			encoded = append(encoded, inBase64(secret)...)
		}
	}
	// Base64 last: a token may hold some, and in pieces it would no longer look like one.
	for _, search := range [...]string{strings.Join(forms, "|"), looksSecret, strings.Join(encoded, "|")} {
		if search == "" {
			continue
		}
		pattern, err := regexp.Compile("(?i:" + search + ")")
		if err != nil {
			return struck
		}
		said = pattern.ReplaceAllLiteralString(said, struck)
	}
	return said
}

// anyForm matches a secret as it is, or with characters escaped: for JSON (however often),
// for an address, for a page. Characters that printable takes out may be missing.
func anyForm(secret string) string {
	var form strings.Builder
	for _, c := range strings.ToValidUTF8(secret, "") {
		if c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
			form.WriteRune(c)
			continue
		}
		form.WriteString(`(?:&#?\w+;|`)
		for _, b := range []byte(string(c)) {
			fmt.Fprintf(&form, "%%%02x", b)
		}
		form.WriteByte('|')
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&form, `\\+u%04x`, unit)
		}
		switch {
		case c == ' ':
			form.WriteString(`| |\+)`)
		case unicode.IsPrint(c):
			form.WriteString(`|\\*` + regexp.QuoteMeta(string(c)) + ")")
		default:
			form.WriteString(`|\\+[a-z])?`)
		}
	}
	return form.String()
}

// shortestInBase64 is where a secret's base64 is long enough to be no accident.
const shortestInBase64 = 6

// inBase64 is a secret in base64, up to what depends on what stands behind it.
func inBase64(secret string) []string {
	if len(secret) < shortestInBase64 {
		return nil
	}
	whole := len(secret) * 8 / 6
	return []string{
		regexp.QuoteMeta(base64.RawStdEncoding.EncodeToString([]byte(secret))[:whole]),
		base64.RawURLEncoding.EncodeToString([]byte(secret))[:whole],
	}
}

// network returns err as a cause: without the URL that a *url.Error shows, and as
// plain text where the peer managed to get something secret into it.
func (r redactor) network(err error) error {
	var located *url.Error
	for errors.As(err, &located) {
		err = located.Err
	}
	text := err.Error()
	if safe := r.text(text, maxCauseText); safe != text {
		return errors.New(safe)
	}
	return err
}
