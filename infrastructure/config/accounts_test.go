package config

import (
	"strings"
	"testing"

	"ondemand-api-proxy/domain"
)

func TestAccountsOfBothKindsKeepTheirOrderAndLimits(t *testing.T) {
	cfg := mustLoad(t, inDir(t, "", "", `ONDEMAND_ACCOUNTS=[{"email":"a@b.example","password":"p","name":"first","max_concurrency":2,"requests_per_minute":50},{"api_key":"k"}]`))
	if len(cfg.Accounts) != 2 {
		t.Fatalf("%d accounts, want 2", len(cfg.Accounts))
	}
	a := cfg.Accounts[0]
	if a.Name() != "first" || a.Limits() != (domain.AccountLimits{MaxConcurrency: 2, RequestsPerMinute: 50}) ||
		a.Credential().Email().Reveal() != "a@b.example" || a.Credential().Password().Reveal() != "p" {
		t.Errorf("the first account is %q with limits %+v, want it as configured", a.Name(), a.Limits())
	}
	if b := cfg.Accounts[1]; b.Credential().Key().Reveal() != "k" || b.Name() != string(b.ID()) || b.Limits() != (domain.AccountLimits{}) {
		t.Errorf("the second account is %q with limits %+v, want one with a key and no limits", b.Name(), b.Limits())
	}
}

func TestAccountsThatCannotBeUsedAreNamedByPosition(t *testing.T) {
	const good = `{"email":"a@b.example","password":"p"},`
	for _, c := range []struct{ second, want string }{
		{`{}`, `lacks "email" and "password", or else "api_key"`},
		{`{"email":"c@d.example"}`, `lacks "password"`},
		{`{"password":"hunter2"}`, `lacks "email"`},
		{`{"email":null,"password":"hunter2"}`, `lacks "email"`},
		{`{"email":"","password":"hunter2"}`, `cannot be used: "email" is empty`},
		{`{"email":"c@d.example","password":""}`, `cannot be used: "password" is empty`},
		{`{"email":"c:d@e.example","password":"hunter2"}`, `cannot be used: "email" holds a colon or a line break`},
		{`{"api_key":""}`, `cannot be used: "api_key" is empty`},
		{`{"api_key":"hunter2\n"}`, `cannot be used: "api_key" holds a character that no HTTP header can carry`},
		{`{"api_key":"hunter2","email":"c@d.example"}`, `has an "api_key" beside an "email" or "password", and takes only one of the two kinds`},
		{`{"email":"c@d.example","password":12345678}`, `needs text in quotes as "password"`},
		{`{"api_key":["hunter2"]}`, `needs text in quotes as "api_key"`},
		{`{"api_key":"k","max_concurrency":-1}`, `needs a whole number from 0 to 1000000 as "max_concurrency"`},
		{`{"api_key":"k","requests_per_minute":"5"}`, `needs a whole number from 0 to 1000000 as "requests_per_minute"`},
		{`{"api_key":"k","name":"a\nb"}`, `needs a "name" of 1 to 200 bytes, without control characters and without spaces around it`},
		{`"c@d.example:hunter2"`, `is not an object, but has to be one with "email"`},
		{`{"email":"A@B.example","password":"hunter2"}`, `is the same account as account 1 (accounts[0]), and each may be listed once`},
	} {
		got := refusal(t, inDir(t, "config.json", `{"accounts":[`+good+c.second+`]}`))
		if want := "accounts from config.json: account 2 (accounts[1]) " + c.want; !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", c.second, got, want)
		}
		for _, leak := range []string{"hunter2", "@", "12345678"} {
			if strings.Contains(got, leak) {
				t.Errorf("%s: the error holds %q: %s", c.second, leak, got)
			}
		}
	}
	got := refusal(t, inDir(t, "config.json", `{"accounts":[{"api_key":"a","name":"x"},{"api_key":"b"},{"api_key":"c","name":"x"}]}`))
	if want := `account 3 (accounts[2]) has the same "name" as account 1 (accounts[0]), and names have to differ`; !strings.HasSuffix(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
