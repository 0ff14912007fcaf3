package app

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"ondemand-api-proxy/infrastructure/config"
)

func TestTheDemoSaysEverywhereThatItIsOneAndTouchesNoAccount(t *testing.T) {
	sim := platform(t)
	hangup := make(chan os.Signal, 1)
	hangup <- syscall.SIGHUP
	c := configFor(t, sim, account(t, "main", alice))
	s := start(t, Settings{
		Config: c, Demo: true, Hangup: hangup,
		Reload: func() (config.Config, error) {
			t.Error("the demo reads the configuration anew")
			return config.Config{}, nil
		},
	})
	if out := s.out.String(); !strings.Contains(out, "\nDEMO: there is no real model behind this") || !strings.Contains(out, "Accounts   2\n") {
		t.Errorf("the greeting is\n%s\nwant it to say DEMO", out)
	}
	if line := s.log.await(t, "demo mode"); !strings.Contains(line, `"level":"warn"`) {
		t.Errorf("logged %s, want a warning", line)
	}

	var list struct {
		Data []struct {
			ID      string `json:"id"`
			OwnedBy string `json:"owned_by"`
		}
	}
	_, body := s.get("/v1/models")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Data) == 0 {
		t.Fatalf("GET /v1/models: %s: %v", body, err)
	}
	for _, m := range list.Data {
		if m.OwnedBy != demoOwner {
			t.Errorf("the model %s is owned by %q, want %q", m.ID, m.OwnedBy, demoOwner)
		}
	}
	if _, body := s.get("/v1/models/gpt-4o"); !strings.Contains(body, `"owned_by":"demo (simulated, no real model)"`) {
		t.Errorf("GET /v1/models/gpt-4o got %s, want it owned by the demo", body)
	}
	if status, body := s.get("/v1/models/gpt-99"); status != http.StatusNotFound {
		t.Errorf("GET /v1/models/gpt-99 got %d %s, want 404", status, body)
	}

	asked := strings.Replace(request(false, "Hello"), "{", `{"max_tokens":5,`, 1) // the demo speaks slowly
	status, answer := s.whole(s.ask(t.Context(), http.MethodPost, "/v1/chat/completions", asked))
	if status != http.StatusOK || !strings.Contains(answer, "This is a demonstration") {
		t.Errorf("chat got %d %s, want an answer that says what it is", status, answer)
	}
	s.stop()
	if kept, err := os.ReadDir(c.DataDir); err != nil || len(kept) != 1 || kept[0].Name() != "demo" {
		t.Errorf("the data directory holds %v, %v, want a folder for the demo and nothing else", kept, err)
	}
	if calls := sim.Calls(); len(calls) > 0 {
		t.Errorf("the configured platform got %d calls, want none in the demo", len(calls))
	}
}
