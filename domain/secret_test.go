package domain

import (
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// The canaries must not be seen in anything that is printed or encoded.
const (
	canaryEmail    = "canary.mail@example.org"
	canaryPassword = "canary-password"
	canaryKey      = "canary-key"
)

// shows tells whether text holds a canary: plain, in hexadecimal, or as decimal bytes.
func shows(text string) bool {
	const mark = "canary"
	lower := strings.ToLower(text)
	return strings.Contains(lower, mark) || strings.Contains(strings.ReplaceAll(lower, " ", ""), hex.EncodeToString([]byte(mark))) ||
		strings.Contains(text, strings.Trim(fmt.Sprintf("%d", []byte(mark)), "[]"))
}

// holders returns values of every shape that hold secrets.
func holders(t *testing.T) map[string]any {
	t.Helper()
	secret := NewSecret(canaryPassword)
	signsIn := passwordCredential(t, canaryEmail, canaryPassword)
	byKey := keyCredential(t, canaryKey)
	unnamed, keyed := account(t, "", signsIn), account(t, "mine", byKey)
	type open struct{ Secret Secret }
	type closed struct{ secret Secret }
	type deep struct {
		inner  closed
		behind *closed
		list   []Secret
		table  map[string]Credential
		any    any
	}
	return map[string]any{
		"secret": secret, "pointer": &secret, "list": []Secret{secret}, "array": [1]Secret{secret},
		"map": map[string]Secret{"k": secret}, "map of pointers": map[string]*Secret{"k": &secret},
		"exported field": open{secret}, "pointer to an exported field": &open{secret},
		"unexported field": closed{secret}, "pointer to an unexported field": &closed{secret},
		"deep":     deep{closed{secret}, &closed{secret}, []Secret{secret}, map[string]Credential{"k": signsIn}, secret},
		"embedded": struct{ Secret }{secret}, "credential": signsIn, "pointer to a credential": &signsIn, "key credential": byKey,
		"account": unnamed, "pointer to an account": &unnamed, "accounts": []Account{unnamed, keyed},
		"map of accounts": map[AccountID]Account{unnamed.ID(): unnamed},
		"grant":           Grant{Token: secret, RefreshToken: secret}, "pointer to a grant": &Grant{Token: secret, RefreshToken: secret},
	}
}

func TestNoVerbOfFmtShowsASecret(t *testing.T) {
	for name, value := range holders(t) {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %+q %#q %x %X % x %#x %d %o %b %c %U %t %e %g %p %T %w %z %10v %-30s %.3s") {
			if got := fmt.Sprintf(verb, value); shows(got) {
				t.Errorf("%s with %s shows the secret: %s", name, verb, got)
			}
		}
		for how, got := range map[string]string{
			"Sprint": fmt.Sprint(value), "Sprintln": fmt.Sprintln(value), "Errorf": fmt.Errorf("failed: %v", value).Error(),
		} {
			if shows(got) {
				t.Errorf("%s with %s shows the secret: %s", name, how, got)
			}
		}
	}
}

func TestNoEncoderShowsASecret(t *testing.T) {
	for name, value := range holders(t) {
		if got, err := json.Marshal(value); err != nil || shows(string(got)) {
			t.Errorf("%s as JSON is %s, error %v", name, got, err)
		}
		if m, ok := value.(encoding.TextMarshaler); ok {
			if got, err := m.MarshalText(); err != nil || shows(string(got)) {
				t.Errorf("%s as text is %s, error %v", name, got, err)
			}
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("a line", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("a line", "value", value)
		if shows(log.String()) {
			t.Errorf("%s in a log line: %s", name, log.String())
		}
	}
}

func TestASecretPrintsAsThreeStarsEverywhere(t *testing.T) {
	s := NewSecret("hidden")
	text, _ := s.MarshalText()
	inJSON, _ := json.Marshal(map[string]any{"value": s, "pointer": &s})
	for how, got := range map[string]string{
		"String": s.String(), "%v": fmt.Sprintf("%v", s), "%#v": fmt.Sprintf("%#v", s), "%q": fmt.Sprintf("%q", s), "%d": fmt.Sprintf("%d", s),
		"pointer": fmt.Sprintf("%v", &s), "MarshalText": string(text), "zero": Secret{}.String(),
	} {
		if got != "***" {
			t.Errorf("%s gives %q, want ***", how, got)
		}
	}
	if want := `{"pointer":"***","value":"***"}`; string(inJSON) != want {
		t.Errorf("JSON is %s, want %s", inJSON, want)
	}
}

func TestASecretKeepsItsText(t *testing.T) {
	s, same, other := NewSecret("one"), NewSecret("one"), NewSecret("two")
	if got := s.Reveal(); got != "one" {
		t.Errorf("Reveal() = %q, want one", got)
	}
	if !s.Equal(same) || s.Equal(other) || s.Equal(Secret{}) || !(Secret{}).Equal(NewSecret("")) {
		t.Error("Equal does not compare the texts")
	}
	if s.IsZero() || !(Secret{}).IsZero() || !NewSecret("").IsZero() || (Secret{}).Reveal() != "" {
		t.Error("IsZero does not tell the empty secret")
	}
}
