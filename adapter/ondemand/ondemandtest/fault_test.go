package ondemandtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestFaultsAnswerAsScripted(t *testing.T) {
	for name, test := range map[string]struct {
		do     sim.Effect
		status int
		kind   string // the content type begins with it
		body   string // the body holds it
	}{
		"500":             {sim.Status(500), 500, "application/json", `"errorCode":"server_error"`},
		"401":             {sim.Status(401), 401, "application/json", `"errorCode":"unauthorized"`},
		"402":             {sim.Status(402), 402, "application/json", `"errorCode":"forbidden"`},
		"429":             {sim.Status(429), 429, "application/json", `"errorCode":"rate_limit_exceeded"`},
		"own words":       {sim.Refusal(400, "No.", "why"), 400, "application/json", `{"message":"No.","errorCode":"why"}`},
		"page of the CDN": {sim.CDNPage(520), 520, "text/html", "Error 520"},
		"no route":        {sim.NoRoute(), 404, "application/json", `{"message":"no Route matched with those values"}`},
		"expired":         {sim.SessionExpired(), 400, "application/json", `{"message":"Session has expired","errorCode":"invalid_request"}`},
		"broken JSON":     {sim.BrokenJSON(), 200, "application/json", `"data":{`},
		"empty body":      {sim.EmptyBody(), 200, "application/json", ""},
		"wrong type":      {sim.ContentType("text/plain"), 201, "text/plain", `"id":`},
		"slow bytes":      {sim.SlowBytes(time.Microsecond), 201, "application/json", `"id":`},
		"paused":          {sim.Pause(time.Millisecond), 201, "application/json", `"id":`},
	} {
		t.Run(name, func(t *testing.T) {
			server, c := start(t, sim.Options{})
			server.Script(sim.Fault{On: sim.NewSession, Times: 1, Do: test.do})
			got := c.post("/chat/v1/sessions", `{"externalUserId":"u"}`)
			if got.status != test.status || !strings.HasPrefix(got.header.Get("Content-Type"), test.kind) ||
				!strings.Contains(got.body, test.body) || got.err != nil {
				t.Errorf("got %d %q %q, error %v", got.status, got.header.Get("Content-Type"), got.body, got.err)
			}
			if left := server.FaultsLeft(); left != 0 {
				t.Errorf("%d faults left, want 0", left)
			}
			c.session() // the fault is over
		})
	}
}

func TestRetryAfterComesInBothForms(t *testing.T) {
	server, c := start(t, sim.Options{})
	server.Script(
		sim.Fault{Times: 1, Do: sim.Status(429).With(sim.RetryAfter(1500 * time.Millisecond))},
		sim.Fault{Times: 1, Do: sim.Status(503).With(sim.RetryAfterDate(time.Hour))},
	)
	if got := c.post("/chat/v1/sessions", ""); got.status != 429 || got.header.Get("Retry-After") != "2" {
		t.Errorf("status %d, Retry-After %q; want 429, 2", got.status, got.header.Get("Retry-After"))
	}
	got := c.post("/chat/v1/sessions", "")
	at, err := http.ParseTime(got.header.Get("Retry-After"))
	if left := time.Until(at); got.status != 503 || err != nil || left < 59*time.Minute || left > time.Hour {
		t.Errorf("status %d, Retry-After %q; want 503 and a date in an hour", got.status, got.header.Get("Retry-After"))
	}
}

