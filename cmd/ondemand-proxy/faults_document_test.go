package main_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var updateFaults = flag.Bool("update", false, "write docs/faults.md anew")

func TestTheFaultsDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "faults.md")
	want := faultsDocument()
	if *updateFaults {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("docs/faults.md is out of date (%v): go test ./cmd/ondemand-proxy -run TheFaultsDocument -update", err)
	}
}

// faultsDocument is docs/faults.md: what the table states, a section for each place.
func faultsDocument() string {
	var text strings.Builder
	fmt.Fprintf(&text, `# Faults

What every fault of on-demand.io or of the network means, wherever it comes: for the client, for the accounts, and in the ledger. This file is
generated from the table that the fault suite holds the real program against, in %d cells:
`+"`go test ./cmd/ondemand-proxy -run TheFaultsDocument -update`"+`.

- Each fault comes for one account, as often as that is asked, and the rest of the platform is well. A 401 to a token and a 404 to opening a
  session come once; rows of their own tell of those that last. Refused connections and failures of TLS meet every account that calls
  the same address.
- *Accounts* tells how the account stands right after the answer: ready, resting for a moment (and then the last resort), cooling or out. See
  [the table of attempts](architecture.md#attempts).
- *Ledger* tells the outcome, the result of each try, how many queries were begun, and whether tokens are charged.
- A row holds for streamed and whole answers, and for accounts with a password and with a key, unless it says otherwise.
- Times: `+"`max_retries`"+` is 3, `+"`account_cooldown_seconds`"+` %d, the `+"`Retry-After`"+` of the platform %d. Where something is silent, `+"`request_timeout`"+` and
  `+"`stream_timeout`"+` are 1.5, which leaves time for a second attempt only.
- After each cell a further request is answered, or refused as the account's state has it, and no call is left open at the platform.
`, len(faultCells()), int(untimedWait.Seconds()), int(timedWait.Seconds()))
	for _, p := range places() {
		p.document(&text)
	}
	return text.String()
}

// document writes the section of a place.
func (p place) document(text *strings.Builder) {
	fmt.Fprintf(text, "\n## %s\n", quoted(string(p)))
	two, alone := func(s stated) verdict { return s.two }, func(s stated) verdict { return s.alone }
	if differs := func(s stated) bool { return s.place == p && !reflect.DeepEqual(s.two, s.alone) }; !slices.ContainsFunc(faultTable(), differs) {
		p.documentRows(text, "with another account or without", two)
	} else {
		p.documentRows(text, "with another account that is well", two)
		p.documentRows(text, "with that account alone", alone)
	}
	p.documentRules(text)
}

// documentRows writes a table of the place. Its headline stands in the document only once, so
// that links can lead to it.
func (p place) documentRows(text *strings.Builder, title string, verdictOf func(stated) verdict) {
	fmt.Fprintf(text, "\n### %s: %s\n\n| fault | the client sees | accounts | ledger |\n| --- | --- | --- | --- |\n",
		quoted(string(p)), title)
	for _, f := range faults() {
		for _, s := range faultTable() {
			if s.place == p && slices.Contains(s.faults, f) {
				v := verdictOf(s)
				fmt.Fprintf(text, "| %s | %s | %s | %s |\n", s.label(f), v.client, v.pool, v.ledger)
			}
		}
	}
}

// label names a fault and whom alone the line is about.
func (s stated) label(f fault) string {
	var only []string
	if s.kind != "" && !s.forPasswords() {
		only = append(only, string(s.kind))
	}
	if s.asked != anyhow {
		only = append(only, string(s.asked))
	}
	name := s.named(f)
	if len(only) > 0 {
		name += " (" + strings.Join(only, ", ") + ")"
	}
	return name
}

// named is what a fault is called at the place.
func (p place) named(f fault) string {
	switch {
	case f == endless && p.inStream():
		return "endless frame"
	case f == endless && p == atQuery:
		return "endless header"
	case f == endless:
		return "endless body"
	case f == slowBytes && !p.inStream():
		return "slow bytes, longer than `request_timeout`"
	}
	return quoted(string(f))
}

func quoted(text string) string { return strings.ReplaceAll(text, "[DONE]", "`[DONE]`") }

// documentRules tells which faults cannot come here, and why.
func (p place) documentRules(text *strings.Builder) {
	var reasons []string
	by := map[string][]string{}
	for _, f := range faults() {
		why := p.cannotOccur(f, byPassword)
		if why == "" {
			continue
		}
		if by[why] == nil {
			reasons = append(reasons, why)
		}
		by[why] = append(by[why], p.named(f))
	}
	text.WriteString("\nNot here:\n\n")
	if p.forPasswords() {
		text.WriteString("- accounts with a key: they never sign in.\n")
	}
	for _, why := range reasons {
		fmt.Fprintf(text, "- %s: %s\n", strings.Join(by[why], "; "), strings.ToLower(why[:1])+why[1:])
	}
}
