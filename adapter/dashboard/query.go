package dashboard

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// span is a range that the page offers.
type span struct {
	name   string
	length time.Duration
	whole  time.Duration // its ends lie at multiples of this, so that neighbours share nothing
	step   usage.Step    // of its series, unless asked otherwise
}

const day = 24 * time.Hour

var ranges = []span{
	{"1h", time.Hour, time.Minute, usage.Minute},
	{"24h", day, time.Minute, usage.Hour},
	{"7d", 7 * day, time.Hour, usage.Hour},
	{"30d", 30 * day, time.Hour, usage.Day},
	{"90d", 90 * day, time.Hour, usage.Day},
}

// defaultRange is the range of who names none.
const defaultRange = "24h"

// bounds returns where the range that ends now begins and ends.
func (r span) bounds(now time.Time) (from, to time.Time) {
	to = now.UTC().Truncate(r.whole).Add(r.whole)
	return to.Add(-r.length), to
}

// rangeOf reads the parameter range.
func rangeOf(values url.Values) (span, error) {
	name := values.Get("range")
	if name == "" {
		name = defaultRange
	}
	var names []string
	for _, r := range ranges {
		if r.name == name {
			return r, nil
		}
		names = append(names, r.name)
	}
	return span{}, domain.Invalid("range", "range has to be one of "+strings.Join(names, ", ")+".")
}

// stepOf reads the parameter step.
func stepOf(values url.Values, r span) (usage.Step, string, error) {
	steps := []struct {
		name string
		step usage.Step
	}{{"minute", usage.Minute}, {"hour", usage.Hour}, {"day", usage.Day}}
	asked := values.Get("step")
	for _, s := range steps {
		if s.name != asked && (asked != "" || s.step != r.step) {
			continue
		}
		if s.step == usage.Minute && r.length > time.Hour {
			return 0, "", domain.Invalid("step", "A step of a minute is for the range 1h only.")
		}
		return s.step, s.name, nil
	}
	return 0, "", domain.Invalid("step", "step has to be minute, hour or day.")
}

// furthestOffset is how far clocks on Earth are from UTC.
const furthestOffset = 14 * time.Hour

// offsetOf reads the parameter utc_offset, in minutes.
func offsetOf(values url.Values) (time.Duration, error) {
	text := values.Get("utc_offset")
	if text == "" {
		return 0, nil
	}
	minutes, err := strconv.Atoi(text)
	offset := time.Duration(minutes) * time.Minute
	if err != nil || minutes != int(offset/time.Minute) || offset.Abs() > furthestOffset {
		return 0, domain.Invalid("utc_offset", "utc_offset has to be the minutes that a clock is ahead of UTC, from -840 to 840.")
	}
	return offset, nil
}

var outcomes = []domain.Outcome{
	domain.OutcomeCompleted, domain.OutcomeLength, domain.OutcomeClientGone, domain.OutcomeUpstreamCut, domain.OutcomeUpstreamError, domain.OutcomeTimeout,
	domain.OutcomeRejected, domain.OutcomeRateLimited, domain.OutcomeNoAccount, domain.OutcomeOverloaded, domain.OutcomeShutdown, domain.OutcomeInternal,
}

// filterOf reads which requests are asked for; without a range: those of all time.
func (s *Server) filterOf(values url.Values, names namer, now time.Time) (usage.Filter, error) {
	filter := usage.Filter{Model: values.Get("model"), Outcome: domain.Outcome(values.Get("outcome")), Account: names.real(values.Get("account"))}
	if filter.Outcome != "" && !slices.Contains(outcomes, filter.Outcome) {
		return usage.Filter{}, domain.Invalid("outcome", "There is no such outcome.")
	}
	if values.Get("range") != "" {
		r, err := rangeOf(values)
		if err != nil {
			return usage.Filter{}, err
		}
		filter.From, _ = r.bounds(now)
	}
	for name, target := range map[string]*time.Time{"from": &filter.From, "to": &filter.To} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return usage.Filter{}, domain.Invalid(name, name+" has to be a time such as 2026-01-31T12:00:00Z.")
		}
		*target = t
	}
	return filter, nil
}

// How many requests a page of them holds.
const (
	usualLimit = 50
	mostLimit  = 200
)

// pageOf reads which page of the requests is asked for.
func pageOf(values url.Values) (before usage.Cursor, limit int, err error) {
	before, err = usage.ParseCursor(values.Get("before"))
	if err != nil {
		return before, 0, domain.Invalid("before", "before has to be what an earlier answer gave as next.")
	}
	limit = usualLimit
	if text := values.Get("limit"); text != "" {
		limit, err = strconv.Atoi(text)
		if err != nil || limit < 1 || limit > mostLimit {
			return before, 0, domain.Invalid("limit", fmt.Sprintf("limit has to be a number from 1 to %d.", mostLimit))
		}
	}
	return before, limit, nil
}
