package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

// notYourModel is said of a model that the access token may not use.
const notYourModel = "This access token may not use that model."

// listModels serves GET /v1/models: those that the access token may use.
func (s *Server) listModels(c *gin.Context) {
	listed := slices.DeleteFunc(slices.Clone(s.models.List()), func(m domain.ModelMapping) bool { return !passOf(c).allows(m.Name) })
	c.JSON(http.StatusOK, openai.ToModelList(listed))
}

// oneModel serves GET /v1/models/{id}; an id may hold slashes.
func (s *Server) oneModel(c *gin.Context) {
	model, err := s.models.Find(strings.TrimPrefix(c.Param("id"), "/"))
	if err == nil && !passOf(c).allows(model.Name) {
		err = domain.E(domain.ModelNotFound, notYourModel, nil)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, openai.ToModel(model))
}
