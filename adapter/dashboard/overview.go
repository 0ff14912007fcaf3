package dashboard

import (
	"net/http"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// Notices are what a person has to be told before everything else.
const (
	noticeDefaultToken = "default_token"
	noticeNoAccounts   = "no_accounts"
	noticeMemoryOnly   = "memory_only"
	noticeDemo         = "demo"
	noticeConfigBroken = "config_broken"
	noticeNeedRestart  = "restart_needed"
)

// overviewJSON is the answer of GET /api/overview.
type overviewJSON struct {
	Range      string      `json:"range"`
	From       instant     `json:"from"`
	To         instant     `json:"to"`
	Version    string      `json:"version"`
	Since      instant     `json:"since"`
	Restricted bool        `json:"restricted"`
	Notices    []string    `json:"notices"`
	Config     configJSON  `json:"config"`
	Ledger     ledgerJSON  `json:"ledger"`
	Totals     totalsJSON  `json:"totals"`
	Previous   totalsJSON  `json:"previous"`
	Tokens     []tokenJSON `json:"access_tokens"`
	Moment     momentJSON  `json:"moment"`
}

// configJSON tells what became of the last change of the configuration file.
type configJSON struct {
	Problem     string   `json:"problem"`      // one sentence; empty: it is in force
	NeedRestart []string `json:"need_restart"` // keys that take effect after a restart
}

type ledgerJSON struct {
	Queued   int   `json:"queued"`
	Dropped  int64 `json:"dropped"`
	Faults   int64 `json:"faults"`
	InMemory bool  `json:"in_memory"`
}

// tokenJSON sums up what was done with an access token.
type tokenJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	sumsJSON
	Failures int64 `json:"failures"`
}

// overview serves GET /api/overview.
func (s *Server) overview(w http.ResponseWriter, r *http.Request) error {
	span, err := rangeOf(r.URL.Query())
	if err != nil {
		return err
	}
	from, to := span.bounds(time.Now())
	totals, err := s.ledger.Totals(r.Context(), from, to)
	if err != nil {
		return err
	}
	previous, err := s.ledger.Totals(r.Context(), from.Add(-span.length), from)
	if err != nil {
		return err
	}
	tokens, err := s.ledger.Tokens(r.Context(), from, to)
	if err != nil {
		return err
	}
	health, access := s.options.Health(), s.options.Access()
	wire := overviewJSON{
		Range: span.name, From: instant(from), To: instant(to), Version: s.options.Version, Since: instant(s.options.Started),
		Restricted: access.Restricted, Notices: s.notices(health, access), Config: toConfig(access),
		Ledger: ledgerJSON{health.Queued, health.Dropped, health.Faults, health.InMemory},
		Totals: toTotals(totals), Previous: toTotals(previous), Tokens: make([]tokenJSON, 0, len(tokens)), Moment: s.moment(),
	}
	for _, part := range tokens {
		name := s.tokenName(domain.TokenID(part.Name))
		wire.Tokens = append(wire.Tokens, tokenJSON{part.Name, name, toSums(part.Sums), part.Outcomes.Failures()})
	}
	return answer(w, wire)
}

func (s *Server) notices(health usage.Health, access Access) []string {
	notices := []string{}
	for _, n := range []struct {
		name string
		is   bool
	}{
		{noticeDemo, s.options.Demo},
		{noticeDefaultToken, access.DefaultToken},
		{noticeNoAccounts, len(s.pool.Statuses()) == 0},
		{noticeMemoryOnly, health.InMemory},
		{noticeConfigBroken, access.ConfigProblem != ""},
		{noticeNeedRestart, len(access.NeedRestart) > 0},
	} {
		if n.is {
			notices = append(notices, n.name)
		}
	}
	return notices
}

func toConfig(access Access) configJSON {
	wire := configJSON{Problem: access.ConfigProblem, NeedRestart: append([]string{}, access.NeedRestart...)}
	if access.Restricted { // it may name paths and accounts
		wire.Problem = ""
	}
	return wire
}

// tokenName is what the operator calls an access token; one that is gone has its id.
func (s *Server) tokenName(id domain.TokenID) string {
	if name := s.options.TokenName(id); name != "" {
		return name
	}
	return string(id)
}

// momentJSON is how things stand right now.
type momentJSON struct {
	At       instant            `json:"at"`
	InFlight int                `json:"in_flight"`
	Sessions int                `json:"sessions"`
	Accounts map[string]int     `json:"accounts"` // how many are in each state, and "total"
	States   []accountStateJSON `json:"account_states"`
}

// accountStateJSON is how an account stands right now.
type accountStateJSON struct {
	ID       string  `json:"id"`
	State    string  `json:"state"`
	Why      string  `json:"why"`
	Until    instant `json:"until"`
	InFlight int     `json:"in_flight"`
}

// moment takes the figures from the metrics' own collectors; the pool adds why.
func (s *Server) moment() momentJSON {
	now, statuses := s.gauges.Moment(), s.pool.Statuses()
	wire := momentJSON{
		At: instant(time.Now()), InFlight: now.InFlight, Sessions: now.Sessions,
		Accounts: map[string]int{"total": len(statuses), "ready": 0, "resting": 0, "cooling": 0, "out": 0},
		States:   make([]accountStateJSON, 0, len(statuses)),
	}
	names := newNamer(statuses, s.options.Access().Restricted)
	for _, status := range statuses {
		gauge := now.Accounts[status.Account.Label()]
		state := accountStateJSON{ID: names.of(status.Account.ID()).id, State: gauge.State, InFlight: gauge.InFlight}
		if status.State != domain.AccountReady && status.State.String() == gauge.State {
			state.Why, state.Until = status.Why.String(), instant(status.Until)
		}
		wire.Accounts[gauge.State]++
		wire.States = append(wire.States, state)
	}
	return wire
}
