//go:build unix

package main_test

import (
	endian "encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// clockSource is a clock whose time of day is ahead by the seconds that a file holds, which is
// mapped into memory. What measures how long something takes does not jump, as on a machine
// whose time is set: of the two readings in a Time only that of the wall clock is moved.
const clockSource = `package testclock

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var ahead = mapped()

func mapped() *atomic.Int64 {
	file, err := os.Open(os.Getenv("TEST_CLOCK"))
	if err != nil {
		panic(err)
	}
	page, err := syscall.Mmap(int(file.Fd()), 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	return (*atomic.Int64)(unsafe.Pointer(&page[0]))
}

func Now() time.Time {
	now := time.Now()
	*(*uint64)(unsafe.Pointer(&now)) += uint64(ahead.Load()) << 30 // seconds stand above 30 bits of nanoseconds
	return now
}
`

var timeNow = regexp.MustCompile(`\btime\.Now\b`)

// buildWithClock builds the program with a wall clock that a test can set: files of the build
// are replaced, so that the program itself needs no switch for it.
func buildWithClock(t *testing.T) string {
	t.Helper()
	listed, err := exec.Command("go", "list", "-deps", "-f", `{{if not .Standard}}{{$d := .Dir}}{{if .Module}}{{if .Module.Main}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}`).Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	replace := map[string]string{}
	put := func(path, text string) {
		replace[path] = filepath.Join(directory, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(root, "testclock", "clock.go"), clockSource)
	for _, path := range strings.Fields(string(listed)) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if changed := timeNow.ReplaceAllString(string(text), "testclock.Now"); changed != string(text) {
			const imported = "\n\t\"time\"\n"
			if !strings.Contains(changed, imported) {
				t.Fatalf("%s imports the package time in another way", path)
			}
			put(path, strings.Replace(changed, imported, imported+"\t\"ondemand-api-proxy/testclock\"\n", 1)+"\nvar _ time.Time\n")
		}
	}
	if len(replace) < 20 {
		t.Fatalf("the clock is read in %d files only", len(replace)-1)
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay, program := filepath.Join(directory, "overlay.json"), filepath.Join(directory, "ondemand-proxy")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command("go", "build", "-overlay", overlay, "-o", program).CombinedOutput(); err != nil {
		t.Fatalf("cannot build the program with a clock that can be set: %v\n%s", err, output)
	}
	return program
}

// clocked is a program whose clock can be set.
type clocked struct {
	*proxy
	t        *testing.T
	platform *sim.Server
	program  string
	offset   string // the file
	setup    setup
	history  string // of the conversation, as JSON
	ids      []string
}

func newClocked(t *testing.T, program string, options sim.Options, environ ...string) *clocked {
	t.Helper()
	c := &clocked{t: t, platform: sim.Start(t, options), program: program, offset: filepath.Join(t.TempDir(), "offset")}
	c.set(0)
	c.setup = setup{dataDir: t.TempDir(), environ: upstreams(c.platform, append([]string{"TEST_CLOCK=" + c.offset, "ONDEMAND_ACCOUNTS=" + paramAccounts}, environ...)...)}
	c.run()
	return c
}

func (c *clocked) run() {
	c.t.Helper()
	c.proxy = startChanged(c.t, c.setup, func(command *exec.Cmd) { command.Path = c.program })
}

func (c *clocked) restart() {
	c.t.Helper()
	c.stop(syscall.SIGTERM, 0)
	c.run()
}

// set makes the clock as much ahead of the real one.
func (c *clocked) set(ahead time.Duration) {
	c.t.Helper()
	file, err := os.OpenFile(c.offset, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := file.Write(endian.NativeEndian.AppendUint64(nil, uint64(int64(ahead/time.Second)))); err != nil {
		c.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// goOn asks the next question of a conversation, which has to be answered.
func (c *clocked) goOn() {
	c.t.Helper()
	c.history += `{"role":"user","content":"And then?"}`
	a := c.post(c.t, asking, chatBody("gpt-4o", c.history))
	said := a.tells(c.t)
	if a.status != http.StatusOK || said.finish != "stop" {
		c.t.Fatalf("a turn got %d: %s\n%s", a.status, a.body, c.log.tail())
	}
	c.ids = append(c.ids, a.header.Get("X-Request-Id"))
	c.history += `,{"role":"assistant","content":` + inJSON(said.text) + `},`
}

// nothingNegative checks that no figure anywhere is below zero.
func (c *clocked) nothingNegative() {
	c.t.Helper()
	for series, value := range figures(c.t, c.proxy) {
		if value < 0 && !strings.HasPrefix(series, "go_") {
			c.t.Errorf("%s is %v", series, value)
		}
	}
	for _, path := range []string{"overview", "series?range=1h", "series?range=7d", "models", "accounts", "requests", "export?format=json"} {
		a := c.get(c.t, asking, "/api/"+path)
		decoder := json.NewDecoder(strings.NewReader(a.body))
		decoder.UseNumber()
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				c.t.Errorf("GET /api/%s: status %d, %v: %.200s", path, a.status, err, a.body)
				break
			}
			if number, is := token.(json.Number); is && strings.HasPrefix(number.String(), "-") {
				c.t.Errorf("GET /api/%s holds the number %s", path, number)
			}
		}
	}
}

// jumps are by how much a clock is ahead, one after the other.
var jumps = map[string][]time.Duration{
	"an hour back and forward again": {-time.Hour, 0}, "an hour forward and back again": {time.Hour, 0},
	toAndFro: {time.Hour, -time.Hour, 0}, "a day back": {-24 * time.Hour}, "a month forward and back again": {720 * time.Hour, 0},
}

// toAndFro is the jump that everything is tried with; the ledger is, with all of them.
const toAndFro = "to and fro"

func TestAClockThatIsSet(t *testing.T) {
	t.Parallel()
	program := buildWithClock(t)
	for name, offsets := range jumps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprintf("restart %t", restart), func(t *testing.T) { t.Parallel(); leavesTheLedgerRight(t, program, offsets, restart) })
			}
			if name != toAndFro {
				return
			}
			t.Run("the rate limit", func(t *testing.T) { t.Parallel(); locksNobodyOut(t, program, offsets) })
			t.Run("logins", func(t *testing.T) { t.Parallel(); endsNoLogin(t, program, offsets) })
			t.Run("accounts", func(t *testing.T) { t.Parallel(); coolsNoLonger(t, program, offsets) })
			t.Run("tokens of accounts", func(t *testing.T) { t.Parallel(); confusesNoSignIn(t, program, offsets) })
		})
	}
}

