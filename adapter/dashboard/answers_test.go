package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

type object = map[string]any

func TestTheOverview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // 2000-01-01 00:00:00 UTC
		time.Sleep(14*time.Hour + 5*time.Minute + 7*time.Second)
		w := newWorld(t, func(o *Options) { o.Demo = true })
		w.access.DefaultToken, w.access.ConfigProblem, w.access.NeedRestart = true, "The file is broken.", []string{"port"}
		w.books.totals = usage.Totals{
			Sums:     usage.Sums{Requests: 10, Prompt: 100, Completion: 300, Estimated: 100, Cost: 1_500_000_000, Attempts: 12, Streams: 4},
			Outcomes: usage.Outcomes{domain.OutcomeCompleted: 5, domain.OutcomeLength: 1, domain.OutcomeTimeout: 2, domain.OutcomeClientGone: 1, domain.OutcomeRejected: 1},
			First:    usage.Quantiles{P50: 340 * time.Millisecond, P95: 900 * time.Millisecond},
		}
		w.books.parts = []usage.Part{{Name: "0123456789ab", Sums: usage.Sums{Requests: 9}}, {Name: "gone", Sums: usage.Sums{Requests: 1}, Outcomes: usage.Outcomes{domain.OutcomeTimeout: 1}}}
		w.crew.inFlight = 3
		got := get[object](w, "/api/overview")
		totals := object{
			"requests": 10.0, "prompt_tokens": 100.0, "completion_tokens": 300.0, "cost_usd": 1.5, "failures": 2.0, "success_rate": 0.75,
			"outcomes":         object{"completed": 5.0, "length": 1.0, "timeout": 2.0, "client_gone": 1.0, "rejected": 1.0},
			"estimated_tokens": 100.0, "estimated_share": 0.25, "attempts": 12.0, "streams": 4.0,
			"first_ms": object{"p50": 340.0, "p95": 900.0}, "duration_ms": nil,
		}
		main, other := string(w.crew.statuses[0].Account.ID()), string(w.crew.statuses[1].Account.ID())
		token := func(id, name string, requests, failures float64) object {
			return object{"id": id, "name": name, "requests": requests, "failures": failures, "prompt_tokens": 0.0, "completion_tokens": 0.0, "cost_usd": 0.0}
		}
		want := object{
			"range": "24h", "from": "1999-12-31T14:06:00.000Z", "to": "2000-01-01T14:06:00.000Z", "version": "v1.2.3", "since": "2023-11-14T22:13:20.000Z",
			"restricted": false, "notices": []any{"demo", "default_token", "config_broken", "restart_needed"},
			"config": object{"problem": "The file is broken.", "need_restart": []any{"port"}},
			"ledger": object{"queued": 0.0, "dropped": 0.0, "faults": 0.0, "in_memory": false},
			"totals": totals, "previous": totals,
			"access_tokens": []any{token("0123456789ab", "team", 9, 0), token("gone", "gone", 1, 1)},
			"moment": object{
				"at": "2000-01-01T14:05:07.000Z", "in_flight": 3.0, "sessions": 5.0,
				"accounts": object{"total": 2.0, "ready": 1.0, "resting": 0.0, "cooling": 1.0, "out": 0.0},
				"account_states": []any{
					object{"id": main, "state": "ready", "why": "", "until": nil, "in_flight": 2.0},
					object{"id": other, "state": "cooling", "why": "upstream_rate_limited", "until": "2000-01-01T14:05:49.000Z", "in_flight": 0.0},
				},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the overview is another one (-want +got):\n%s", diff)
		}
		day := 24 * time.Hour
		to := time.Date(2000, 1, 1, 14, 6, 0, 0, time.UTC)
		if want := []asked{{from: to.Add(-day), to: to}, {from: to.Add(-2 * day), to: to.Add(-day)}, {from: to.Add(-day), to: to}}; !slices.Equal(w.books.asked, want) {
			t.Errorf("the ledger was asked for %v, want %v", w.books.asked, want)
		}
	})
}

