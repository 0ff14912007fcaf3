package main_test

import (
	"slices"
	"strings"
	"testing"
)

// faultCell is one fault under certain circumstances, and what is stated of it.
type faultCell struct {
	place
	fault
	kind   accountKind
	asked  asked // streamed or whole
	alone  bool  // there is no other account
	stated verdict
}

// faultCells are all that the table states. With the only account there is as much to see with
// two of the four combinations of accounts and ways to ask.
func faultCells() (all []faultCell) {
	for _, s := range faultTable() {
		for _, f := range s.faults {
			for _, kind := range []accountKind{byPassword, byKey} {
				for _, how := range []asked{streamed, whole} {
					if !s.covers(kind, how) {
						continue
					}
					all = append(all, faultCell{s.place, f, kind, how, false, s.two})
					if s.aloneToo(kind, how) {
						all = append(all, faultCell{s.place, f, kind, how, true, s.alone})
					}
				}
			}
		}
	}
	return all
}

// covers tells whether the line is about such accounts and clients.
func (s stated) covers(kind accountKind, how asked) bool {
	return (s.kind == "" || s.kind == kind) && (s.asked == anyhow || s.asked == how) && (kind == byPassword || !s.forPasswords())
}

// aloneToo picks a half of the combinations, and at least one.
func (s stated) aloneToo(kind accountKind, how asked) bool {
	few := (how == streamed) == (kind == byKey)
	return few || s.asked == streamed && kind == byKey || s.kind == byKey && how == streamed
}

func (c faultCell) name() string {
	where := "two accounts"
	if c.alone {
		where = "one account"
	}
	return strings.Join([]string{string(c.place), string(c.fault), string(c.kind), string(c.asked), where}, ", ")
}

// pressed tells that the cell waits for the time-outs, which then have to be short.
func (c faultCell) pressed() bool {
	return c.fault == silence || c.fault == slowBytes && !c.inStream()
}

func TestTheFaultTableStatesEveryCombinationThatCanOccur(t *testing.T) {
	t.Parallel()
	times := map[string]int{}
	for _, c := range faultCells() {
		times[c.name()]++
	}
	for _, p := range places() {
		for _, f := range faults() {
			for _, kind := range []accountKind{byPassword, byKey} {
				for _, how := range []asked{streamed, whole} {
					c := faultCell{place: p, fault: f, kind: kind, asked: how}
					want := 1
					if p.cannotOccur(f, kind) != "" {
						want = 0
					}
					if got := times[c.name()]; got != want {
						t.Errorf("%s: the table states it %d times, want %d", c.name(), got, want)
					}
				}
			}
		}
	}
	if n := len(faultCells()); n < 300 {
		t.Errorf("there are %d cells only", n)
	}
}

// rigging is what cells share that can be tried with one program, one after the other.
type rigging struct {
	kind    accountKind
	alone   bool
	pressed bool // short time-outs
	tls     bool
}

func (c faultCell) rigging() rigging {
	return rigging{c.kind, c.alone, c.pressed(), c.fault == tlsFailure}
}

// Most cells of one program: those that wait for a time-out take the longest.
const (
	mostCells        = 24
	mostPressedCells = 6
)

// batch is what one program is tried with.
type batch struct {
	rigging
	cells []faultCell
}

// batches shares the cells out, those first that take long.
func batches(cells []faultCell) (all []batch) {
	byRigging := map[rigging][]faultCell{}
	var order []rigging
	for _, c := range cells {
		r := c.rigging()
		if byRigging[r] == nil {
			order = append(order, r)
		}
		byRigging[r] = append(byRigging[r], c)
	}
	for _, pressed := range []bool{true, false} {
		for _, r := range order {
			most := mostCells
			if pressed {
				most = mostPressedCells
			}
			if r.pressed == pressed {
				for part := range slices.Chunk(byRigging[r], most) {
					all = append(all, batch{r, part})
				}
			}
		}
	}
	return all
}
