package eventlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/chat"
	"ondemand-api-proxy/usecase/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ chat.Observer     = (*Log)(nil)
	_ accounts.Observer = (*Log)(nil)
	_ models.Observer   = (*Log)(nil)
)

const (
	canaryEmail    = "canary.mail@example.org"
	canaryPassword = "canary-password-1"
	canaryKey      = "canary-key-2"
)

func account(t testing.TB, name string, credential domain.Credential, err error) domain.Account {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	a, err := domain.NewAccount(name, credential, domain.AccountLimits{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func canaries(t testing.TB) []domain.Account {
	t.Helper()
	byPassword, passwordErr := domain.NewPasswordCredential(canaryEmail, canaryPassword)
	byKey, keyErr := domain.NewKeyCredential(canaryKey)
	return []domain.Account{
		account(t, "", byPassword, passwordErr), account(t, "spare", byPassword, passwordErr),
		account(t, "", byKey, keyErr), account(t, "main", byKey, keyErr),
	}
}

// written returns the lines, debug ones included, that do writes.
func written(do func(*Log)) []string {
	var out strings.Builder
	config := zap.NewProductionEncoderConfig()
	config.TimeKey = ""
	do(New(zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(config), zapcore.AddSync(&out), zap.DebugLevel))))
	return strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' })
}

func line(t testing.TB, do func(*Log)) map[string]any {
	t.Helper()
	lines := written(do)
	if len(lines) != 1 {
		t.Fatalf("%d lines were written, want 1: %q", len(lines), lines)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &fields); err != nil {
		t.Fatalf("line %s: %v", lines[0], err)
	}
	return fields
}

func TestNoLineHoldsAnAddressAPasswordOrAKey(t *testing.T) {
	for _, a := range canaries(t) {
		c := a.Credential()
		shown := fmt.Errorf("it shows %v, %+v and %#v: %w", c.Email(), c.Password(), c.Key(), domain.E(domain.PlanRefused, "No.", errors.New("cause")))
		lines := written(func(l *Log) {
			l.Attempted(domain.Attempt{RequestID: "req_1", Account: a, Err: shown})
			for _, state := range []domain.AccountState{domain.AccountReady, domain.AccountResting, domain.AccountCooling, domain.AccountOut} {
				l.AccountChanged(a, state, domain.CredentialRefused, time.Now())
			}
			l.AccountRenewed(a, accounts.SignIn, shown)
			l.AccountRenewed(a, accounts.Refresh, nil)
			l.Record(domain.Record{RequestID: "req_1", Account: a.ID(), Outcome: domain.OutcomeCompleted})
		})
		if len(lines) != 8 {
			t.Errorf("%d lines for eight events, want 8", len(lines))
		}
		for _, text := range lines {
			for _, canary := range []string{canaryEmail, "canary.mail", canaryPassword, canaryKey} {
				if strings.Contains(text, canary) {
					t.Errorf("%q shows in %s", canary, text)
				}
			}
			if !strings.Contains(text, string(a.ID())) {
				t.Errorf("the account's id %s is not in %s", a.ID(), text)
			}
		}
	}
}

func TestAnAccountStandsThereByNameAndID(t *testing.T) {
	a := canaries(t)[1]
	got := line(t, func(l *Log) { l.AccountChanged(a, domain.AccountReady, 0, time.Time{}) })
	want := map[string]any{"level": "info", "msg": "account is ready again", "account": "spare", "account_id": string(a.ID())}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestLevelsSayWhoHasToAct(t *testing.T) {
	a, until := canaries(t)[0], time.Now()
	failed := func(kind domain.Kind) error { return domain.E(kind, "No.", nil) }
	for name, test := range map[string]struct {
		want string
		do   func(*Log)
	}{
		"a failed attempt": {"info", func(l *Log) {
			l.Attempted(domain.Attempt{RequestID: "r", Account: a, Err: failed(domain.UpstreamFault)})
		}},
		"a client that left":      {"debug", func(l *Log) { l.Attempted(domain.Attempt{RequestID: "r", Account: a, Err: failed(domain.ClientGone)}) }},
		"a session that is gone":  {"debug", func(l *Log) { l.Attempted(domain.Attempt{RequestID: "r", Account: a, Err: failed(domain.SessionGone)}) }},
		"a completion":            {"info", func(l *Log) { l.Record(domain.Record{}) }},
		"a ready account":         {"info", func(l *Log) { l.AccountChanged(a, domain.AccountReady, 0, until) }},
		"a resting account":       {"info", func(l *Log) { l.AccountChanged(a, domain.AccountResting, domain.UpstreamFault, until) }},
		"a cooling account":       {"warn", func(l *Log) { l.AccountChanged(a, domain.AccountCooling, domain.UpstreamRateLimited, until) }},
		"an account that is out":  {"warn", func(l *Log) { l.AccountChanged(a, domain.AccountOut, domain.PlanRefused, until) }},
		"a renewed token":         {"debug", func(l *Log) { l.AccountRenewed(a, accounts.Refresh, nil) }},
		"a failed renewal":        {"warn", func(l *Log) { l.AccountRenewed(a, accounts.SignIn, failed(domain.CredentialRefused)) }},
		"a refreshed catalogue":   {"info", func(l *Log) { l.CatalogueRefreshed(7, nil) }},
		"a failed catalogue call": {"debug", func(l *Log) { l.CatalogueRefreshed(0, failed(domain.NoAccount)) }},
	} {
		if got := line(t, test.do)["level"]; got != test.want {
			t.Errorf("%s is logged at level %v, want %s", name, got, test.want)
		}
	}
}

func TestAnAttemptThatWentWellIsNoLine(t *testing.T) {
	if lines := written(func(l *Log) { l.Attempted(domain.Attempt{RequestID: "r", Account: canaries(t)[0], Err: nil}) }); len(lines) != 0 {
		t.Errorf("got %q, want nothing", lines)
	}
}

func TestACompletionTellsHowItEnded(t *testing.T) {
	got := line(t, func(l *Log) {
		l.Record(domain.Record{
			RequestID: "req_1", Outcome: domain.OutcomeLength, Status: 200, Model: "gpt-4o", Endpoint: "predefined-openai-gpt4o",
			Account: "0123456789", Scope: "abc", Stream: true, Attempts: 2, Continued: true,
			Usage:      domain.Usage{Prompt: 3, Completion: 4, Source: domain.UsageEstimated},
			FirstDelta: 250 * time.Millisecond, Duration: time.Second,
		})
	})
	want := map[string]any{
		"level": "info", "msg": "completion", "request_id": "req_1", "outcome": "length", "status": 200.0, "model": "gpt-4o",
		"account_id": "0123456789", "token_id": "abc", "stream": true, "attempts": 2.0, "continued": true,
		"prompt_tokens": 3.0, "completion_tokens": 4.0, "usage": "estimated", "first_delta": 0.25, "took": 1.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestAFailureIsNamedByItsKindAndKeepsItsCause(t *testing.T) {
	err := domain.E(domain.UpstreamRateLimited, "It is too much.", errors.New("status 429"))
	got := line(t, func(l *Log) { l.Attempted(domain.Attempt{RequestID: "req_1", Account: canaries(t)[3], Err: err}) })
	if got["kind"] != "upstream_rate_limited" || got["request_id"] != "req_1" || !strings.Contains(fmt.Sprint(got["error"]), "status 429") {
		t.Errorf("line %v, want the kind, the request and the cause in it", got)
	}
}
