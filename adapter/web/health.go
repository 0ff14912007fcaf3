package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"ondemand-api-proxy/domain"
)

// health serves GET /healthz: the process is alive.
func (s *Server) health(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
}

// ready serves GET /readyz: at least one account can be used.
func (s *Server) ready(c *gin.Context) {
	if err := s.options.Unready(); err != nil {
		c.JSON(http.StatusServiceUnavailable, gin.H{"status": "not ready", "reason": domain.AsError(err).Message})
		return
	}
	ledger := "stored"
	if s.options.MemoryOnly() {
		ledger = "in memory only: the data directory cannot be used"
	}
	c.JSON(http.StatusOK, gin.H{"status": "ready", "ledger": ledger})
}
