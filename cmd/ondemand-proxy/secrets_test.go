package main_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// awkward is what JSON, URLs, HTML and patterns write otherwise than it is.
const awkward = `"\&=%+/?#<>'$(`

// The secrets of these tests. Each begins with letters and digits alone, which no
// escaping changes: that beginning is searched for.
const (
	corePassword  = "Pw7QzCanary"
	coreKey       = "Ky4WvCanary"
	coreToken     = "Tk9XmCanary"
	coreSecond    = "Sn6PtCanary"
	coreDashboard = "Db2RsCanary"
	coreEmail     = "em5ncanary"

	secretToken     = coreToken + awkward
	secretSecond    = coreSecond + awkward
	secretDashboard = coreDashboard + awkward + "é 世"
)

func secretPassword(i int) string { return fmt.Sprintf("%s%s é-%d", corePassword, awkward, i) }
func secretKey(i int) string      { return fmt.Sprintf("%s%s-%d", coreKey, awkward, i) }
func secretEmail(i int) string    { return fmt.Sprintf("%s.%d+tag@canary.example", coreEmail, i) }

// cores are the beginnings of all of them, the e-mail address excepted.
func cores() []string {
	return []string{corePassword, coreKey, coreToken, coreSecond, coreDashboard}
}

// secretEnviron is an environment with the secrets that are not accounts.
func secretEnviron(more ...string) []string {
	return append([]string{
		"API_ACCESS_TOKEN=" + secretToken, "DASHBOARD_PASSWORD=" + secretDashboard,
		`ACCESS_TOKENS=[{"name":"second","token":` + inJSON(secretSecond) + `}]`,
	}, more...)
}

// hunt finds secrets in whatever form a text may hold them.
type hunt struct {
	anyCase, exact []string
	tokens         map[string]bool // beginnings, in lower case
}

// tokenStart is how much of a token is told apart, and tokenLike what could be one.
const tokenStart = 20

var tokenLike = regexp.MustCompile(`[A-Za-z0-9_/+-]{20,}`)

// huntFor prepares the search for secrets that hold only what no escaping changes.
func huntFor(secrets ...string) hunt {
	h := hunt{tokens: map[string]bool{}}
	for _, secret := range secrets {
		h.anyCase = append(h.anyCase, strings.ToLower(secret), hex.EncodeToString([]byte(secret)))
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for shift := range 3 {
				// What stands before and behind decides on the characters at both ends.
				text := encoding.EncodeToString(append(make([]byte, shift), secret...))
				h.exact = append(h.exact, text[(shift*8+5)/6:(shift+len(secret))*8/6])
			}
		}
	}
	return h
}

// alsoFor adds tokens that were issued; there may be many.
func (h hunt) alsoFor(tokens []string) hunt {
	for _, token := range tokens {
		for _, form := range []string{token, base64.StdEncoding.EncodeToString([]byte(token))} {
			if len(form) >= tokenStart {
				h.tokens[strings.ToLower(form[:tokenStart])] = true
			}
		}
	}
	return h
}

// search reports the secrets that text holds, each once.
func (h hunt) search(t interface{ Errorf(string, ...any) }, where, text string) {
	report := func(at, length int) {
		if at >= 0 {
			t.Errorf("%s: a secret, as %q, in …%s…", where, text[at:at+length], text[max(0, at-250):min(len(text), at+length+50)])
		}
	}
	for _, form := range h.exact {
		report(strings.Index(text, form), len(form))
	}
	lower := asciiLower(text)
	for _, form := range h.anyCase {
		report(strings.Index(lower, form), len(form))
	}
	for _, at := range tokenLike.FindAllStringIndex(text, -1) {
		if h.tokens[lower[at[0]:at[0]+tokenStart]] {
			report(at[0], at[1]-at[0])
			return
		}
	}
}

// asciiLower is text in lower case, byte for byte as long as it was.
func asciiLower(text string) string {
	lower := []byte(text)
	for i, b := range lower {
		if 'A' <= b && b <= 'Z' {
			lower[i] = b + 'a' - 'A'
		}
	}
	return string(lower)
}

// findings counts what a search reports.
type findings int

func (f *findings) Errorf(string, ...any) { *f++ }

func TestTheSearchFindsASecretInEveryForm(t *testing.T) {
	t.Parallel()
	secret := secretPassword(7)
	quoted := inJSON(secret)
	twice := inJSON(quoted)
	for name, text := range map[string]string{
		"plain": secret, "JSON": quoted, "JSON in JSON": twice, "upper case": strings.ToUpper(secret), "quoted": fmt.Sprintf("%q", secret),
		"a query": url.QueryEscape(secret), "a path": url.PathEscape(secret), "hex": hex.EncodeToString([]byte(secret)),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "base64, moved by one": base64.StdEncoding.EncodeToString([]byte("x" + secret)),
		"basic": base64.StdEncoding.EncodeToString([]byte(secretEmail(1) + ":" + secret)), "base64 for URLs": base64.URLEncoding.EncodeToString([]byte("yy" + secret + "z")),
	} {
		var found findings
		huntFor(cores()...).search(&found, name, "before "+text+" behind")
		if found == 0 {
			t.Errorf("%s: the search does not find the secret in %s", name, text)
		}
	}
	var found findings
	huntFor().alsoFor([]string{"eyJpZCI6NDI.eyJpZCI6NDJ9eyJpZCI6NDJ9"[12:]}).search(&found, "a token", "Bearer EYJPZCI6NDJ9eyJpZCI6NDJ9")
	if found != 1 {
		t.Errorf("the search finds a token %d times, want once", found)
	}
	found = 0
	huntFor(cores()...).search(&found, "nothing", strings.ToLower(plainEnglish)+base64.StdEncoding.EncodeToString([]byte(plainEnglish)))
	if found != 0 {
		t.Error("the search finds secrets in a text without any")
	}
}

// searchFiles searches all files of a directory.
func (h hunt) searchFiles(t *testing.T, directory string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil {
			files++
			h.search(t, "the file "+path, path+"\n"+string(content))
		}
		return nil // a file that is gone by now holds nothing
	})
	if err != nil || files == 0 {
		t.Errorf("%d files were searched in %s, %v; want some", files, directory, err)
	}
}

// fromInfoOn is the log as it would be at its default level.
func fromInfoOn(t *testing.T, log string) string {
	t.Helper()
	var kept strings.Builder
	for line := range strings.Lines(log) {
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
		if entry.Level != "debug" {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
