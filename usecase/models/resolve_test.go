package models

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"ondemand-api-proxy/domain"
)

func TestTheDefaultModelHasToBeKnownOrAnEndpointID(t *testing.T) {
	configured := []domain.ModelMapping{model("house-model", "predefined-house")}
	for _, name := range []string{"", "gpt-4o", "house-model", "predefined-anything", "byoi-mine", "predefined-house"} {
		if _, err := New(configured, name); err != nil {
			t.Errorf("default_model %q: %v, want no error", name, err)
		}
	}
	_, err := New(configured, "gpt-99")
	if err == nil || !strings.Contains(err.Error(), `"gpt-99" is no known model`) || strings.Contains(err.Error(), "\n") {
		t.Errorf("default_model gpt-99: got %v, want one line that names it", err)
	}
}

func TestNamesResolve(t *testing.T) {
	const gpt4o = "predefined-openai-gpt4o"
	for _, test := range []struct {
		name, fallback string
		want           string // the endpoint, or the error's kind
		known          bool
	}{
		{"gpt-4o", "", gpt4o, true},
		{"offered", "", "predefined-offered", true},
		{gpt4o, "", gpt4o, true},
		{"predefined-offered", "", "predefined-offered", true},
		{"predefined-unheard-of", "", "predefined-unheard-of", false},
		{"byoi-unheard-of", "", "byoi-unheard-of", false},
		{"predefined-unheard-of", "gpt-4o", "predefined-unheard-of", false},
		{"GPT-4o", "", "error: model_not_found", false},
		{"gpt-99", "", "error: model_not_found", false},
		{"", "", "error: invalid_request", false},
		{"gpt-99", "gpt-4o", gpt4o, true},
		{"", "gpt-4o", gpt4o, true},
		{"gpt-99", "byoi-mine", "byoi-mine", true},
		{"gpt-99", "predefined-offered", "predefined-offered", true},
	} {
		c := catalogue(t, nil, test.fallback)
		c.Update([]domain.ModelMapping{model("offered", "predefined-offered")})
		if got := endpoint(c, test.name); got != test.want {
			t.Errorf("%q with default_model %q leads to %s, want %s", test.name, test.fallback, got, test.want)
		}
		if m, _ := c.Resolve(test.name); m.Known != test.known {
			t.Errorf("%q with default_model %q: known is %v, want %v", test.name, test.fallback, m.Known, test.known)
		}
	}
}

func TestTheStandInForAnUnknownNameKeepsItsOwnName(t *testing.T) {
	for fallback, want := range map[string]string{"gpt-4o": "gpt-4o", "byoi-mine": "byoi-mine"} {
		m, err := catalogue(t, nil, fallback).Resolve("something else")
		if err != nil || m.Name != want {
			t.Errorf("default_model %q: resolved to %q, %v, want the name %q: the client's text must become no label", fallback, m.Name, err, want)
		}
	}
}

func TestFindKnowsOnlyWhatIsInTheTable(t *testing.T) {
	c := catalogue(t, nil, "gpt-4o")
	for _, name := range []string{"predefined-unheard-of", "byoi-mine", "gpt-99", ""} {
		if m, err := c.Find(name); domain.KindOf(err) != domain.ModelNotFound || err == nil {
			t.Errorf("Find(%q) = %v, %v, want a ModelNotFound error", name, m, err)
		}
	}
	if m, err := c.Find("predefined-openai-gpt4o"); err != nil || m.Name != "predefined-openai-gpt4o" {
		t.Errorf("Find of a known endpoint id = %v, %v, want it under that id", m, err)
	}
}

func TestAnErrorAboutAModelNamesTheParameterAndQuotesNoMoreThanItMust(t *testing.T) {
	c := catalogue(t, nil, "")
	for _, name := range []string{"gpt-99", "line\nbreak", `quo"te`, "\xff\xfe", strings.Repeat("é", 1000), strings.Repeat("x", 63) + "漢字"} {
		_, err := c.Resolve(name)
		var e *domain.Error
		if !errors.As(err, &e) || e.Kind != domain.ModelNotFound || e.Param != "model" {
			t.Errorf("Resolve(%.20q): got %v, want ModelNotFound about the parameter model", name, err)
			continue
		}
		if len(e.Message) > 300 || strings.ContainsAny(e.Message, "\n\r") || !utf8.ValidString(e.Message) {
			t.Errorf("Resolve(%.20q): message %q is too long or holds raw text", name, e.Message)
		}
	}
	_, err := c.Resolve("gpt-99")
	if !strings.Contains(err.Error(), `"gpt-99"`) {
		t.Errorf("got %q, want the name in it", err)
	}
	_, err = c.Resolve("")
	var e *domain.Error
	if !errors.As(err, &e) || e.Param != "model" {
		t.Errorf("a request without a model: got %v, want an error about the parameter model", err)
	}
}
