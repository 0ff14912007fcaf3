package main_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

// standing is how the dashboard says an account stands.
type standing struct {
	ID, State, Why string
	Until          time.Time
	InFlight       int `json:"in_flight"`
}

// standings are all accounts, in the order of the configuration.
func (r *faultRig) standings() []standing {
	r.t.Helper()
	return data[struct{ Accounts []standing }](r.t, r.proxy, "accounts?range=1h").Accounts
}

// observation is a cell and what could be seen of it from outside.
type observation struct {
	faultCell
	victim   int // the account that met the fault
	answer   answer
	accounts []standing // right after the answer
	at       time.Time  // when they were seen
}

// other is the account that did not meet the fault.
func (o observation) other() int { return 1 - o.victim }

// checkClient checks what the client was told.
func (r *faultRig) checkClient(o observation, history []spoken) {
	r.t.Helper()
	want := o.stated.client
	if want.broken == "" {
		r.ends(history, o.answer, want.ending)
		if answered := r.lastAsked(); want.ending == wholeAnswer && answered != r.labels[o.answerer()] {
			r.t.Errorf("%s answered, want %s", answered, r.labels[o.answerer()])
		}
		return
	}
	got := r.broken(o.answer, want.broken)
	sent := r.platform.Transcript(r.lastSession())[0].Answer
	if o.place == betweenDeltas {
		sent = sent[:strings.Index(sent, ">")+1]
	}
	if got.text != sent {
		r.t.Errorf("the client got %q, want %q: what had come", got.text, sent)
	}
}

// answerer is the account that is to answer a request that is answered.
func (o observation) answerer() int {
	if o.stated.pool.other == answers {
		return o.other()
	}
	return o.victim
}

// checkPool checks how the accounts stand.
func (r *faultRig) checkPool(o observation) {
	r.t.Helper()
	for i, got := range o.accounts {
		want := o.stated.pool
		if i != o.victim && want.other != meetsItToo {
			want = poolDoes{}
		}
		if got.InFlight != 0 {
			r.t.Errorf("account %d has %d requests in flight after the only one ended", i, got.InFlight)
		}
		if got.State == "ready" && want.state == domain.AccountResting && r.restedAlready(got.ID, want.why) {
			continue // the dashboard was asked too late
		}
		why := ""
		if want.state != domain.AccountReady {
			why = want.why.String()
		}
		if got.State != want.state.String() || got.Why != why {
			r.t.Errorf("account %d (the fault met %d) is %s, %q; want %s, %q\n%s", i, o.victim, got.State, got.Why, want.state, why, r.log.tail())
		}
		if left := got.Until.Sub(o.at); want.lasts > 0 && (left > want.lasts || left < want.lasts-15*time.Second) {
			r.t.Errorf("account %d stays so for %v, want %v", i, left, want.lasts)
		}
	}
}

// restedAlready tells whether the log knows of the account's latest rest, and that it is over.
func (r *faultRig) restedAlready(id string, why domain.Kind) bool {
	for _, line := range slices.Backward(strings.Split(r.log.String(), "\n")) {
		var entry struct {
			Message    string `json:"message"`
			Account    string `json:"account_id"`
			Why, Until string
		}
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Account != id || !strings.HasPrefix(entry.Message, "account ") {
			continue
		}
		until, err := time.Parse("2006-01-02T15:04:05.000Z0700", entry.Until)
		return err == nil && strings.HasPrefix(entry.Message, "account rests") && entry.Why == why.String() && time.Now().After(until)
	}
	return false
}

// tellable is how long a state has to last for a request that is made now to meet it.
const tellable = 500 * time.Millisecond

// checkAfterwards asks once more, now that the fault is over: the request is answered, by the other
// account as long as the one that met the fault is to get nothing; or refused as stated.
func (r *faultRig) checkAfterwards(o observation) {
	r.t.Helper()
	history := r.question()
	now := time.Now()
	a := r.settled(history)
	r.ends(history, a, o.stated.afterwards(o.alone))
	away := o.accounts[o.victim].Until.After(now.Add(tellable)) && o.stated.pool.other != meetsItToo
	if answered := r.lastAsked(); away && !o.alone && answered != r.labels[o.other()] {
		r.t.Errorf("a further request went to %s, which is %s", answered, o.accounts[o.victim].State)
	}
}

// faultRow is a row of the ledger, as the dashboard lists it.
type faultRow struct {
	shownAs
	Usage  string
	Prompt int `json:"prompt_tokens"`
	Stream bool
	Tries  []struct{ Account, Result string }
}

// row waits for the request's row.
func (r *faultRig) row(id string) faultRow {
	r.t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		for _, row := range data[struct{ Requests []faultRow }](r.t, r.proxy, "requests?limit=6").Requests {
			if row.RequestID == id {
				return row
			}
		}
		if time.Since(began) > 10*time.Second {
			r.t.Fatalf("the ledger does not hold request %s after 10 s", id)
		}
	}
}

// checkLedger checks the row of the request that met the fault.
func (r *faultRig) checkLedger(o observation) {
	r.t.Helper()
	row, want := r.row(o.answer.header.Get("X-Request-Id")), o.stated.ledger
	got := ledgerSays{outcome: domain.Outcome(row.Outcome), queries: row.Attempts}
	for i, try := range row.Tries {
		got.tries = append(got.tries, try.Result)
		at := o.victim
		if i%2 == 1 && !o.alone {
			at = o.other()
		}
		if try.Account != r.ids[at] {
			r.t.Errorf("try %d was made with account %s, want %s", i, try.Account, r.ids[at])
		}
	}
	for _, source := range []domain.UsageSource{domain.UsageMeasured, domain.UsageEstimated} {
		if row.Usage == source.String() {
			got.usage = source
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ledgerSays{})); diff != "" {
		r.t.Errorf("the ledger (-want +got):\n%s", diff)
	}
	if row.Status != o.answer.status || row.Stream != (o.asked == streamed) || row.Model != "gpt-4o" {
		r.t.Errorf("the ledger says %+v of an answer with status %d", row, o.answer.status)
	}
	if charged := row.Prompt + row.Completion; (charged > 0) != (want.usage != domain.UsageUnknown) {
		r.t.Errorf("%d tokens are charged; want some: %v", charged, want.usage != domain.UsageUnknown)
	}
	if o.asked == whole && o.answer.status == http.StatusOK {
		if told := o.answer.tells(r.t).usage; told.Prompt != row.Prompt || told.Completion != row.Completion {
			r.t.Errorf("the client was told of %+v, the ledger holds %d and %d", told, row.Prompt, row.Completion)
		}
	}
}
