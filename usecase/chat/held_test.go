package chat

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

func TestWhatIsHeldComesAsOneDeltaOfEachKindReasoningFirst(t *testing.T) {
	var h held
	for _, delta := range []*domain.Delta{answerDelta("a"), reasoningDelta("r"), answerDelta("b"), reasoningDelta("s")} {
		if err := h.add(delta); err != nil {
			t.Fatal(err)
		}
		clobber(delta.Text)
	}
	if diff := cmp.Diff([]*domain.Delta{reasoningDelta("rs"), answerDelta("ab")}, h.deltas()); diff != "" {
		t.Errorf("held is not what came (-want +got):\n%s", diff)
	}
	if got := (&held{}).deltas(); len(got) != 0 {
		t.Errorf("nothing held gives %v", got)
	}
}

func TestAnAnswerTooLargeToHoldIsRefused(t *testing.T) {
	h := held{answer: make([]byte, maxHeld/2), reasoning: make([]byte, maxHeld/2-1)}
	if err := h.add(reasoningDelta("r")); err != nil {
		t.Fatalf("an answer of %d bytes is refused: %v", maxHeld, err)
	}
	for _, delta := range []*domain.Delta{answerDelta("a"), reasoningDelta("r")} {
		if err := h.add(delta); domain.KindOf(err) != domain.UpstreamFailed || err == nil {
			t.Errorf("a byte more of kind %d gives %v, want a fault of the upstream", delta.Kind, err)
		}
	}
	if got := len(h.answer) + len(h.reasoning); got != maxHeld {
		t.Errorf("%d bytes are held, want %d", got, maxHeld)
	}
}
