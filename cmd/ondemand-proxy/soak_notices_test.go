package main_test

import (
	"strings"
	"testing"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// agreeing is what everybody says of two requests: one that was answered, and one whose client left
// before it had an id.
func agreeing() *soakAccountOf {
	b := newSoakBooks()
	stayed := soakSaid{choices: map[int]*soakChoice{0: {finish: "stop"}}, done: true, prompt: 10, completion: 5}
	call := soakCall{method: "POST", route: "/v1/chat/completions", token: soakMain, number: b.number()}
	b.ended(soakEnding{call: call, id: "req_1", status: 200, said: stayed, outcomes: stayed.outcomes(200)})
	call.number = b.number()
	b.ended(soakEnding{call: call, left: true})
	const route = `ondemand_proxy_requests_total{method="POST",model="gpt-4o",outcome="%",route="/v1/chat/completions"}`
	a := &soakAccountOf{
		books: b, arrived: 2,
		queries: func(number int) []string { return map[int][]string{1: {"s1"}, 2: {"s2"}}[number] },
		rows:    []usage.Row{agreeingRow("req_1", domain.OutcomeCompleted, domain.ResultOK), agreeingRow("req_2", domain.OutcomeClientGone, "client_gone")},
		metrics: map[string]float64{
			strings.ReplaceAll(route, "%", "completed"): 1, strings.ReplaceAll(route, "%", "client_gone"): 1,
			`ondemand_proxy_tokens_total{kind="prompt"}`: 20, `ondemand_proxy_tokens_total{kind="completion"}`: 10,
			`ondemand_proxy_upstream_attempts_total{result="ok"}`: 1, `ondemand_proxy_upstream_attempts_total{result="client_gone"}`: 1,
			`ondemand_proxy_session_uses_total{use="fresh"}`: 2,
		},
	}
	a.overview.Totals.Requests, a.overview.Totals.Attempts, a.overview.Totals.Prompt, a.overview.Totals.Completion = 2, 2, 20, 10
	a.overview.Totals.Outcomes = map[string]float64{"completed": 1, "client_gone": 1}
	a.overview.Tokens = append(a.overview.Tokens, struct {
		Name     string
		Requests float64
	}{"main", 2})
	return a
}

func agreeingRow(id string, outcome domain.Outcome, result string) usage.Row {
	return usage.Row{Entry: usage.Entry{Record: domain.Record{
		RequestID: id, Outcome: outcome, Status: 200, Usage: domain.Usage{Prompt: 10, Completion: 5}, Attempts: 1,
		Tries: []domain.Try{{Session: domain.SessionFresh, Result: result}},
	}}}
}

func TestTheSoakNoticesEveryDisagreement(t *testing.T) {
	for what, spoil := range map[string]func(*soakAccountOf){
		"a request that the ledger lacks":         func(a *soakAccountOf) { a.rows = a.rows[1:] },
		"a client that left and has no row":       func(a *soakAccountOf) { a.rows = a.rows[:1] },
		"a row twice":                             func(a *soakAccountOf) { a.rows = append(a.rows, a.rows[0]) },
		"a row of nobody":                         func(a *soakAccountOf) { a.rows = append(a.rows, agreeingRow("req_3", "completed", "ok")) },
		"an end that the client saw otherwise":    func(a *soakAccountOf) { a.rows[0].Outcome = domain.OutcomeUpstreamCut },
		"a status that the client saw otherwise":  func(a *soakAccountOf) { a.rows[0].Status = 502 },
		"tokens that the client was told not":     func(a *soakAccountOf) { a.rows[0].Usage.Completion, a.rows[1].Usage.Completion = 6, 4 },
		"a request that the overview lacks":       func(a *soakAccountOf) { a.overview.Totals.Requests = 1 },
		"an outcome that the overview counts not": func(a *soakAccountOf) { a.overview.Totals.Outcomes = map[string]float64{"completed": 2} },
		"tokens that the overview counts not":     func(a *soakAccountOf) { a.overview.Totals.Prompt = 19 },
		"an access token's request":               func(a *soakAccountOf) { a.overview.Tokens[0].Requests = 1 },
		"tokens that the metrics count not":       func(a *soakAccountOf) { a.metrics[`ondemand_proxy_tokens_total{kind="prompt"}`]-- },
		"an attempt that the metrics count not":   func(a *soakAccountOf) { delete(a.metrics, `ondemand_proxy_upstream_attempts_total{result="ok"}`) },
		"a request that only the metrics have": func(a *soakAccountOf) {
			a.metrics[`ondemand_proxy_requests_total{method="GET",model="none",outcome="completed",route="/healthz"}`] = 1
		},
		"a query that the ledger lacks":       func(a *soakAccountOf) { a.rows[0].Attempts, a.overview.Totals.Attempts = 0, 1 },
		"a query that the platform never got": func(a *soakAccountOf) { a.rows[0].Attempts, a.overview.Totals.Attempts = 2, 3 },
		"a query for a request of nobody":     func(a *soakAccountOf) { a.arrived = 3 },
		"a row that was dropped":              func(a *soakAccountOf) { a.metrics["ondemand_proxy_ledger_dropped_rows_total"] = 1 },
		"a shutdown that nobody asked for":    func(a *soakAccountOf) { a.rows[1].Outcome = domain.OutcomeShutdown },
	} {
		a := agreeing()
		spoil(a)
		if a.agree(); len(a.books.complaint) == 0 {
			t.Errorf("%s was not noticed", what)
		}
	}
	a := agreeing()
	if a.agree(); len(a.books.complaint) != 0 {
		t.Errorf("what agrees is complained about: %q", a.books.complaint)
	}
}
