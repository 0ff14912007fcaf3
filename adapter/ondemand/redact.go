package ondemand

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// struck stands where something was that may be secret.
const struck = "***"

// maxCauseText bounds the text of an error of the network, in bytes.
const maxCauseText = 300

// redactor makes texts that others wrote fit for the log. The platform may echo what it
// was sent, in any disguise, so that two nets are cast: the account's own secrets are
// struck out wherever they stand, and of the rest only plain words are let through.
type redactor struct{ secrets []string }

func redactorFor(c *call) redactor {
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
	// Control characters go first: one in the middle would hide a secret, and
	// removing it afterwards would show it again.
	said = plainWords(r.strike(printable(said)))
	if len(said) > limit { // all of it is ASCII by now
		return said[:limit] + "…"
	}
	return said
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

// strike replaces every secret that stands in said as it is, in any case. A secret of
// several words, or of one that is a plain word, is seen here only.
func (r redactor) strike(said string) string {
	var forms []string
	for _, secret := range r.secrets {
		if seen := printable(secret); seen != "" {
			forms = append(forms, regexp.QuoteMeta(seen))
		}
	}
	if len(forms) == 0 {
		return said
	}
	// The longest first: a secret may begin with another one.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pattern, err := regexp.Compile("(?i:" + strings.Join(forms, "|") + ")")
	if err != nil { // what cannot be searched for is not shown at all
		return struck
	}
	return pattern.ReplaceAllLiteralString(said, struck)
}

// plainWord matches words as people and programmers write them: "Session", "endpointId",
// "invalid_request", "API", and short numbers. Addresses, tokens, keys, and whatever is
// escaped or encoded have digits, signs or capitals that no such word has.
var plainWord = regexp.MustCompile(`^[("'\[{]*(?:[A-Za-z][a-z]{0,20}(?:[A-Z][a-z]{1,12})?(?:[_/-][a-z]{1,20}){0,3}|[A-Z]{2,8}|\d{1,4})[)"'\]}.,:;!?]*$`)

// plainWords strikes out every word of said that is not plain.
func plainWords(said string) string {
	var plain []string
	for _, word := range strings.Fields(said) {
		switch {
		case plainWord.MatchString(word):
			plain = append(plain, word)
		case len(plain) == 0 || plain[len(plain)-1] != struck:
			plain = append(plain, struck)
		}
	}
	return strings.Join(plain, " ")
}

// network returns err as a cause: without the URL that a *url.Error shows. What the
// network itself reports holds addresses of machines and nothing else; other errors
// may quote the peer, and are kept as plain text where they do.
func (r redactor) network(err error) error {
	var located *url.Error
	for errors.As(err, &located) {
		err = located.Err
	}
	var network *net.OpError
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	text := err.Error()
	safe := r.text(text, maxCauseText)
	if cause := handshakeCause(err); cause != nil {
		return fmt.Errorf("%w: %s", cause, safe)
	}
	if safe != text {
		return errors.New(safe)
	}
	return err
}
