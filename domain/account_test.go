package domain

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestAnAccountsIDIsTenHexadecimalDigitsThatNeverChange(t *testing.T) {
	for want, credential := range map[AccountID]Credential{
		"d836c57791": passwordCredential(t, "alice@example.org", "hunter2"),
		"5f1612becd": keyCredential(t, "a-key"),
	} {
		got := account(t, "", credential).ID()
		if got != want {
			t.Errorf("id is %s, want %s: stored rows and sessions refer to it", got, want)
		}
		if !regexp.MustCompile(`^[0-9a-f]{10}$`).MatchString(string(got)) {
			t.Errorf("id is %q, want ten hexadecimal digits", got)
		}
	}
}

func TestAnAccountsIDIsThatOfItsAddressInAnyCase(t *testing.T) {
	id := func(email, password string) AccountID {
		return account(t, "", passwordCredential(t, email, password)).ID()
	}
	first := id("ann@example.org", "one")
	if got := id("Ann@Example.ORG", "two"); got != first {
		t.Errorf("id is %s for another spelling and password, want %s", got, first)
	}
	others := map[string]AccountID{
		"another address":         id("bob@example.org", "one"),
		"a key like the address":  account(t, "", keyCredential(t, "ann@example.org")).ID(),
		"a key":                   account(t, "", keyCredential(t, "key-one")).ID(),
		"another key":             account(t, "", keyCredential(t, "key-two")).ID(),
		"a key in another case":   account(t, "", keyCredential(t, "KEY-ONE")).ID(),
		"an address with a space": id("ann@example.org ", "one"),
	}
	seen := map[AccountID]string{first: "the first account"}
	for name, got := range others {
		if twin, found := seen[got]; found {
			t.Errorf("%s has the id of %s: %s", name, twin, got)
		}
		seen[got] = name
	}
}

func TestAnAccountIsCalledByItsIDUnlessItHasAName(t *testing.T) {
	credential := passwordCredential(t, "ann@example.org", "one")
	unnamed, named := account(t, "", credential), account(t, "mine", credential)
	if unnamed.Name() != string(unnamed.ID()) || named.Name() != "mine" || named.ID() != unnamed.ID() {
		t.Errorf("names are %q and %q, ids %s and %s", unnamed.Name(), named.Name(), unnamed.ID(), named.ID())
	}
}

func TestAnAccountKnowsWhetherItsCredentialChanged(t *testing.T) {
	base := account(t, "a", passwordCredential(t, "ann@example.org", "one"))
	for name, c := range map[string]struct {
		credential Credential
		want       bool
	}{
		"the same":         {passwordCredential(t, "ann@example.org", "one"), true},
		"another password": {passwordCredential(t, "ann@example.org", "two"), false},
		"another address":  {passwordCredential(t, "bob@example.org", "one"), false},
		"a key":            {keyCredential(t, "one"), false},
	} {
		if got := base.SameCredential(account(t, "b", c.credential)); got != c.want {
			t.Errorf("%s: SameCredential is %t, want %t", name, got, c.want)
		}
	}
}

func TestAnAccountIsRefusedWithoutCredentialOrWithNegativeLimits(t *testing.T) {
	good := keyCredential(t, "key")
	for name, build := range map[string]func() (Account, error){
		"no credential":        func() (Account, error) { return NewAccount("a", Credential{}, AccountLimits{}) },
		"negative concurrency": func() (Account, error) { return NewAccount("a", good, AccountLimits{MaxConcurrency: -1}) },
		"negative rate":        func() (Account, error) { return NewAccount("a", good, AccountLimits{RequestsPerMinute: -1}) },
	} {
		if a, err := build(); err == nil {
			t.Errorf("%s: got account %s, want an error", name, a.ID())
		}
	}
	limits := AccountLimits{MaxConcurrency: 2, RequestsPerMinute: 3}
	if a, err := NewAccount("a", good, limits); err != nil || a.Limits() != limits {
		t.Errorf("limits are %+v, error %v, want %+v", a.Limits(), err, limits)
	}
}

