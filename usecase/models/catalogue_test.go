package models

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

func TestTheStaticTableIsThereWithoutAnythingElse(t *testing.T) {
	c := catalogue(t, nil, "")
	want := []string{
		"claude-3-haiku", "claude-3-opus", "claude-3.5-sonnet", "claude-3.7-sonnet", "deepseek-r1", "deepseek-v3",
		"gemini-1.5-pro", "gemini-2.0-flash", "gpt-3.5-turbo", "gpt-4-turbo", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano",
		"gpt-4o", "gpt-4o-mini", "gpto3-mini",
	}
	if diff := cmp.Diff(want, names(c)); diff != "" {
		t.Errorf("listed names (-want +got):\n%s", diff)
	}
	for _, m := range c.List() {
		if !m.Known || m.OwnedBy == "" || !strings.HasPrefix(string(m.Endpoint), "predefined-") {
			t.Errorf("static model %+v: want it known, with its maker and a predefined endpoint", m)
		}
	}
}

func TestConfiguredModelsAddToTheStaticTableOrReplaceItsEntries(t *testing.T) {
	configured := []domain.ModelMapping{model("gpt-4o", "byoi-mine"), model("house-model", "predefined-house")}
	c := catalogue(t, configured, "")
	configured[1].Endpoint = "predefined-changed-later"
	if got := endpoint(c, "gpt-4o"); got != "byoi-mine" {
		t.Errorf("a replaced static name leads to %s, want byoi-mine", got)
	}
	if got := endpoint(c, "house-model"); got != "predefined-house" {
		t.Errorf("an added name leads to %s, want predefined-house", got)
	}
	if got, want := len(c.List()), len(static())+1; got != want {
		t.Errorf("%d models are listed, want %d: one was added, one replaced", got, want)
	}
}

func TestThePlatformAddsNamesAndNeverMovesAFixedOne(t *testing.T) {
	c := catalogue(t, []domain.ModelMapping{model("house-model", "predefined-house")}, "")
	offered := []domain.ModelMapping{
		model("gpt-4o", "predefined-another"), model("house-model", "predefined-another"),
		model("new-model", "predefined-new"), model("new-model", "predefined-twin"),
	}
	before := slices.Clone(offered)
	c.Update(offered)
	for name, want := range map[string]string{
		"gpt-4o": "predefined-openai-gpt4o", "house-model": "predefined-house", "new-model": "predefined-new",
	} {
		if got := endpoint(c, name); got != want {
			t.Errorf("%s leads to %s, want %s", name, got, want)
		}
	}
	if diff := cmp.Diff(before, offered); diff != "" {
		t.Errorf("Update changed what it was given (-before +after):\n%s", diff)
	}

	c.Update([]domain.ModelMapping{model("newer-model", "predefined-newer")})
	if got := names(c); slices.Contains(got, "new-model") || !slices.Contains(got, "newer-model") || !slices.Contains(got, "house-model") {
		t.Errorf("after the next update the list is %q, want newer-model instead of new-model, and the fixed names", got)
	}
}

func TestThePlatformTellsTheEffortsUnlessTheOperatorDid(t *testing.T) {
	c := catalogue(t, []domain.ModelMapping{
		model("told", "predefined-thinker", domain.EffortLow), model("untold", "predefined-thinker"),
	}, "")
	efforts := func(name string) []domain.Effort {
		m, err := c.Find(name)
		if err != nil {
			t.Fatalf("Find(%q): %v", name, err)
		}
		return m.Efforts
	}
	c.Update([]domain.ModelMapping{model("thinker", "predefined-thinker", domain.EffortMedium, domain.EffortMax)})
	for name, want := range map[string][]domain.Effort{
		"told":    {domain.EffortLow},
		"untold":  {domain.EffortMedium, domain.EffortMax},
		"thinker": {domain.EffortMedium, domain.EffortMax},
		"gpt-4o":  nil,
	} {
		if diff := cmp.Diff(want, efforts(name)); diff != "" {
			t.Errorf("efforts of %s (-want +got):\n%s", name, diff)
		}
	}
	c.Update(nil)
	if got := efforts("untold"); got != nil {
		t.Errorf("efforts that the platform no longer lists are still %q", got)
	}
}

func TestEveryNameIsListedOnceInOrderAndFixedNamesKeepTheirEndpoints(t *testing.T) {
	name := rapid.SampledFrom([]string{"gpt-4o", "deepseek-r1", "a", "b", "c", "meta-llama/x", "predefined-openai-gpt4o"})
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.ModelMapping {
		return model(name.Draw(t, "name"), rapid.SampledFrom([]string{"predefined-1", "predefined-2", "byoi-3", "predefined-openai-gpt4o"}).Draw(t, "endpoint"))
	}), 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		configured, offered := list.Draw(t, "configured"), list.Draw(t, "offered")
		c, err := New(configured, "")
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		fixed := slices.Clone(c.List())
		c.Update(offered)
		got := c.List()
		for i, m := range got {
			if i > 0 && got[i-1].Name >= m.Name {
				t.Fatalf("%q stands before %q", got[i-1].Name, m.Name)
			}
			if found, err := c.Find(m.Name); err != nil || found.Endpoint != m.Endpoint {
				t.Fatalf("Find(%q) = %v, %v, want what is listed: %v", m.Name, found, err, m)
			}
			if found, err := c.Find(string(m.Endpoint)); err != nil || !found.Known {
				t.Fatalf("the listed endpoint %q is not known by its own id: %v, %v", m.Endpoint, found, err)
			}
		}
		for _, m := range fixed {
			if found, _ := c.Find(m.Name); found.Endpoint != m.Endpoint {
				t.Fatalf("%q moved from %q to %q", m.Name, m.Endpoint, found.Endpoint)
			}
		}
		for _, m := range offered {
			if _, err := c.Find(m.Name); err != nil {
				t.Fatalf("the offered %q is not there: %v", m.Name, err)
			}
		}
	})
}

func TestReadersSeeOneWholeStateWhileItChanges(t *testing.T) {
	c := catalogue(t, nil, "")
	small, large := len(c.List()), len(c.List())+2
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if n := len(c.List()); n != small && n != large {
					t.Errorf("a list of %d models was seen, want %d or %d", n, small, large)
					return
				}
				if got := endpoint(c, "gpt-4o"); got != "predefined-openai-gpt4o" {
					t.Errorf("during an update gpt-4o led to %s", got)
					return
				}
			}
		})
	}
	for range 2 {
		writers.Go(func() {
			for range 200 {
				c.Update([]domain.ModelMapping{model("x", "predefined-x"), model("y", "predefined-y")})
				c.Update(nil)
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}
