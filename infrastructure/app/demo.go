package app

import (
	"context"
	"fmt"
	"path/filepath"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/models"
)

// startDemo starts the simulator inside the process and points the configuration at it
// and at its accounts. The configured ones are neither used nor asked.
func (s *Settings) startDemo(ctx context.Context) (stop func(), err error) {
	platform := ondemandtest.DemoOptions()
	var demo []domain.Account
	for i, a := range platform.Accounts {
		credential, err := credentialOf(a)
		if err != nil {
			return nil, err
		}
		account, err := domain.NewAccount(fmt.Sprintf("demo-%d", i+1), credential, domain.AccountLimits{})
		if err != nil {
			return nil, err
		}
		demo = append(demo, account)
	}
	server, err := ondemandtest.Listen(ctx, "127.0.0.1:0", platform)
	if err != nil {
		return nil, err
	}
	s.Config.Accounts = demo
	s.Config.UpstreamGatewayURL, s.Config.UpstreamAPIURL = server.URL, server.URL
	s.Config.DataDir = filepath.Join(s.Config.DataDir, "demo") // what is kept of the real accounts stays untouched
	s.Reload = nil
	return func() { _ = server.Close() }, nil
}

func credentialOf(a ondemandtest.Account) (domain.Credential, error) {
	if a.Key != "" {
		return domain.NewKeyCredential(a.Key)
	}
	return domain.NewPasswordCredential(a.Email, a.Password)
}

// demoOwner is who made the models of a demonstration, as GET /v1/models tells it.
const demoOwner = "demo (simulated, no real model)"

// demoModels says of every model that it is none.
type demoModels struct{ *models.Catalogue }

// List implements web.Models.
func (d demoModels) List() []domain.ModelMapping {
	list := append([]domain.ModelMapping(nil), d.Catalogue.List()...)
	for i := range list {
		list[i].OwnedBy = demoOwner
	}
	return list
}

// Find implements web.Models.
func (d demoModels) Find(name string) (domain.ModelMapping, error) {
	m, err := d.Catalogue.Find(name)
	m.OwnedBy = demoOwner
	return m, err
}
