package main

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testTime = time.Now()

func TestAQuantileIsAValueThatWasMeasured(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, test := range []struct {
		values []time.Duration
		q      float64
		want   time.Duration
	}{
		{nil, .5, 0},
		{hundred[:1], .99, 1},
		{hundred, 0, 1},
		{hundred, .5, 50},
		{hundred, .99, 99},
		{hundred, 1, 100},
		{hundred[:3], .5, 2},
	} {
		if got := quantile(test.values, test.q); got != test.want {
			t.Errorf("the quantile %g of %d values is %d, want %d", test.q, len(test.values), got, test.want)
		}
	}
}

func TestTheSpreadLeavesOutWhatIsNoNumber(t *testing.T) {
	got, ok := spreadOf([]float64{4, math.NaN(), 1, math.Inf(1), 3, 2})
	if want := (spread{Median: 2.5, Least: 1, Most: 4}); got != want || !ok {
		t.Errorf("got %+v, %t, want %+v", got, ok, want)
	}
	if _, ok := spreadOf([]float64{math.NaN()}); ok {
		t.Error("there is a spread of nothing")
	}
}

// made are runs of a phase, of two rounds.
func made(phase string, direct, floor, proxy [2]float64, figure string) []run {
	var runs []run
	for round := range 2 {
		for target, values := range map[string][2]float64{targetDirect: direct, targetFloor: floor, targetProxy: proxy} {
			runs = append(runs, run{Phase: phase, Target: target, Round: round + 1, Figures: figures{figure: values[round]}})
		}
	}
	return runs
}

func TestWhatIsComparedIsOfTheSameRound(t *testing.T) {
	o := options{deltas: 50, phases: []string{"whole-c1"}}
	r := newReport(o, made("whole-c1", [2]float64{1, 10}, [2]float64{3, 14}, [2]float64{5, 16}, figureP50))
	var got *row
	for i := range r.Phases[0].Rows {
		if r.Phases[0].Rows[i].Figure == figureAdded50 {
			got = &r.Phases[0].Rows[i]
		}
	}
	want := row{
		Figure:  figureAdded50,
		Targets: map[string]spread{targetFloor: {3, 2, 4}, targetProxy: {5, 4, 6}},
		Ratio:   &spread{1.75, 1.5, 2},
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("what was added (-want +got):\n%s", diff)
	}
	if len(r.Goals) != 1 || r.Goals[0].Measured != 1.75 || r.Goals[0].Met {
		t.Errorf("the goals are %+v, want one of 1.25 that was missed with 1.75", r.Goals)
	}
}

func TestAGoalIsMetAtItsLimit(t *testing.T) {
	for _, test := range []struct {
		phase, figure string
		proxy         float64
		met           bool
	}{
		{"stream-c64", figureRate, 100, true}, // at least as many as the floor
		{"stream-c64", figureRate, 99, false},
		{"stream-c64", figureCPU, 100, true}, // at most as much
		{"stream-c64", figureCPU, 101, false},
		{"idle", figureIdle, 30, true}, // whatever the floor takes
		{"idle", figureIdle, 31, false},
	} {
		o := options{deltas: 50, phases: []string{test.phase}}
		floor, proxy := [2]float64{100, 100}, [2]float64{test.proxy, test.proxy}
		r := newReport(o, made(test.phase, floor, floor, proxy, test.figure))
		if len(r.Goals) != 1 || r.Goals[0].Met != test.met {
			t.Errorf("%s of %s is %g: the goals are %+v, want one that is met: %t", test.figure, test.phase, test.proxy, r.Goals, test.met)
		}
	}
}
