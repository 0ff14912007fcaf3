package dashboard

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"time"

	"ondemand-api-proxy/domain"
)

// What a request of the dashboard may be refused for.
func errNotLoggedIn() *domain.Error {
	return &domain.Error{Kind: domain.Unauthenticated, Code: "not_logged_in", Message: "Log in first, or send the dashboard's password as \"Authorization: Bearer <password>\"."}
}

func errWrongPassword() *domain.Error {
	return &domain.Error{Kind: domain.Unauthenticated, Code: "wrong_password", Message: "This is not the dashboard's password: it is dashboard_password, or else api_access_token (not one of access_tokens)."}
}

func errCrossOrigin() *domain.Error {
	return &domain.Error{Kind: domain.NotAllowed, Code: "cross_origin", Message: "The request came from a page of another site."}
}

func errRestricted() *domain.Error {
	return &domain.Error{Kind: domain.NotAllowed, Code: "restricted", Message: "This is off while the dashboard's password stands in the documentation, so that everybody knows it: set API_ACCESS_TOKEN to a secret of your own."}
}

// guarded lets in who is logged in, or shows the password as a token.
func (s *Server) guarded(next Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		private(w)
		login := s.loggedIn(r)
		switch {
		case login != nil && !fromOwnPage(r):
			return errCrossOrigin()
		case login != nil:
			return next(w, withLogin(r, login))
		case !slices.ContainsFunc(s.options.Shown(r.Header), func(token string) bool { return token != "" }):
			return errNotLoggedIn()
		}
		if err := s.hears(r, func() bool { return s.showsPassword(r) }); err != nil {
			return err
		}
		return next(w, r)
	}
}

// hears returns nil for the right password. Too many wrong ones from one address are not looked at.
func (s *Server) hears(r *http.Request, fits func() bool) error {
	right, err := s.throttle.hears(r.Context(), s.options.Client(r), fits)
	if err == nil && !right {
		err = errWrongPassword()
	}
	return err
}

// loggedIn returns the login of who made the request, nil when there is none. A login ends with
// the password that it was begun with.
func (s *Server) loggedIn(r *http.Request) *loggedIn {
	login := s.logins.of(r, time.Now())
	if login != nil && !login.password.Equal(s.options.Access().Password) {
		s.logins.end(login)
		return nil
	}
	return login
}

// showsPassword tells whether the request has the password in one of its headers.
func (s *Server) showsPassword(r *http.Request) bool {
	return slices.ContainsFunc(s.options.Shown(r.Header), s.isPassword)
}

// stillIn tells whether a request that was let in would be let in again.
func (s *Server) stillIn(r *http.Request) bool {
	if loginOf(r) != nil {
		return s.loggedIn(r) != nil
	}
	return s.showsPassword(r)
}

// isPassword compares in constant time.
func (s *Server) isPassword(tried string) bool {
	got, want := sha256.Sum256([]byte(tried)), sha256.Sum256([]byte(s.options.Access().Password.Reveal()))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// fromOwnPage tells whether a request that carries the cookie was made by the dashboard's
// own page, or by no page at all. Inside the frame of a Space the cookie comes along with
// requests of any site, so that SameSite does not help.
func fromOwnPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "": // no browser of this decade, or an address that is not trustworthy
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && from.Host != "" && from.Host == r.Host
}

// private keeps an answer out of every cache, and browsers from guessing what it is.
func private(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
}