func TestScriptIsFollowedInOrder(t *testing.T) {
	server, c := start(t, sim.Options{})
	server.Script(
		sim.Fault{On: sim.SignIn, Do: sim.Status(599)},
		sim.Fault{On: sim.NewSession, Account: keyB, Do: sim.Status(403)},
		sim.Fault{On: sim.NewSession, Skip: 1, Times: 2, Do: sim.Status(502)},
		sim.Fault{If: func(c sim.Call) bool { return c.Header.Get("x-odd") != "" }, Do: sim.Status(418)},
		sim.Fault{On: sim.NewSession, Account: keyA, Times: 1, Do: sim.Status(500)},
	)
	statuses := func(c *customer, calls int) (got []int) {
		for range calls {
			got = append(got, c.post("/chat/v1/sessions", `{"externalUserId":"u"}`).status)
		}
		return got
	}
	if diff := cmp.Diff([]int{500, 502, 502, 201, 201}, statuses(c, 5)); diff != "" {
		t.Errorf("account a (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{403, 403}, statuses(newCustomer(t, server, keyB), 2)); diff != "" {
		t.Errorf("account b (-want +got):\n%s", diff)
	}
	c.header.Set("x-odd", "1")
	if diff := cmp.Diff([]int{418}, statuses(c, 1)); diff != "" {
		t.Errorf("a call that meets the condition (-want +got):\n%s", diff)
	}
	server.ClearScript()
	if diff := cmp.Diff([]int{201}, statuses(c, 1)); diff != "" {
		t.Errorf("after the script was cleared (-want +got):\n%s", diff)
	}
}

func TestConnectionEndsBeforeTheAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		do   sim.Effect
		want error
	}{
		"reset":  {sim.Reset(), syscall.ECONNRESET},
		"hangup": {sim.Hangup(), io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			server, c := start(t, sim.Options{})
			session := c.session()
			server.Script(sim.Fault{On: sim.Query, Times: 1, Do: test.do})
			if got := c.ask(session, "hi", ""); !errors.Is(got.err, test.want) {
				t.Errorf("the client saw %d and %v, want %v", got.status, got.err, test.want)
			}
			eventually(t, server, "the call is over", func() bool { return server.Running() == 0 })
			want := []sim.Turn{{Query: "hi", Endpoint: endpoint}}
			if diff := cmp.Diff(want, server.Transcript(session)); diff != "" {
				t.Errorf("the platform may have carried it out (-want +got):\n%s", diff)
			}
			if call := server.CallsOf(sim.Query, "")[0]; call.Status != 0 || call.ClientGone {
				t.Errorf("recorded status %d, client gone %v; want 0, false", call.Status, call.ClientGone)
			}
		})
	}
}

func TestHangLastsUntilTheClientLeaves(t *testing.T) {
	server, c := start(t, sim.Options{})
	session := c.session()
	server.Script(sim.Fault{On: sim.Query, Do: sim.Hang()})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		_ = server.WaitFor(ctx, func() bool { return server.Count(sim.Query, keyA) == 1 })
		leave()
	}()
	if _, err := c.open(ctx, http.MethodPost, c.queryPath(session), c.queryBody("hi", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("the client saw %v, want its own cancellation", err)
	}
	eventually(t, server, "the call is over", func() bool { return server.Running() == 0 })
	if call := server.CallsOf(sim.Query, keyA)[0]; !call.ClientGone || call.Ended.IsZero() {
		t.Errorf("client gone %v, ended %v; want true and a time", call.ClientGone, call.Ended)
	}
}

func TestOnlyRefusedQueriesLeaveNoTurn(t *testing.T) {
	server, c := start(t, sim.Options{})
	session := c.session()
	for status, want := range map[int]int{400: 0, 401: 0, 429: 0, 500: 1, 502: 1} {
		before := len(server.Transcript(session))
		server.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.Status(status)})
		c.ask(session, "hi", "")
		if got := len(server.Transcript(session)) - before; got != want {
			t.Errorf("status %d left %d turns, want %d", status, got, want)
		}
	}
}

func TestRawTextTakesThePlaceOfAnAnswer(t *testing.T) {
	server, c := start(t, sim.Options{})
	const head = "HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\nshort"
	server.Script(
		sim.Fault{Times: 1, Do: sim.Raw(head)},
		sim.Fault{Times: 1, Do: sim.SlowBytes(time.Microsecond).With(sim.Raw(head))},
		sim.Fault{Times: 1, Do: sim.Raw("no HTTP at all\r\n\r\n")},
		sim.Fault{Times: 1, Do: sim.SlowBytes(time.Hour).With(sim.Raw(head))},
	)
	for range 2 {
		if got := c.post("/chat/v1/sessions", ""); got.status != http.StatusTeapot || got.body != "short" || got.err != nil {
			t.Errorf("got %+v, want what was scripted", got)
		}
	}
	if got := c.post("/chat/v1/sessions", ""); got.err == nil {
		t.Errorf("got %+v, want no answer", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if response, err := c.open(ctx, http.MethodPost, "/chat/v1/sessions", ""); err == nil {
		_ = response.Body.Close()
		t.Errorf("an answer whose bytes take an hour each came with status %d", response.StatusCode)
	}
}
