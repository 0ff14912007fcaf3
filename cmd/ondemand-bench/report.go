package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// report is all that a run of the bench found out.
type report struct {
	Machine string    `json:"machine"`
	Took    string    `json:"took"`
	Phases  []summary `json:"phases"`
	Goals   []goal    `json:"goals"`
	Checked int       `json:"answers_checked"`
	Bad     int       `json:"answers_bad"`
	Runs    []run     `json:"runs"`
}

// summary is a phase over all rounds.
type summary struct {
	Phase   string         `json:"phase"`
	Title   string         `json:"title"`
	Rows    []row          `json:"figures"`
	Asked   upstreamCounts `json:"upstream"` // by the proxy, in all rounds
	Checked int            `json:"answers_checked"`
	Bad     int            `json:"answers_bad"`
	Faults  []string       `json:"faults,omitempty"`
}

// row is one figure of a phase: of each target, and of the proxy to the floor of the same round.
type row struct {
	Figure  string            `json:"figure"`
	Targets map[string]spread `json:"targets"`
	Ratio   *spread           `json:"ratio,omitempty"`
}

func newReport(o options, runs []run) *report {
	r := &report{Runs: runs}
	addDifferences(runs)
	for _, p := range o.chosen() {
		s := summarise(p, runs)
		r.Phases = append(r.Phases, s)
		r.Checked += s.Checked
		r.Bad += s.Bad
	}
	r.Goals = judge(r.Phases)
	return r
}

// addDifferences adds to the figures of each run by how much they are above those of the
// upstream itself in the same round.
func addDifferences(runs []run) {
	for i := range runs {
		direct := find(runs, runs[i].Phase, targetDirect, runs[i].Round)
		if direct == nil || runs[i].Target == targetDirect {
			continue
		}
		for name, of := range added {
			if value, known := runs[i].Figures[of]; known {
				runs[i].Figures[name] = value - direct.Figures[of]
			}
		}
	}
}

func find(runs []run, phase, target string, round int) *run {
	i := slices.IndexFunc(runs, func(r run) bool { return r.Phase == phase && r.Target == target && r.Round == round })
	if i < 0 {
		return nil
	}
	return &runs[i]
}

func summarise(p phase, runs []run) summary {
	s := summary{Phase: p.name, Title: p.title}
	for _, name := range p.shown() {
		r := row{Figure: name, Targets: make(map[string]spread)}
		for _, target := range p.targets() {
			if found, ok := spreadOf(valuesOf(runs, p.name, target, name)); ok {
				r.Targets[target] = found
			}
		}
		if found, ok := spreadOf(ratiosOf(runs, p.name, name)); ok {
			r.Ratio = &found
		}
		s.Rows = append(s.Rows, r)
	}
	for i := range runs {
		if runs[i].Phase != p.name {
			continue
		}
		s.Checked += runs[i].Answers.Checked
		s.Bad += runs[i].Answers.bad()
		s.Faults = append(s.Faults, runs[i].Answers.Faults...)
		if runs[i].Target == targetProxy {
			s.Asked = s.Asked.plus(runs[i].Asked)
		}
	}
	return s
}

func valuesOf(runs []run, phase, target, figure string) []float64 {
	var values []float64
	for i := range runs {
		if value, known := runs[i].Figures[figure]; known && runs[i].Phase == phase && runs[i].Target == target {
			values = append(values, value)
		}
	}
	return values
}

// ratiosOf are the proxy's figures to those of the floor, round by round. Where the floor added
// nothing there is no ratio.
func ratiosOf(runs []run, phase, figure string) []float64 {
	var values []float64
	for i := range runs {
		if runs[i].Phase != phase || runs[i].Target != targetProxy {
			continue
		}
		floor := find(runs, phase, targetFloor, runs[i].Round)
		if floor == nil {
			continue
		}
		ours, known := runs[i].Figures[figure]
		if its := floor.Figures[figure]; known && its > 0 {
			values = append(values, ours/its)
		}
	}
	return values
}

// print writes tables in Markdown.
func (r *report) print(w io.Writer) {
	_, _ = fmt.Fprintf(w, "Measured on %s, in %s.\n", r.Machine, r.Took)
	for i := range r.Phases {
		r.Phases[i].print(w)
	}
	if len(r.Goals) > 0 {
		_, _ = fmt.Fprint(w, "\n### Goals\n\n| phase | figure | goal | measured | met |\n| --- | --- | --- | --- | --- |\n")
		for _, g := range r.Goals {
			_, _ = fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", g.Title, g.What, g.limit(), digits(g.Measured), map[bool]string{true: "yes", false: "**no**"}[g.Met])
		}
	}
	_, _ = fmt.Fprintf(w, "\n%d answers checked, %d wrong, cut, refused or dropped.\n", r.Checked, r.Bad)
}

func (s *summary) print(w io.Writer) {
	var targets []string
	for _, name := range []string{targetDirect, targetFloor, targetProxy} {
		if slices.ContainsFunc(s.Rows, func(r row) bool { _, has := r.Targets[name]; return has }) {
			targets = append(targets, name)
		}
	}
	compared := slices.ContainsFunc(s.Rows, func(r row) bool { return r.Ratio != nil })
	heads := append([]string{"figure (median)"}, targets...)
	if compared {
		heads = append(heads, "proxy / floor", "in the rounds")
	}
	_, _ = fmt.Fprintf(w, "\n### %s (`%s`)\n\n| %s |\n|%s\n", s.Title, s.Phase, strings.Join(heads, " | "), strings.Repeat(" --- |", len(heads)))
	for _, r := range s.Rows {
		cells := []string{titles[r.Figure]}
		for _, name := range targets {
			cells = append(cells, r.cell(name))
		}
		if compared && r.Ratio != nil {
			cells = append(cells, digits(r.Ratio.Median), fmt.Sprintf("%s to %s", digits(r.Ratio.Least), digits(r.Ratio.Most)))
		} else if compared {
			cells = append(cells, "–", "–")
		}
		_, _ = fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	if s.Asked.Queries > 0 {
		_, _ = fmt.Fprintf(w, "\nThe proxy opened %d sessions and put %d queries, %.1f %% of them into sessions that went on.\n",
			s.Asked.Sessions, s.Asked.Queries, 100*float64(s.Asked.Continued)/float64(s.Asked.Queries))
	}
	if s.Bad > 0 {
		_, _ = fmt.Fprintf(w, "\n**%d of %d answers were bad.** Some of them:\n\n- %s\n", s.Bad, s.Checked, strings.Join(s.Faults[:min(len(s.Faults), mostFaults)], "\n- "))
	}
}

func (r *row) cell(target string) string {
	if found, known := r.Targets[target]; known {
		return digits(found.Median)
	}
	return "–"
}

// digits shows three digits of a value, and all of those before the point.
func digits(value float64) string {
	switch size := math.Abs(value); {
	case size >= 99.95:
		return fmt.Sprintf("%.0f", value)
	case size >= 9.995:
		return fmt.Sprintf("%.1f", value)
	default:
		return fmt.Sprintf("%.2f", value)
	}
}
