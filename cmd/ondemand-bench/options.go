package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// errUsage is the cause of arguments that make no sense.
var errUsage = errors.New("see --help")

// options are the flags of a run.
type options struct {
	rounds   int
	duration time.Duration
	phases   []string // empty: all
	targets  []string
	json     string // a file
	profile  string // a directory
	proxy    string // a file

	deltas, tokens, question, perWrite int
	accounts, many                     int
	rate                               float64
	delay, roundTrip                   time.Duration
	floorPool                          bool
	spoil                              string
}

// parse reads the flags; help goes to stdout.
func parse(args []string, stdout io.Writer) (o options, err error) {
	var phases, targets string
	var quick bool
	set := flag.NewFlagSet("ondemand-bench", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.IntVar(&o.rounds, "rounds", 5, "how often everything is measured, the targets in turn")
	set.DurationVar(&o.duration, "duration", 5*time.Second, "how long each measurement lasts; the answers under way at its end still count")
	set.StringVar(&phases, "phases", "", "the `names` of the phases to run, with commas between (default all: "+strings.Join(namesOf(allPhases(o)), ",")+")")
	set.StringVar(&targets, "targets", strings.Join([]string{targetDirect, targetFloor, targetProxy}, ","), "the `names` of the targets to measure")
	set.BoolVar(&quick, "quick", false, "one round of one second, with 200 streams where there are 2,000: to see that it works")
	set.StringVar(&o.json, "json", "", "write everything that was measured to this `file` as well")
	set.StringVar(&o.profile, "profile", "", "instead of comparing, run the proxy alone and write its CPU and allocation profiles of each phase into this `directory`")
	set.StringVar(&o.proxy, "proxy", "", "the ondemand-proxy `file` to measure (default: built from the source)")
	set.IntVar(&o.deltas, "deltas", 50, "deltas of an answer")
	set.IntVar(&o.tokens, "tokens", 4, "tokens of a delta, about")
	set.IntVar(&o.question, "question", 200, "bytes of a question, at least about 60")
	set.IntVar(&o.perWrite, "frames-per-write", 1, "frames that the upstream of the streaming phases with c=64 sends together")
	set.IntVar(&o.accounts, "accounts", 4, "accounts of the proxy")
	set.IntVar(&o.many, "many", 2000, "streams of the phases with many")
	set.Float64Var(&o.rate, "rate", 200, "streams a second of the open loop")
	set.DurationVar(&o.delay, "delay", 20*time.Millisecond, "time between the deltas of the open loop")
	set.DurationVar(&o.roundTrip, "round-trip", 140*time.Millisecond, "time that the upstream of the phase first-delta takes before each answer")
	set.BoolVar(&o.floorPool, "floor-pool", false, "let the floor keep its buffers for copying, which Go's reverse proxy by itself does not")
	set.StringVar(&o.spoil, "spoil", "", "let one of 50 answers be \"wrong\" or \"cut\", to see that it is noticed")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			set.SetOutput(stdout)
			set.PrintDefaults()
			return o, err
		}
		return o, fmt.Errorf("%w; %w", err, errUsage)
	}
	if quick {
		o.rounds, o.duration, o.many = 1, time.Second, 200
	}
	o.phases, o.targets = list(phases), list(targets)
	if o.profile != "" {
		o.rounds, o.targets = 1, []string{targetProxy}
	}
	return o, o.check(set.Args())
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// check refuses what cannot be run.
func (o options) check(rest []string) error {
	positive := map[string]float64{
		"rounds": float64(o.rounds), "duration": float64(o.duration), "deltas": float64(o.deltas), "tokens": float64(o.tokens),
		"frames-per-write": float64(o.perWrite), "accounts": float64(o.accounts), "many": float64(o.many), "rate": o.rate, "delay": float64(o.delay),
	}
	for name, value := range positive {
		if value <= 0 {
			return fmt.Errorf("-%s has to be above 0; %w", name, errUsage)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q: there are only flags; %w", rest[0], errUsage)
	}
	known := namesOf(allPhases(o))
	for _, name := range o.phases {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no phase %q: it is one of %s; %w", name, strings.Join(known, ", "), errUsage)
		}
	}
	for _, name := range o.targets {
		if !slices.Contains([]string{targetDirect, targetFloor, targetProxy}, name) {
			return fmt.Errorf("there is no target %q: it is one of direct, floor, proxy; %w", name, errUsage)
		}
	}
	if !slices.Contains([]string{"", spoilWrong, spoilCut}, o.spoil) {
		return fmt.Errorf("-spoil is wrong or cut, not %q; %w", o.spoil, errUsage)
	}
	return nil
}

// chosen are the phases to run.
func (o options) chosen() []phase {
	return slices.DeleteFunc(allPhases(o), func(p phase) bool { return len(o.phases) > 0 && !slices.Contains(o.phases, p.name) })
}

func namesOf(phases []phase) []string {
	var names []string
	for _, p := range phases {
		names = append(names, p.name)
	}
	return names
}
