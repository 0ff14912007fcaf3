package config

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ondemand-api-proxy/domain"
)

// plainText tells whether text can stand in a line: not empty, valid UTF-8,
// without control characters and without space around it.
func plainText(text string) bool {
	return text != "" && utf8.ValidString(text) && strings.TrimSpace(text) == text &&
		!strings.ContainsFunc(text, unicode.IsControl)
}

// visibleASCII tells whether text can be sent as a bearer token.
func visibleASCII(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// text reads text that fits.
func text(allowed string, fits func(string) bool) codec[string] {
	parse := func(text string) (string, error) { return text, unless(fits(text)) }
	return codec[string]{allowed: allowed, value: fromString(parse), text: parse, show: showText}
}

// showText shows text as it is where that is safe in a table, else quoted.
func showText(text string) string {
	if text == "" {
		return none
	}
	if quoted := strconv.Quote(text); quoted[1:len(quoted)-1] != text {
		return quoted
	}
	return text
}

const (
	none   = "none"
	hidden = "***"
)

func secret(allowed string, fits func(string) bool) codec[domain.Secret] {
	parse := func(text string) (domain.Secret, error) {
		if !fits(text) {
			return domain.Secret{}, errNotAllowed
		}
		return domain.NewSecret(text), nil
	}
	return codec[domain.Secret]{
		allowed: allowed,
		value:   fromString(parse),
		text:    parse,
		show:    func(domain.Secret) string { return hidden },
	}
}

const tokenAllowed = "text of printable ASCII characters without spaces"

// token reads an access token.
func token() codec[domain.Secret] { return secret(tokenAllowed, visibleASCII) }

// password reads what a person types into a form.
func password() codec[domain.Secret] {
	return secret("text without control characters and without spaces around it", plainText)
}

// host reads an address or a name to listen on; an IPv6 address may stand in brackets.
func host() codec[string] {
	parse := func(text string) (string, error) {
		text = strings.TrimSpace(text)
		if len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' && strings.Contains(text, ":") {
			text = text[1 : len(text)-1]
		}
		if _, err := netip.ParseAddr(text); err == nil || hostName(text) {
			return text, nil
		}
		return "", errNotAllowed
	}
	return codec[string]{
		allowed: "an IP address or a host name, without a port (0.0.0.0 for every address of this machine)",
		value:   fromString(parse),
		text:    parse,
		show:    showText,
	}
}

func hostName(text string) bool {
	return text != "" && len(text) <= 253 && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' && r != '_'
	})
}

// origin reads the bare origin of a server.
func origin() codec[string] {
	parse := func(text string) (string, error) {
		o, err := parseOrigin(strings.TrimSuffix(strings.TrimSpace(text), "/"))
		if err != nil {
			return "", errNotAllowed
		}
		return o, nil
	}
	return codec[string]{
		allowed: "http:// or https:// with a host and perhaps a port, without path, query or user name",
		value:   fromString(parse),
		text:    parse,
		show:    showText,
	}
}

// pageOrigin returns the origin of a page as browsers send it: without the port that the
// scheme has anyway, and for programs that bring a browser along with whatever scheme
// they have ("app://obsidian.md").
func pageOrigin(text string) (string, bool) {
	if o, err := parseOrigin(text); err == nil {
		o, _ = strings.CutSuffix(o, map[bool]string{true: ":443", false: ":80"}[strings.HasPrefix(o, "https:")])
		return o, true
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme == "http" || u.Scheme == "https" || u.Scheme+"://"+u.Host != text || !plainText(text) {
		return "", false
	}
	return strings.ToLower(text), true
}

// parseOrigin returns an origin with scheme and host in lower case, as browsers
// send it. Its error has no details, since those could hold a password.
func parseOrigin(text string) (string, error) {
	bad := errors.New("no origin")
	// An empty query or fragment leaves no trace in url.URL.
	if strings.ContainsAny(text, "?#@") {
		return "", bad
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" {
		return "", bad
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil && !hostName(u.Hostname()) {
		return "", bad
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", bad
		}
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}
