package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logged returns what the calls of use wrote.
func logged(format Format, use func(*zap.Logger)) string {
	var out bytes.Buffer
	use(New(zap.NewAtomicLevelAt(zap.DebugLevel), format, zapcore.AddSync(&out)))
	return out.String()
}

func TestATerminalGetsTextAndAnythingElseJSON(t *testing.T) {
	use := func(l *zap.Logger) { l.Info("listening", zap.Int("port", 5000), zap.Duration("grace", time.Second)) }
	got := logged(FormatFor(true), use)
	if !strings.Contains(got, `  INFO  listening  {"port": 5000, "grace": "1s"}`+"\n") {
		t.Errorf("console entry is %q, want level, message and fields", got)
	}
	var entry struct {
		Level, Message, Time string
		Port                 int
		Grace                float64
	}
	got = logged(FormatFor(false), use)
	if err := json.Unmarshal([]byte(got), &entry); err != nil {
		t.Fatalf("the entry %q is no JSON: %v", got, err)
	}
	if entry.Level != "info" || entry.Message != "listening" || entry.Port != 5000 || entry.Grace != 1 {
		t.Errorf("entry is %+v, want what was logged", entry)
	}
	if _, err := time.Parse("2006-01-02T15:04:05.000Z0700", entry.Time); err != nil {
		t.Errorf("the time %q is not ISO 8601: %v", entry.Time, err)
	}
}

func TestTheLevelChangesWhileRunning(t *testing.T) {
	var out bytes.Buffer
	level := zap.NewAtomicLevelAt(zap.InfoLevel)
	logger := New(level, Console, zapcore.AddSync(&out)).With(zap.String("request", "r1"))
	logger.Debug("one")
	level.SetLevel(zap.DebugLevel)
	logger.Debug("two")
	level.SetLevel(zap.ErrorLevel)
	logger.Warn("three")
	if got := out.String(); strings.Contains(got, "one") || !strings.Contains(got, "two") || strings.Contains(got, "three") {
		t.Errorf("output is %q, want only the second entry", got)
	}
}

func TestClientTextCannotForgeALineOrSteerATerminal(t *testing.T) {
	for _, text := range []string{
		"a\n2026-01-01  ERROR  forged", "a\r\nb", "\x1b[2J\x1b]0;title\x07", "tab\there", "\u009b31m", "del\x7f",
		"\u202egnp.exe", "\u2028line", "\u2066x", "bad \x9b utf-8 \xff", "nul\x00",
	} {
		for _, format := range []Format{Console, JSON} {
			got := logged(format, func(l *zap.Logger) {
				l.Named("x"+text).With(zap.String("path", text)).Info(text, zap.String("ua", text), zap.ByteString("raw", []byte(text)),
					zap.Any("any", map[string]string{text: text}), zap.Error(errors.New(text)), zap.Strings("list", []string{text}))
			})
			assertOneSafeLine(t, format, got)
		}
	}
}

func assertOneSafeLine(t interface{ Errorf(string, ...any) }, format Format, got string) {
	line, ended := strings.CutSuffix(got, "\n")
	if !ended || !utf8.ValidString(line) || holdsForbidden([]byte(line)) {
		t.Errorf("format %d: entry is %q, want one line without control characters", format, got)
	}
	if format == JSON && !json.Valid([]byte(line)) {
		t.Errorf("entry %q is no JSON", line)
	}
}

func TestAnyTextStaysOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		for _, format := range []Format{Console, JSON} {
			assertOneSafeLine(t, format, logged(format, func(l *zap.Logger) { l.Warn(text, zap.String(text, text)) }))
		}
	})
}

func TestHarmlessTextIsLeftAsItIs(t *testing.T) {
	const text = "Grüße, 世界 👩‍💻"
	if got := logged(Console, func(l *zap.Logger) { l.Info(text, zap.String("k", text)) }); strings.Count(got, text) != 2 {
		t.Errorf("entry is %q, want %q in it twice", got, text)
	}
}

func TestAStackKeepsItsLinesOnTheConsole(t *testing.T) {
	use := func(l *zap.Logger) { l.WithOptions(zap.AddStacktrace(zap.ErrorLevel)).Error("went\nwrong") }
	if got := logged(Console, use); !strings.Contains(got, `went\nwrong`) || !strings.Contains(got, ".TestAStackKeepsItsLinesOnTheConsole") || strings.Count(got, "\n") < 3 {
		t.Errorf("entry is %q, want an escaped message and a stack below it", got)
	}
	assertOneSafeLine(t, JSON, logged(JSON, use))
}

// secrets are what must never be read in a log, in every type that holds them.
func secrets(t *testing.T) map[string]any {
	t.Helper()
	account := func(credential domain.Credential, err error) domain.Account {
		if err != nil {
			t.Fatal(err)
		}
		made, err := domain.NewAccount("mine", credential, domain.AccountLimits{})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	signsIn := account(domain.NewPasswordCredential("canary@example.org", "canary-password"))
	withKey := account(domain.NewKeyCredential("canary-key"))
	secret := domain.NewSecret("canary-token")
	grant := domain.Grant{Token: secret, RefreshToken: secret, UserID: "u", CompanyID: "c"}
	return map[string]any{
		"secret": secret, "secret behind a pointer": &secret, "list of secrets": []domain.Secret{secret}, "map of secrets": map[string]domain.Secret{"k": secret},
		"grant": grant, "grant behind a pointer": &grant, "credential": signsIn.Credential(), "key credential": withKey.Credential(),
		"account": signsIn, "account behind a pointer": &signsIn, "list of accounts": []domain.Account{signsIn, withKey},
		"unexported field": struct{ account domain.Account }{signsIn}, "unexported secret": struct{ s domain.Secret }{secret},
		"wrapped in an error": fmt.Errorf("signing in: %v", secret),
	}
}

func TestNoFieldShowsASecret(t *testing.T) {
	for name, value := range secrets(t) {
		for _, format := range []Format{Console, JSON} {
			got := logged(format, func(l *zap.Logger) {
				l.Info("fields", zap.Any("any", value), zap.Reflect("reflect", value))
				if stringer, ok := value.(fmt.Stringer); ok {
					l.Info("stringer", zap.Stringer("stringer", stringer))
				}
				l.With(zap.Any("with", value)).Info("with")
				l.Sugar().Infow("sugared", "value", value)
			})
			if strings.Contains(got, "canary") {
				t.Errorf("%s, format %d: a secret is shown: %s", name, format, got)
			}
		}
	}
}

func TestManyGoroutinesShareOneLogger(t *testing.T) {
	var out bytes.Buffer // no lock of its own: New has to bring one
	logger := New(zap.NewAtomicLevel(), Console, zapcore.AddSync(&out))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				logger.Info("a\nb", zap.Int("i", i))
			}
		})
	}
	all.Wait()
	if got := strings.Count(out.String(), "\n"); got != 400 {
		t.Errorf("%d lines, want 400", got)
	}
}
