package dashboard

import (
	"compress/gzip"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func madeUp(more map[string]string) fs.FS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"index.html":         `<script src="assets/app.js"></script><link href="assets/app.css">`,
		"login.html":         `<script src="assets/login.js"></script>`,
		"assets/app.js":      `import "./words.js"; import "./chart.js";`,
		"assets/chart.js":    `export const a = 1`,
		"assets/login.js":    `import "./words.js"`,
		"assets/words.js":    `export const b = 2`,
		"assets/app.css":     `a{}`,
		"assets/LICENSE.txt": `free`,
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func namesOf(f files) map[string]string {
	names := make(map[string]string)
	for hashed := range f.assets {
		parts := strings.Split(hashed, ".")
		names[parts[0]+path.Ext(hashed)] = hashed
	}
	return names
}

func TestAnAssetsNameChangesWithItsContentAndThatOfAllItNeeds(t *testing.T) {
	before, after := namesOf(load(madeUp(nil))), namesOf(load(madeUp(map[string]string{"assets/words.js": `export const b = 3`})))
	for name, want := range map[string]bool{"words.js": true, "login.js": true, "app.js": true, "chart.js": false, "app.css": false, "LICENSE.txt": false} {
		if changed := before[name] != after[name]; changed != want {
			t.Errorf("%s: the name changed: %t, want %t (%s, %s)", name, changed, want, before[name], after[name])
		}
	}
}

func TestReferencesCarryTheDigest(t *testing.T) {
	f := load(madeUp(nil))
	names := namesOf(f)
	if got, want := string(f.app.plain), `<script src="assets/`+names["app.js"]+`"></script><link href="assets/`+names["app.css"]+`">`; got != want {
		t.Errorf("the page is\n%s, want\n%s", got, want)
	}
	if got, want := string(f.assets[names["app.js"]].plain), `import "./`+names["words.js"]+`"; import "./`+names["chart.js"]+`";`; got != want {
		t.Errorf("the module is\n%s, want\n%s", got, want)
	}
}

func TestOnlyWhatTheFormNeedsIsPublic(t *testing.T) {
	f := load(madeUp(nil))
	for name, hashed := range namesOf(f) {
		if want := name == "login.js" || name == "words.js"; f.assets[hashed].public != want {
			t.Errorf("%s is public: %t, want %t", name, f.assets[hashed].public, want)
		}
	}
}

func TestFilesThatDoNotFitAreADefect(t *testing.T) {
	for name, more := range map[string]map[string]string{
		"a circle":       {"assets/words.js": `import "./chart.js"`, "assets/chart.js": `import "./words.js"`},
		"a missing file": {"assets/words.js": `import "./nowhere.js"`},
		"a strange file": {"assets/thing.exe": ``},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s passed", name)
				}
			}()
			load(madeUp(more))
		}()
	}
}

// The rest is about the real files.

func TestWithoutLoginThereIsOnlyTheForm(t *testing.T) {
	w := newWorld(t, nil)
	answer := w.ask("GET", "/", "")
	page := body(t, answer.Body)
	if !strings.Contains(page, `type="password"`) || !strings.Contains(page, "api/login") {
		t.Errorf("the page has no login form:\n%s", page)
	}
	public, private := 0, 0
	for name, f := range w.files().assets {
		answer := w.ask("GET", assetsPath+name, "")
		if !f.public {
			private++
			w.refuses(name, answer, "unauthenticated not_logged_in")
			continue
		}
		public++
		if answer.Code != http.StatusOK || answer.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d, %q", name, answer.Code, answer.Header().Get("Cache-Control"))
		}
	}
	if public == 0 || private < public {
		t.Errorf("%d files are public and %d are not", public, private)
	}
}

func TestWhoIsLoggedInGetsThePage(t *testing.T) {
	w := newWorld(t, nil)
	cookie := []string{"Cookie", cookieName + "=" + w.logIn().Value, "Accept-Encoding", "gzip"}
	answer := w.ask("GET", "/", "", cookie...)
	unzipped, err := gzip.NewReader(answer.Body)
	if err != nil || answer.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("the page is not compressed: %v", err)
	}
	page := body(t, unzipped)
	total := len(w.files().app.zipped())
	seen := make(map[string]bool)
	for queue := inPages.FindAllStringSubmatch(page, -1); len(queue) > 0; queue = queue[1:] {
		name := queue[0][1]
		if seen[name] {
			continue
		}
		seen[name] = true
		answer := w.ask("GET", assetsPath+name, "", cookie...)
		if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d", name, answer.Code)
			continue
		}
		total += answer.Body.Len()
		queue = append(queue, inAssets.FindAllStringSubmatch(string(w.files().assets[name].plain), -1)...)
	}
	if total > 150<<10 || len(seen) < 5 {
		t.Errorf("the page and its %d files have %d bytes, want at most 150 KiB", len(seen), total)
	}
	if w.ask("GET", assetsPath+"nothing.js", "", cookie...).Body.String() != "not_found\n" {
		t.Error("a file that is not there is not refused")
	}
}

func TestThePagesHoldNothingInlineAndAskNobodyElse(t *testing.T) {
	w := newWorld(t, nil)
	for _, page := range []string{string(w.files().app.plain), string(w.files().form.plain)} {
		for _, unwanted := range []string{`<style`, ` style="`, `javascript:`, `http://`, `https://`, `src="//`} {
			if strings.Contains(page, unwanted) {
				t.Errorf("the page holds %q", unwanted)
			}
		}
		if inline := regexp.MustCompile(`<script(?:\s[^>]*)?>[^<]+</script>`).FindString(page); inline != "" {
			t.Errorf("the page holds an inline script: %s", inline)
		}
		if handlers := regexp.MustCompile(`<[^>]*\son\w+\s*=`).FindString(page); handlers != "" {
			t.Errorf("the page holds an inline handler: %s", handlers)
		}
	}
	for name, f := range w.files().assets {
		if path.Ext(name) != ".js" || strings.HasPrefix(name, "uplot.") {
			continue
		}
		for _, unwanted := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "import("} {
			if strings.Contains(string(f.plain), unwanted) {
				t.Errorf("%s uses %s", name, unwanted)
			}
		}
	}
}

func TestThePagesAreForNobodysFrameButTheSpaces(t *testing.T) {
	for _, test := range []struct {
		space        bool
		frame, older string
	}{{false, "frame-ancestors 'none'", "DENY"}, {true, "frame-ancestors https://huggingface.co", ""}} {
		w := newWorld(t, func(o *Options) { o.InSpace = test.space })
		header := w.ask("HEAD", "/", "").Header()
		got := header.Get("Content-Security-Policy")
		if !strings.HasSuffix(got, test.frame) || strings.Contains(got, "unsafe") || !strings.Contains(got, "default-src 'none'") {
			t.Errorf("Space %t: the policy is %s", test.space, got)
		}
		if got := header.Get("X-Frame-Options"); got != test.older {
			t.Errorf("Space %t: X-Frame-Options is %q, want %q", test.space, got, test.older)
		}
		for name, want := range map[string]string{"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}
}
