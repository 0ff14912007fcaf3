package main_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// staticNames must be listed always.
var staticNames = []string{
	"gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo", "gpto3-mini", "gpt-4-turbo", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "claude-3.5-sonnet",
	"claude-3.7-sonnet", "claude-3-opus", "claude-3-haiku", "gemini-1.5-pro", "gemini-2.0-flash", "deepseek-v3", "deepseek-r1",
}

// listedModels are the names that GET /v1/models lists.
func listedModels(t *testing.T, p *proxy) []string {
	t.Helper()
	a := p.get(t, httpClient(t), "/v1/models")
	var list struct{ Data []struct{ ID string } }
	if err := json.Unmarshal([]byte(a.body), &list); a.status != http.StatusOK || err != nil {
		t.Fatalf("GET /v1/models: status %d, %v\n%s", a.status, err, a.body)
	}
	var names []string
	for _, model := range list.Data {
		names = append(names, model.ID)
	}
	return names
}

func TestActiveModelsOfTheCatalogueAreListedAndServedBesideTheStaticOnes(t *testing.T) {
	t.Parallel()
	for name, envelope := range map[string]sim.Envelope{"data": sim.DataList, "bare": sim.BareList, "data.endpoints": sim.DataEndpoints} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platform := sim.Start(t, sim.Options{Envelope: envelope})
			p := start(t, platform, paramAccounts)
			awaitLogged(t, p, "model catalogue refreshed", 1)
			listed := listedModels(t, p)
			for _, want := range append([]string{"gpt-5", "grok-4", "meta-llama/Llama-3.3-70B-Instruct", "own-model"}, staticNames...) {
				if !slices.Contains(listed, want) {
					t.Errorf("%s is not listed: %q", want, listed)
				}
			}
			if slices.Contains(listed, "gpt-4") {
				t.Error("gpt-4 is listed, which the catalogue says is inactive")
			}
			sorted := slices.Clone(listed)
			if slices.Sort(sorted); len(slices.Compact(sorted)) != len(listed) {
				t.Errorf("a name is listed twice: %q", listed)
			}
			served(t, p, chatBody("meta-llama/Llama-3.3-70B-Instruct", `{"role":"user","content":"By its public name."}`))
			if got := queryEnding(t, platform, "By its public name.").Query.EndpointID; got != "predefined-meta-llama3.3" {
				t.Errorf("the public name was sent to %s, want predefined-meta-llama3.3", got)
			}
		})
	}
}

func TestNamesAreResolvedToEndpoints(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Endpoints: []string{"predefined-not-in-any-table", "byoi-not-in-any-table"}})
	p := start(t, platform, paramAccounts, `MODELS={"house":"predefined-openai-gpt4o-mini","gpt-4o":{"endpoint":"predefined-openai-gpt4.1"}}`)
	fallback := start(t, platform, paramAccounts, "DEFAULT_MODEL=claude-3-haiku")
	for _, c := range []struct {
		p           *proxy
		model, want string
	}{
		{p, "gpt-3.5-turbo", "predefined-openai-gpto3-mini"},
		{p, "predefined-not-in-any-table", "predefined-not-in-any-table"},
		{p, "byoi-not-in-any-table", "byoi-not-in-any-table"},
		{p, "house", "predefined-openai-gpt4o-mini"},
		{p, "gpt-4o", "predefined-openai-gpt4.1"},
		{fallback, "gpt-4o", "predefined-openai-gpt4o"},
		{fallback, "gpt-99", "predefined-claude-3-haiku"},
		{fallback, "", "predefined-claude-3-haiku"},
	} {
		text := "Which endpoint is " + c.model + " for " + c.want + "?"
		a := c.p.post(t, httpClient(t), chatBody(c.model, `{"role":"user","content":`+inJSON(text)+`}`))
		if a.status != http.StatusOK {
			t.Errorf("%q: status %d, want 200: %s", c.model, a.status, a.body)
			continue
		}
		if got := queryEnding(t, platform, text).Query.EndpointID; got != c.want {
			t.Errorf("%q was sent to %s, want %s", c.model, got, c.want)
		}
		if got := chunksOf(t, a)[0].Model; got != c.model {
			t.Errorf("the answer names the model %q, want %q as the client did", got, c.model)
		}
	}
	if listed := listedModels(t, p); !slices.Contains(listed, "house") {
		t.Errorf("the configured model house is not listed: %q", listed)
	}

	for _, model := range []string{"gpt-99", "GPT-4o", "gpt-4o ", "house/../gpt-4o"} {
		a := p.post(t, httpClient(t), chatBody(model, `{"role":"user","content":"x"}`))
		e := refusalOf(t, model, a)
		if a.status != http.StatusNotFound || e.Type != "invalid_request_error" || orNull(e.Code) != "model_not_found" || orNull(e.Param) != "model" {
			t.Errorf("%q: status %d, type %s, code %s, param %s; want 404, invalid_request_error, model_not_found, model", model, a.status, e.Type, orNull(e.Code), orNull(e.Param))
		}
	}
}

func TestAnEndpointThatThePlatformRefusesIs400WithASentenceOfOurOwn(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	for way, stream := range bothWays {
		a := p.post(t, httpClient(t), chatBody("predefined-no-such-endpoint", `{"role":"user","content":"x"}`, stream))
		if a.status != http.StatusBadRequest {
			t.Fatalf("%s: status %d, want 400: %s", way, a.status, a.body)
		}
		if e := refusalOf(t, way, a); e.Type != "invalid_request_error" || e.Message == "endpointId is not a valid endpoint" {
			t.Errorf("%s: type %s, message %q; want invalid_request_error and a sentence of our own", way, e.Type, e.Message)
		}
	}
}
