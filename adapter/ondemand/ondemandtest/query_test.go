package ondemandtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestQueriesAreChecked(t *testing.T) {
	server, c := start(t, sim.Options{Endpoints: []string{"byoi-mine"}})
	session := c.session()
	const head = `{"endpointId":"` + endpoint + `","query":"hi","responseMode":"stream"`
	for _, test := range []struct {
		body string
		want int
	}{
		{head + `}`, 200},
		{`{"endpointId":"byoi-mine","query":"hi","responseMode":"stream"}`, 200},
		{`{"query":"hi","responseMode":"stream"}`, 400},
		{`{"endpointId":"` + endpoint + `","responseMode":"stream"}`, 400},
		{`{"endpointId":"` + endpoint + `","query":"","responseMode":"stream"}`, 400},
		{`{"endpointId":"` + endpoint + `","query":"hi"}`, 400},
		{`{"endpointId":"` + endpoint + `","query":"hi","responseMode":"webhook"}`, 400},
		{`{"endpointId":"predefined-nobody","query":"hi","responseMode":"stream"}`, 400},
		{`{"endpointId":"predefined-openai-gpt4","query":"hi","responseMode":"stream"}`, 400},
		{`{"endpointId":`, 400},
		{head + `,"pluginIds":"none"}`, 400},
		{head + `,"reasoningEffort":"low"}`, 200},
		{head + `,"reasoningEffort":"max"}`, 200},
		{head + `,"modelConfigs":{"temperature":0,"topP":0,"presencePenalty":0,"frequencyPenalty":2,"stopSequences":["a","b","c","d"]}}`, 200},
		{head + `,"modelConfigs":{"temperature":2.01}}`, 400},
		{head + `,"modelConfigs":{"temperature":"1"}}`, 400},
		{head + `,"modelConfigs":{"topP":1.01}}`, 400},
		{head + `,"modelConfigs":{"presencePenalty":-0.5}}`, 400},
		{head + `,"modelConfigs":{"frequencyPenalty":-0.5}}`, 400},
		{head + `,"modelConfigs":{"stopSequences":["a","b","c","d","e"]}}`, 400},
	} {
		if got := c.post(c.queryPath(session), test.body); got.status != test.want {
			t.Errorf("%s: status %d, body %q; want %d", test.body, got.status, got.body, test.want)
		}
	}
	got := c.ask(session, "hi", `,"reasoningEffort":"high"`)
	want := `{"message":"reasoningEffort must be one of low, medium, max","errorCode":"invalid_request"}`
	if got.status != 400 || got.body != want {
		t.Errorf("effort high: status %d, body %s; want 400 with %s", got.status, got.body, want)
	}
	if got := len(server.Transcript(session)); got != 5 {
		t.Errorf("the session holds %d turns, want 5: refused queries leave none", got)
	}
}

func TestStrictEffortRefusesWhatTheCatalogueDoesNotList(t *testing.T) {
	_, c := start(t, sim.Options{StrictEffort: true})
	if got := c.ask(c.session(), "hi", `,"reasoningEffort":"low"`); got.status != 400 {
		t.Errorf("status %d, want 400", got.status)
	}
}

func TestTokenLimitMakesTheAnswerEmpty(t *testing.T) {
	_, c := start(t, sim.Options{})
	session := c.session()
	for _, extra := range []string{`,"modelConfigs":{"maxTokens":5}`, `,"modelConfigs":{"max_tokens":5}`, `,"max_tokens":5`, `,"maxTokens":5`} {
		got := c.ask(session, "hi", extra)
		s := readStream(t, got.body)
		if got.status != 200 || s.deltas != 0 || !s.done {
			t.Errorf("%s: status %d, %d deltas, done %v; want 200, none, true", extra, got.status, s.deltas, s.done)
		}
	}
}

