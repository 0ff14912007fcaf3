package ondemand

import (
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
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

// strike replaces every secret, in any case and however an address would write it,
// and what looks like one. What cannot be searched for is not shown at all.
func (r redactor) strike(said string) string {
	var forms []string
	for _, secret := range r.secrets {
		if seen := printable(secret); seen != "" {
			forms = append(forms, seen, url.QueryEscape(secret), url.PathEscape(secret))
		}
	}
	// The longest first: a secret may begin with another one.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for i := range forms {
		forms[i] = regexp.QuoteMeta(forms[i])
	}
	for _, search := range [...]string{strings.Join(forms, "|"), looksSecret} {
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
