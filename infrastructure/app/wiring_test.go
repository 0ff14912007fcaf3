package app

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// recorder keeps what fx tells while it puts the program together.
type recorder struct{ events []fxevent.Event }

func (r *recorder) LogEvent(event fxevent.Event) { r.events = append(r.events, event) }

func TestThePartsFitTogether(t *testing.T) {
	if err := fx.ValidateApp(options(Settings{Config: configFor(t, platform(t))})); err != nil {
		t.Errorf("fx: %v", err)
	}
}

func TestEveryConstructorIsReached(t *testing.T) {
	for _, demo := range []bool{false, true} {
		var seen recorder
		settings := Settings{Config: configFor(t, platform(t)), Demo: demo, Out: newConsole(), Log: newConsole()}
		settings.opening = open(t.Context(), t.TempDir())
		// The later logger takes the place of the one within options.
		program := fx.New(options(settings), fx.WithLogger(func() fxevent.Logger { return &seen }))
		if err := errors.Join(program.Err(), settings.opening.end()); err != nil {
			t.Fatalf("fx: %v", err)
		}
		var provided, reached []string
		invoked := 0
		for _, event := range seen.events {
			switch e := event.(type) {
			case *fxevent.Provided:
				if ownConstructor(e.ConstructorName) {
					provided = append(provided, e.ConstructorName+" of "+strings.Join(e.OutputTypeNames, ", "))
				}
			case *fxevent.Run:
				reached = append(reached, e.Name)
			case *fxevent.Invoked:
				invoked++
			}
		}
		if len(provided) < 15 || invoked != 1 {
			t.Errorf("fx told of %d constructors and %d invocations, want more than 15 and one: does it still tell?", len(provided), invoked)
		}
		for _, p := range provided {
			name, _, _ := strings.Cut(p, " of ")
			if !slices.Contains(reached, name) {
				t.Errorf("nobody asks for what %s makes: wire it or take it out", p)
			}
		}
	}
}

// ownConstructor tells our constructors from those that fx adds itself.
func ownConstructor(name string) bool {
	return !strings.HasPrefix(name, "go.uber.org/fx.") && !strings.HasPrefix(name, "stub(")
}
