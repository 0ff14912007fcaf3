package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// conversations is how many there are at the same time, of two turns each.
const conversations = 500

func TestBadAccountsFailNoRequestAndTheHealthyOnesShareTheLoad(t *testing.T) {
	for _, healthy := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d healthy", healthy), func(t *testing.T) {
			platform, accounts := troubled(t, healthy)
			p := start(t, platform, accounts, "DEBUG_MODE=false")
			client := httpClient(t)
			var group sync.WaitGroup
			for i := range conversations {
				group.Go(func() { converse(t, p, func(body string) answer { return p.post(t, client, body) }, i) })
			}
			group.Wait()
			checkLoad(t, platform, healthy)
		})
	}
}

// troubled is a platform with three accounts in trouble and some healthy ones.
func troubled(t *testing.T, healthy int) (*sim.Server, string) {
	t.Helper()
	const limited, resetting = "limited@example.org", "key-resetting"
	known := []sim.Account{
		{Email: "wrong@example.org", Password: "right"}, {Email: limited, Password: "secret"}, {Key: resetting},
	}
	configured := `[{"email":"wrong@example.org","password":"wrong"},{"email":"limited@example.org","password":"secret"},{"api_key":"key-resetting"}`
	for i := range healthy {
		known = append(known, sim.Account{Key: healthyKey(i)})
		configured += fmt.Sprintf(`,{"api_key":%q}`, healthyKey(i))
	}
	platform := sim.Start(t, sim.Options{Accounts: known})
	platform.Script(
		sim.Fault{On: sim.Query, Account: limited, Do: sim.Status(429)},
		sim.Fault{Account: resetting, Do: sim.Reset()},
	)
	return platform, configured + "]"
}

func healthyKey(i int) string { return fmt.Sprintf("key-healthy-%d", i) }

// converse holds a conversation of two turns, one streamed, and checks both answers.
func converse(t *testing.T, p *proxy, post func(string) answer, number int) {
	type line struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	var history []line
	for turn := range 2 {
		question := fmt.Sprintf("question %d of conversation %d", turn, number)
		history = append(history, line{"user", question})
		body, err := json.Marshal(map[string]any{"model": "gpt-4o", "messages": history, "stream": (number+turn)%2 == 0})
		if err != nil {
			t.Error(err)
			return
		}
		got := post(string(body))
		said := got.tells(t)
		if !said.done || said.finish != "stop" || !strings.Contains(said.text, question) {
			t.Errorf("%s: status %d, %+v\n%s", question, got.status, said, p.log.tail())
			return
		}
		history = append(history, line{"assistant", said.text})
	}
}

// checkLoad checks that the healthy accounts did all the work, in even shares.
func checkLoad(t *testing.T, platform *sim.Server, healthy int) {
	t.Helper()
	total, least, most := 0, conversations*2, 0
	for i := range healthy {
		n := platform.Count(sim.Query, healthyKey(i))
		total, least, most = total+n, min(least, n), max(most, n)
	}
	t.Logf("%d healthy accounts: %d queries, from %d to %d each", healthy, total, least, most)
	if total < conversations*2 {
		t.Errorf("the healthy accounts got %d queries, want one for each of %d requests", total, conversations*2)
	}
	if most-least > total/healthy/5 {
		t.Errorf("the load is uneven: from %d to %d queries", least, most)
	}
	if n := platform.Overlaps(); n != 0 {
		t.Errorf("%d queries went into a session that was still answering", n)
	}
}
