package main_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// faultRig is a program with the platform behind two fronts, on which cells are tried one after
// the other. Its accounts are put back after each.
type faultRig struct {
	*stage
	gateway, api *front
	ids          []string // of the accounts, as the dashboard has them
	untidy       bool     // a cell failed before it had put everything back
}

// impatient are time-outs that a test can wait for: time for two attempts that are silent.
var impatient = []string{"REQUEST_TIMEOUT=1.5", "STREAM_TIMEOUT=1.5"}

// setUp starts what the cells of a rigging need, and lets every account answer once.
func (r rigging) setUp(t *testing.T) *faultRig {
	t.Helper()
	count := 2
	if r.alone {
		count = 1
	}
	known, configured := r.kind.accounts(count)
	platform := sim.New(sim.Options{Accounts: known, Model: wordy})
	var good, bad *tls.Certificate
	environ := slices.Concat(roomy, []string{
		"ONDEMAND_ACCOUNTS=" + configured, fmt.Sprintf("ACCOUNT_COOLDOWN_SECONDS=%d", int(untimedWait.Seconds())), "DEBUG_MODE=true",
	})
	if r.tls {
		good, bad = certify(t), certify(t)
		environ = append(environ, "SSL_CERT_FILE="+trust(t, good))
	}
	if r.pressed {
		environ = append(environ, impatient...)
	}
	rig := &faultRig{gateway: newFront(t, platform, good, bad), api: newFront(t, platform, good, bad)}
	t.Cleanup(platform.Close)
	rig.stage = &stage{t: t, platform: &sim.Server{Sim: platform, URL: rig.api.url()}, client: httpClient(t)}
	for _, account := range known {
		rig.labels = append(rig.labels, account.Label())
	}
	rig.proxy = startWith(t, setup{environ: append(environ, "UPSTREAM_GATEWAY_URL="+rig.gateway.url(), "UPSTREAM_API_URL="+rig.api.url())})
	rig.await("the catalogue was fetched", func() bool {
		return slices.ContainsFunc(platform.CallsOf(sim.Catalogue, ""), func(c sim.Call) bool { return c.Status == http.StatusOK && !c.Ended.IsZero() })
	})
	for _, standing := range rig.standings() {
		rig.ids = append(rig.ids, standing.ID)
	}
	rig.everyoneAnswers()
	return rig
}

// everyoneAnswers checks that all accounts are given work in turn. Afterwards they are signed in.
func (r *faultRig) everyoneAnswers() {
	r.t.Helper()
	answered := map[string]bool{}
	for range r.labels {
		history := r.question()
		r.whole(history, r.settled(history))
		answered[r.lastAsked()] = true
	}
	if len(answered) != len(r.labels) {
		r.t.Errorf("only %d of %d accounts are given work: %v", len(answered), len(r.labels), answered)
	}
}

// settled gets an answer, and waits until the platform has done with it, and knows what it said.
func (r *faultRig) settled(history []spoken) answer {
	r.t.Helper()
	a := r.ask(history)
	r.atRest()
	return a
}

func (r *faultRig) atRest() {
	r.t.Helper()
	r.await("no call is left open", func() bool { return r.platform.Running() == 0 && r.platform.OpenStreams() == 0 })
}

// next is the number of the account whose turn it is: the one that was not asked last.
func (r *faultRig) next() int {
	return (slices.Index(r.labels, r.lastAsked()) + 1) % len(r.labels)
}

// strike lets the account meet the fault of a cell.
func (r *faultRig) strike(c faultCell, account string) {
	switch c.place {
	case atSignIn:
		r.platform.RevokeTokens(account)
	case atRefresh:
		r.platform.ExpireTokens(account)
	default:
	}
	if c.fault == unreached || c.fault == tlsFailure {
		at := r.api
		if c.forPasswords() {
			at = r.gateway
		}
		at.breaks(c.fault, c.precedes())
		return
	}
	times := 0
	if c.fault == status401 || c.fault == status404 && c.place == atSession {
		times = 1
	}
	r.platform.Script(sim.Fault{On: c.operation(), Account: account, Times: times, Do: c.place.effect(c.fault)})
}

// calm ends whatever was struck.
func (r *faultRig) calm() {
	r.platform.ClearScript()
	r.gateway.mend()
	r.api.mend()
}

// try runs a cell, and leaves everything as it was.
func (r *faultRig) try(t *testing.T, c faultCell) {
	outer := r.t
	r.t, r.client, r.stream = t, httpClient(t), c.asked == streamed
	defer func() { r.t = outer }()
	defer r.calm()
	if r.untidy {
		r.putBack()
		r.everyoneAnswers()
	}
	r.untidy = true

	seen := observation{faultCell: c, victim: r.next()}
	r.strike(c, r.labels[seen.victim])
	history := r.question()
	met := r.platform.Count(c.operation(), r.labels[seen.victim])
	seen.answer = r.ask(history)
	seen.accounts, seen.at = r.standings(), time.Now()
	if c.fault != unreached && c.fault != tlsFailure && r.platform.Count(c.operation(), r.labels[seen.victim]) == met {
		t.Errorf("the account that was to meet the fault made no such call")
	}
	r.atRest()
	r.checkClient(seen, history)
	r.checkPool(seen)

	r.calm()
	r.checkAfterwards(seen)
	r.putBack()
	r.everyoneAnswers()
	r.untidy = false
	r.checkLedger(seen)
}

// putBack makes all accounts ready, as their operator can.
func (r *faultRig) putBack() {
	r.t.Helper()
	for _, id := range r.ids {
		if got := r.sends(r.t, asking, "POST", "/api/accounts/put-back", `{"account":"`+id+`"}`, "Authorization", "Bearer "+accessToken); got.status != http.StatusOK {
			r.t.Fatalf("an account cannot be put back: %d %s", got.status, got.body)
		}
	}
}

func TestEveryFaultAtEveryPlaceComesToWhatTheTableStates(t *testing.T) {
	t.Parallel()
	began, cells := time.Now(), faultCells()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" { // where no variable adds to what is trusted
		cells = slices.DeleteFunc(cells, func(c faultCell) bool { return c.fault == tlsFailure })
	}
	atOnce(t, batches(cells), batch.name, batch.run)
	t.Logf("%d cells in %v", len(cells), time.Since(began).Round(time.Second))
}

func (b batch) run(t *testing.T) {
	rig := b.setUp(t)
	for _, c := range b.cells {
		t.Run(c.name(), func(t *testing.T) { rig.try(t, c) })
	}
}

func (b batch) name() string { return "from " + b.cells[0].name() }
