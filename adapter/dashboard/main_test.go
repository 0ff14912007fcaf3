package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/usage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "the password of the tests"

// books is the Ledger of the tests. It notes what it was asked.
type books struct {
	mu     sync.Mutex
	asked  []asked
	filter usage.Filter
	totals usage.Totals
	points []usage.Point
	parts  []usage.Part
	rows   []usage.Row // newest first
	fails  error
	after  int // rows of Each before it fails
}

// asked is one question about a range.
type asked struct {
	from, to time.Time
	step     usage.Step
	offset   time.Duration
}

func (b *books) ask(from, to time.Time, step usage.Step, offset time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, asked{from, to, step, offset})
	return b.fails
}

func (b *books) Totals(_ context.Context, from, to time.Time) (usage.Totals, error) {
	return b.totals, b.ask(from, to, 0, 0)
}

func (b *books) Series(_ context.Context, from, to time.Time, step usage.Step, offset time.Duration) ([]usage.Point, error) {
	return b.points, b.ask(from, to, step, offset)
}

func (b *books) Models(_ context.Context, from, to time.Time) ([]usage.Part, error) {
	return b.parts, b.ask(from, to, 0, 0)
}

func (b *books) Accounts(_ context.Context, from, to time.Time) ([]usage.Part, error) {
	return b.parts, b.ask(from, to, 0, 0)
}

func (b *books) Tokens(_ context.Context, from, to time.Time) ([]usage.Part, error) {
	return b.parts, b.ask(from, to, 0, 0)
}

func (b *books) Recent(_ context.Context, filter usage.Filter, before usage.Cursor, limit int) ([]usage.Row, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.filter = filter
	rows := b.rows
	if before != (usage.Cursor{}) {
		rows = rows[slices.IndexFunc(rows, func(r usage.Row) bool { return r.Cursor() == before })+1:]
	}
	return rows[:min(limit, len(rows))], b.fails
}