func TestNoticesSayWhatAPersonHasToKnow(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Health = func() usage.Health { return usage.Health{InMemory: true, Faults: 2} } })
	w.crew.statuses = nil
	got := get[struct {
		Notices []string
		Ledger  ledgerJSON
	}](w, "/api/overview")
	if want := []string{"no_accounts", "memory_only"}; !slices.Equal(got.Notices, want) || !got.Ledger.InMemory || got.Ledger.Faults != 2 {
		t.Errorf("notices are %v and the ledger is %+v, want %v, in memory with 2 faults", got.Notices, got.Ledger, want)
	}
}

func TestASuccessRateNeedsRequestsThatCouldSucceed(t *testing.T) {
	w := newWorld(t, nil)
	w.books.totals = usage.Totals{Sums: usage.Sums{Requests: 2}, Outcomes: usage.Outcomes{domain.OutcomeClientGone: 1, domain.OutcomeRejected: 1}}
	if got := get[struct{ Totals object }](w, "/api/overview").Totals["success_rate"]; got != nil {
		t.Errorf("the success rate is %v, want null", got)
	}
}

func TestEveryRangeAsksForWhatItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(14*time.Hour + 5*time.Minute + 7*time.Second)
		w := newWorld(t, nil)
		minute, hour := time.Date(2000, 1, 1, 14, 6, 0, 0, time.UTC), time.Date(2000, 1, 1, 15, 0, 0, 0, time.UTC)
		for _, test := range []struct {
			query  string
			to     time.Time
			length time.Duration
			step   usage.Step
			name   string
			offset time.Duration
		}{
			{"", minute, day, usage.Hour, "hour", 0},
			{"?range=1h", minute, time.Hour, usage.Minute, "minute", 0},
			{"?range=1h&step=hour", minute, time.Hour, usage.Hour, "hour", 0},
			{"?range=24h&step=day&utc_offset=-300", minute, day, usage.Day, "day", -5 * time.Hour},
			{"?range=7d", hour, 7 * day, usage.Hour, "hour", 0},
			{"?range=30d&utc_offset=480", hour, 30 * day, usage.Day, "day", 8 * time.Hour},
			{"?range=90d&step=hour", hour, 90 * day, usage.Hour, "hour", 0},
		} {
			w.books.asked = nil
			got := get[seriesJSON](w, "/api/series"+test.query)
			want := asked{test.to.Add(-test.length), test.to, test.step, test.offset}
			if len(w.books.asked) != 1 || w.books.asked[0] != want || got.Step != test.name || got.UTCOffset != int(test.offset/time.Minute) {
				t.Errorf("%q asked for %v, want %v, and answered step %s", test.query, w.books.asked, want, got.Step)
			}
		}
	})
}

func TestSeriesTellGapsFromZeros(t *testing.T) {
	w := newWorld(t, nil)
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	w.books.points = []usage.Point{
		{Start: start},
		{Start: start.Add(time.Hour), Outcomes: usage.Outcomes{domain.OutcomeCompleted: 3}, Prompt: 1, Completion: 2, First: usage.Quantiles{P50: time.Millisecond, P95: time.Second}},
	}
	got := get[object](w, "/api/series")["points"]
	want := []any{
		object{"start": "2026-01-31T12:00:00.000Z", "outcomes": nil, "prompt_tokens": 0.0, "completion_tokens": 0.0, "first_ms": nil, "duration_ms": nil},
		object{"start": "2026-01-31T13:00:00.000Z", "outcomes": object{"completed": 3.0}, "prompt_tokens": 1.0, "completion_tokens": 2.0, "first_ms": object{"p50": 1.0, "p95": 1000.0}, "duration_ms": nil},
	}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("the points are others (-want +got):\n%s", diff)
	}
}

