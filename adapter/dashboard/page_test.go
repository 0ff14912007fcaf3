package dashboard

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func home(t testing.TB, change func(*http.Request)) (http.Header, string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if change != nil {
		change(request)
	}
	answer := httptest.NewRecorder()
	Home().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("GET / answered %d, want 200", answer.Code)
	}
	return answer.Header(), answer.Body.String()
}

func TestThePolicyAllowsNothingButTheStyleInThePage(t *testing.T) {
	header, page := home(t, nil)
	styles := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(page, -1)
	if len(styles) != 1 {
		t.Fatalf("the page has %d style elements, want 1", len(styles))
	}
	sum := sha256.Sum256([]byte(styles[0][1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if got := header.Get("Content-Security-Policy"); got != want {
		t.Errorf("Content-Security-Policy is\n%s\nwant\n%s", got, want)
	}
	for _, unwanted := range []string{"unsafe-", " style=", "<script", "javascript:", " on", "http://", "https://", "url(", "@import"} {
		text := page
		if unwanted == " on" { // an inline handler, not the word
			text = strings.Join(regexp.MustCompile(`<[^>]* on\w+\s*=`).FindAllString(page, -1), "\n")
		}
		if strings.Contains(text, unwanted) {
			t.Errorf("the page holds %q, which its policy forbids or which asks another host", unwanted)
		}
	}
}

func TestTheHeadersKeepThePageToItself(t *testing.T) {
	header, _ := home(t, nil)
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := header.Values("Set-Cookie"); len(got) > 0 {
		t.Errorf("the page sets cookies: %q", got)
	}
}

func TestThePageSpeaksBothLanguages(t *testing.T) {
	_, page := home(t, nil)
	for _, want := range []string{`<html lang="en">`, "is running", `lang="zh-CN"`, "访问令牌", "<code>/v1</code>", "/readyz"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Contains(page, "{{") {
		t.Error("a placeholder is left in the page")
	}
}

func TestThePageIsTheSameForEverybodyAndTellsNothing(t *testing.T) {
	_, plain := home(t, nil)
	_, known := home(t, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer sk-canary")
		r.Header.Set("Cookie", "session=canary")
		r.Host = "canary.example.org"
		r.URL.RawQuery = "q=canary"
	})
	if plain != known {
		t.Error("the page differs with who asks for it")
	}
	text := regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`).ReplaceAllString(plain, " ")
	text = strings.NewReplacer("/v1", "").Replace(text) // the one figure there is a path
	if found := regexp.MustCompile(`\d+`).FindAllString(text, -1); len(found) > 0 {
		t.Errorf("the page shows figures %q, want none without login", found)
	}
	if strings.Contains(plain, "sk-") {
		t.Error("the page shows something like a token")
	}
}
