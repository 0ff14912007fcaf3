package main_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// soakOverview is the dashboard's sum of everything.
type soakOverview struct {
	Totals struct {
		Requests   float64
		Outcomes   map[string]float64
		Prompt     float64 `json:"prompt_tokens"`
		Completion float64 `json:"completion_tokens"`
		Attempts   float64
		Streams    float64
	}
	Tokens []struct {
		Name     string
		Requests float64
	} `json:"access_tokens"`
	Ledger struct{ Queued, Dropped, Faults float64 }
	Moment struct {
		InFlight float64 `json:"in_flight"`
	}
}

// soakAccountOf is what everybody says when all is over.
type soakAccountOf struct {
	books    *soakBooks
	rows     []usage.Row // of the ledger
	overview soakOverview
	metrics  map[string]float64
	// queries are the sessions of the queries that the platform got for a request.
	queries  func(number int) []string
	arrived  int // queries at the platform
	cut      int // of these: their bodies did not come whole
	repeated int // of these: came again with a new token, after a 401
	unsent   int // queries that never came, or not whole
	failed   int // of these: not of clients that left
}

// soakSums are sums over rows.
type soakSums struct {
	outcomes                                      map[string]float64
	results, uses                                 map[string]float64 // of tries
	requests, prompt, completion, queries, stream float64
}

// agree finds everything that somebody says otherwise than somebody else.
func (a *soakAccountOf) agree() {
	sums := a.eachRow()
	same := func(what, one string, first float64, other string, second float64) {
		if first != second {
			a.books.disagree("%s: %s says %v, %s says %v", what, one, first, other, second)
		}
	}
	chat := func(labels ...string) float64 {
		labels = append(labels, "/chat/completions\"")
		return a.sum("requests_total", labels...) - a.sum("requests_total", append(labels, `model="none"`)...)
	}
	const rows, overview, metrics, clients = "the ledger's rows", "the overview", "the metrics", "the clients"
	same("completions", clients, float64(len(a.books.known)+len(a.books.unknown)), rows, sums.requests)
	same("completions", overview, a.overview.Totals.Requests, rows, sums.requests)
	same("completions", metrics, chat(), rows, sums.requests)
	for _, outcome := range soakKeys(sums.outcomes, a.overview.Totals.Outcomes) {
		same(outcome, overview, a.overview.Totals.Outcomes[outcome], rows, sums.outcomes[outcome])
		same(outcome, metrics, chat(`outcome="`+outcome+`"`), rows, sums.outcomes[outcome])
	}
	same("refused at the door", clients, float64(a.books.turned), metrics, a.sum("requests_total", "/chat/completions\"", `model="none"`))
	for route, count := range a.books.routes {
		method, path, _ := strings.Cut(route, " ")
		same(route, clients, float64(count), metrics, a.sum("requests_total", `method="`+method+`"`, `route="`+path+`"`))
	}
	same("requests of all routes", clients, soakTotal(a.books.routes), metrics, a.sum("requests_total"))
	for _, token := range a.overview.Tokens {
		same("access token "+token.Name, clients, float64(a.books.byToken[token.Name]), overview, token.Requests)
	}
	for what, all := range map[string][3]float64{
		"prompt tokens":     {sums.prompt, a.overview.Totals.Prompt, a.sum("tokens_total", `kind="prompt"`)},
		"completion tokens": {sums.completion, a.overview.Totals.Completion, a.sum("tokens_total", `kind="completion"`)},
	} {
		same(what, rows, all[0], overview, all[1])
		same(what, rows, all[0], metrics, all[2])
	}
	same("queries", rows, sums.queries, overview, a.overview.Totals.Attempts)
	same("streams", rows, sums.stream, overview, a.overview.Totals.Streams)
	for result, count := range sums.results {
		same("attempts that ended as "+result, rows, count, metrics, a.sum("upstream_attempts_total", `result="`+result+`"`))
	}
	same("attempts", rows, soakTotal(sums.results), metrics, a.sum("upstream_attempts_total"))
	for use, count := range sums.uses {
		same("attempts in sessions "+use, rows, count, metrics, a.sum("session_uses_total", `use="`+use+`"`))
	}
	same("queries, with what was repeated and without what never came", rows, sums.queries+float64(a.repeated+a.cut-a.unsent), "the platform", float64(a.arrived))
	if a.cut > a.unsent {
		a.books.disagree("%d queries came to the platform in part, and only %d may have", a.cut, a.unsent)
	}
	for _, still := range []string{"ledger_dropped_rows_total", "ledger_faults_total", "ledger_queued_rows", "account_requests_in_flight"} {
		same(still, metrics, a.sum(still), "everybody", 0)
	}
}

