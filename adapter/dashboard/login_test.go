package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

func TestTheCookieOfALogin(t *testing.T) {
	for _, test := range []struct {
		name        string
		space, tls  bool
		sameSite    http.SameSite
		secure      bool
		partitioned bool
	}{
		{"plain http", false, false, http.SameSiteStrictMode, false, false},
		{"https", false, true, http.SameSiteStrictMode, true, false},
		{"a Space", true, true, http.SameSiteNoneMode, true, true},
		{"a Space that is tried out at home", true, false, http.SameSiteStrictMode, false, false},
	} {
		w := newWorld(t, func(o *Options) { o.InSpace = test.space })
		var headers []string
		if test.tls {
			headers = []string{"X-Forwarded-Proto", "https"}
		}
		c := w.logIn(headers...)
		if !c.HttpOnly || c.SameSite != test.sameSite || c.Secure != test.secure || c.Partitioned != test.partitioned || c.Path != "/" || c.MaxAge <= 0 {
			t.Errorf("%s: the cookie is %s", test.name, c)
		}
		if len(c.Value) < 26 || strings.Contains(c.String(), password) {
			t.Errorf("%s: the cookie's value is %q", test.name, c.Value)
		}
		answer := w.ask("POST", "/api/logout", "", append(headers, "Cookie", cookieName+"="+c.Value)...)
		gone := answer.Result().Cookies()
		if answer.Code != http.StatusNoContent || len(gone) != 1 || gone[0].MaxAge >= 0 || gone[0].SameSite != test.sameSite || gone[0].Partitioned != test.partitioned {
			t.Errorf("%s: logging out answered %d with %v", test.name, answer.Code, gone)
		}
		w.refuses(test.name+": after the logout", w.ask("GET", "/api/overview", "", "Cookie", cookieName+"="+c.Value), "unauthenticated not_logged_in")
	}
}

func TestALoginByFormLeadsToThePage(t *testing.T) {
	w := newWorld(t, nil)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	answer := w.ask("POST", "/api/login", "password="+strings.ReplaceAll(password, " ", "+"), form...)
	if answer.Code != http.StatusSeeOther || len(answer.Result().Cookies()) != 1 || answer.Header().Get("Location") != "/" {
		t.Errorf("the form answered %d, to %q", answer.Code, answer.Header().Get("Location"))
	}
}

func TestWhatIsNoLoginIsSaid(t *testing.T) {
	w := newWorld(t, nil)
	for _, body := range []string{"", "{}", "[]", `{"password":3}`, `{"password":null}`, "not JSON"} {
		w.refuses(body, w.ask("POST", "/api/login", body), "invalid_request  password")
	}
	w.refuses("a broken form", w.ask("POST", "/api/login", "password=%zz", "Content-Type", "application/x-www-form-urlencoded"), "invalid_request  password")
	w.refuses("a huge body", w.ask("POST", "/api/login", strings.Repeat("x", mostBody+1)), "too_large")
}

func TestALoginEndsWhenItIsNotUsedAndAfterAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		idle, busy := w.logIn(), w.logIn()
		use := func(c *http.Cookie) int {
			return w.ask("GET", "/api/models", "", "Cookie", cookieName+"="+c.Value).Code
		}
		for range 29 {
			time.Sleep(23 * time.Hour)
			if use(busy) != http.StatusOK {
				t.Fatal("a login in use is over")
			}
		}
		if use(idle) == http.StatusOK {
			t.Error("a login that nobody used goes on")
		}
		time.Sleep(23 * time.Hour)
		time.Sleep(23 * time.Hour)
		time.Sleep(23 * time.Hour)
		if use(busy) == http.StatusOK {
			t.Error("a login goes on for more than a month")
		}
	})
}

func TestALoginEndsWithItsPassword(t *testing.T) {
	w := newWorld(t, nil)
	cookie := []string{"Cookie", cookieName + "=" + w.logIn().Value}
	w.access.Password = domain.NewSecret("another one")
	w.refuses("after the password was changed", w.ask("GET", "/api/models", "", cookie...), "unauthenticated not_logged_in")
	w.access.Password = domain.NewSecret(password)
	w.refuses("after it was changed back", w.ask("GET", "/api/models", "", cookie...), "unauthenticated not_logged_in")
}

func TestThereAreOnlySoManyLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		first := w.logIn()
		time.Sleep(time.Second)
		second := w.logIn()
		for range mostLogins - 1 {
			w.logins.begin(w.access.Password, time.Now())
		}
		if w.ask("GET", "/api/models", "", "Cookie", cookieName+"="+first.Value).Code == http.StatusOK {
			t.Error("the login that was idle longest still counts")
		}
		if w.ask("GET", "/api/models", "", "Cookie", cookieName+"="+second.Value).Code != http.StatusOK {
			t.Error("a later login is gone")
		}
		if len(w.logins.all) != mostLogins {
			t.Errorf("there are %d logins, want %d", len(w.logins.all), mostLogins)
		}
	})
}
