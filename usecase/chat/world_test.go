package chat

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
)

// world is an interactor with all that is around it. Its books are checked when a
// request has ended, however it did.
type world struct {
	t        tester
	platform *platform
	pool     *pool
	sessions *Sessions
	warm     *Warm
	ledger   *ledger
	records  []domain.Record
	client   *client
	options  Options
}

// tester is what a world needs of a test, be it one of package testing or of rapid.
type tester interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// newWorld returns a world with so many accounts, in which the platform does turns.
func newWorld(t tester, accounts int, turns ...turn) *world {
	t.Helper()
	w := &world{
		t: t, platform: &platform{turns: turns}, sessions: NewSessions(30*time.Minute, 100), warm: NewWarm(nil, nil, 0, 0), ledger: &ledger{}, client: &client{},
		pool:    &pool{signIn: map[domain.AccountID]error{}, gone: map[domain.AccountID]domain.Kind{}, busy: map[domain.AccountID]bool{}},
		options: Options{MaxRetries: 3, StreamTimeout: 2 * time.Minute},
	}
	for i := range accounts {
		credential, err := domain.NewKeyCredential(fmt.Sprint("key", i))
		if err != nil {
			t.Fatalf("account %d: %v", i, err)
		}
		account, err := domain.NewAccount("", credential, domain.AccountLimits{})
		if err != nil {
			t.Fatalf("account %d: %v", i, err)
		}
		w.pool.accounts = append(w.pool.accounts, account)
	}
	return w
}

// account returns the id of the account with that number.
func (w *world) account(i int) domain.AccountID { return w.pool.accounts[i].ID() }

func (w *world) interactor() *Interactor {
	known := models{
		"gpt":    {Name: "gpt", Endpoint: "predefined-gpt", Known: true, Efforts: []domain.Effort{domain.EffortLow}},
		"other":  {Name: "other-model", Endpoint: "predefined-other", Known: true},
		"byoi-1": {Name: "byoi-1", Endpoint: "byoi-1"},
	}
	return New(known, w.pool, w.platform, w.sessions, w.warm, even(4), w.ledger, w.options)
}

// complete has a request answered and then checks the books.
func (w *world) complete(request domain.ChatRequest) (domain.Usage, error) {
	w.t.Helper()
	return w.completeFor(w.t.Context(), request)
}

func (w *world) completeFor(ctx context.Context, request domain.ChatRequest) (domain.Usage, error) {
	w.t.Helper()
	w.client.choices = nil
	record, err := w.interactor().Complete(ctx, &request, w.client)
	w.records = append(w.records, *record)
	w.checkBooks()
	return record.Usage, err
}

// checkBooks checks what holds after every request: what was taken was given back.
func (w *world) checkBooks() {
	w.t.Helper()
	for i, l := range w.pool.leases {
		if len(l.released) != 1 {
			w.t.Errorf("lease %d was released %d times, want once", i, len(l.released))
		}
	}
	for i, s := range w.platform.streams {
		if s.closed == 0 || s.late > 0 {
			w.t.Errorf("stream %d was closed %d times, and pulled %d times afterwards", i, s.closed, s.late)
		}
	}
	if got, want := len(w.ledger.attempts), len(w.pool.leases); got != want {
		w.t.Errorf("%d attempts were reported, want one for each of %d leases", got, want)
	}
	for i, choice := range w.client.choices {
		if len(choice.finished) > 1 {
			w.t.Errorf("choice %d was finished %d times", i, len(choice.finished))
		}
	}
}

// record returns the record of the last request.
func (w *world) record() domain.Record { return w.records[len(w.records)-1] }

// told returns the error kind that the lease with that number was released with; ok is
// false when it was told that all went well.
func (w *world) told(i int) (kind domain.Kind, ok bool) {
	err := w.pool.leases[i].released[0]
	return domain.KindOf(err), err != nil
}

// got returns what the client received of the only choice.
func (w *world) got() received { return *w.client.choice(0) }

// expectQueries fails the test unless the platform was asked so many questions.
func (w *world) expectQueries(want int) {
	w.t.Helper()
	if got := len(w.platform.queries); got != want {
		w.t.Errorf("%d queries, want %d", got, want)
	}
	if got := w.record().Attempts; got != want && len(w.records) == 1 {
		w.t.Errorf("%d attempts on record, want %d", got, want)
	}
}

// expectAnswer fails the test unless the request went well and the client has want.
func (w *world) expectAnswer(err error, want string) {
	w.t.Helper()
	if got := w.got(); err != nil || got.answer != want || len(got.finished) != 1 {
		w.t.Fatalf("answer %q, finished %v, error %v, want %q", got.answer, got.finished, err, want)
	}
}

// expectKind fails the test unless err is of the kind.
func (w *world) expectKind(err error, want domain.Kind) {
	w.t.Helper()
	if err == nil || domain.KindOf(err) != want {
		w.t.Fatalf("error is %v, want kind %s", err, want)
	}
}

// conversation returns a history of texts in turn of the user and the assistant.
func conversation(texts ...string) domain.Conversation {
	var all domain.Conversation
	for i, text := range texts {
		all = append(all, domain.Message{Role: []domain.Role{domain.RoleUser, domain.RoleAssistant}[i%2], Text: text})
	}
	return all
}

// streamed returns a request for a stream, at the end of a history.
func streamed(texts ...string) domain.ChatRequest {
	return domain.ChatRequest{ID: "request", Scope: "scope", Model: "gpt", Messages: conversation(texts...), Stream: true, Choices: 1}
}

// whole returns a request for an answer in one piece.
func whole(texts ...string) domain.ChatRequest {
	request := streamed(texts...)
	request.Stream = false
	return request
}

// both runs a test for a stream and for an answer in one piece.
func both(t *testing.T, test func(t *testing.T, request func(texts ...string) domain.ChatRequest)) {
	t.Helper()
	t.Run("streamed", func(t *testing.T) { test(t, streamed) })
	t.Run("whole", func(t *testing.T) { test(t, whole) })
}

// tip returns the digest of a history.
func (w *world) tip(scope domain.TokenID, messages domain.Conversation) domain.Digest {
	h := domain.NewHasher(scope)
	h.Add(messages...)
	return h.Digest()
}
