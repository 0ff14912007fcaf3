package dashboard

import (
	"net/http"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// modelJSON sums up the requests for one model.
type modelJSON struct {
	Name string `json:"name"`
	sumsJSON
	Outcomes usage.Outcomes `json:"outcomes"`
	Failures int64          `json:"failures"`
	LastUsed instant        `json:"last_used"`
}

// models serves GET /api/models.
func (s *Server) models(w http.ResponseWriter, r *http.Request) error {
	span, err := rangeOf(r.URL.Query())
	if err != nil {
		return err
	}
	from, to := span.bounds(time.Now())
	parts, err := s.ledger.Models(r.Context(), from, to)
	if err != nil {
		return err
	}
	models := make([]modelJSON, 0, len(parts))
	for _, p := range parts {
		models = append(models, modelJSON{p.Name, toSums(p.Sums), p.Outcomes, p.Outcomes.Failures(), instant(p.LastUsed())})
	}
	return answer(w, map[string]any{"range": span.name, "models": models})
}

// accountJSON is an account: how it stands, and what it did in the range.
type accountJSON struct {
	accountStateJSON
	Name              string `json:"name"`
	Credential        string `json:"credential"` // masked
	Configured        bool   `json:"configured"`
	MaxConcurrency    int    `json:"max_concurrency"`
	RequestsPerMinute int    `json:"requests_per_minute"`
	sumsJSON
	Failures int64   `json:"failures"`
	LastUsed instant `json:"last_used"`
}

// accounts serves GET /api/accounts: those of the configuration in its order, and behind
// them those that only the ledger still knows.
func (s *Server) accounts(w http.ResponseWriter, r *http.Request) error {
	span, err := rangeOf(r.URL.Query())
	if err != nil {
		return err
	}
	from, to := span.bounds(time.Now())
	parts, err := s.ledger.Accounts(r.Context(), from, to)
	if err != nil {
		return err
	}
	used := make(map[domain.AccountID]usage.Part, len(parts))
	for _, p := range parts {
		used[domain.AccountID(p.Name)] = p
	}
	accounts := s.configured(used)
	for _, p := range parts {
		if _, left := used[domain.AccountID(p.Name)]; left && !s.options.Access().Restricted {
			accounts = append(accounts, accountJSON{accountStateJSON: accountStateJSON{ID: p.Name}, Name: p.Name}.with(p))
		}
	}
	return answer(w, map[string]any{"range": span.name, "accounts": accounts})
}

// configured returns the accounts of the configuration, and takes what they did out of used.
func (s *Server) configured(used map[domain.AccountID]usage.Part) []accountJSON {
	statuses, states := s.pool.Statuses(), make(map[string]accountStateJSON)
	for _, state := range s.moment().States {
		states[state.ID] = state
	}
	names := newNamer(statuses, s.options.Access().Restricted)
	accounts := make([]accountJSON, 0, len(statuses))
	for _, status := range statuses {
		id, limits := status.Account.ID(), status.Account.Limits()
		as := names.of(id)
		one := accountJSON{
			accountStateJSON: states[as.id], Name: as.name, Credential: as.credential, Configured: true,
			MaxConcurrency: limits.MaxConcurrency, RequestsPerMinute: limits.RequestsPerMinute,
		}
		one.ID = as.id
		accounts = append(accounts, one.with(used[id]))
		delete(used, id)
	}
	return accounts
}

// with adds what the account did.
func (a accountJSON) with(p usage.Part) accountJSON {
	a.sumsJSON, a.Failures = toSums(p.Sums), p.Outcomes.Failures()
	if p.Requests > 0 {
		a.LastUsed = instant(p.LastUsed())
	}
	return a
}
