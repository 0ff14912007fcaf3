package chat

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

// opener is accounts and platform at once, as far as sessions opened ahead need them.
type opener struct {
	mu     sync.Mutex
	opened int
	takes  time.Duration // one session
	fails  error
}

func (o *opener) CallAhead(ctx context.Context, _ domain.AccountID, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	return call(ctx, &domain.Account{}, &domain.Grant{})
}

func (o *opener) OpenSession(ctx context.Context, _ *domain.Account, _ *domain.Grant) (domain.SessionID, error) {
	select {
	case <-time.After(o.takes):
	case <-ctx.Done():
		return "", trouble(domain.ClientGone)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fails != nil {
		return "", o.fails
	}
	o.opened++
	return domain.SessionID(fmt.Sprint("ahead ", o.opened)), nil
}

// count is how many sessions were opened so far.
func (o *opener) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.opened
}

// fail lets opening a session end so from now on; nil: well.
func (o *opener) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fails = err
}

func (o *opener) Query(context.Context, *domain.Account, *domain.Grant, domain.SessionID, *domain.Query) (Stream, error) {
	panic("a session opened ahead was asked something")
}

// warmed runs a test with a store that keeps at most so many sessions.
func warmed(t *testing.T, most int, test func(t *testing.T, w *Warm, o *opener)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &opener{takes: 100 * time.Millisecond}
		w := NewWarm(o, o, most, 30*time.Minute)
		defer w.Close()
		test(t, w, o)
	})
}

// asked begins a conversation, and lets so much time pass.
func (w *Warm) asked(then time.Duration) (found bool) {
	_, found = w.Take("account", time.Now())
	time.Sleep(then)
	synctest.Wait()
	return found
}

func TestNothingIsOpenedAheadForAConversationAMinute(t *testing.T) {
	warmed(t, 2, func(t *testing.T, w *Warm, o *opener) {
		for range 10 {
			if w.asked(time.Minute) || o.count() > 0 {
				t.Fatalf("%d sessions were opened ahead", o.count())
			}
		}
	})
}

func TestAfterTheSecondConversationOfAMinuteTheThirdFindsASession(t *testing.T) {
	warmed(t, 2, func(t *testing.T, w *Warm, o *opener) {
		for i, want := range []bool{false, false, true, true, true} {
			if got := w.asked(time.Second); got != want {
				t.Errorf("conversation %d found a session: %v, want %v", i+1, got, want)
			}
		}
		time.Sleep(time.Hour)
		if o.count() != 5 || w.Len() != 2 {
			t.Errorf("%d sessions were opened for five conversations and %d are kept, want 5 and the 2 that may be kept", o.count(), w.Len())
		}
	})
}

func TestAnOldSessionIsNotUsed(t *testing.T) {
	warmed(t, 2, func(t *testing.T, w *Warm, _ *opener) {
		w.asked(time.Second)
		w.asked(27*time.Minute - time.Second)
		if !w.asked(0) {
			t.Error("a session was not used within nine tenths of its time")
		}
		w.asked(time.Second)
		w.asked(28 * time.Minute)
		if w.asked(0) {
			t.Error("a session was used after nine tenths of its time")
		}
	})
}

func TestOpeningAheadThatFailsIsLeftAloneUntilTheNextConversation(t *testing.T) {
	warmed(t, 2, func(t *testing.T, w *Warm, o *opener) {
		o.fail(trouble(domain.UpstreamFault))
		w.asked(time.Second)
		w.asked(time.Hour)
		if w.Len() != 0 {
			t.Errorf("%d sessions are kept, want none", w.Len())
		}
		o.fail(nil)
		w.asked(time.Second)
		if w.asked(time.Second); w.Len() == 0 {
			t.Error("nothing is opened ahead any more")
		}
	})
}

func TestSwitchedOffNothingIsOpenedAhead(t *testing.T) {
	warmed(t, 0, func(t *testing.T, w *Warm, o *opener) {
		for range 10 {
			if w.asked(0) || o.count() > 0 {
				t.Fatal("a session was opened ahead")
			}
		}
	})
}

