package config

import (
	"strings"
	"testing"
)

func TestTheFileToBeginWithCanBeUsedAndNamesEveryKey(t *testing.T) {
	text := Starter("sk-of-somebody-who-begins")
	c := mustLoad(t, inDir(t, "config.yaml", text, "CONFIG_FILE=config.yaml"))
	if c.APIAccessToken.Reveal() != "sk-of-somebody-who-begins" || len(c.Accounts) != 0 || c.UsesDefaultToken() {
		t.Errorf("it is read as %v", c)
	}
	var all strings.Builder
	for line := range strings.Lines(text) { // all that is commented out, put in force
		for _, k := range Keys() {
			if setting, found := strings.CutPrefix(line, "# "+k.Name+": "); found && strings.TrimSpace(setting) != "" {
				line = k.Name + ": " + setting
			}
		}
		all.WriteString(line)
	}
	_, written, _ := strings.Cut(all.String(), "\n\n")
	uncommented := mustLoad(t, inDir(t, "config.yaml", written, "CONFIG_FILE=config.yaml"))
	if changed := append(c.Changes(uncommented), c.NeedRestart(uncommented)...); len(changed) > 0 {
		t.Errorf("with every default spelled out, these differ: %q", changed)
	}
	for _, k := range Keys() {
		if !strings.Contains(text, k.Name+":") || !strings.Contains(text, k.Env) || !strings.Contains(text, k.Doc) {
			t.Errorf("%s is not in it", k.Name)
		}
	}
}

func TestTheExamplesOfTheFileToBeginWithAreTakenInByUncommentingThem(t *testing.T) {
	_, rest, _ := strings.Cut(Starter("sk-of-somebody-who-begins"), "\naccounts:")
	examples, _, _ := strings.Cut(rest, "\n\n")
	for what, mark := range map[string]string{"the mark": "#", "the mark and a space": "# "} {
		text := "accounts:" + strings.ReplaceAll(examples, "\n"+mark, "\n")
		if c := mustLoad(t, inDir(t, "config.yaml", text, "CONFIG_FILE=config.yaml")); len(c.Accounts) != 2 {
			t.Errorf("without %s there are %d accounts, want 2:\n%s", what, len(c.Accounts), text)
		}
	}
}
