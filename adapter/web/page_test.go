package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"ondemand-api-proxy/adapter/dashboard"
)

func TestABrowserThatLeavesIsNoDefect(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) {
		o.Pages = []dashboard.Route{{Method: http.MethodGet, Path: "/api/slow", Handler: func(_ http.ResponseWriter, r *http.Request) error {
			if r.URL.RawQuery == "" {
				return errors.New("the disk is broken")
			}
			<-r.Context().Done()
			return context.Cause(r.Context())
		}}}
	})
	if got := s.ask(http.MethodGet, "/api/slow", "").Code; got != http.StatusInternalServerError {
		t.Errorf("a defect is answered with %d", got)
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/slow?until=gone", nil))
	levels := map[any]any{}
	for _, line := range s.logs.fields(t, "http request") {
		levels[line["status"]] = line["level"]
	}
	if answer.Code != 499 || levels[499.0] != "info" || levels[500.0] != "error" {
		t.Errorf("who left is answered %d; logged are %v", answer.Code, levels)
	}
}