func TestAccountsAreThoseOfTheConfigurationAndThoseTheLedgerKnows(t *testing.T) {
	w := newWorld(t, nil)
	last := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	main, other := w.crew.statuses[0].Account, w.crew.statuses[1].Account
	w.books.parts = []usage.Part{
		{Name: "feedfacade", Sums: usage.Sums{Requests: 7, Last: last.UnixMilli()}},
		{Name: string(main.ID()), Sums: usage.Sums{Requests: 5, Prompt: 1, Completion: 2, Cost: 3_000_000_000, Last: last.UnixMilli()}, Outcomes: usage.Outcomes{domain.OutcomeUpstreamCut: 1}},
	}
	var got []string
	for _, a := range get[struct{ Accounts []object }](w, "/api/accounts").Accounts {
		got = append(got, fmt.Sprint(a["id"], " ", a["name"], " ", a["credential"], " ", a["configured"], " ", a["state"], " ", a["why"], " ", a["in_flight"], " ", a["max_concurrency"],
			" ", a["requests"], " ", a["failures"], " ", a["cost_usd"], " ", a["last_used"]))
	}
	want := []string{
		string(main.ID()) + " main al***@example.org true ready  2 4 5 1 3 2026-01-31T12:00:00.000Z",
		string(other.ID()) + " bo***@example.org bo***@example.org true cooling upstream_rate_limited 0 4 0 0 0 <nil>",
		"feedfacade feedfacade  false   0 0 7 0 0 2026-01-31T12:00:00.000Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the accounts are others (-want +got):\n%s", diff)
	}
}

func TestModels(t *testing.T) {
	w := newWorld(t, nil)
	w.books.parts = []usage.Part{{Name: "<img src=x>", Sums: usage.Sums{Requests: 5, Last: 1_700_000_000_000}, Outcomes: usage.Outcomes{domain.OutcomeTimeout: 2, domain.OutcomeCompleted: 3}}}
	got := get[struct{ Models []object }](w, "/api/models").Models
	want := []object{{
		"name": "<img src=x>", "requests": 5.0, "prompt_tokens": 0.0, "completion_tokens": 0.0, "cost_usd": 0.0,
		"outcomes": object{"timeout": 2.0, "completed": 3.0}, "failures": 2.0, "last_used": "2023-11-14T22:13:20.000Z",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the models are others (-want +got):\n%s", diff)
	}
}

func TestRequestsComeInPages(t *testing.T) {
	w := newWorld(t, nil)
	for i := range int64(5) {
		w.books.rows = append(w.books.rows, row(5-i, time.Duration(i)*time.Second, nil))
	}
	var ids []string
	target := "/api/requests?limit=2"
	for range 3 {
		page := get[struct {
			Requests []struct {
				ID string `json:"request_id"`
			}
			Next *string
		}](w, target)
		for _, r := range page.Requests {
			ids = append(ids, r.ID)
		}
		if page.Next == nil {
			break
		}
		target = "/api/requests" + query("limit", "2", "before", *page.Next)
	}
	if want := []string{"req_f", "req_e", "req_d", "req_c", "req_b"}; !slices.Equal(ids, want) {
		t.Errorf("the pages hold %v, want %v", ids, want)
	}
}

func TestARequestTellsItsAttempts(t *testing.T) {
	w := newWorld(t, nil)
	main, other := w.crew.statuses[0].Account, w.crew.statuses[1].Account
	w.books.rows = []usage.Row{row(1, 0, func(r *usage.Row) {
		r.Began = time.Date(2026, 1, 31, 12, 0, 0, 345_000_000, time.UTC)
		r.Account, r.Attempts, r.Continued = main.ID(), 2, true
		r.Tries = []domain.Try{
			{Account: other.ID(), Session: domain.SessionReplayed, Result: "upstream_rate_limited", Began: time.Millisecond, Took: 20 * time.Millisecond},
			{Choice: 1, Account: main.ID(), Session: domain.SessionContinued, Result: "ok", Took: 2 * time.Second},
		}
	})}
	got := get[struct{ Requests []object }](w, "/api/requests").Requests
	want := []object{{
		"request_id": "req_b", "began": "2026-01-31T12:00:00.345Z", "access_token": "team", "model": "gpt-4o", "endpoint": "predefined-openai-gpt4o",
		"account": string(main.ID()), "account_name": "main", "outcome": "completed", "status": 200.0, "prompt_tokens": 10.0, "completion_tokens": 20.0,
		"usage": "measured", "first_ms": 340.0, "duration_ms": 2100.0, "stream": true, "attempts": 2.0, "continued": true, "cost_usd": 0.00125,
		"tries": []any{
			object{"choice": 0.0, "account": string(other.ID()), "account_name": "bo***@example.org", "session": "replayed", "result": "upstream_rate_limited", "began_ms": 1.0, "took_ms": 20.0},
			object{"choice": 1.0, "account": string(main.ID()), "account_name": "main", "session": "continued", "result": "ok", "began_ms": 0.0, "took_ms": 2000.0},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the request is another one (-want +got):\n%s", diff)
	}
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		w := newWorld(t, nil)
		_ = get[any](w, "/api/requests")
		if w.books.filter != (usage.Filter{}) {
			t.Errorf("without parameters the filter is %+v, want none", w.books.filter)
		}
		_ = get[any](w, "/api/requests"+query("range", "1h", "model", "<b>", "outcome", "timeout", "account", "feedfacade"))
		want := usage.Filter{Model: "<b>", Outcome: domain.OutcomeTimeout, Account: "feedfacade", From: time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)}
		if w.books.filter != want {
			t.Errorf("the filter is %+v, want %+v", w.books.filter, want)
		}
		_ = get[any](w, "/api/requests"+query("from", "2026-01-31T12:00:00+08:00", "to", "2026-02-01T00:00:00Z"))
		if f := w.books.filter; !f.From.Equal(time.Date(2026, 1, 31, 4, 0, 0, 0, time.UTC)) || !f.To.Equal(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("the filter is %+v", f)
		}
	})
}

