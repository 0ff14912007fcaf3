package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// errBadAnswers is why a run fails in which everything could be measured.
var errBadAnswers = errors.New("some answers were not what they had to be")

// runBench measures what the arguments ask for, and prints it. What it is just doing goes
// to stderr.
func runBench(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	began := time.Now()
	results, err := s.rounds(ctx, stderr)
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	report := newReport(o, results)
	report.Machine = machine()
	report.Took = time.Since(began).Round(time.Second).String()
	report.print(stdout)
	if o.json != "" {
		if err := report.write(o.json); err != nil {
			return err
		}
	}
	if report.Bad > 0 {
		return fmt.Errorf("%w: %d of %d", errBadAnswers, report.Bad, report.Checked)
	}
	return nil
}

// rounds measures every phase on every target, round by round: what else happens on the
// machine meets all of them. The order of the targets alternates.
func (s *stage) rounds(ctx context.Context, progress io.Writer) ([]run, error) {
	var results []run
	for round := range s.options.rounds {
		for _, p := range s.options.chosen() {
			targets := slices.DeleteFunc(p.targets(), func(name string) bool { return !slices.Contains(s.options.targets, name) })
			if round%2 == 1 {
				slices.Reverse(targets)
			}
			for _, name := range targets {
				r, err := s.measure(ctx, p, name, round+1)
				if err != nil {
					return results, err
				}
				_, _ = fmt.Fprintf(progress, "round %d of %d: %-12s %-7s %s\n", round+1, s.options.rounds, p.name, name, r.brief())
				results = append(results, r)
			}
		}
	}
	return results, nil
}

// brief is the run in a line.
func (r *run) brief() string {
	var parts []string
	for _, name := range []string{figureRate, figureCPU, figurePeak, figureIdle, figureStart, figureNewToOld} {
		if value, known := r.Figures[name]; known {
			parts = append(parts, fmt.Sprintf("%s %s", digits(value), titles[name]))
		}
	}
	if n := r.Answers.bad(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d BAD ANSWERS", n))
	}
	return strings.Join(parts, ", ")
}

// machine says what everything ran on.
func machine() string {
	model := ""
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(text), "model name"); found {
			line, _, _ := strings.Cut(rest, "\n")
			model = ", " + strings.Trim(line, " \t:")
		}
	}
	return fmt.Sprintf("%d cores%s, %s/%s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// write writes everything that was measured.
func (r *report) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // it holds nothing secret
}
