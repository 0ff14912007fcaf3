package ondemand

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ondemand-api-proxy/domain"
)

// showing is every way an error could get into a log.
func showing(err error) string {
	var out strings.Builder
	for ; err != nil; err = unwrapAny(err, &out) {
		encoded, _ := json.Marshal(err) //nolint:errchkjson // some causes cannot be encoded; then there is nothing to see
		fmt.Fprintf(&out, "%s\n%v\n%+v\n%#v\n%q\n%s\n", err, err, err, err, err.Error(), encoded)
	}
	return out.String()
}

// unwrapAny follows one error, and shows all of several.
func unwrapAny(err error, out *strings.Builder) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			out.WriteString(showing(one))
		}
		return nil
	}
	return errors.Unwrap(err)
}

// canaries are what no error of an account may show, in the forms an echo could give
// them.
func canaries(byKey bool) []string {
	if byKey {
		return []string{testKey, strings.ToUpper(testKey), "canary-token-3", "canary-refresh-4"}
	}
	basic := base64.StdEncoding.EncodeToString([]byte(testEmail + ":" + testPassword))
	return []string{
		testEmail, strings.ToUpper(testEmail), url.QueryEscape(testEmail), testPassword, basic,
		"canary-token-3", "canary-refresh-4",
	}
}

// knownTo is what the platform can know of an account when it is called. A sign-in
// carries no token; one that it makes up can be told by its looks only.
func knownTo(r *http.Request) []string {
	known := canaries(r.Header.Get("apikey") != "")
	if strings.HasSuffix(r.URL.Path, "/signin") {
		return append(known[:len(known)-2], "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.canary-token-3", "Bearer canary-refresh-4")
	}
	return known
}

// echo answers with everything that it was sent or knows of the account, in every way
// an answer can.
func echo(status int, contentType, shape string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		known := knownTo(r)
		text := fmt.Sprintf("%s %s\x00%s %s %s %s", strings.Join(known, " "), known[0][:4], known[0][4:], r.Header, body, r.URL)
		quoted, _ := json.Marshal(text) //nolint:errchkjson // a string can be encoded
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = strings.NewReplacer("%s", string(quoted)).WriteString(w, shape)
	}
}

func TestNoErrorShowsAnythingOfACredential(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"a refusal":             echo(400, "application/json", `{"message":%s,"errorCode":%s}`),
		"an unauthorised":       echo(401, "application/json", `{"message":%s,"errorCode":%s}`),
		"a fault":               echo(500, "application/json", `{"message":%s,"errorCode":%s}`),
		"a page":                echo(502, "text/html", `<html>%s</html>`),
		"a page with 200":       echo(200, "text/html", `<html>%s</html>`),
		"JSON with 200":         echo(200, "application/json", `{"message":%s,"errorCode":%s}`),
		"JSON of another shape": echo(200, "application/json", `{"data":%s}`),
		"no JSON":               echo(200, "application/json", `%s%s`),
		"an error frame":        echo(200, "text/event-stream", "data:{\"eventType\":\"error\",\"message\":%s,\"errorCode\":%s}\n\n"),
		"an error key":          echo(200, "text/event-stream", "data:{\"error\":%s}\n\n"),
		"a broken frame":        echo(200, "text/event-stream", "data:{%s\n\n"),
		"a bad status line": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // every server of a test has it
			if err == nil {
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s%s\r\n\r\n", strings.Join(knownTo(r), ""), r.Header.Get("Authorization"))
				_ = conn.Close()
			}
		},
		"a hang-up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, handler := range handlers {
		for kind, account := range bothAccounts(t) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				c := serve(t, handler)
				for op, err := range everyCall(t, c, account) {
					if err == nil {
						continue // an account with a key makes no such call
					}
					checkSafe(t, op, err, kind == "key")
				}
			})
		}
	}
}

// everyCall makes each call once and returns how it failed.
func everyCall(t *testing.T, c *Client, account *domain.Account) map[string]error {
	t.Helper()
	ctx, grant, failed := t.Context(), testGrant(), map[string]error{}
	_, failed["sign-in"] = c.SignIn(ctx, account)
	_, failed["refresh"] = c.Refresh(ctx, account, grant)
	_, failed["session"] = c.OpenSession(ctx, account, grant)
	_, failed["catalogue"] = c.Catalogue(ctx, account, grant)
	answer, err := c.Query(ctx, account, grant, "session", &domain.Query{Text: testPassword})
	for err == nil {
		_, err = answer.Next()
	}
	if answer != nil {
		answer.Close()
	}
	failed["query"] = err
	return failed
}

func checkSafe(t *testing.T, op string, err error, byKey bool) {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v, want a domain error", op, err)
		return
	}
	shown := strings.ToLower(showing(err))
	for _, canary := range canaries(byKey) {
		if strings.Contains(shown, strings.ToLower(canary)) {
			t.Errorf("%s: %q shows in %s", op, canary, shown)
		}
	}
	if text := err.Error(); len(text) > 600 || strings.ContainsAny(text, "\r\n\x00") {
		t.Errorf("%s: the text of an error has %d bytes or control characters: %q", op, len(text), text)
	}
}

func TestWhatThePlatformSaidIsKeptWithoutSecrets(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":"User `+strings.ToUpper(testEmail)+`\nhas no credit. `+strings.Repeat("word ", 200)+`","errorCode":"no_credit"}`)
	})
	_, err := c.SignIn(t.Context(), passwordAccount(t))
	text := err.Error()
	if want := "sign-in: status 403 (no_credit): User *** no credit. word "; !strings.Contains(text, want) {
		t.Errorf("got %q, want it to hold %q", text, want)
	}
	if !strings.HasSuffix(text, "…") || len(text) > 400 {
		t.Errorf("got %q, want it shortened", text)
	}
}

func TestOnlyPlainWordsAreKeptWhosesoeverTheSecretsAre(t *testing.T) {
	hide := redactorFor(&call{account: keyAccount(t), grant: new(domain.Grant)})
	for said, want := range map[string]string{
		"plain words, 7 of them; an invalid_request":      "plain words, 7 of them; an invalid_request",
		"endpointId is not a valid (API) endpoint.":       "endpointId is not a valid (API) endpoint.",
		"reasoningEffort must be one of low, medium, max": "reasoningEffort must be one of low, medium, max",
		"no Route matched with those values":              "no Route matched with those values",
		"ask admin@corp.example, please":                  "ask *** please",
		"Authorization: [Bearer abc.def] ":                "Authorization: [Bearer ***",
		"token eyJhbGciOi.eyJle.s is old":                 "token *** is old",
		"key c2VjcmV0LWtleQ== or sk-Ab12Cd34":             "key *** or ***",
		"p%40ss and p\u0040ss and p&#64;ss are gone":      "*** and *** and *** are gone",
		"123456 and 0123456789abcdef":                     "*** and ***",
		"密码 hunter2":                                      "***",
		"":                                                "",
	} {
		if got := hide.text(said, maxSaidMessage); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

func TestErrorOfTheNetworkLosesItsAddress(t *testing.T) {
	inner := errors.New("connection refused")
	hide := redactorFor(&call{account: passwordAccount(t), grant: new(domain.Grant)})
	err := hide.network(&url.Error{Op: "Post", URL: "http://host/users/42", Err: inner})
	if !errors.Is(err, inner) || strings.Contains(err.Error(), "users/42") {
		t.Errorf("got %v, want only %v", err, inner)
	}
	if got := hide.network(fmt.Errorf("malformed answer %q", testEmail)).Error(); got != "malformed answer ***" {
		t.Errorf("got %q", got)
	}
}