func TestParametersThatCannotBeUsedAreNamed(t *testing.T) {
	w := newWorld(t, nil)
	for target, param := range map[string]string{
		"/api/overview?range=2h": "range", "/api/models?range=x": "range", "/api/accounts?range=x": "range", "/api/series?range=": "",
		"/api/series?step=year": "step", "/api/series?range=7d&step=minute": "step", "/api/series?utc_offset=x": "utc_offset", "/api/series?utc_offset=900": "utc_offset",
		"/api/series?utc_offset=99999999999999999": "utc_offset", "/api/requests?range=x": "range", "/api/requests?outcome=x": "outcome", "/api/requests?limit=0": "limit",
		"/api/requests?limit=201": "limit", "/api/requests?limit=x": "limit", "/api/requests?before=x": "before", "/api/requests?from=yesterday": "from",
		"/api/requests?to=1": "to", "/api/export": "format", "/api/export?format=xml": "format", "/api/export?format=csv&outcome=x": "outcome",
	} {
		answer := w.ask("GET", target, "", "Authorization", "Bearer "+password)
		if param == "" {
			if answer.Code != http.StatusOK {
				t.Errorf("%s answered %q", target, answer.Body)
			}
			continue
		}
		w.refuses(target, answer, "invalid_request  "+param)
	}
}

func TestALedgerThatCannotBeReadIsSaid(t *testing.T) {
	w := newWorld(t, nil)
	w.books.fails = errDisk
	for _, path := range []string{"overview", "series", "models", "accounts", "requests"} {
		w.refuses(path, w.ask("GET", "/api/"+path, "", "Authorization", "Bearer "+password), "internal")
	}
}

