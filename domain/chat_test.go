package domain

import (
	"testing"
	"time"
)

func TestUsageAddsUpWithThePromptOnce(t *testing.T) {
	for name, c := range map[string]struct{ one, other, want Usage }{
		"nothing":              {Usage{}, Usage{}, Usage{}},
		"the first choice":     {Usage{}, Usage{10, 5, 2, UsageMeasured}, Usage{10, 5, 2, UsageMeasured}},
		"two choices":          {Usage{10, 5, 2, UsageMeasured}, Usage{10, 7, 1, UsageMeasured}, Usage{10, 12, 3, UsageMeasured}},
		"a larger prompt":      {Usage{10, 5, 0, UsageMeasured}, Usage{30, 7, 0, UsageMeasured}, Usage{30, 12, 0, UsageMeasured}},
		"an estimate":          {Usage{10, 5, 0, UsageMeasured}, Usage{0, 7, 0, UsageEstimated}, Usage{10, 12, 0, UsageEstimated}},
		"a choice without any": {Usage{10, 5, 0, UsageMeasured}, Usage{}, Usage{10, 5, 0, UsageMeasured}},
	} {
		for order, got := range map[string]Usage{"so": c.one.Plus(c.other), "the other way round": c.other.Plus(c.one)} {
			if got != c.want {
				t.Errorf("%s, %s: %+v, want %+v", name, order, got, c.want)
			}
		}
	}
}

func TestEveryUsageSourceHasAName(t *testing.T) {
	for source, want := range map[UsageSource]string{UsageUnknown: "unknown", UsageMeasured: "measured", UsageEstimated: "estimated", 99: "unknown"} {
		if got := source.String(); got != want {
			t.Errorf("source %d is called %q, want %q", source, got, want)
		}
	}
}

func TestASessionExpiresWhenItWasIdleForLongerThanTheTimeout(t *testing.T) {
	used := time.Unix(1000, 0)
	session := Session{LastUsed: used}
	for idle, want := range map[time.Duration]bool{
		0: false, 29 * time.Minute: false, 30 * time.Minute: false, 30*time.Minute + 1: true, 24 * time.Hour: true,
		-time.Hour: false, // the clock was set back
	} {
		if got := session.Expired(used.Add(idle), 30*time.Minute); got != want {
			t.Errorf("idle for %s: expired %t, want %t", idle, got, want)
		}
	}
}
