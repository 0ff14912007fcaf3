package dashboard

import (
	"encoding/json"
	"net/http"

	"ondemand-api-proxy/domain"
)

// testJSON is what became of trying an account.
type testJSON struct {
	Account string `json:"account"`
	OK      bool   `json:"ok"`
	Kind    string `json:"kind"`
	Message string `json:"message"` // a sentence that says what to do; empty: it can be used
}

// testAccount serves POST /api/accounts/test.
func (s *Server) testAccount(w http.ResponseWriter, r *http.Request) error {
	account, err := s.chosen(r)
	if err != nil {
		return err
	}
	wire := testJSON{Account: string(account), OK: true}
	if err := s.pool.Test(r.Context(), account); err != nil {
		failure := domain.AsError(err)
		if failure.Kind == domain.NotFound {
			return failure
		}
		wire.OK, wire.Kind, wire.Message = false, failure.Kind.String(), failure.Message
	}
	return answer(w, wire)
}

// putBack serves POST /api/accounts/put-back.
func (s *Server) putBack(w http.ResponseWriter, r *http.Request) error {
	account, err := s.chosen(r)
	if err != nil {
		return err
	}
	if err := s.pool.PutBack(account); err != nil {
		return err
	}
	return answer(w, map[string]string{"account": string(account), "state": domain.AccountReady.String()})
}

// chosen reads which account something is to be done with.
func (s *Server) chosen(r *http.Request) (domain.AccountID, error) {
	if s.options.Access().Restricted {
		return "", errRestricted()
	}
	body, err := readBody(r)
	if err != nil {
		return "", err
	}
	var sent struct{ Account domain.AccountID }
	if err := json.Unmarshal(body, &sent); err != nil || sent.Account == "" {
		return "", domain.Invalid("account", "The body has to be {\"account\": \"the account's id\"}.")
	}
	return sent.Account, nil
}
