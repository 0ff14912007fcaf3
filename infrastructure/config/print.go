package config

import (
	"fmt"
	"io"
	"text/tabwriter"
	"unicode/utf8"

	"ondemand-api-proxy/domain"
)

// Print writes the effective values as a table of key, value and source, in the
// order of Keys. Secrets are shown as "***".
func (c Config) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	// tabwriter keeps a write error and returns it from Flush.
	_, _ = fmt.Fprintln(table, "key\tvalue\tsource")
	for _, row := range rowsOf(c) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", row[0], row[1], row[2])
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the configuration: %w", err)
	}
	return nil
}

func rowsOf(c Config) [][3]string {
	var lines [][3]string
	for _, row := range table() {
		lines = append(lines, [3]string{row.Name, row.show(&c), c.Origin(row.Name)})
	}
	return lines
}

// Warnings returns sentences about what works but should not stay as it is.
func (c Config) Warnings() []string {
	var warnings []string
	known := "is the documented default"
	if !c.APIAccessToken.Equal(domain.NewSecret(DefaultAccessToken)) {
		known = "is copied from the documentation"
	}
	switch {
	case c.UsesDefaultToken() && c.BeyondLoopback():
		warnings = append(warnings, fmt.Sprintf(
			"DANGER: the access token %s, which everybody knows, and the server listens on %s: "+
				"whoever reaches it can use up your accounts. Set api_access_token (environment variable API_ACCESS_TOKEN) to a secret of your own now, such as \"openssl rand -hex 24\" prints.", known, c.Host))
	case c.UsesDefaultToken():
		warnings = append(warnings, fmt.Sprintf("The access token %s, which everybody knows. "+
			"Set api_access_token (environment variable API_ACCESS_TOKEN) to a secret of your own, such as \"openssl rand -hex 24\" prints.", known))
	}
	for _, name := range c.further(published) {
		warnings = append(warnings, fmt.Sprintf("%s is copied from the documentation, which everybody knows. Use a long random text, such as \"openssl rand -hex 24\" prints.", name))
	}
	if c.BeyondLoopback() || c.InSpace {
		for _, name := range c.guessable() {
			warnings = append(warnings, fmt.Sprintf("%s has fewer than %d characters and can be guessed. Use a long random text, such as \"openssl rand -hex 24\" prints.", name, shortestSecret))
		}
	}
	if unread := c.Unread(); unread != "" {
		warnings = append(warnings, unread)
	}
	if len(c.Accounts) == 0 {
		warnings = append(warnings, "No accounts are configured, so every chat request is answered with 503. "+c.HowToAddAccounts())
	}
	return warnings
}

// shortestSecret is the length, in characters, below which what lets people in can be guessed.
const shortestSecret = 16

// guessable names the secrets that let people in and are short.
func (c Config) guessable() []string {
	short := func(secret domain.Secret) bool { return utf8.RuneCountInString(secret.Reveal()) < shortestSecret }
	names := c.further(short)
	if short(c.APIAccessToken) {
		names = append([]string{"api_access_token"}, names...)
	}
	return names
}

// further names the secrets beside api_access_token that let people in and are bad.
func (c Config) further(bad func(domain.Secret) bool) []string {
	var names []string
	check := func(name string, secret domain.Secret) {
		if bad(secret) {
			names = append(names, name)
		}
	}
	if !c.DashboardPassword.Equal(c.APIAccessToken) {
		check("dashboard_password", c.DashboardPassword)
	}
	for i, t := range c.AccessTokens {
		check(fmt.Sprintf("Access token %d (access_tokens[%d])", i+1, i), t.Token)
	}
	return names
}

// Unread says in a sentence that a file to begin with lies where config.json is looked for, and
// is not read since nobody has named it; empty: there is none.
func (c Config) Unread() string {
	if c.unread == "" {
		return ""
	}
	return fmt.Sprintf("%s is here but is not read: add --config %s.", c.unread, c.unread)
}

// HowToAddAccounts says in one or two sentences what to do when there are no accounts.
func (c Config) HowToAddAccounts() string {
	const list = `[{"email":"you@example.org","password":"..."}] or [{"api_key":"..."}]`
	switch {
	case c.InSpace:
		return `In the settings of the Space, under "Variables and secrets", add the secret ONDEMAND_ACCOUNTS with a list such as ` + list + "; the Space starts anew by itself."
	case c.file.Path() == "":
		return "Set the environment variable ONDEMAND_ACCOUNTS to a list such as " + list + ", and start again."
	}
	what := `"accounts" with a list such as ` + list
	if !c.file.Exists() {
		what = `{"accounts": [{"email":"you@example.org","password":"..."}]} or {"accounts": [{"api_key":"..."}]}`
	}
	return fmt.Sprintf("Put %s into %s: a running proxy takes it over by itself. "+
		"Or set the environment variable ONDEMAND_ACCOUNTS to the list, and start again.", what, c.file.Path())
}
