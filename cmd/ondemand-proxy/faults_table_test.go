package main_test

import (
	"net/http"
	"slices"

	"ondemand-api-proxy/domain"
)

// asked is how a client may ask.
type asked string

const (
	anyhow   asked = ""
	streamed asked = "streamed"
	whole    asked = "whole"
)

// stated is a line of the table: what faults at a place come to, where another account is
// well, and where there is none.
type stated struct {
	place
	faults     []fault
	kind       accountKind // empty: both
	asked      asked
	two, alone verdict
}

// Refusals that come again and again.
var (
	badGateway = ending{status: http.StatusBadGateway, code: "upstream_error"}
	timedOut   = ending{status: http.StatusGatewayTimeout, code: "upstream_timeout"}
	noAccount  = ending{http.StatusServiceUnavailable, "no_account_available", 3500, 3600}
	notLiked   = ending{status: http.StatusBadRequest, code: "upstream_rejected"}
)

// four are the attempts that max_retries allows.
func four(why domain.Kind) []domain.Kind { return slices.Repeat([]domain.Kind{why}, 4) }

// faultTable is the whole table. How many queries of an attempt were begun depends on whether
// it came to one.
func faultTable() []stated {
	return slices.Concat(
		signInTable(), refreshTable(), beforeHeaders(atSession, 0), sessionTable(), beforeHeaders(atQuery, 1), queryTable(),
		beforeFirstTable(), midStream(betweenDeltas), midStream(beforeDone), afterDoneTable(),
	)
}

// accountFaults take the account away, wherever they come. queries is 1 where the fault is
// that of a query.
func accountFaults(p place, queries int, kind accountKind) []stated {
	const refused, plan, limited = domain.CredentialRefused, domain.PlanRefused, domain.UpstreamRateLimited
	credentials := []fault{status401}
	if p == atSignIn {
		credentials = []fault{status400, status401}
	}
	return []stated{
		{
			place: p, faults: credentials, kind: kind,
			two:   byTheOther(out(refused), refused, 1+queries),
			alone: byNobody(noAccount, out(refused), domain.OutcomeNoAccount, queries, refused),
		},
		{
			place: p, faults: []fault{status402, status403},
			two:   byTheOther(out(plan), plan, 1+queries),
			alone: byNobody(noAccount, out(plan), domain.OutcomeNoAccount, queries, plan),
		},
		{
			place: p, faults: []fault{status429},
			two:   byTheOther(cooling(untimedWait), limited, 1+queries),
			alone: byNobody(limitedFor(untimedWait), cooling(untimedWait), domain.OutcomeRateLimited, queries, limited),
		},
		{
			place: p, faults: []fault{status429Timed},
			two:   byTheOther(cooling(timedWait), limited, 1+queries),
			alone: byNobody(limitedFor(timedWait), cooling(timedWait), domain.OutcomeRateLimited, queries, limited),
		},
	}
}

// platformFaults rest the account: the next attempt, as long as there is one, goes elsewhere.
func platformFaults(p place, queries int, faults ...fault) stated {
	const why = domain.UpstreamFault
	return stated{
		place: p, faults: faults,
		two:   byTheOther(resting(why), why, 1+queries),
		alone: byNobody(badGateway, resting(why), domain.OutcomeUpstreamError, 4*queries, four(why)...),
	}
}

// silentFaults cost request_timeout each, so that there is time for a second attempt only.
func silentFaults(p place, queries int, faults ...fault) stated {
	const why = domain.UpstreamSilent
	return stated{
		place: p, faults: faults,
		two:   byTheOther(resting(why), why, 1+queries),
		alone: byNobody(timedOut, resting(why), domain.OutcomeTimeout, 2*queries, why, why),
	}
}

func signInTable() []stated {
	return append(
		accountFaults(atSignIn, 0, byPassword),
		platformFaults(
			atSignIn, 0, unreached, tlsFailure, reset, hangUp, redirect, status404, status500, page502, page520, page200,
			malformedHTTP, malformedJSON, endless, emptyBody, errorWithin, failedWithin,
		),
		silentFaults(atSignIn, 0, silence, slowBytes),
		stated{place: atSignIn, faults: []fault{wrongType}, two: hidden(), alone: hidden()},
	)
}

// refreshTable: whatever becomes of a refresh, the account can sign in, unless the gateway
// cannot be reached at all.
func refreshTable() []stated {
	return []stated{
		{
			place: atRefresh, two: hidden(), alone: hidden(),
			faults: []fault{
				reset, hangUp, silence, slowBytes, redirect, status400, status401, status402, status403, status404, status429, status429Timed,
				status500, page502, page520, page200, malformedHTTP, malformedJSON, endless, wrongType, emptyBody, errorWithin, failedWithin,
			},
		},
		platformFaults(atRefresh, 0, unreached, tlsFailure),
	}
}

