package logging

import (
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestNoFormattedMessageShowsASecretOrGrant(t *testing.T) {
	all := secrets(t)
	for _, name := range []string{"secret", "secret behind a pointer", "list of secrets", "map of secrets", "grant", "grant behind a pointer", "wrapped in an error"} {
		value := all[name]
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := logged(Console, func(l *zap.Logger) { l.Sugar().Infof(verb, value) }); strings.Contains(got, "canary") || strings.Contains(got, "63616e617279") {
				t.Errorf("%s with %s: a secret is shown: %s", name, verb, got)
			}
		}
		if got := logged(Console, func(l *zap.Logger) { l.Sugar().Info("value ", value) }); strings.Contains(got, "canary") {
			t.Errorf("%s: a secret is shown: %s", name, got)
		}
	}
}
