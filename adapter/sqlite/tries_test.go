package sqlite

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

var someTry = rapid.Custom(func(t *rapid.T) domain.Try {
	milliseconds := rapid.Int64Range(0, 1e12)
	return domain.Try{
		Choice:  rapid.IntRange(0, 127).Draw(t, "choice"),
		Account: domain.AccountID(rapid.StringMatching("([a-f0-9]{10})?").Draw(t, "account")),
		Session: domain.SessionUse(rapid.IntRange(int(domain.SessionNone), int(domain.SessionReplayed)).Draw(t, "session")),
		Result:  rapid.SampledFrom([]string{domain.ResultOK, domain.UpstreamCut.String(), domain.UpstreamRateLimited.String()}).Draw(t, "result"),
		Began:   time.Duration(milliseconds.Draw(t, "began")) * time.Millisecond,
		Took:    time.Duration(milliseconds.Draw(t, "took")) * time.Millisecond,
	}
})

func TestTriesComeBackFromTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(someTry, 1, domain.MaxTries).Draw(t, "tries")
		text := triesText(want)
		if diff := cmp.Diff(want, parseTries(text)); diff != "" {
			t.Fatalf("the tries of %q (-want +got):\n%s", text, diff)
		}
	})
	if got := parseTries(triesText(nil)); got != nil {
		t.Errorf("no tries came back as %+v", got)
	}
}

func TestTriesThatCannotBeReadAreNone(t *testing.T) {
	const good = "0 ab12cd34ef fresh ok 0 2090"
	if got := parseTries(good); len(got) != 1 {
		t.Fatalf("%q is read as %+v, want a try", good, got)
	}
	for _, bad := range []string{
		";", " ", good + ";", ";" + good, good + " ", good + " 1", good + ";0 ab12cd34ef fresh ok 0", "0  ab12cd34ef fresh ok 0 2090",
		"x a fresh ok 0 1", "0 a stale ok 0 1", "0 a unknown ok 0 1", "-1 a fresh ok 0 1", "+1 a fresh ok 0 1", "00 a fresh ok 0 1",
		"0 a fresh ok -1 1", "0 a fresh ok 0 1.5", "0 a fresh ok 0 9223372036854775807", "99999999999 a fresh ok 0 1",
	} {
		if got := parseTries(bad); got != nil {
			t.Errorf("%q is read as %+v, want none", bad, got)
		}
	}
}

func TestARowWhoseTriesCannotBeReadIsStillThere(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	want := entry(1, noon)
	add(t, store, want)
	if _, err := store.writer.Exec("UPDATE requests SET tries = 'what a later version may write'"); err != nil {
		t.Fatal(err)
	}
	found, err := store.Recent(t.Context(), everything, usage.Cursor{}, 10)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d rows are there, error %v, want one", len(found), err)
	}
	want.Tries = nil
	if diff := cmp.Diff(want, found[0].Entry); diff != "" {
		t.Errorf("the row (-want +got):\n%s", diff)
	}
}

func FuzzTries(f *testing.F) {
	f.Add("")
	f.Add("0 ab12cd34ef fresh ok 0 2090")
	f.Add("0 ab12cd34ef none grant_expired 0 3;1  replayed upstream_cut 12 2090")
	f.Add("0 a fresh ok 0 9223372036854775807")
	f.Fuzz(func(t *testing.T, text string) {
		tries := parseTries(text)
		if tries == nil {
			return
		}
		if again := triesText(tries); again != text {
			t.Errorf("%q is read as %+v, which is written as %q", text, tries, again)
		}
		for _, try := range tries {
			if try.Choice < 0 || try.Began < 0 || try.Took < 0 || try.Session > domain.SessionReplayed {
				t.Errorf("%q is read as %+v", text, try)
			}
		}
	})
}