// eachRow holds every row against what its client knows and what the platform got, and sums up.
func (a *soakAccountOf) eachRow() soakSums {
	sums := soakSums{outcomes: map[string]float64{}, results: map[string]float64{}, uses: map[string]float64{}}
	left, leftQueries := len(a.books.unknown), 0
	seen := make(map[string]bool, len(a.rows))
	for _, row := range a.rows {
		sums.add(row)
		if seen[row.RequestID] {
			a.books.disagree("request %s stands in the ledger twice", row.RequestID)
		}
		seen[row.RequestID] = true
		client, known := a.books.known[row.RequestID]
		if known {
			a.row(row, client)
			continue
		}
		left--
		leftQueries += row.Attempts
		if client.left = true; !client.mayEndAs(string(row.Outcome)) {
			a.books.disagree("request %s, whose client left, ended as %s", row.RequestID, row.Outcome)
		}
	}
	if left != 0 {
		a.books.disagree("%d clients left before they had an id, and %d rows have an id that no client has", len(a.books.unknown), len(a.books.unknown)-left)
	}
	for id, client := range a.books.known {
		if !seen[id] {
			a.books.disagree("request %s (status %d, %s) is not in the ledger", id, client.status, client.word())
		}
	}
	for _, client := range a.books.unknown {
		leftQueries -= a.count(client.call.number)
	}
	if leftQueries < 0 {
		a.books.disagree("the platform got %d queries more than the rows of clients without an id have", -leftQueries)
	}
	a.unsent += leftQueries
	return sums
}

// row holds a row against what its client knows.
func (a *soakAccountOf) row(row usage.Row, client soakEnding) {
	if !client.mayEndAs(string(row.Outcome)) {
		a.books.disagree("request %s: the client saw status %d, %s; the ledger says %s", row.RequestID, client.status, client.word(), row.Outcome)
	}
	if !client.left && row.Status != client.status {
		a.books.disagree("request %s: the client saw status %d, the ledger says %d", row.RequestID, client.status, row.Status)
	}
	if said := client.said; !client.left && said.done && (said.prompt != row.Usage.Prompt || said.completion != row.Usage.Completion) {
		a.books.disagree("request %s: the client was told %d and %d tokens, the ledger says %d and %d", row.RequestID, said.prompt, said.completion, row.Usage.Prompt, row.Usage.Completion)
	}
	if len(row.Tries) >= domain.MaxTries {
		a.books.disagree("request %s has so many tries that not all are told", row.RequestID)
	}
	missing := row.Attempts - a.count(client.call.number)
	switch {
	case missing < 0:
		a.books.disagree("request %s: the platform got %d queries more than the ledger knows", row.RequestID, -missing)
	case missing > 0 && !mayBeUnsent(row, missing):
		a.books.disagree("request %s (%s): %d queries never came to the platform; tries %+v", row.RequestID, row.Outcome, missing, row.Tries)
	}
	a.unsent += missing
	if row.Outcome != domain.OutcomeClientGone {
		a.failed += missing
	}
}

// mayBeUnsent tells whether so many queries of a request may have been begun and never have come:
// its client left, another one of its choices failed, or there was no token to be had for them.
func mayBeUnsent(row usage.Row, missing int) bool {
	if row.Outcome == domain.OutcomeClientGone {
		return true
	}
	for _, try := range row.Tries {
		switch try.Result {
		case domain.ClientGone.String(), domain.CredentialRefused.String(), domain.UpstreamFault.String(), domain.UpstreamSilent.String(), domain.UpstreamRateLimited.String(), domain.PlanRefused.String():
			missing--
		}
	}
	return missing <= 0
}

// count is how many attempts at a request asked the platform. Each has a session of its own:
// what came into one twice was repeated with a new token.
func (a *soakAccountOf) count(number int) int {
	sessions := slices.Clone(a.queries(number))
	slices.Sort(sessions)
	distinct := len(slices.Compact(slices.Clone(sessions)))
	a.repeated += len(sessions) - distinct
	return distinct
}

func (s *soakSums) add(row usage.Row) {
	s.requests++
	s.outcomes[string(row.Outcome)]++
	s.prompt += float64(row.Usage.Prompt)
	s.completion += float64(row.Usage.Completion)
	s.queries += float64(row.Attempts)
	if row.Stream {
		s.stream++
	}
	for _, try := range row.Tries {
		s.results[try.Result]++
		if try.Session != domain.SessionNone {
			s.uses[try.Session.String()]++
		}
	}
}

// sum adds up the series of a family that have all these labels.
func (a *soakAccountOf) sum(name string, labels ...string) (total float64) {
	for series, value := range a.metrics {
		family, _, _ := strings.Cut(series, "{")
		if family == "ondemand_proxy_"+name && !slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(series, l) }) {
			total += value
		}
	}
	return total
}

func soakKeys(all ...map[string]float64) []string {
	keys := map[string]bool{}
	for _, one := range all {
		for key := range one {
			keys[key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func soakTotal[N int | float64](of map[string]N) (total float64) {
	for _, n := range of {
		total += float64(n)
	}
	return total
}

// table is a map, one entry to a line.
func soakTable[N int | float64](of map[string]N) string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintf(&text, "  %-42s %6.0f\n", key, float64(of[key]))
	}
	return text.String()
}
