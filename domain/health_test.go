package domain

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// happening is one thing that happens to an account, seconds after the start.
type happening struct {
	kind     Kind
	well     bool // it was a success, whatever kind says
	began    float64
	at       float64
	cooldown time.Duration
}

func at(seconds float64) time.Time {
	return time.Unix(1_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

func healthAfter(happenings ...happening) *Health {
	h := &Health{}
	for _, e := range happenings {
		if e.well {
			h.Succeeded(at(e.began))
		} else {
			h.Failed(e.kind, at(e.began), at(e.at), e.cooldown)
		}
	}
	return h
}

func fault(began, at float64) happening { return happening{kind: UpstreamFault, began: began, at: at} }
func success(began float64) happening   { return happening{well: true, began: began} }
func limited(began, at float64, cooldown time.Duration) happening {
	return happening{kind: UpstreamRateLimited, began: began, at: at, cooldown: cooldown}
}

func TestTheStateOfAnAccountFollowsWhatHappenedToIt(t *testing.T) {
	const minute, hour = 60, 3600
	for name, c := range map[string]struct {
		happened  []happening
		now       float64
		want      AccountState
		why       Kind
		wantUntil float64
	}{
		"nothing yet":                                 {nil, 0, AccountReady, 0, 0},
		"one fault rests it a second":                 {[]happening{fault(0, 1)}, 1.5, AccountResting, UpstreamFault, 2},
		"a rest ends by itself":                       {[]happening{fault(0, 1)}, 2, AccountReady, 0, 0},
		"a second fault rests it two":                 {[]happening{fault(0, 1), fault(3, 4)}, 4, AccountResting, UpstreamFault, 6},
		"a fault as the last resort doubles the rest": {[]happening{fault(0, 1), fault(1.2, 1.5)}, 1.5, AccountResting, UpstreamFault, 3.5},
		"parallel faults are one":                     {[]happening{fault(0, 1), fault(0, 1.1), fault(0.5, 1.2), fault(1, 1.3)}, 1.5, AccountResting, UpstreamFault, 2},
		"a success ends the rest":                     {[]happening{fault(0, 1), success(1.1)}, 1.2, AccountReady, 0, 0},
		"a success begun before the fault does not":   {[]happening{fault(0, 1), success(0.5)}, 1.2, AccountResting, UpstreamFault, 2},
		"a success begun with the fault does not":     {[]happening{fault(0, 1), success(1)}, 1.2, AccountResting, UpstreamFault, 2},
		"after a success the rest begins anew":        {[]happening{fault(0, 1), fault(3, 4), success(7), fault(8, 9)}, 9, AccountResting, UpstreamFault, 10},
		"silence rests it":                            {[]happening{{kind: UpstreamSilent, at: 1}}, 1, AccountResting, UpstreamSilent, 2},
		"a cut rests it":                              {[]happening{{kind: UpstreamCut, at: 1}}, 1, AccountResting, UpstreamCut, 2},
		"an empty answer rests it":                    {[]happening{{kind: UpstreamEmpty, at: 1}}, 1, AccountResting, UpstreamEmpty, 2},
		"a rate limit cools it as long as asked":      {[]happening{limited(0, 1, 7*time.Second)}, 7, AccountCooling, UpstreamRateLimited, 8},
		"a rate limit cools it a second at least":     {[]happening{limited(0, 1, 0)}, 1.5, AccountCooling, UpstreamRateLimited, 2},
		"an absurd Retry-After is not believed":       {[]happening{limited(0, 0, 1<<62)}, 1, AccountCooling, UpstreamRateLimited, 30 * 24 * hour},
		"a longer rate limit replaces a shorter":      {[]happening{limited(0, 1, 5*time.Second), limited(0, 2, 9*time.Second)}, 3, AccountCooling, UpstreamRateLimited, 11},
		"a shorter rate limit does not":               {[]happening{limited(0, 1, 50*time.Second), limited(0, 2, 9*time.Second)}, 3, AccountCooling, UpstreamRateLimited, 51},
		"a fault does not shorten a rate limit":       {[]happening{limited(0, 1, minute*time.Second), fault(0, 2)}, 4, AccountCooling, UpstreamRateLimited, 61},
		"a rate limit ends a shorter rest":            {[]happening{fault(0, 1), limited(0, 1.5, 9*time.Second)}, 2, AccountCooling, UpstreamRateLimited, 10.5},
		"a success does not end a rate limit":         {[]happening{limited(0, 1, 9*time.Second), success(2)}, 3, AccountCooling, UpstreamRateLimited, 10},
		"nor one that came during a rest":             {[]happening{fault(0, 1), limited(0, 1.5, 9*time.Second), success(2)}, 3, AccountCooling, UpstreamRateLimited, 10.5},
		"a refused sign-in takes it out an hour":      {[]happening{{kind: CredentialRefused, at: 1}}, hour, AccountOut, CredentialRefused, hour + 1},
		"and after the hour it is tried again":        {[]happening{{kind: CredentialRefused, at: 1}}, hour + 1, AccountReady, 0, 0},
		"a refused plan takes it out an hour":         {[]happening{{kind: PlanRefused, at: 1}}, 2, AccountOut, PlanRefused, hour + 1},
		"a success does not bring it back":            {[]happening{{kind: PlanRefused, at: 1}, success(2)}, 3, AccountOut, PlanRefused, hour + 1},
		"a short rate limit does not bring it back":   {[]happening{{kind: PlanRefused, at: 1}, limited(0, 2, 9*time.Second)}, 3, AccountOut, PlanRefused, hour + 1},
		"refused once more, it is out another hour":   {[]happening{{kind: PlanRefused, at: 1}, {kind: PlanRefused, at: hour + 2}}, hour + 3, AccountOut, PlanRefused, 2*hour + 2},
	} {
		state, why, until := healthAfter(c.happened...).At(at(c.now))
		wantUntil := at(c.wantUntil)
		if c.want == AccountReady {
			wantUntil = time.Time{}
		}
		if state != c.want || why != c.why || !until.Equal(wantUntil) {
			t.Errorf("%s: %s (%s) until %s, want %s (%s) until %s", name, state, why, until, c.want, c.why, wantUntil)
		}
	}
}

func TestARestDoublesFromASecondToAMinute(t *testing.T) {
	h := &Health{}
	now := at(0)
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		h.Failed(UpstreamFault, now, now.Add(time.Millisecond), 0)
		now = now.Add(time.Millisecond)
		state, _, until := h.At(now)
		if got := until.Sub(now); state != AccountResting || got != want*time.Second {
			t.Fatalf("after fault %d: %s for %s, want resting for %s", i+1, state, got, want*time.Second)
		}
		now = until.Add(time.Millisecond)
	}
	for range 200 { // far beyond what a shift could stand
		h.Failed(UpstreamFault, now, now, 0)
		if _, _, until := h.At(now); until.Sub(now) != time.Minute {
			t.Fatalf("a rest of %s after very many faults, want a minute", until.Sub(now))
		}
		now = now.Add(2 * time.Minute)
	}
}

func TestKindsThatSayNothingAboutAnAccountChangeNothing(t *testing.T) {
	telling := map[Kind]bool{
		CredentialRefused: true, PlanRefused: true, UpstreamRateLimited: true,
		UpstreamFault: true, UpstreamSilent: true, UpstreamCut: true, UpstreamEmpty: true,
	}
	for k := range kindNames {
		h := &Health{}
		h.Failed(k, at(0), at(1), time.Minute)
		if state, _, _ := h.At(at(1)); (state != AccountReady) != telling[k] {
			t.Errorf("after %s the account is %s", k, state)
		}
	}
}

func TestNoFailureEverShortensATimeOut(t *testing.T) {
	kinds := []Kind{UpstreamFault, UpstreamSilent, UpstreamRateLimited, CredentialRefused, PlanRefused, SessionGone, ClientGone}
	rapid.Check(t, func(t *rapid.T) {
		h, now := &Health{}, at(0)
		for range rapid.IntRange(1, 30).Draw(t, "failures") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Minute)).Draw(t, "pause")))
			began := now.Add(-time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "work")))
			_, _, before := h.At(now)
			h.Failed(rapid.SampledFrom(kinds).Draw(t, "kind"), began, now, time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "cooldown")))
			if state, _, after := h.At(now); after.Before(before) || state > AccountOut {
				t.Fatalf("was away until %s, is now %s until %s", before, state, after)
			}
		}
	})
}

func TestEveryStateHasAName(t *testing.T) {
	for state, want := range map[AccountState]string{AccountReady: "ready", AccountResting: "resting", AccountCooling: "cooling", AccountOut: "out", 99: "unknown"} {
		if got := state.String(); got != want {
			t.Errorf("state %d is called %q, want %q", state, got, want)
		}
	}
}