func TestAccountsAreTestedAndPutBack(t *testing.T) {
	w := newWorld(t, nil)
	id := string(w.crew.statuses[1].Account.ID())
	do := func(action, body string) (answer object) {
		response := w.ask("POST", "/api/accounts/"+action, body, "Authorization", "Bearer "+password)
		if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil || response.Code != http.StatusOK {
			t.Fatalf("%s answered %d %q", action, response.Code, response.Body)
		}
		return answer
	}
	chosen := `{"account":"` + id + `"}`
	if diff := cmp.Diff(object{"account": id, "ok": true, "kind": "", "message": ""}, do("test", chosen)); diff != "" {
		t.Errorf("a test that went well (-want +got):\n%s", diff)
	}
	w.crew.problem = domain.E(domain.PlanRefused, "its plan is over", errDisk)
	if diff := cmp.Diff(object{"account": id, "ok": false, "kind": "plan_refused", "message": "its plan is over"}, do("test", chosen)); diff != "" {
		t.Errorf("a test that failed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(object{"account": id, "state": "ready"}, do("put-back", chosen)); diff != "" {
		t.Errorf("putting back (-want +got):\n%s", diff)
	}
	if len(w.crew.tested) != 2 || len(w.crew.back) != 1 || string(w.crew.back[0]) != id {
		t.Errorf("tested were %v, put back %v", w.crew.tested, w.crew.back)
	}
	for _, action := range []string{"test", "put-back"} {
		path := "/api/accounts/" + action
		w.refuses(action+" nobody", w.ask("POST", path, `{"account":"nobody"}`, "Authorization", "Bearer "+password), "not_found")
		for _, body := range []string{"", "{}", `{"account":7}`} {
			w.refuses(action+" "+body, w.ask("POST", path, body, "Authorization", "Bearer "+password), "invalid_request  account")
		}
	}
}

func TestWhoKnowsOnlyWhatEverybodyKnowsSeesFiguresAndNoNames(t *testing.T) {
	w := newWorld(t, nil)
	w.access.Restricted, w.access.ConfigProblem = true, "It names alice."
	main := w.crew.statuses[0].Account
	w.books.rows = []usage.Row{row(1, 0, func(r *usage.Row) {
		r.Account = main.ID()
		r.Tries = []domain.Try{{Account: main.ID(), Result: "ok"}, {Account: "feedfacade", Result: "timeout"}}
	})}
	w.books.parts = []usage.Part{{Name: string(main.ID()), Sums: usage.Sums{Requests: 5}}, {Name: "feedfacade", Sums: usage.Sums{Requests: 1}}}
	for _, path := range []string{"/api/overview", "/api/accounts", "/api/requests"} {
		text := w.ask("GET", path, "", "Authorization", "Bearer "+password).Body.String()
		if path == "/api/overview" { // the access tokens of the tests are made of the same parts
			_, text, _ = strings.Cut(text, `"moment"`)
		}
		for _, secret := range []string{`"main"`, "alice", "***", "example.org", string(main.ID()), "feedfacade"} {
			if strings.Contains(text, secret) {
				t.Errorf("GET %s tells %q:\n%s", path, secret, text)
			}
		}
	}
	if got := get[struct{ Accounts []object }](w, "/api/accounts").Accounts; len(got) != 2 || got[0]["name"] != "account 1" || got[0]["requests"] != 5.0 || got[1]["id"] != "2" {
		t.Errorf("the accounts are %v", got)
	}
	_ = get[any](w, "/api/requests?account=1")
	if w.books.filter.Account != main.ID() {
		t.Errorf("account 1 is %q, want the first one", w.books.filter.Account)
	}
	_ = get[any](w, "/api/requests"+query("account", string(main.ID())))
	if w.books.filter.Account == main.ID() {
		t.Error("an account can be asked for by its id")
	}
	for _, route := range [][2]string{{"GET", "/api/export?format=csv"}, {"GET", "/api/export?format=json"}, {"POST", "/api/accounts/test"}, {"POST", "/api/accounts/put-back"}} {
		w.refuses(route[1], w.ask(route[0], route[1], `{"account":"1"}`, "Authorization", "Bearer "+password), "not_allowed restricted")
	}
}