func TestACredentialThatCannotBeUsedIsRefusedWithoutShowingIt(t *testing.T) {
	refuse := func(name string, _ Credential, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s was accepted", name)
		} else if shows(err.Error()) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is not fit for a log: %q", name, err)
		}
	}
	byPassword := func(name, email, password string) {
		t.Helper()
		c, err := NewPasswordCredential(email, password)
		refuse(name, c, err)
	}
	byKey := func(name, key string) {
		t.Helper()
		c, err := NewKeyCredential(key)
		refuse(name, c, err)
	}
	byPassword("no address", "", canaryPassword)
	byPassword("no password", canaryEmail, "")
	byPassword("a colon in the address", "canary:"+canaryEmail, canaryPassword)
	byPassword("a line break in the address", canaryEmail+"\n", canaryPassword)
	byPassword("a carriage return in the address", "\r"+canaryEmail, canaryPassword)
	byKey("no key", "")
	for _, bad := range []string{" ", "\n", "\x00", "\x7f", "é", "\xff"} {
		byKey("a key with "+bad, canaryKey+bad)
		byKey("a key behind "+bad, bad+canaryKey)
	}
	if c, err := NewPasswordCredential(canaryEmail, "a:b \n€"); err != nil || c.Password().Reveal() != "a:b \n€" {
		t.Errorf("a password may hold anything; error %v", err)
	}
}

func TestACredentialGivesBackWhatItWasMadeOf(t *testing.T) {
	signsIn, byKey := passwordCredential(t, "ann@example.org", "one"), keyCredential(t, "key")
	if signsIn.Kind() != PasswordCredential || signsIn.Email().Reveal() != "ann@example.org" || signsIn.Password().Reveal() != "one" || !signsIn.Key().IsZero() {
		t.Errorf("a password credential is of kind %d, with the address %q", signsIn.Kind(), signsIn.Email().Reveal())
	}
	if byKey.Kind() != KeyCredential || byKey.Key().Reveal() != "key" || !byKey.Email().IsZero() || !byKey.Password().IsZero() {
		t.Errorf("a key credential is of kind %d, with the key %q", byKey.Kind(), byKey.Key().Reveal())
	}
	if a := account(t, "", signsIn); !a.SameCredential(account(t, "", a.Credential())) {
		t.Error("an account does not give back its credential")
	}
}

func TestErrorsOfCredentialsNeverHoldWhatWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		noise := rapid.StringOf(rapid.RuneFrom([]rune("a: \r\n\x00é@"))).Draw(t, "noise")
		_, one := NewPasswordCredential(noise+canaryEmail, canaryPassword+noise)
		_, two := NewKeyCredential(canaryKey + noise)
		if err := errors.Join(one, two); err != nil && shows(err.Error()) {
			t.Fatalf("the error shows what was given: %v", err)
		}
	})
}

func TestAMaskedCredentialCanBeRecognisedAndNotUsed(t *testing.T) {
	for email, want := range map[string]string{
		"alice@example.org": "al***@example.org", "bob@example.org": "bo***@example.org", "al@example.org": "a***@example.org",
		"a@example.org": "***@example.org", "@example.org": "***@example.org", "no-address": "***", "ünal@example.org": "ün***@example.org",
		"aé@example.org": "a***@example.org", "日本語@example.jp": "日本***@example.jp",
	} {
		if got := passwordCredential(t, email, "password").Masked(); got != want {
			t.Errorf("%s is masked as %q, want %q", email, got, want)
		}
	}
	if got := keyCredential(t, "sk-one").Masked(); got != "key ***" {
		t.Errorf("a key is masked as %q, want %q", got, "key ***")
	}
}

func TestAMaskedAddressShowsTwoWholeCharactersAtMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.StringOfN(rapid.RuneFrom([]rune("aé日😀.")), 1, 6, -1).Draw(t, "local part")
		c, err := NewPasswordCredential(local+"@host", "password")
		if err != nil {
			t.Fatal(err)
		}
		got := c.Masked()
		if shown, _, _ := strings.Cut(got, "***"); !utf8.ValidString(got) || utf8.RuneCountInString(shown) > 2 || shown == local {
			t.Fatalf("%s is masked as %q", local, got)
		}
	})
}
