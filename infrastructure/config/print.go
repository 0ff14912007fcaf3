package config

import (
	"fmt"
	"io"
	"text/tabwriter"
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
		source, set := c.origins[row.Name]
		if !set {
			source = "default"
		}
		lines = append(lines, [3]string{row.Name, row.show(&c), source})
	}
	return lines
}

// Warnings returns sentences about what works but should not stay as it is.
func (c Config) Warnings() []string {
	var warnings []string
	switch {
	case c.UsesDefaultToken() && c.BeyondLoopback():
		warnings = append(warnings, fmt.Sprintf(
			"DANGER: the access token is the documented default, which everybody knows, and the server listens on %s: "+
				"whoever reaches it can use up your accounts. Set api_access_token (environment variable API_ACCESS_TOKEN) to a secret of your own now.", c.Host))
	case c.UsesDefaultToken():
		warnings = append(warnings, "The access token is the documented default, which everybody knows. "+
			"Set api_access_token (environment variable API_ACCESS_TOKEN) to a secret of your own.")
	}
	if len(c.Accounts) == 0 {
		warnings = append(warnings, "No accounts are configured, so every chat request is answered with 503. "+
			`Set accounts in config.json, or the environment variable ONDEMAND_ACCOUNTS, to a list such as [{"email":"you@example.org","password":"..."}] or [{"api_key":"..."}].`)
	}
	return warnings
}
