package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestAHeadThatComesByteByByteIsCut(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
	var group sync.WaitGroup
	for name, head := range map[string]string{
		"a request line":   "GET /v1/models?" + strings.Repeat("x", 1000),
		"headers":          "GET /v1/models HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 200),
		"one long header":  "GET /v1/models HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("y", 1000),
		"only empty lines": strings.Repeat("\r\n", 500),
		"nothing":          "",
	} {
		group.Go(func() {
			w := dialWire(t, p)
			began := time.Now()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = io.Copy(io.Discard, w) // until it is cut
			}()
			for i := 0; ; i++ {
				select {
				case <-ended:
					if took := time.Since(began); took > 15*time.Second {
						t.Errorf("%s: the connection was cut after %s", name, took)
					}
					return
				case <-time.After(time.Second / 2):
				}
				if i < len(head) {
					_, _ = io.WriteString(w, head[i:i+1])
				}
				if time.Since(began) > 30*time.Second {
					t.Errorf("%s: the connection is open after 30 s", name)
					return
				}
			}
		})
	}
	for range 5 { // nobody else is held up
		began := time.Now()
		served(t, p, asks("Meanwhile."))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("another request took %s", took)
		}
		time.Sleep(time.Second)
	}
	group.Wait()
}

func TestManySlowBodiesHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts, "MAX_IN_FLIGHT=200", "MAX_QUEUE=0")
	body := asks("A slow one.")
	var slow []*wire
	for range 50 {
		w := dialWire(t, p)
		_, _ = io.WriteString(w, posted(body[:1], length(body, 0)))
		slow = append(slow, w)
	}
	for i := range 4 {
		time.Sleep(500 * time.Millisecond)
		for _, w := range slow {
			_, _ = io.WriteString(w, body[1+i:2+i])
		}
		served(t, p, asks("A quick one."))
	}
	for _, w := range slow { // and they are served when they have come to their end
		_, _ = io.WriteString(w, body[5:])
		_ = w.SetDeadline(time.Now().Add(20 * time.Second))
		response, err := http.ReadResponse(bufio.NewReader(w), nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := read(response); a.status != http.StatusOK {
			t.Fatalf("a slow body got %d: %s", a.status, a.body)
		}
	}
}

func TestAFloodOfHeadersIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
	var many, same []string
	for i := range 110 {
		many = append(many, fmt.Sprintf("X-%d: y", i))
	}
	for range 20_000 {
		same = append(same, "X: y")
	}
	for name, lines := range map[string][]string{
		"many headers":         many,
		"one header, often":    same,
		"one header, large":    {"X: " + strings.Repeat("y", 1<<20)},
		"a name without end":   {strings.Repeat("X", 1<<20) + ": y"},
		"a huge cookie":        {"Cookie: " + strings.Repeat("a=b; ", 100_000)},
		"a huge token":         {"X-Api-Key: " + strings.Repeat("k", 1<<20)},
		"a huge list of hosts": {"X-Forwarded-For: " + strings.Repeat("192.0.2.1, ", 50_000)},
	} {
		answers := p.exchange(t, posted("", append(lines, "Content-Length: 0")...), false)
		if len(answers) != 1 || answers[0].status != http.StatusBadRequest && answers[0].status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: the answers are %v, want one that refuses it", name, answers)
		}
	}
	if answers := p.exchange(t, "GET /"+strings.Repeat("x", 1<<20)+" HTTP/1.1\r\nHost: a\r\n\r\n", false); len(answers) != 1 || answers[0].status < 400 {
		t.Errorf("a long URL: the answers are %v, want one that refuses it", answers)
	}
	served(t, p, asks("After the flood."))
}
