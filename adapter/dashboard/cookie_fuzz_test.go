package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
)

// mostCookies is how many cookies net/http takes of a request; of one that has more it takes none.
const mostCookies = 3000

// FuzzCookie sends cookies of every form: only the value of a running login logs in, and it does whatever
// other cookies stand beside it.
func FuzzCookie(f *testing.F) {
	all := newLogins()
	value := all.begin(domain.NewSecret("a password"), time.Now())
	loggedIn := func(header string) bool {
		request := httptest.NewRequest(http.MethodGet, "/api/overview", nil)
		request.Header["Cookie"] = []string{header}
		return all.of(request, time.Now()) != nil
	}
	f.Add("")
	f.Add("a=b; c=\"d\"; =; ;;")
	f.Add(cookieName + "=")
	f.Add(cookieName + "=" + strings.Repeat("A", 26) + "; Path=/; HttpOnly")
	f.Add(strings.Repeat(";", mostCookies-1))
	f.Add("\x00=\xff; a=\r\n" + cookieName)
	f.Fuzz(func(t *testing.T, others string) {
		if strings.Contains(others, value) {
			return // the value was guessed
		}
		if loggedIn(others) {
			t.Errorf("%q logged in", others)
		}
		if strings.Contains(others, cookieName) || strings.Count(others, ";") >= mostCookies-1 {
			return // the first of two cookies of one name counts, and of too many none does
		}
		if !loggedIn(others + "; " + cookieName + "=" + value) {
			t.Errorf("the login was not found beside %q", others)
		}
	})
}