func leavesTheLedgerRight(t *testing.T, program string, offsets []time.Duration, restart bool) {
	c := newClocked(t, program, sim.Options{})
	c.goOn()
	for _, ahead := range offsets {
		shownInTime(t, c.proxy, len(c.ids)) // minutes of long ago would have no sums
		c.set(ahead)
		if restart {
			c.restart()
		}
		for range 3 {
			c.goOn()
		}
		awaitLedger(t, c.proxy, "all rows are written", 20*time.Second, func(queued int, faults int64) bool { return queued == 0 && faults == 0 })
		listed := data[struct{ Requests []struct{ At string } }](t, c.proxy, "requests?limit=200").Requests
		if len(listed) != len(c.ids) {
			t.Errorf("with the clock %s ahead the dashboard lists %d requests, want %d", ahead, len(listed), len(c.ids))
		}
		c.nothingNegative()
	}
	c.stop(syscall.SIGTERM, 0)
	checkKept(t, c.setup.dataDir, c.ids)
}

func locksNobodyOut(t *testing.T, program string, offsets []time.Duration) {
	c := newClocked(t, program, sim.Options{}, "RATE_LIMIT=60")
	for _, ahead := range offsets {
		var refused answer
		for refused.status != http.StatusTooManyRequests {
			refused = c.post(t, asking, asks("Is there room?"))
		}
		c.set(ahead)
		if seconds, err := strconv.Atoi(refused.header.Get("Retry-After")); err != nil || seconds > 1 {
			t.Errorf("Retry-After is %q, want 1", refused.header.Get("Retry-After"))
		}
		time.Sleep(1100 * time.Millisecond)
		if a := c.post(t, asking, asks("Is there room?")); a.status != http.StatusOK {
			t.Errorf("with the clock %s ahead a request a second later gets %d: %v", ahead, a.status, a.header)
		}
	}
}

