package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// allowOrigins lets pages of the configured origins call the API from a browser. No
// cookie is ever involved, so credentials are not allowed across origins.
func (s *Server) allowOrigins(c *gin.Context) {
	if len(s.options.CORSOrigins) == 0 {
		return
	}
	header := c.Writer.Header()
	header.Add("Vary", "Origin")
	origin := strings.ToLower(c.GetHeader("Origin"))
	i := slices.IndexFunc(s.options.CORSOrigins, func(allowed string) bool { return allowed == "*" || allowed == origin })
	if origin == "" || i < 0 {
		return
	}
	header.Set("Access-Control-Allow-Origin", s.options.CORSOrigins[i])
	header.Set("Access-Control-Expose-Headers", "x-request-id, retry-after, x-should-retry, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests")
	if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
		header.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "Authorization, *") // the star alone would leave Authorization out
		header.Set("Access-Control-Max-Age", "600")
		c.AbortWithStatus(http.StatusNoContent)
	}
}
