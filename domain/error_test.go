package domain

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// allKinds are the kinds of both groups, as they are declared.
func allKinds() []Kind {
	var kinds []Kind
	for k := Internal; k <= ClientGone; k++ {
		kinds = append(kinds, k)
	}
	for k := GrantExpired; k <= UpstreamRejected; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

func TestEveryKindHasANameOfItsOwn(t *testing.T) {
	seen := map[string]Kind{}
	for _, k := range allKinds() {
		name := k.String()
		if twin, found := seen[name]; found || name == "unknown" || name == "" {
			t.Errorf("kind %d is called %q, as kind %d", k, name, twin)
		}
		seen[name] = k
	}
	if len(kindNames) != len(seen) {
		t.Errorf("%d kinds have names and %d are known to this test: add the new ones to allKinds", len(kindNames), len(seen))
	}
	if got := Kind(255).String(); got != "unknown" {
		t.Errorf("a kind that does not exist is called %q", got)
	}
}

func TestNoKindIsBothAFaultAndAccountTrouble(t *testing.T) {
	faults := map[Kind]bool{UpstreamFault: true, UpstreamSilent: true, UpstreamCut: true, UpstreamEmpty: true}
	troubles := map[Kind]bool{CredentialRefused: true, PlanRefused: true, UpstreamRateLimited: true}
	for _, k := range allKinds() {
		if k.IsFault() != faults[k] || k.IsAccountTrouble() != troubles[k] {
			t.Errorf("%s: fault %t, account trouble %t", k, k.IsFault(), k.IsAccountTrouble())
		}
	}
}

func TestAnErrorSaysItsKindItsMessageAndItsCause(t *testing.T) {
	for want, err := range map[string]*Error{
		"upstream_cut: It ended.":                           E(UpstreamCut, "It ended.", nil),
		"upstream_cut: It ended.: EOF":                      E(UpstreamCut, "It ended.", io.EOF),
		"internal: A.: upstream_fault: B.: EOF":             E(Internal, "A.", E(UpstreamFault, "B.", io.EOF)),
		"invalid_request: Must be positive.":                Invalid("n", "Must be positive."),
		"invalid_request: This product does not do images.": Unsupported("messages", "This product does not do images."),
	} {
		if got := err.Error(); got != want {
			t.Errorf("error says %q, want %q", got, want)
		}
	}
}

func TestAnInvalidRequestNamesItsField(t *testing.T) {
	if e := Invalid("top_p", "m"); e.Kind != InvalidRequest || e.Param != "top_p" || e.Code != "" {
		t.Errorf("got %+v", e)
	}
	if e := Unsupported("tools", "m"); e.Kind != InvalidRequest || e.Param != "tools" || e.Code != "unsupported_parameter" {
		t.Errorf("got %+v", e)
	}
}

func TestADomainErrorIsFoundInsideAnyOther(t *testing.T) {
	inner := E(UpstreamSilent, "m", io.EOF)
	for name, err := range map[string]error{
		"itself": inner, "wrapped": fmt.Errorf("a: %w", inner), "joined": errors.Join(io.ErrClosedPipe, fmt.Errorf("b: %w", inner)),
	} {
		if got := AsError(err); got != inner {
			t.Errorf("%s: AsError gives %v", name, got)
		}
		if got := KindOf(err); got != UpstreamSilent {
			t.Errorf("%s: KindOf gives %s", name, got)
		}
	}
	if outer := E(UpstreamFailed, "m", inner); KindOf(outer) != UpstreamFailed {
		t.Errorf("the outermost domain error decides; got %s", KindOf(outer))
	}
	if !errors.Is(inner, io.EOF) {
		t.Error("the cause is not found")
	}
}

func TestAnErrorThatIsNoDomainErrorIsInternalAndSaysNothingOfItself(t *testing.T) {
	cause := errors.New("token abc at https://example.org")
	got := AsError(cause)
	if got.Kind != Internal || !errors.Is(got.Cause, cause) || got.Message != "The proxy met an error of its own." {
		t.Errorf("AsError gives %+v", got)
	}
	if KindOf(cause) != Internal {
		t.Errorf("KindOf gives %s", KindOf(cause))
	}
}

func TestNoErrorIsNoErrorAndNoCrash(t *testing.T) {
	if got := AsError(nil); got != nil {
		t.Errorf("AsError(nil) is %v", got)
	}
	if got := KindOf(nil); got != Internal {
		t.Errorf("KindOf(nil) is %s, want %s as for all that is no domain error", got, Internal)
	}
}
