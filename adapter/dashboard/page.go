package dashboard

import (
	"net/http"
	"strconv"
	"strings"

	"ondemand-api-proxy/domain"
)

// policy is the Content-Security-Policy of the pages, but for who may frame them: nothing
// comes from elsewhere, nothing is inline, and no text ever becomes markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; frame-ancestors "

// page serves GET /: the dashboard to who is logged in, and else the form to do so.
func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	shown := s.files().form
	if s.loggedIn(r) != nil {
		shown = s.files().app
	}
	header := w.Header()
	header.Set("Content-Security-Policy", policy+s.framers())
	if !s.options.InSpace {
		header.Set("X-Frame-Options", "DENY")
	}
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cache-Control", "no-cache")
	header.Add("Vary", "Cookie")
	shown.serve(w, r)
	return nil
}

// framers are who may show the page in a frame.
func (s *Server) framers() string {
	if s.options.InSpace {
		return "https://huggingface.co"
	}
	return "'none'"
}

// asset serves GET /assets/*name. Without login there is only what the form needs.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	f, found := s.files().assets[strings.TrimPrefix(r.URL.Path, assetsPath)]
	switch {
	case found && !f.public && s.loggedIn(r) == nil:
		return errNotLoggedIn()
	case !found:
		return domain.E(domain.NotFound, "There is no such file; load the page anew.", nil)
	}
	kept := "public"
	if !f.public {
		kept = "private"
	}
	w.Header().Set("Cache-Control", kept+", max-age=31536000, immutable")
	f.serve(w, r)
	return nil
}

// serve sends the file.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Add("Vary", "Accept-Encoding")
	content := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		content = f.zipped()
	}
	header.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(content)
	}
}