func endsNoLogin(t *testing.T, program string, offsets []time.Duration) {
	c := newClocked(t, program, sim.Options{})
	client := c.browser(t)
	logIn := func() time.Duration {
		began := time.Now()
		if a := c.sends(t, client, http.MethodPost, "/api/login", `{"password":"`+accessToken+`"}`); a.status != http.StatusNoContent {
			t.Fatalf("logging in got %d: %s", a.status, a.body)
		}
		return time.Since(began)
	}
	wrong := func() time.Duration {
		began := time.Now()
		if a := c.sends(t, asking, http.MethodPost, "/api/login", `{"password":"wrong"}`); a.status != http.StatusUnauthorized {
			t.Fatalf("a wrong password got %d: %s", a.status, a.body)
		}
		return time.Since(began)
	}
	logIn()
	for _, ahead := range offsets {
		wrong()
		c.set(ahead)
		if a := c.sends(t, client, http.MethodGet, "/api/overview", ""); a.status != http.StatusOK {
			t.Errorf("with the clock %s ahead the login is over: %d %s", ahead, a.status, a.body)
		}
		if took := wrong(); took > 7*time.Second { // doubling with each, up to five
			t.Errorf("with the clock %s ahead a wrong password is told after %s", ahead, took)
		}
		if took := logIn(); took > 2*time.Second {
			t.Errorf("with the clock %s ahead the right one gets in after %s", ahead, took)
		}
	}
}

func coolsNoLonger(t *testing.T, program string, offsets []time.Duration) {
	c := newClocked(t, program, sim.Options{})
	for _, ahead := range offsets {
		for _, limited := range []sim.Effect{sim.Status(429).With(sim.RetryAfter(2 * time.Second)), sim.Status(429).With(sim.RetryAfterDate(2 * time.Second))} {
			c.platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: limited})
			if a := c.post(t, asking, asks("Anybody?")); a.status != http.StatusTooManyRequests {
				t.Fatalf("with its account limited a request got %d: %s", a.status, a.body)
			}
			c.set(ahead)
			a := c.post(t, asking, asks("Anybody?"))
			if seconds, _ := strconv.Atoi(a.header.Get("Retry-After")); a.status != http.StatusTooManyRequests || seconds < 1 || seconds > 3 {
				t.Errorf("with the clock %s ahead the account is not cooling for its two seconds: %d, Retry-After %q", ahead, a.status, a.header.Get("Retry-After"))
			}
			time.Sleep(3200 * time.Millisecond) // a date counts whole seconds
			allAnswered(t, c.proxy, 1)
		}
	}
}

func confusesNoSignIn(t *testing.T, program string, offsets []time.Duration) {
	const accounts = `ONDEMAND_ACCOUNTS=[{"email":"demo@example.org","password":"demo-password"}]`
	c := newClocked(t, program, sim.Options{Accounts: []sim.Account{{Email: "demo@example.org", Password: "demo-password"}}, TokenLife: time.Hour}, accounts)
	requests := 0
	for _, ahead := range offsets {
		c.set(ahead)
		allAnswered(t, c.proxy, 5)
		c.platform.RevokeTokens("") // which the program learns by a refusal, whatever its clock says
		allAnswered(t, c.proxy, 5)
		requests += 10
	}
	if renewals := c.platform.Count(sim.SignIn, "") + c.platform.Count(sim.Refresh, ""); renewals > 4*len(offsets)+2 {
		t.Errorf("%d requests took %d renewals of a token", requests, renewals)
	}
}