func (b *books) Each(_ context.Context, filter usage.Filter) iter.Seq2[usage.Row, error] {
	b.filter = filter
	return func(yield func(usage.Row, error) bool) {
		for i, row := range b.rows {
			if b.fails != nil && i == b.after {
				yield(usage.Row{}, b.fails)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// crew is the Pool and the Gauges of the tests.
type crew struct {
	mu       sync.Mutex
	statuses []accounts.Status
	inFlight int
	back     []domain.AccountID
	tested   []domain.AccountID
	problem  error
}

func (c *crew) Statuses() []accounts.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.statuses)
}

func (c *crew) find(id domain.AccountID) error {
	if !slices.ContainsFunc(c.statuses, func(s accounts.Status) bool { return s.Account.ID() == id }) {
		return domain.E(domain.NotFound, "There is no such account in the configuration.", nil)
	}
	return nil
}

func (c *crew) PutBack(id domain.AccountID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.back = append(c.back, id)
	return c.find(id)
}

func (c *crew) Test(_ context.Context, id domain.AccountID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tested = append(c.tested, id)
	if err := c.find(id); err != nil {
		return err
	}
	return c.problem
}

func (c *crew) Moment() usage.Moment {
	c.mu.Lock()
	defer c.mu.Unlock()
	moment := usage.Moment{InFlight: c.inFlight, Sessions: 5, Accounts: make(map[string]usage.AccountMoment)}
	for _, s := range c.statuses {
		moment.Accounts[s.Account.Label()] = usage.AccountMoment{State: s.State.String(), InFlight: s.InFlight}
	}
	return moment
}

// account makes an account of the tests; without a name it goes by its address.
func account(t testing.TB, name, email string) domain.Account {
	t.Helper()
	credential, err := domain.NewPasswordCredential(email, "secret")
	if err != nil {
		t.Fatal(err)
	}
	a, err := domain.NewAccount(name, credential, domain.AccountLimits{MaxConcurrency: 4})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// world is a dashboard with all that it shows.
type world struct {
	*Server
	t      testing.TB
	books  *books
	crew   *crew
	until  time.Time // when the second account comes back
	access Access
}

// newWorld returns a dashboard of two accounts: "main" is ready, and the other one, which has no
// name, cools down.
func newWorld(t testing.TB, change func(*Options)) *world {
	t.Helper()
	w := &world{t: t, books: &books{}, crew: &crew{}, until: time.Now().Add(42 * time.Second), access: Access{Password: domain.NewSecret(password)}}
	w.crew.statuses = []accounts.Status{
		{Account: account(t, "main", "alice@example.org"), InFlight: 2},
		{Account: account(t, "", "bob@example.org"), State: domain.AccountCooling, Why: domain.UpstreamRateLimited, Until: w.until},
	}
	options := Options{
		Version: "v1.2.3", Started: time.Unix(1_700_000_000, 0),
		Access:    func() Access { return w.access },
		TokenName: func(id domain.TokenID) string { return map[domain.TokenID]string{"0123456789ab": "team"}[id] },
		Shown: func(h http.Header) []string {
			_, token, _ := strings.Cut(h.Get("Authorization"), " ")
			return []string{token, h.Get("X-Api-Key")}
		},
		OverTLS: func(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") == "https" },
		Client:  func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Health:  func() usage.Health { return usage.Health{} },
	}
	if change != nil {
		change(&options)
	}
	w.Server = New(options, w.books, w.crew, w.crew)
	return w
}

// ServeHTTP serves the routes as the web surface does; an error becomes its kind.
func (w *world) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	for _, route := range w.Routes() {
		prefix, wild := strings.CutSuffix(route.Path, "*name")
		if route.Method != r.Method || route.Path != r.URL.Path && (!wild || !strings.HasPrefix(r.URL.Path, prefix)) {
			continue
		}
		if err := route.Handler(to, r); err != nil {
			e := domain.AsError(err)
			http.Error(to, strings.TrimSpace(e.Kind.String()+" "+e.Code+" "+e.Param), http.StatusTeapot)
		}
		return
	}
	http.NotFound(to, r)
}

// ask makes a request; the headers come in pairs.
func (w *world) ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if from := r.Header.Get(fromHeader); from != "" {
		r.RemoteAddr = from
	}
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

// fromHeader is the header by which a test says from where it asks.
const fromHeader = "X-Test-From"

// logIn returns a cookie of somebody who is logged in.
func (w *world) logIn(headers ...string) *http.Cookie {
	w.t.Helper()
	answer := w.ask("POST", "/api/login", `{"password":"`+password+`"}`, headers...)
	cookies := answer.Result().Cookies()
	if answer.Code != http.StatusNoContent || len(cookies) != 1 {
		w.t.Fatalf("logging in answered %d %q with %d cookies", answer.Code, answer.Body, len(cookies))
	}
	return cookies[0]
}

// get asks for data with the password as token, and reads the answer into a V.
func get[V any](w *world, target string) V {
	w.t.Helper()
	answer := w.ask("GET", target, "", "Authorization", "Bearer "+password)
	var value V
	if err := json.Unmarshal(answer.Body.Bytes(), &value); answer.Code != http.StatusOK || err != nil {
		w.t.Fatalf("GET %s answered %d %q (%v)", target, answer.Code, answer.Body, err)
	}
	return value
}

// refuses fails the test unless the answer is an error, told as kind, code and parameter.
func (w *world) refuses(what string, answer *httptest.ResponseRecorder, want string) {
	w.t.Helper()
	if got := strings.TrimSpace(answer.Body.String()); answer.Code != http.StatusTeapot || got != want {
		w.t.Errorf("%s: got %d %q, want %q", what, answer.Code, got, want)
	}
}

var errDisk = errors.New("the disk is broken")

// row is a row of the ledger, some time before now.
func row(id int64, ago time.Duration, change func(*usage.Row)) usage.Row {
	r := usage.Row{ID: id, Entry: usage.Entry{
		Record: domain.Record{
			RequestID: "req_" + string(rune('a'+id)), Began: time.Now().Add(-ago).UTC().Truncate(time.Millisecond), Scope: "0123456789ab",
			Model: "gpt-4o", Endpoint: "predefined-openai-gpt4o", Outcome: domain.OutcomeCompleted, Status: 200,
			Usage: domain.Usage{Prompt: 10, Completion: 20, Source: domain.UsageMeasured}, FirstDelta: 340 * time.Millisecond,
			Duration: 2100 * time.Millisecond, Stream: true, Attempts: 1,
		},
		Cost: 1_250_000,
	}}
	if change != nil {
		change(&r)
	}
	return r
}

func body(t testing.TB, from io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func query(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return "?" + values.Encode()
}
