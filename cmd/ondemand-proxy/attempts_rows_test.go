package main_test

import (
	"net/http"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// tokenRows are 401: the token is refreshed, else the account signs in, and the same
// call is made once more.
func tokenRows() []row {
	expire, revoke := (*sim.Sim).ExpireTokens, (*sim.Sim).RevokeTokens
	refreshed := tally{Refreshes: 1, Sessions: 2, Queries: 1}
	signedIn := tally{SignIns: 1, Refreshes: 1, Sessions: 2, Queries: 1}
	return []row{
		{name: "401 and a refresh", fate: mended, kind: byPassword, spoil: expire, costs: refreshed},
		{name: "401 and a refresh, in a conversation", fate: mended, kind: byPassword, spoil: expire, continued: true, costs: tally{Refreshes: 1, Queries: 2}},
		{name: "401 for the query alone", fate: mended, kind: byPassword, on: sim.Query, do: sim.Status(401), passes: 1, costs: tally{Refreshes: 1, Sessions: 1, Queries: 2}},
		{name: "401 and a refused refresh", fate: mended, kind: byPassword, spoil: revoke, costs: signedIn},
		{name: "401 and a refused refresh, in a conversation", fate: mended, kind: byPassword, spoil: revoke, continued: true, costs: tally{SignIns: 1, Refreshes: 1, Queries: 2}},
		{name: "401 and a refresh that gets 400", fate: mended, kind: byPassword, spoil: expire, on: sim.Refresh, do: sim.Status(400), costs: signedIn},
		{name: "401 and a refresh that gets 500", fate: mended, kind: byPassword, spoil: expire, on: sim.Refresh, do: sim.Status(500), costs: signedIn},
		{name: "401 and a refresh that is reset", fate: mended, kind: byPassword, spoil: expire, on: sim.Refresh, do: sim.Reset(), costs: signedIn},
		{name: "401 and a refresh that is no JSON", fate: mended, kind: byPassword, spoil: expire, on: sim.Refresh, do: sim.BrokenJSON(), costs: signedIn},
		{
			name: "401 for a token just issued", fate: refused, kind: byPassword, on: sim.Query, do: sim.Status(401),
			also: &sim.Fault{On: sim.Refresh, Do: sim.Status(401)}, costs: tally{SignIns: 1, Refreshes: 1, Sessions: 1, Queries: 2},
		},
	}
}

// accountRows are trouble that takes the account away for a while.
func accountRows() []row {
	revoke := (*sim.Sim).RevokeTokens
	wait := sim.RetryAfter(2 * time.Second)
	soon := []string{"ACCOUNT_COOLDOWN_SECONDS=2"}
	rows := []row{
		{name: "sign-in refused with 401", fate: refused, kind: byPassword, spoil: revoke, on: sim.SignIn, do: sim.Status(401)},
		{name: "sign-in refused with 400", fate: refused, kind: byPassword, spoil: revoke, on: sim.SignIn, do: sim.Status(400)},
		{name: "sign-in gets 403", fate: refused, kind: byPassword, spoil: revoke, on: sim.SignIn, do: sim.Status(403)},
		{name: "a key gets 401 for its session", fate: refused, kind: byKey, on: sim.NewSession, do: sim.Status(401)},
		{name: "a key gets 401 for its query", fate: refused, kind: byKey, on: sim.Query, do: sim.Status(401)},
		{name: "402 for a session", fate: refused, on: sim.NewSession, do: sim.Status(402)},
		{name: "402", fate: refused, on: sim.Query, do: sim.Status(402)},
		{name: "403", fate: refused, on: sim.Query, do: sim.Status(403)},
		{name: "403 in a conversation", fate: refused, continued: true, on: sim.Query, do: sim.Status(403)},
		{name: "429 for sign-in", fate: limited, kind: byPassword, spoil: revoke, on: sim.SignIn, do: sim.Status(429).With(wait)},
		{name: "429 for a session", fate: limited, on: sim.NewSession, do: sim.Status(429).With(wait)},
		{name: "429 with Retry-After", fate: limited, on: sim.Query, do: sim.Status(429).With(wait)},
		{name: "429 in a conversation", fate: limited, continued: true, on: sim.Query, do: sim.Status(429).With(wait)},
		{name: "429 without Retry-After", fate: limited, on: sim.Query, do: sim.Status(429), environ: soon},
	}
	// Dates have whole seconds: two ahead may be little more than one.
	dated := row{name: "429 with a date", fate: limited, on: sim.Query, do: sim.Status(429).With(sim.RetryAfterDate(2 * time.Second))}
	dated.rest = time.Second
	return append(rows, dated)
}

// faultRows are trouble of the platform or the network.
func faultRows() []row {
	revoke := (*sim.Sim).RevokeTokens
	rows := []row{
		{name: "500 in a conversation", fate: failed, continued: true, on: sim.Query, do: sim.Status(500)},
		{name: "reset in a conversation", fate: failed, continued: true, on: sim.Query, do: sim.Reset()},
		{name: "cut in a conversation", fate: failed, continued: true, on: sim.Query, do: sim.Cut()},
	}
	for name, do := range map[string]sim.Effect{
		"500": sim.Status(500), "502 and a page": sim.CDNPage(502), "503": sim.Status(503), "520 and a page": sim.CDNPage(520),
		"reset": sim.Reset(), "hung up": sim.Hangup(),
		"no JSON": sim.BrokenJSON(), "nothing at all": sim.EmptyBody(),
	} {
		rows = append(
			rows,
			row{name: "query: " + name, fate: failed, on: sim.Query, do: do},
			row{name: "session: " + name, fate: failed, on: sim.NewSession, do: do},
			row{name: "sign-in: " + name, fate: failed, kind: byPassword, spoil: revoke, on: sim.SignIn, do: do},
		)
	}
	for name, do := range map[string]sim.Effect{
		"a page with 200":               sim.Reply(http.StatusOK, "text/html", "<html><body>Maintenance</body></html>"),
		"a stream called a page":        sim.ContentType("text/html; charset=utf-8"),
		"cut before the first delta":    sim.Cut(),
		"reset before the first delta":  sim.AfterDeltas(0, sim.Reset()),
		"hung up before the first word": sim.AfterDeltas(0, sim.Hangup()),
		"an empty answer":               sim.EmptyAnswer(),
		"an error frame":                sim.ErrorFrame("The model is overloaded", "server_error"),
		"an error key":                  sim.ErrorKeyFrame("The model is overloaded", "server_error"),
		"a failed frame":                sim.FailedFrame("Fulfillment failed"),
		"a malformed frame":             sim.MalformedFrame(),
	} {
		rows = append(rows, row{name: name, fate: failed, on: sim.Query, do: do})
	}
	return rows
}

// silenceRows are trouble that only time tells. No attempt begins later than twice
// stream_timeout after the request came, so silence within a stream leaves room for one
// more, and heartbeats, which may go on for ten times that, for none.
func silenceRows() []row {
	headers := []string{"REQUEST_TIMEOUT=0.8", "STREAM_TIMEOUT=8"}
	within := []string{"STREAM_TIMEOUT=1.5"}
	beats := []string{"STREAM_TIMEOUT=0.7"}
	once := fate{left: silent.left, attempts: 1, after: rests, rest: silent.rest}
	twice := fate{left: silent.left, attempts: 2, after: rests, rest: silent.rest}
	return []row{
		{name: "silence instead of headers", fate: silent, on: sim.Query, do: sim.Hang(), environ: headers},
		{name: "silence in a conversation", fate: silent, continued: true, on: sim.Query, do: sim.Hang(), environ: headers},
		{name: "silence instead of a session", fate: silent, on: sim.NewSession, do: sim.Hang(), environ: headers},
		{name: "silence instead of a sign-in", fate: silent, kind: byPassword, spoil: (*sim.Sim).RevokeTokens, on: sim.SignIn, do: sim.Hang(), environ: headers},
		{name: "silence within the stream", fate: twice, on: sim.Query, do: sim.AfterDeltas(0, sim.Hang()), environ: within},
		{name: "nothing but heartbeats", fate: once, on: sim.Query, do: sim.Heartbeats(50 * time.Millisecond), environ: beats},
	}
}

// sessionRows are trouble with the session or the request, for which no account is to blame.
func sessionRows() []row {
	forget := func(platform *sim.Sim, account string) { platform.ForgetSessions(platform.Sessions(account)...) }
	replayed := tally{Sessions: 1, Queries: 2}
	return []row{
		{name: "404 in a conversation", fate: sessionGone, continued: true, on: sim.Query, do: sim.Status(404)},
		{name: `"expired" 400 in a conversation`, fate: sessionGone, continued: true, on: sim.Query, do: sim.SessionExpired()},
		{name: "no retry left for a replay", fate: fate{left: sessionGone.left, attempts: 2, replayed: true}, continued: true, on: sim.Query, do: sim.Status(404), environ: []string{"MAX_RETRIES=0"}},
		{name: "a session that was forgotten", fate: forgotten, continued: true, spoil: forget, costs: replayed},
		{name: `a session that "expired"`, fate: forgotten, continued: true, spoil: forget, costs: replayed, options: sim.Options{ExpiredAs400: true}},
		{name: "no route, once", fate: mended, on: sim.NewSession, do: sim.NoRoute(), passes: 1, costs: tally{Sessions: 2, Queries: 1}},
		{name: "no route, three times", fate: mended, on: sim.NewSession, do: sim.NoRoute(), passes: 3, costs: tally{Sessions: 4, Queries: 1}},
		{name: "no route, for ever", fate: routeGone, on: sim.NewSession, do: sim.NoRoute(), calls: 4, costs: tally{Sessions: 4}},
		{name: "400 in a conversation", fate: disliked, continued: true, on: sim.Query, do: sim.Status(400)},
		{name: "400", fate: rejected, on: sim.Query, do: sim.Status(400)},
		{name: "400 for a session", fate: failed, on: sim.NewSession, do: sim.Status(400)},
	}
}
