package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// wire is a client's end of a stream of events.
type wire struct {
	mu     sync.Mutex
	header http.Header
	text   strings.Builder
	stuck  chan struct{} // not nil: writing waits for it
}

func (w *wire) Header() http.Header { return w.header }
func (w *wire) WriteHeader(int)     {}
func (w *wire) Flush()              {}

func (w *wire) Write(text []byte) (int, error) {
	w.mu.Lock()
	stuck := w.stuck
	w.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(text)
}

// events returns the names of the events that came, and forgets them.
func (w *wire) events() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for event := range strings.SplitSeq(w.text.String(), "\n\n") {
		name, _, _ := strings.Cut(event, "\n")
		if name != "" {
			names = append(names, strings.TrimPrefix(name, "event: "))
		}
	}
	w.text.Reset()
	return names
}

// listen begins a stream of events; done is closed when it has ended.
func (w *world) listen(ctx context.Context, headers ...string) (client *wire, done chan struct{}) {
	w.t.Helper()
	client, done = &wire{header: make(http.Header)}, make(chan struct{})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/events", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	go func() {
		defer close(done)
		w.ServeHTTP(client, r)
	}()
	synctest.Wait()
	return client, done
}

// live runs a test of events in a bubble of its own; the feed runs until it ends.
func live(t *testing.T, test func(*testing.T, *world, context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWorld(t, nil)
		var group sync.WaitGroup
		group.Go(func() { w.Run(ctx) })
		test(t, w, ctx)
		cancel()
		group.Wait()
		synctest.Wait()
	})
}

func asToken() []string { return []string{"Authorization", "Bearer " + password} }

func wants(t *testing.T, when string, w *wire, want ...string) {
	t.Helper()
	if got := w.events(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: came %q, want %q", when, got, want)
	}
}

func batchOf(rows ...usage.Entry) usage.Batch {
	batch := usage.Batch{Rows: rows, Counts: usage.NewTally()}
	for i := range rows {
		batch.Counts.Add(&rows[i])
	}
	return batch
}

func TestWhoListensSeesTheMomentWheneverItChanges(t *testing.T) {
	live(t, func(t *testing.T, w *world, ctx context.Context) {
		client, _ := w.listen(ctx, asToken()...)
		if client.header.Get("Content-Type") != "text/event-stream" || client.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the headers are %v", client.header)
		}
		wants(t, "at once", client, "retry: 2000", "moment")
		time.Sleep(1500 * time.Millisecond)
		client.events() // the first look
		time.Sleep(10 * time.Second)
		wants(t, "while nothing happens", client)
		w.crew.mu.Lock()
		w.crew.inFlight = 7
		w.crew.mu.Unlock()
		time.Sleep(1100 * time.Millisecond)
		client.mu.Lock()
		text := client.text.String()
		client.mu.Unlock()
		if !strings.Contains(text, `"in_flight":7`) {
			t.Errorf("the new figure did not come: %q", text)
		}
		wants(t, "after a change", client, "moment")
		time.Sleep(beatEvery)
		wants(t, "when nothing happens for long", client, ": still here")
	})
}

func TestWhoListensSeesWhatWasWritten(t *testing.T) {
	live(t, func(t *testing.T, w *world, ctx context.Context) {
		client, _ := w.listen(ctx, asToken()...)
		client.events()
		batch := batchOf()
		for i := range int64(mostRows + 3) {
			r := row(i, 0, nil)
			batch.Rows = append(batch.Rows, r.Entry)
			batch.Counts.Add(&r.Entry)
		}
		timeout := row(100, time.Minute, func(r *usage.Row) {
			r.Outcome, r.RequestID, r.Usage.Source = domain.OutcomeTimeout, "req_newest", domain.UsageEstimated
		})
		batch.Rows = append(batch.Rows, timeout.Entry)
		batch.Counts.Add(&timeout.Entry)
		w.LedgerWrote(batch)
		synctest.Wait()
		client.mu.Lock()
		_, data, _ := strings.Cut(client.text.String(), "data: ")
		client.mu.Unlock()
		var got batchJSONForTests
		if err := json.Unmarshal([]byte(data), &got); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		totals := got.Totals
		if totals.Requests != mostRows+4 || totals.Outcomes[domain.OutcomeTimeout] != 1 || totals.Prompt != 10*(mostRows+4) || totals.Completion != 20*(mostRows+4) || totals.Estimated != 30 {
			t.Errorf("the sums are %+v", totals)
		}
		if len(got.Requests) != mostRows || got.More != 4 || got.Requests[0]["request_id"] != "req_newest" {
			t.Errorf("%d requests came, the first one %v, and %d more; want %d, req_newest and 4", len(got.Requests), got.Requests[0]["request_id"], got.More, mostRows)
		}
	})
}

