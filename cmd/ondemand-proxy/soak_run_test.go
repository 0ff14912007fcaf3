package main_test

import (
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/usecase/usage"
)

// The size of the soak.
const (
	soakClients = 40
	soakMaxBody = 1 << 20 // bytes of a request
)

// soak is one run of the soak program.
type soak struct {
	t        *testing.T
	platform *soakPlatform
	proxy    *proxy
	file     *configFile
	books    *soakBooks
	operator *http.Client // of the dashboard and of the metrics
	states   soakStates
	reloads  int
}

// soakTime is how long the load lasts: SOAK, or some seconds in CI; 0: not at all.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" && os.Getenv("CI") != "" {
		text = "10s"
	}
	if text == "" {
		return 0
	}
	lasts, err := time.ParseDuration(text)
	if err != nil || lasts < time.Second || lasts > 12*time.Hour {
		t.Fatalf("SOAK is %q, want a time from 1s to 12h", text)
	}
	return lasts
}

// TestSoak lets everything happen at once for as long as SOAK says, and checks that all is well
// afterwards: nothing is left over, and everybody's books agree.
func TestSoak(t *testing.T) {
	lasts := soakTime(t)
	if lasts == 0 {
		t.Skip("SOAK does not say how long: SOAK=15m, or task soak")
	}
	s := startSoak(t)
	began := time.Now()
	warm := min(max(lasts/5, 3*time.Second), time.Minute)
	s.load(warm)
	s.drain()
	before := settled(t, s.scrape)
	t.Logf("after %s of warming up   %s", warm, before)
	s.load(lasts)
	s.drain()
	after := settled(t, s.scrape)
	t.Logf("after %s more            %s", lasts, after)
	s.compare(before, after)
	account := s.account()
	s.report(account, time.Since(began))
}

func startSoak(t *testing.T) *soak {
	t.Helper()
	transport := soakTransport()
	transport.MaxIdleConnsPerHost = 4
	t.Cleanup(transport.CloseIdleConnections)
	s := &soak{t: t, platform: startSoakPlatform(t, soakTroubles()), books: newSoakBooks(), operator: &http.Client{Transport: transport}}
	s.file = newConfigFile(t, "[]")
	s.file.write(soakConfig(true))
	s.proxy = startWith(t, setup{environ: []string{
		"UPSTREAM_GATEWAY_URL=" + s.platform.server.URL, "UPSTREAM_API_URL=" + s.platform.server.URL, "CONFIG_FILE=" + s.file.path,
		"REQUEST_TIMEOUT=2", "STREAM_TIMEOUT=1.5", "SESSION_TIMEOUT_MINUTES=0.2", "ACCOUNT_COOLDOWN_SECONDS=1", "MAX_BODY_MIB=1",
		"WARM_SESSIONS=2", "MAX_IN_FLIGHT=32", "MAX_QUEUE=4", "LOG_LEVEL=warn", "DEBUG_MODE=false",
	}})
	return s
}

// load lets everybody do their worst for a while, and returns when the last of them is done.
func (s *soak) load(lasts time.Duration) {
	s.platform.calm.Store(false)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range soakClients {
		transport := soakTransport()
		client := &soaker{soak: s, client: &http.Client{Transport: transport}}
		group.Go(func() {
			defer transport.CloseIdleConnections()
			client.work(stop)
		})
	}
	for _, work := range []func(stop <-chan struct{}){s.listen, s.listen, s.look, s.watch, s.halfBodies, s.reconfigure, s.disturb, s.putBack} {
		group.Go(func() { work(stop) })
	}
	samples := max(5, lasts/time.Minute)
	for range samples {
		time.Sleep(lasts / samples)
		s.t.Logf("under load: %s", footingOf(s.scrape()))
	}
	close(stop)
	s.platform.calm.Store(true)
	group.Wait()
}

// drain waits until nothing is under way, and hangs up on idle connections at both sides.
func (s *soak) drain() {
	s.configure(true)
	s.await("the platform is at work on nothing", func() bool { return s.platform.Running() == 0 && s.platform.OpenStreams() == 0 })
	s.quiet()
	s.platform.server.CloseClientConnections()
	time.Sleep(2 * time.Second) // the program looks after its idle connections each second
}

// quiet waits until the program is at work on nothing, its ledger is written, and returns its
// metrics of that moment.
func (s *soak) quiet() map[string]float64 {
	var metrics map[string]float64
	s.await("no request is in flight, and no row of the ledger waits", func() bool {
		metrics = s.scrape()
		a := soakAccountOf{metrics: metrics}
		return a.sum("requests_in_flight") == 1 && a.sum("ledger_queued_rows") == 0 // this one
	})
	return metrics
}

func (s *soak) await(what string, so func() bool) {
	s.t.Helper()
	for began := time.Now(); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			s.t.Fatalf("still not so after 30 s: %s\n%s", what, s.proxy.log.tail())
		}
	}
}

// What may grow between two moments of rest, and why.
const (
	moreGoroutines = 5        // timers and the ledger may be at work just then
	moreFiles      = 12       // each of the four connections that read the database opens up to three when it is first needed, and keeps them
	moreHeap       = 4 << 20  // bytes: sessions, at most some thousands, are kept until the next one is; histograms get buckets
	moreResident   = 48 << 20 // bytes: what the most requests at once took goes back to the system little by little
)

// compare checks that nothing was left over.
func (s *soak) compare(before, after footing) {
	for _, one := range []struct {
		what                string
		before, after, more float64
	}{
		{"goroutines", before.goroutines, after.goroutines, moreGoroutines},
		{"open files", before.files, after.files, moreFiles},
		{"bytes of live heap", before.heap, after.heap, moreHeap},
		{"bytes resident", before.resident, after.resident, moreResident},
	} {
		if grown := one.after - one.before; grown > one.more && (!raceDetector || one.more < 1<<10) { // the detector keeps books of its own
			s.t.Errorf("%s: %.0f before and %.0f after, want at most %.0f more", one.what, one.before, one.after, one.more)
		}
	}
	if streams := s.platform.OpenStreams(); streams != 0 {
		s.t.Errorf("the platform has %d streams open", streams)
	}
	if overlaps := s.platform.Overlaps(); overlaps != 0 {
		s.t.Errorf("%d queries went into a session that was still answering", overlaps)
	}
}

// account asks everybody for their books, ends the program, and lets the books agree.
func (s *soak) account() *soakAccountOf {
	s.t.Helper()
	s.quiet()
	a := &soakAccountOf{books: s.books, queries: s.platform.queriesOf}
	a.overview = s.sumUp()
	a.metrics = s.quiet()
	s.books.uncount(http.MethodGet, "/metrics") // it does not count itself
	s.operator.CloseIdleConnections()
	s.proxy.stop(syscall.SIGTERM, 0)
	store := sqlite.New(s.proxy.dataDir)
	if asideAs, err := store.Open(s.t.Context()); err != nil || asideAs != "" {
		s.t.Fatalf("the ledger does not open: %v, moved to %q", err, asideAs)
	}
	defer func() { _ = store.Close() }()
	for row, err := range store.Each(s.t.Context(), usage.Filter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		a.rows = append(a.rows, row)
	}
	noted, _ := s.platform.noted()
	a.arrived = s.platform.Count(sim.Query, "")
	a.cut = a.arrived - noted
	a.agree()
	return a
}