func TestAccountsThatNobodyAsksForAreForgotten(t *testing.T) {
	warmed(t, 2, func(t *testing.T, w *Warm, _ *opener) {
		for i := range 1000 {
			w.Take(domain.AccountID(fmt.Sprint(i)), time.Now())
			time.Sleep(10 * time.Minute)
		}
		if len(w.stocks) > 5 {
			t.Errorf("%d accounts are remembered", len(w.stocks))
		}
	})
}

func TestClosingEndsWhatIsBeingOpened(t *testing.T) {
	warmed(t, 2, func(t *testing.T, w *Warm, o *opener) {
		o.takes = time.Hour
		w.Take("account", time.Now())
		w.Take("account", time.Now())
		began := time.Now()
		w.Close()
		if time.Since(began) > 0 {
			t.Error("closing waits for the platform")
		}
		if w.asked(time.Minute); o.count() > 0 {
			t.Error("a session was opened after the end")
		}
	})
}

// Whatever the demand, no session is given twice, and never are more kept, or opened without being used, than
// the setting and the demand of a minute allow.
func TestNeverMoreIsOpenedAheadThanDemandCanUse(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		most := rapid.IntRange(1, 5).Draw(r, "most")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 90), 1, 60).Draw(r, "seconds between conversations")
		warmed(t, most, func(t *testing.T, w *Warm, o *opener) {
			given := map[domain.SessionID]bool{}
			var begun []time.Time
			for _, pause := range pauses {
				begun = append(begun, time.Now())
				if id, found := w.Take("account", time.Now()); found && given[id] {
					t.Fatalf("%s was given twice", id)
				} else if found {
					given[id] = true
				}
				before := o.count()
				time.Sleep(time.Duration(pause) * time.Second)
				synctest.Wait()
				recent := 0
				for _, at := range begun {
					if begun[len(begun)-1].Sub(at) < demandSpan {
						recent++
					}
				}
				if w.Len() > most || o.count() > before && w.Len() > recent-1 {
					t.Fatalf("%d sessions are kept, with %d conversations in a minute and a setting of %d", w.Len(), recent, most)
				}
			}
		})
	})
}

// ready puts a session that was opened ahead into the store of a world.
func (w *world) ready(id domain.SessionID) {
	o := &opener{}
	w.warm = NewWarm(o, o, 2, 30*time.Minute)
	w.warm.closed = true // it opens none itself
	w.warm.stocks[w.account(0)] = &stock{ready: []opened{{id, time.Now()}}}
}

func TestANewConversationUsesASessionThatWasOpenedAhead(t *testing.T) {
	both(t, func(t *testing.T, request func(texts ...string) domain.ChatRequest) {
		w := newWorld(t, 1, says("hello"))
		w.ready("ahead")
		_, err := w.complete(request("hi"))
		w.expectAnswer(err, "hello")
		if got := w.platform.queries[0].session; got != "ahead" || w.platform.sessions != 0 {
			t.Errorf("asked in session %q, after %d were opened, want the one that was ready", got, w.platform.sessions)
		}
		if got := w.record().Tries[0].Session; got != domain.SessionFresh {
			t.Errorf("the session is on record as %s, want fresh", got)
		}
		_, err = w.complete(request("hi", "hello", "more"))
		w.expectAnswer(err, "hello")
		if got := w.platform.queries[1]; got.session != "ahead" || got.Text != "more" {
			t.Errorf("the second turn was %q in session %q, want only the new message in the first one's", got.Text, got.session)
		}
	})
}

func TestASessionOpenedAheadThatIsGoneCostsNoAttempt(t *testing.T) {
	for _, kind := range []domain.Kind{domain.SessionGone, domain.UpstreamRejected} {
		both(t, func(t *testing.T, request func(texts ...string) domain.ChatRequest) {
			w := newWorld(t, 1, refuses(kind), says("hello"))
			w.options.MaxRetries = 0
			w.ready("ahead")
			_, err := w.complete(request("hi"))
			w.expectAnswer(err, "hello")
			if got := w.platform.queries[1]; got.session != "s1" || got.Text != "hi" {
				t.Errorf("the second query was %q in session %q, want the same in a new one", got.Text, got.session)
			}
		})
	}
}