// batchJSONForTests is a batch as a client reads it.
type batchJSONForTests struct {
	Totals struct {
		Requests   int64          `json:"requests"`
		Prompt     int64          `json:"prompt_tokens"`
		Completion int64          `json:"completion_tokens"`
		Estimated  int64          `json:"estimated_tokens"`
		Outcomes   usage.Outcomes `json:"outcomes"`
	} `json:"totals"`
	Requests []object `json:"requests"`
	More     int      `json:"more"`
}

func TestNobodyListeningCostsNothing(t *testing.T) {
	w := newWorld(t, nil)
	batch := batchOf(row(1, 0, nil).Entry)
	if allocations := testing.AllocsPerRun(100, func() { w.LedgerWrote(batch) }); allocations > 0 {
		t.Errorf("a batch that nobody wants costs %v allocations", allocations)
	}
}

func TestAStreamEndsWithItsClientItsLoginAndTheProgram(t *testing.T) {
	live(t, func(t *testing.T, w *world, ctx context.Context) {
		own, leave := context.WithCancel(ctx)
		_, left := w.listen(own, asToken()...)
		cookie := cookieName + "=" + w.logIn().Value
		_, loggedOut := w.listen(ctx, "Cookie", cookie)
		_, last := w.listen(ctx, asToken()...)
		ends := func(when string, done chan struct{}) {
			t.Helper()
			synctest.Wait()
			select {
			case <-done:
			default:
				t.Errorf("%s the stream goes on", when)
			}
		}
		leave()
		ends("after its client left", left)
		w.ask("POST", "/api/logout", "", "Cookie", cookie)
		ends("after the logout", loggedOut)
		select {
		case <-last:
			t.Error("a stream ended with others")
		default:
		}
		w.Close()
		w.Close()
		ends("after the program's end", last)
		if len(w.feed.listeners) != 0 {
			t.Errorf("%d listeners are left", len(w.feed.listeners))
		}
		w.refuses("a stream at the end", w.ask("GET", "/api/events", "", asToken()...), "unavailable")
	})
}

func TestAnOpenPageKeepsItsLoginAlive(t *testing.T) {
	live(t, func(t *testing.T, w *world, ctx context.Context) {
		_, done := w.listen(ctx, "Cookie", cookieName+"="+w.logIn().Value)
		w.logins.age(2*beatEvery-idleTime, 0) // it will be idle too long in a moment
		time.Sleep(4 * beatEvery)
		select {
		case <-done:
			t.Error("the stream ended while its page was open")
		default:
		}
		w.logins.age(0, -lifetime)
		time.Sleep(beatEvery)
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("the stream outlives its login")
		}
	})
}

// age moves when all logins were seen last, and when they began.
func (l *logins) age(seen, began time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.all {
		one.seen, one.began = one.seen.Add(seen), one.began.Add(began)
	}
}

func TestThereAreOnlySoManyStreams(t *testing.T) {
	live(t, func(t *testing.T, w *world, ctx context.Context) {
		for range mostListeners {
			w.listen(ctx, asToken()...)
		}
		w.refuses("one too many", w.ask("GET", "/api/events", "", asToken()...), "unavailable")
	})
}

func TestWhoIsTooSlowIsToldThatSomethingIsMissing(t *testing.T) {
	live(t, func(t *testing.T, w *world, ctx context.Context) {
		slow, _ := w.listen(ctx, asToken()...)
		quick, _ := w.listen(ctx, asToken()...)
		slow.events()
		quick.events()
		goOn := make(chan struct{})
		slow.mu.Lock()
		slow.stuck = goOn
		slow.mu.Unlock()
		const batches = 3 * mostUnread
		for range batches {
			w.LedgerWrote(batchOf(row(1, 0, nil).Entry))
			synctest.Wait()
		}
		close(goOn)
		synctest.Wait()
		if got := quick.events(); len(got) != batches {
			t.Errorf("a quick client got %d events, want %d", len(got), batches)
		}
		got := slow.events()
		if len(got) != 1+mostUnread+1 || !strings.Contains(fmt.Sprint(got), "resync") {
			t.Errorf("a slow client got %d events: %q; want one under way, %d that waited, and a resync", len(got), got, mostUnread)
		}
	})
}

func TestAStreamEndsWithThePasswordItWasOpenedWith(t *testing.T) {
	live(t, func(t *testing.T, w *world, ctx context.Context) {
		client, done := w.listen(ctx, asToken()...)
		wants(t, "at once", client, "retry: 2000", "moment")
		w.access.Password = domain.NewSecret("another one")
		w.LedgerWrote(batchOf(row(1, 0, nil).Entry))
		time.Sleep(2 * beatEvery)
		select {
		case <-done:
		default:
			t.Error("it goes on")
		}
		if came := client.events(); len(came) > 0 {
			t.Errorf("after the change came %q", came)
		}
	})
}
