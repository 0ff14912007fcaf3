package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"ondemand-api-proxy/adapter/openai"
)

// listModels serves GET /v1/models.
func (s *Server) listModels(c *gin.Context) {
	c.JSON(http.StatusOK, openai.ToModelList(s.models.List()))
}

// oneModel serves GET /v1/models/{id}; an id may hold slashes.
func (s *Server) oneModel(c *gin.Context) {
	model, err := s.models.Find(strings.TrimPrefix(c.Param("id"), "/"))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, openai.ToModel(model))
}