func TestSyncModeAnswersAtOnce(t *testing.T) {
	_, c := start(t, sim.Options{Model: sim.Say("Hello.")})
	body := strings.Replace(c.queryBody("hi", ""), `"stream"`, `"sync"`, 1)
	got := c.post(c.queryPath(c.session()), body)
	if got.status != 200 || path(t, got.body, "data", "answer") != "Hello." || path(t, got.body, "data", "status") != "completed" {
		t.Errorf("status %d, body %q; want a completed answer", got.status, got.body)
	}
}

func TestModelSeesTheWholeRequest(t *testing.T) {
	seen := make(chan sim.Seen, 1)
	_, c := start(t, sim.Options{Model: func(s sim.Seen) sim.Answer { seen <- s; return sim.Answer{Text: "ok"} }})
	session := c.session()
	c.ask(session, "hi", `,"reasoningEffort":"medium","modelConfigs":{"temperature":0.5,"stopSequences":["."]}`)
	got := <-seen
	if got.Session != session || got.Account != keyA || got.Query != "hi" || len(got.Turns) != 0 ||
		got.Asked.EndpointID != endpoint || *got.Asked.ReasoningEffort != "medium" || !*got.Asked.FulfillmentOnly ||
		*got.Asked.ModelConfigs.Temperature != 0.5 || got.Asked.ModelConfigs.TopP != nil {
		t.Errorf("the model saw %+v", got)
	}
	if diff := cmp.Diff([]string{"."}, got.Asked.ModelConfigs.StopSequences); diff != "" {
		t.Errorf("stop sequences (-want +got):\n%s", diff)
	}
}

func TestCompanyLimitCountsQueriesOfAMinute(t *testing.T) {
	now := time.Unix(0, 0)
	list := []sim.Account{{Key: keyA, CompanyID: "c"}, {Key: keyB, CompanyID: "c"}}
	server, a := start(t, sim.Options{
		Accounts: list, QueriesPerMinute: 2, LimitRetryAfter: 1500 * time.Millisecond, Now: func() time.Time { return now },
	})
	b := newCustomer(t, server, keyB)
	sessionA, sessionB := a.session(), b.session()
	for i, want := range []int{200, 200, 429, 429} {
		asking, session := a, sessionA
		if i%2 == 1 {
			asking, session = b, sessionB
		}
		got := asking.ask(session, "hi", "")
		if got.status != want {
			t.Errorf("query %d: status %d, want %d", i, got.status, want)
		}
		if after := got.header.Get("Retry-After"); want == 429 && after != "2" {
			t.Errorf("query %d: Retry-After %q, want 2", i, after)
		}
	}
	eventually(t, server, "all over", func() bool { return server.Running() == 0 })
	now = now.Add(time.Minute)
	if got := a.ask(sessionA, "hi", ""); got.status != 200 {
		t.Errorf("a minute later: status %d, want 200", got.status)
	}
}

func TestCatalogueComesInEveryEnvelope(t *testing.T) {
	for envelope, want := range map[sim.Envelope]string{
		sim.BareList: `[{"endpoint_id":"e"`, sim.DataList: `{"data":[{"endpoint_id":"e"`, sim.DataEndpoints: `{"data":{"endpoints":[{"endpoint_id":"e"`,
	} {
		server, c := start(t, sim.Options{Envelope: envelope})
		server.SetCatalogue([]sim.Endpoint{{ID: "e", Status: "active"}})
		got := c.do(http.MethodGet, "/config/v1/public/endpoints", "")
		if got.status != 200 || !strings.HasPrefix(got.body, want) || !strings.Contains(got.body, `"reasoning_efforts":null`) {
			t.Errorf("envelope %d: status %d, body %s; want it to begin with %s", envelope, got.status, got.body, want)
		}
		c.signIn()
		if got := c.do(http.MethodGet, "/config/v1/public/endpoints", ""); got.status != 200 {
			t.Errorf("with a token: status %d, want 200", got.status)
		}
		c.header = http.Header{}
		if got := c.do(http.MethodGet, "/config/v1/public/endpoints", ""); got.status != 401 {
			t.Errorf("without credential: status %d, want 401", got.status)
		}
	}
}
