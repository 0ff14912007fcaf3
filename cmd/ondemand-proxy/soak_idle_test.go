//go:build !race

// The race detector has a memory of its own.

package main_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// What idle connections may cost.
const (
	idleConnections = 1000
	idleCost        = 30 << 20 // bytes, of all together
)

func TestAThousandIdleConnectionsCostUnder30MiB(t *testing.T) {
	for name, open := range map[string]func(*testing.T, net.Conn){
		"silent from the start": func(*testing.T, net.Conn) {},
		"after a request":       asksForHealth,
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, sim.Start(t, sim.Options{}), paramAccounts, "DEBUG_MODE=false")
			scrape := scraper(t, p)
			before := settled(t, scrape)
			for range idleConnections {
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				open(t, conn)
			}
			most := footingOf(scrape())
			for began := time.Now(); most.files < before.files+idleConnections; most = footingOf(scrape()) {
				if time.Since(began) > 5*time.Second {
					t.Fatalf("only %v of the connections were taken", most.files-before.files)
				}
				time.Sleep(betweenScrapes)
			}
			// A machine that is slow may get so far only when the silent ones, after ten seconds, are closed.
			after := settled(t, scrape)
			resident := max(most.resident, after.resident) - before.resident
			used := after.heap + after.stacks - before.heap - before.stacks
			const mib = 1 << 20
			t.Logf("%d idle connections: %.1f MiB more resident at most, %.1f MiB after collecting; %.1f MiB in use (heap %.1f, stacks %.1f), %.0f goroutines",
				idleConnections, resident/mib, (after.resident-before.resident)/mib, used/mib, (after.heap-before.heap)/mib, (after.stacks-before.stacks)/mib, after.goroutines-before.goroutines)
			if max(resident, used) > idleCost {
				t.Errorf("they cost %.1f MiB, want at most %d", max(resident, used)/mib, idleCost/mib)
			}
		})
	}
}

// asksForHealth makes one request and leaves its connection open.
func asksForHealth(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK || response.Close {
		t.Fatalf("GET /healthz: status %d, %v, Connection: close %t", response.StatusCode, err, response.Close)
	}
}
