package chat

import (
	"strings"
	"testing"

	"ondemand-api-proxy/domain"
)

// defects are places where something may panic while a choice is answered.
func defects() map[string]func(w *world) {
	return map[string]func(w *world){
		"in the query":       func(w *world) { w.platform.turns[0].first = func() { panic("a defect") } },
		"at the first delta": func(w *world) { w.client.onDeliver = func(int) error { panic("a defect") } },
		"at the end":         func(w *world) { w.client.onFinish = func(int) error { panic("a defect") } },
	}
}

func TestAPanicOfAChoiceEndsTheRequestAsInternal(t *testing.T) {
	for where, plant := range defects() {
		both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
			w := newWorld(t, 2, says("hello"))
			plant(w)
			_, err := w.complete(several(2, request("hi")))
			if domain.KindOf(err) != domain.Internal || !strings.Contains(err.Error(), "a defect") {
				t.Errorf("%s: error is %v, want an internal one that names the panic", where, err)
			}
			w.expectDefect(where)
		})
	}
}

func TestAPanicOfTheOnlyChoiceIsAnErrorWithTheBooksClosed(t *testing.T) {
	for where, plant := range defects() {
		both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
			w := newWorld(t, 2, says("hello"))
			plant(w)
			_, err := w.complete(request("hi"))
			w.expectKind(err, domain.Internal)
			if err == nil || !strings.Contains(err.Error(), "a defect") || !strings.Contains(err.Error(), "panic_test.go") {
				t.Errorf("%s: %v does not tell the panic and where it was", where, err)
			}
			w.expectDefect(where)
		})
	}
}

// expectDefect checks that a panic was put down as a defect and left nothing behind.
func (w *world) expectDefect(where string) {
	w.t.Helper()
	if got := len(w.records); got != 1 || w.record().Outcome != domain.OutcomeInternal {
		w.t.Errorf("%s: %d records, the last with the outcome %s, want one with %s", where, got, w.record().Outcome, domain.OutcomeInternal)
	}
	failed := 0
	for i := range w.pool.leases {
		if kind, bad := w.told(i); bad && kind == domain.Internal {
			failed++
		}
	}
	if failed == 0 {
		w.t.Errorf("%s: no lease was told of the defect: the attempt passes for one that went well", where)
	}
	for _, kept := range w.sessions.All() {
		if len(w.client.choices) == 1 {
			w.t.Errorf("%s: session %s is kept, though its answer may not have been delivered", where, kept.ID)
		}
	}
}

// brittle is a tokenizer with a defect.
type brittle struct{}

func (brittle) Count([]byte) int      { panic("a defect") }
func (brittle) First([]byte, int) int { panic("a defect") }

func TestADefectThatShowsAgainWhenTheBooksAreClosedKeepsNoLease(t *testing.T) {
	w := newWorld(t, 1, says("hi ", "a text that has to be counted"))
	request := streamed("hi")
	request.MaxTokens = 4
	in := w.interactor()
	in.tokens = brittle{}
	func() {
		defer func() { _ = recover() }()
		_, _ = in.Complete(t.Context(), &request, w.client)
	}()
	if got := w.pool.leases[0].released; len(got) != 1 {
		t.Errorf("the lease was released %d times, want once", len(got))
	}
}
