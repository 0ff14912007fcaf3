package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ondemand-api-proxy/domain"
)

// verdict is what a fault comes to: what the client sees, what the pool does, and what the
// ledger says.
type verdict struct {
	client clientSees
	pool   poolDoes
	ledger ledgerSays
}

// clientSees is how the request ends for its client: a whole answer, a refusal, or an answer
// that breaks off.
type clientSees struct {
	ending        // zero: the answer begins
	broken string // the code of the error event that ends it; empty: it comes to its end
}

// poolDoes is what becomes of the account that met the fault, and of the other one if there is one.
type poolDoes struct {
	state domain.AccountState
	why   domain.Kind   // unless it is ready
	lasts time.Duration // zero: as long as such states do
	other otherAccount
}

// otherAccount is what the second account has to do with it.
type otherAccount int

const (
	notAsked otherAccount = iota
	answers
	meetsItToo
)

// ledgerSays is what the row of the request holds.
type ledgerSays struct {
	outcome domain.Outcome
	tries   []string // their results
	queries int      // begun
	usage   domain.UsageSource
}

// tried are the results of tries.
func tried(kinds ...domain.Kind) (results []string) {
	for _, k := range kinds {
		results = append(results, k.String())
	}
	return results
}

// hidden: the account itself answers, as if nothing had been.
func hidden() verdict {
	return verdict{
		client: clientSees{ending: wholeAnswer},
		ledger: ledgerSays{domain.OutcomeCompleted, []string{domain.ResultOK}, 1, domain.UsageMeasured},
	}
}

// byTheOther: the other account answers, after this many queries.
func byTheOther(pool poolDoes, why domain.Kind, queries int) verdict {
	pool.other = answers
	return verdict{
		client: clientSees{ending: wholeAnswer}, pool: pool,
		ledger: ledgerSays{domain.OutcomeCompleted, append(tried(why), domain.ResultOK), queries, domain.UsageMeasured},
	}
}

// byNobody: every attempt fails.
func byNobody(left ending, pool poolDoes, outcome domain.Outcome, queries int, why ...domain.Kind) verdict {
	return verdict{
		client: clientSees{ending: left}, pool: pool,
		ledger: ledgerSays{outcome, tried(why...), queries, domain.UsageUnknown},
	}
}

// breaksOff: what the client saw cannot be taken back.
func breaksOff(code string, outcome domain.Outcome, why domain.Kind) verdict {
	return verdict{
		client: clientSees{broken: code}, pool: resting(why),
		ledger: ledgerSays{outcome, tried(why), 1, domain.UsageEstimated},
	}
}

func resting(why domain.Kind) poolDoes { return poolDoes{state: domain.AccountResting, why: why} }

func cooling(lasts time.Duration) poolDoes {
	return poolDoes{state: domain.AccountCooling, why: domain.UpstreamRateLimited, lasts: lasts}
}

func out(why domain.Kind) poolDoes {
	return poolDoes{state: domain.AccountOut, why: why, lasts: time.Hour}
}

// limitedFor is the refusal while the only account cools down.
func limitedFor(d time.Duration) ending {
	seconds := int(d.Seconds())
	return ending{http.StatusTooManyRequests, "accounts_exhausted", seconds - 10, seconds}
}

// afterwards is how a further request ends once the fault is over.
func (v verdict) afterwards(alone bool) ending {
	if alone && (v.pool.state == domain.AccountCooling || v.pool.state == domain.AccountOut) {
		return v.client.ending // refused as this one was
	}
	return wholeAnswer
}

// String tells what the client sees, for the document.
func (c clientSees) String() string {
	switch {
	case c.broken != "":
		return "what had come, then an error event `" + c.broken + "`, no `[DONE]`"
	case c.ending == wholeAnswer:
		return "the whole answer"
	case c.most > 0:
		return fmt.Sprintf("%d `%s`, `Retry-After` %d to %d", c.status, c.code, c.least, c.most)
	}
	return fmt.Sprintf("%d `%s`", c.status, c.code)
}

// String tells what the pool does, for the document.
func (p poolDoes) String() string {
	text := p.state.String()
	if p.state != domain.AccountReady {
		text += ": `" + p.why.String() + "`"
	}
	if p.lasts > 0 {
		text += ", for " + lasting(p.lasts)
	}
	return text + [...]string{notAsked: "", answers: "; the other one answers", meetsItToo: "; so does the other one"}[p.other]
}

func lasting(d time.Duration) string {
	if d == time.Hour {
		return "an hour"
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}

// String tells what the ledger says, for the document.
func (l ledgerSays) String() string {
	queries := "1 query"
	if l.queries != 1 {
		queries = fmt.Sprintf("%d queries", l.queries)
	}
	tokens := "nothing charged"
	if l.usage != domain.UsageUnknown {
		tokens = "tokens " + l.usage.String()
	}
	var results []string
	for run := l.tries; len(run) > 0; {
		n := slices.IndexFunc(run, func(r string) bool { return r != run[0] })
		if n < 0 {
			n = len(run)
		}
		text := "`" + run[0] + "`"
		if n > 1 {
			text += fmt.Sprintf(" × %d", n)
		}
		results = append(results, text)
		run = run[n:]
	}
	return fmt.Sprintf("`%s`; %s; %s; %s", l.outcome, strings.Join(results, ", "), queries, tokens)
}
