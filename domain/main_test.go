package domain

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func passwordCredential(t *testing.T, email, password string) Credential {
	t.Helper()
	c, err := NewPasswordCredential(email, password)
	if err != nil {
		t.Fatalf("NewPasswordCredential(%q, %q): %v", email, password, err)
	}
	return c
}

func keyCredential(t *testing.T, key string) Credential {
	t.Helper()
	c, err := NewKeyCredential(key)
	if err != nil {
		t.Fatalf("NewKeyCredential(%q): %v", key, err)
	}
	return c
}

func account(t *testing.T, name string, credential Credential) Account {
	t.Helper()
	a, err := NewAccount(name, credential, AccountLimits{})
	if err != nil {
		t.Fatalf("NewAccount(%q): %v", name, err)
	}
	return a
}
