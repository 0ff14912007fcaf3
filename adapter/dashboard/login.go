package dashboard

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"ondemand-api-proxy/domain"
)

// cookieName is the name of the login's cookie.
const cookieName = "ondemand_dashboard"

// mostBody bounds the bodies that the dashboard takes, in bytes.
const mostBody = 8 << 10

// login serves POST /api/login: the password, as JSON or from a form.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	private(w)
	if !fromOwnPage(r) {
		return errCrossOrigin()
	}
	password, isForm, err := passwordOf(r)
	if err != nil {
		return err
	}
	if err := s.hears(r, func() bool { return s.isPassword(password) }); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(r, s.logins.begin(s.options.Access().Password, time.Now()), lifetime))
	if isForm { // of a browser that ran no script
		http.Redirect(w, r, "..", http.StatusSeeOther)
		return nil
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func passwordOf(r *http.Request) (password string, isForm bool, err error) {
	body, err := readBody(r)
	if err != nil {
		return "", false, err
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return "", true, domain.Invalid("password", "The form cannot be read.")
		}
		return values.Get("password"), true, nil
	}
	var sent struct{ Password *string }
	if err := json.Unmarshal(body, &sent); err != nil || sent.Password == nil {
		return "", false, domain.Invalid("password", "The body has to be {\"password\": \"…\"}.")
	}
	return *sent.Password, false, nil
}

// readBody reads a body of at most mostBody bytes.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, mostBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, domain.E(domain.TooLarge, "The request's body is larger than 8 KiB.", nil)
	case err != nil:
		return nil, domain.E(domain.InvalidRequest, "The request's body ended before its announced length.", err)
	}
	return body, nil
}

// logout serves POST /api/logout.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	private(w)
	if !fromOwnPage(r) {
		return errCrossOrigin()
	}
	if login := s.loggedIn(r); login != nil {
		s.logins.end(login)
	}
	http.SetCookie(w, s.cookie(r, "", -1))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// cookie returns the login's cookie; an age below zero deletes it. The page inside the
// frame of a Space is a third party to the browser: its cookie has to say None, and to be
// kept for that frame alone.
func (s *Server) cookie(r *http.Request, value string, age time.Duration) *http.Cookie {
	//nolint:gosec // G124: what it misses is set, to a variable or further down
	c := &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: s.options.OverTLS(r), SameSite: http.SameSiteStrictMode,
	}
	if age < 0 {
		c.MaxAge = -1
	}
	if s.options.InSpace && c.Secure {
		c.SameSite, c.Partitioned = http.SameSiteNoneMode, true
	}
	return c
}