// beforeHeaders is what opening a session and asking have in common.
func beforeHeaders(p place, queries int) []stated {
	const failed, refused = domain.UpstreamFault, domain.CredentialRefused
	return append(
		accountFaults(p, queries, byKey),
		platformFaults(
			p, queries, reset, hangUp, redirect, status500, page502, page520, page200,
			malformedHTTP, malformedJSON, endless, emptyBody, errorWithin, failedWithin,
		),
		silentFaults(p, queries, silence, slowBytes),
		stated{place: p, faults: []fault{status401}, kind: byPassword, two: hidden(), alone: hidden()},
		stated{
			place: p, faults: []fault{status401Again}, kind: byPassword,
			two:   byTheOther(resting(failed), failed, 1+queries),
			alone: byNobody(noAccount, out(refused), domain.OutcomeNoAccount, 2*queries, failed, refused),
		},
	)
}

// unreachable is an API that no account reaches: both rest, after two attempts each.
func unreachable(p place, queries int) stated {
	line := platformFaults(p, 0, unreached, tlsFailure)
	line.alone.ledger.queries = queries
	line.two = line.alone
	line.two.pool.other = meetsItToo
	return line
}

func sessionTable() []stated {
	const missing = domain.RouteMissing
	return []stated{
		unreachable(atSession, 0),
		platformFaults(atSession, 0, status400),
		{place: atSession, faults: []fault{status404, wrongType}, two: hidden(), alone: hidden()},
		{
			place: atSession, faults: []fault{status404Again},
			two:   byTheOther(poolDoes{}, missing, 1),
			alone: byNobody(badGateway, poolDoes{}, domain.OutcomeUpstreamError, 0, four(missing)...),
		},
	}
}

func queryTable() []stated {
	const gone, rejected = domain.SessionGone, domain.UpstreamRejected
	verdict400 := byNobody(notLiked, poolDoes{}, domain.OutcomeRejected, 1, rejected)
	return []stated{
		unreachable(atQuery, 1), // further attempts come as far as opening a session
		platformFaults(atQuery, 1, wrongType),
		{place: atQuery, faults: []fault{status400}, two: verdict400, alone: verdict400},
		{
			place: atQuery, faults: []fault{status404},
			two:   byTheOther(poolDoes{}, gone, 2),
			alone: byNobody(badGateway, poolDoes{}, domain.OutcomeUpstreamError, 4, four(gone)...),
		},
	}
}

// cutFaults end the stream too early.
func cutFaults(p place, faults ...fault) stated {
	const why = domain.UpstreamCut
	return stated{
		place: p, faults: faults,
		two:   byTheOther(resting(why), why, 2),
		alone: byNobody(badGateway, resting(why), domain.OutcomeUpstreamError, 4, four(why)...),
	}
}

// uncommitted is what a fault within a stream means as long as the client has seen nothing.
func uncommitted(p place) []stated {
	return []stated{
		cutFaults(p, reset, hangUp, cutOff),
		platformFaults(p, 1, malformedJSON, malformedFrame, endless, errorWithin, failedWithin),
		silentFaults(p, 1, silence),
	}
}

func beforeFirstTable() []stated {
	empty := cutFaults(beforeFirst, emptyAnswer)
	empty.two = byTheOther(resting(domain.UpstreamEmpty), domain.UpstreamEmpty, 2)
	empty.alone = byNobody(badGateway, resting(domain.UpstreamEmpty), domain.OutcomeUpstreamError, 4, four(domain.UpstreamEmpty)...)
	return append(
		uncommitted(beforeFirst), cutFaults(beforeFirst, emptyBody), empty,
		stated{place: beforeFirst, faults: []fault{slowBytes}, two: hidden(), alone: hidden()},
	)
}

// midStream: a client that waits for the whole answer has seen nothing yet, one that streams
// has been told so.
func midStream(p place) []stated {
	table := uncommitted(p)
	for i := range table {
		table[i].asked = whole
	}
	const failed, late = "upstream_error", "upstream_timeout"
	for _, s := range []struct {
		faults []fault
		then   verdict
	}{
		{[]fault{reset, hangUp, cutOff}, breaksOff(failed, domain.OutcomeUpstreamCut, domain.UpstreamCut)},
		{
			[]fault{malformedJSON, malformedFrame, endless, errorWithin, failedWithin},
			breaksOff(failed, domain.OutcomeUpstreamError, domain.UpstreamFault),
		},
		{[]fault{silence}, breaksOff(late, domain.OutcomeTimeout, domain.UpstreamSilent)},
	} {
		table = append(table, stated{place: p, faults: s.faults, asked: streamed, two: s.then, alone: s.then})
	}
	return append(table, stated{place: p, faults: []fault{slowBytes}, two: hidden(), alone: hidden()})
}

// afterDoneTable: an answer that came to its end is whole, whatever follows.
func afterDoneTable() []stated {
	return []stated{{
		place: afterDone, two: hidden(), alone: hidden(),
		faults: []fault{reset, hangUp, silence, slowBytes, malformedJSON, malformedFrame, endless, errorWithin, failedWithin},
	}}
}
