package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// tried is a way to show a password.
var tried = map[string]func(w *world, password string, headers ...string) string{
	"by form": func(w *world, password string, headers ...string) string {
		return strings.TrimSpace(w.ask("POST", "/api/login", `{"password":"`+password+`"}`, headers...).Body.String())
	},
	"by bearer": func(w *world, password string, headers ...string) string {
		return strings.TrimSpace(w.ask("GET", "/api/models", "", append(headers, "Authorization", "Bearer "+password)...).Body.String())
	},
}

const (
	heardWrong = "unauthenticated wrong_password"
	notHeard   = "rate_limited"
)

func TestAfterAFewWrongPasswordsAnAddressHasToWait(t *testing.T) {
	for way, try := range tried {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			took := func(password string, wrong bool, headers ...string) time.Duration {
				began := time.Now()
				if got := try(w, password, headers...); strings.HasPrefix(got, heardWrong) != wrong || got == notHeard {
					t.Errorf("%s: %q is answered %q", way, password, got)
				}
				return time.Since(began)
			}
			for range freeTries {
				if waited := took(password, false) + took("wrong", true); waited != 0 {
					t.Fatalf("%s: one of the first tries waits %s", way, waited)
				}
			}
			cookie := w.logIn(fromHeader, "192.0.2.7:1").Value
			for _, test := range []struct {
				name string
				took time.Duration
				want time.Duration
			}{
				{"the next wrong one", took("wrong", true), tryPace},
				{"the right one after them", took(password, false), tryPace},
				{"the right one from elsewhere", took(password, false, fromHeader, "192.0.2.7:1"), 0},
				{"a wrong one from elsewhere", took("wrong", true, fromHeader, "[2001:db8::1]:1"), 0},
			} {
				if test.took != test.want {
					t.Errorf("%s: %s waits %s, want %s", way, test.name, test.took, test.want)
				}
			}
			began := time.Now()
			if got := w.ask("GET", "/api/models", "", "Cookie", cookieName+"="+cookie).Code; got != http.StatusOK || time.Since(began) != 0 {
				t.Errorf("%s: who is logged in gets %d after %s", way, got, time.Since(began))
			}
			time.Sleep(time.Hour)
			if waited := took(password, false) + took("wrong", true); waited != 0 {
				t.Errorf("%s: after a quiet hour a try waits %s", way, waited)
			}
		})
	}
}

// A guesser takes no answer within a moment for a wrong password, and leaves.
func TestManyConnectionsGuessNoFasterThanOne(t *testing.T) {
	for way, try := range tried {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			var heard, refused atomic.Int64
			end := time.Now().Add(time.Minute)
			var guessers sync.WaitGroup
			for range 100 {
				guessers.Go(func() {
					for time.Now().Before(end) {
						switch got := try(w, "wrong"); got {
						case heardWrong:
							heard.Add(1)
						case notHeard:
							refused.Add(1)
							time.Sleep(50 * time.Millisecond)
						default:
							t.Errorf("%s: a guess is answered %q", way, got)
							return
						}
					}
				})
			}
			guessers.Wait()
			if n := heard.Load(); n > freeTries+60*3 || n < 30 || refused.Load() == 0 {
				t.Errorf("%s: %d guesses were looked at in a minute, %d were not", way, n, refused.Load())
			}
		})
	}
}

func TestWhoLeavesBeforeItsPasswordIsLookedAtLearnsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var throttled throttle
		from := netip.MustParseAddr("192.0.2.1")
		looks := 0
		look := func(ctx context.Context) error {
			_, err := throttled.hears(ctx, from, func() bool { looks++; return false })
			return err
		}
		for range freeTries {
			if err := look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			ctx, leave := context.WithTimeout(t.Context(), tryPace/10)
			if err := look(ctx); err == nil {
				t.Error("who left was answered")
			}
			leave()
		}
		if looks != freeTries {
			t.Errorf("%d passwords were looked at, want %d", looks, freeTries)
		}
		if s := throttled.source(from, time.Now()); s.waiting != 0 {
			t.Errorf("%d still wait, but all have left", s.waiting)
		}
	})
}

func TestAddressesThatAreRememberedAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var throttled throttle
		wrong := func(address string) time.Duration {
			began := time.Now()
			if _, err := throttled.hears(t.Context(), netip.MustParseAddr(address), func() bool { return false }); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		for i := range mostSources + 4 {
			wrong(fmt.Sprintf("10.%d.%d.1", i>>8, i&255))
		}
		if n := len(throttled.sources); n > mostSources+1 {
			t.Errorf("%d addresses are remembered, want at most %d and one for all others", n, mostSources)
		}
		wrong("192.0.2.1")
		if waited := wrong("192.0.2.2"); waited == 0 {
			t.Error("who comes from ever new addresses never waits")
		}
		time.Sleep(time.Hour)
		if waited := wrong("192.0.2.3"); waited != 0 || len(throttled.sources) > 2 {
			t.Errorf("an hour later a first try waits %s, and %d addresses are remembered", waited, len(throttled.sources))
		}
		for i := range freeTries {
			wrong(fmt.Sprintf("2001:db8:0:1::%d", i+1))
		}
		if waited := wrong("2001:db8:0:1:ffff::1"); waited != tryPace {
			t.Errorf("another address of the same network waits %s", waited)
		}
	})
}
