package chat

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

func tipOf(name string) domain.Digest {
	h := domain.NewHasher(domain.TokenID(name))
	return h.Digest()
}

// idle returns a session last used seconds after the start.
func idle(id, tip string, seconds int) domain.Session {
	return domain.Session{ID: domain.SessionID(id), Account: "account", Tip: tipOf(tip), LastUsed: time.Unix(int64(seconds), 0)}
}

func ids(sessions []domain.Session) string {
	var all []string
	for _, s := range sessions {
		all = append(all, string(s.ID))
	}
	return strings.Join(all, " ")
}

func TestASessionIsTakenOnce(t *testing.T) {
	s := NewSessions(time.Minute, 10)
	kept := idle("s1", "a", 100)
	s.Keep(kept)
	if _, found := s.Take(tipOf("b"), time.Unix(100, 0)); found {
		t.Error("a session was found by another tip")
	}
	if got, found := s.Take(tipOf("a"), time.Unix(100, 0)); !found || got != kept {
		t.Errorf("took %+v, found %t, want %+v", got, found, kept)
	}
	if _, found := s.Take(tipOf("a"), time.Unix(100, 0)); found {
		t.Error("a session was taken twice")
	}
}

func TestASessionIdleForTooLongIsNotUsedAgain(t *testing.T) {
	for after, want := range map[int]bool{0: true, 60: true, 61: false, 1000: false} {
		s := NewSessions(time.Minute, 10)
		s.Keep(idle("s1", "a", 100))
		if _, found := s.Take(tipOf("a"), time.Unix(int64(100+after), 0)); found != want {
			t.Errorf("after %d seconds: found %t, want %t", after, found, want)
		}
		if got := ids(s.All()); got != "" {
			t.Errorf("after %d seconds %q is still kept", after, got)
		}
	}
}

func TestExpiredSessionsAreForgottenWhenAnotherIsKept(t *testing.T) {
	s := NewSessions(time.Minute, 10)
	s.Keep(idle("s1", "a", 100))
	s.Keep(idle("s2", "b", 150))
	s.Keep(idle("s3", "c", 200))
	if got := ids(s.All()); got != "s2 s3" {
		t.Errorf("kept are %q, want s2 s3", got)
	}
}

func TestBeyondTheBoundTheLongestUnusedAreForgotten(t *testing.T) {
	s := NewSessions(time.Hour, 2)
	for i, id := range []string{"s1", "s2", "s3"} {
		s.Keep(idle(id, id, i))
	}
	if got := ids(s.All()); got != "s2 s3" {
		t.Errorf("kept are %q, want s2 s3", got)
	}
	if _, found := s.Take(tipOf("s1"), time.Unix(3, 0)); found {
		t.Error("a forgotten session was found")
	}
}

func TestOfTwoSessionsWithOneTipTheLaterStays(t *testing.T) {
	s := NewSessions(time.Hour, 10)
	s.Keep(idle("s1", "a", 1))
	s.Keep(idle("s2", "b", 2))
	s.Keep(idle("s3", "a", 3))
	if got := ids(s.All()); got != "s2 s3" {
		t.Errorf("kept are %q, want s2 s3, the longest unused first", got)
	}
	if got, _ := s.Take(tipOf("a"), time.Unix(3, 0)); got.ID != "s3" {
		t.Errorf("took %s, want s3", got.ID)
	}
}

func TestTheStoreBehavesLikeAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const timeout, most = 50, 4
		s := NewSessions(timeout*time.Second, most)
		var model []domain.Session // the longest unused first
		now := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += rapid.IntRange(0, 20).Draw(t, "seconds")
			tip := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "tip")
			at := slices.IndexFunc(model, func(x domain.Session) bool { return x.Tip == tipOf(tip) })
			if rapid.Bool().Draw(t, "keep") {
				session := idle(rapid.StringN(3, 3, -1).Draw(t, "id"), tip, now)
				s.Keep(session)
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
				model = append(model, session)
				model = model[max(0, len(model)-most):]
				model = slices.DeleteFunc(model, func(x domain.Session) bool { return x.Expired(session.LastUsed, timeout*time.Second) })
			} else {
				var want domain.Session
				wantFound := false
				if at >= 0 {
					if !model[at].Expired(time.Unix(int64(now), 0), timeout*time.Second) {
						want, wantFound = model[at], true
					}
					model = slices.Delete(model, at, at+1)
				}
				if got, found := s.Take(tipOf(tip), time.Unix(int64(now), 0)); got != want || found != wantFound {
					t.Fatalf("took %+v, found %t, want %+v, %t", got, found, want, wantFound)
				}
			}
			if got := s.All(); !slices.Equal(got, model) {
				t.Fatalf("kept are %q, want %q", ids(got), ids(model))
			}
		}
	})
}
