package openai_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

// allKinds are all kinds of errors, known by their names.
func allKinds() []domain.Kind {
	var kinds []domain.Kind
	for kind := domain.Kind(0); kind < 255; kind++ {
		if kind.String() != "unknown" {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func TestEveryKindOfErrorHasItsEnvelope(t *testing.T) {
	var all bytes.Buffer
	line := func(name string, err *domain.Error) {
		status, header, body := openai.FromError(err)
		if header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: the content type is %q", name, header.Get("Content-Type"))
		}
		header.Del("Content-Type")
		fmt.Fprintln(&all, name, status, header, string(body))
	}
	for _, kind := range allKinds() {
		line(kind.String(), domain.E(kind, "What went wrong: \"it\".", errors.New("secret cause")))
	}
	line("with_param", domain.Invalid("messages[0].role", "messages[0].role is missing."))
	line("unsupported", domain.Unsupported("tools", "tools is not supported."))
	line("without_message", domain.E(domain.UpstreamRejected, "", nil))
	line("beyond_all_kinds", domain.E(domain.Kind(254), "What?", nil))
	golden(t, "errors.txt", all.Bytes())
	if strings.Contains(all.String(), "secret cause") {
		t.Error("the cause of an error was told")
	}
}

func TestRetryAfterIsWholeSecondsAndNeverTooEarly(t *testing.T) {
	for _, test := range []struct {
		kind domain.Kind
		wait time.Duration
		want string
	}{
		{domain.RateLimited, 0, "1"},
		{domain.RateLimited, -time.Second, "1"},
		{domain.RateLimited, time.Nanosecond, "1"},
		{domain.RateLimited, time.Second, "1"},
		{domain.RateLimited, time.Second + 1, "2"},
		{domain.AccountsExhausted, 300 * time.Second, "300"},
		{domain.UpstreamRateLimited, 0, "1"},
		{domain.NoAccount, 0, "60"},
		{domain.NoAccount, 90 * time.Minute, "5400"},
		{domain.PlanRefused, 0, "60"},
		{domain.Unavailable, 0, "1"},
		{domain.UpstreamFailed, time.Minute, ""},
		{domain.InvalidRequest, time.Minute, ""},
	} {
		_, header, _ := openai.FromError(&domain.Error{Kind: test.kind, Message: "No.", RetryAfter: test.wait})
		if got := header.Get("Retry-After"); got != test.want {
			t.Errorf("%s with a wait of %s: Retry-After is %q, want %q", test.kind, test.wait, got, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		wait := time.Duration(rapid.Int64().Draw(t, "wait"))
		_, header, _ := openai.FromError(&domain.Error{Kind: domain.RateLimited, Message: "No.", RetryAfter: wait})
		seconds, err := strconv.ParseInt(header.Get("Retry-After"), 10, 64)
		tooLate := float64(seconds-1) >= max(wait.Seconds(), 1)
		if err != nil || seconds < 1 || float64(seconds) < wait.Seconds() || tooLate {
			t.Fatalf("a wait of %s became %q", wait, header.Get("Retry-After"))
		}
	})
}

func TestOnlyWhatWasRepeatedAlreadyOrHasToWaitForTomorrowSaysNotToRepeat(t *testing.T) {
	for _, kind := range allKinds() {
		status, header, _ := openai.FromError(domain.E(kind, "No.", nil))
		want := ""
		if status == http.StatusBadGateway || status == http.StatusGatewayTimeout || kind == domain.QuotaExceeded {
			want = "false"
		}
		if got := header.Get("x-should-retry"); got != want {
			t.Errorf("%s (%d): x-should-retry is %q, want %q", kind, status, got, want)
		}
	}
}
