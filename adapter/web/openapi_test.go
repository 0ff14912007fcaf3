package web

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/adapter/dashboard"
	"ondemand-api-proxy/adapter/web/openapitest"
)

func TestEveryRouteStandsInTheDocumentAndTheReverse(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) { o.Pages = dashboard.New(dashboard.Options{}, nil, nil, nil).Routes() })
	rest := regexp.MustCompile(`[*:](\w+)`)
	var routes []string
	for _, r := range s.engine.Routes() {
		routes = append(routes, r.Method+" "+rest.ReplaceAllString(r.Path, "{$1}"))
	}
	slices.Sort(routes)
	if diff := cmp.Diff(openapitest.Read(t).Routes(), routes); diff != "" {
		t.Errorf("docs/openapi.yaml (-) and the router (+) disagree:\n%s", diff)
	}
}
