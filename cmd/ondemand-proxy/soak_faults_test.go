package main_test

import (
	"math/rand/v2"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// soakTrouble is a fault, and the share of calls that meets it.
type soakTrouble struct {
	name  string
	on    sim.Operation
	share float64
	do    sim.Effect
}

// chance is true for a share of all calls.
func chance(share float64) bool { return rand.Float64() < share }

// soakTroubles are all kinds of faults, and shapes of answers that are odd but right. What takes
// long or costs much is rarer.
func soakTroubles() []soakTrouble {
	all := append(refusalsOf(sim.Query, 0.0007), breaksOf(sim.Query, 0.0007)...)
	all = append(all, refusalsOf(sim.NewSession, 0.0004)...)
	all = append(all, breaksOf(sim.NewSession, 0.0004)...)
	all = append(all, refusalsOf(sim.SignIn, 0.01)...)
	all = append(all, breaksOf(sim.SignIn, 0.01)...)
	all = append(all, refusalsOf(sim.Refresh, 0.01)...)
	all = append(all, breaksOf(sim.Refresh, 0.01)...)
	all = append(all, breaksOf(sim.Catalogue, 0.05)...)
	all = append(all, streamTroubles()...)
	return append(all, oddAnswers()...)
}

// refusalsOf are answers that say no.
func refusalsOf(on sim.Operation, share float64) []soakTrouble {
	return []soakTrouble{
		{"400", on, share, sim.Status(400)},
		{"401", on, share, sim.Status(401)},
		{"402", on, share / 5, sim.Status(402)},
		{"403", on, share / 5, sim.Status(403)},
		{"404", on, share, sim.Status(404)},
		{"404, no route", on, share, sim.NoRoute()},
		{"400, session expired", on, share, sim.SessionExpired()},
		{"429", on, share / 4, sim.Status(429)},
		{"429 with seconds", on, share / 4, sim.Status(429).With(sim.RetryAfter(time.Second))},
		{"429 with a date", on, share / 4, sim.Status(429).With(sim.RetryAfterDate(2 * time.Second))},
		{"500", on, share, sim.Status(500)},
		{"503", on, share, sim.Status(503)},
		{"502, a page", on, share, sim.CDNPage(502)},
		{"520, a page", on, share, sim.CDNPage(520)},
	}
}

// breaksOf are answers that are none.
func breaksOf(on sim.Operation, share float64) []soakTrouble {
	return []soakTrouble{
		{"reset", on, share, sim.Reset()},
		{"hung up", on, share, sim.Hangup()},
		{"silence", on, share / 4, sim.Hang()},
		{"late", on, share, sim.Pause(300 * time.Millisecond)},
		{"slow bytes", on, share / 4, sim.SlowBytes(time.Millisecond)},
		{"broken JSON", on, share, sim.BrokenJSON()},
		{"empty body", on, share, sim.EmptyBody()},
		{"wrong content type", on, share, sim.ContentType("text/html")},
	}
}

// streamTroubles break off answers that have begun.
func streamTroubles() []soakTrouble {
	var all []soakTrouble
	for _, at := range []struct {
		name   string
		deltas int
	}{{"before the first delta", 0}, {"between deltas", 3}} {
		for _, one := range []soakTrouble{
			{"reset", "", 0.0007, sim.Reset()},
			{"hung up", "", 0.0007, sim.Hangup()},
			{"cut", "", 0.0007, sim.Cut()},
			{"silence", "", 0.0003, sim.Hang()},
			{"only heartbeats", "", 0.00005, sim.Heartbeats(100 * time.Millisecond)},
			{"error frame", "", 0.0007, sim.ErrorFrame("The model is overloaded", "server_error")},
			{"error key", "", 0.0007, sim.ErrorKeyFrame("The model is overloaded", "server_error")},
			{"failed frame", "", 0.0007, sim.FailedFrame("Fulfillment failed")},
			{"malformed frame", "", 0.0007, sim.MalformedFrame()},
			{"endless frame", "", 0.0001, sim.EndlessFrame()},
			{"pause", "", 0.0007, sim.Pause(400 * time.Millisecond)},
		} {
			all = append(all, soakTrouble{one.name + " " + at.name, sim.Query, one.share, sim.AfterDeltas(at.deltas, one.do)})
		}
	}
	return append(
		all,
		soakTrouble{"no end", sim.Query, 0.0007, sim.NoDone()},
		soakTrouble{"empty answer", sim.Query, 0.0007, sim.EmptyAnswer()},
		soakTrouble{"only reasoning", sim.Query, 0.0007, sim.ReasoningOnly("Hm.")},
		soakTrouble{"text behind the end", sim.Query, 0.0007, sim.AfterDone("event:message\ndata:{\"answer\":\"late\"}\n\n")},
	)
}

// oddAnswers are right, and look unusual.
func oddAnswers() []soakTrouble {
	var all []soakTrouble
	for name, wire := range map[string]sim.Wire{
		"CRLF": {CRLF: true}, "one write": {OneWrite: true}, "unknown events": {UnknownEvents: true, Planning: true},
		"escapes": {EscapeUnicode: true, SplitSurrogates: true}, "bare": {NoEventLines: true, NoMetrics: true, NoWhole: true}, "single characters": {DeltaRunes: 1},
	} {
		all = append(all, soakTrouble{"odd: " + name, sim.Query, 0.01, sim.Using(wire)})
	}
	return append(all, soakTrouble{"slow answer", sim.Query, 0.005, sim.Paced(sim.Pace{BeforeFirst: 100 * time.Millisecond, Between: 40 * time.Millisecond})})
}
