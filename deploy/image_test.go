//go:build container

package deploy_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests start containers of images that .ci/image has built.
const (
	imageVariable     = "ONDEMAND_IMAGE"
	spaceVariable     = "ONDEMAND_SPACE_IMAGE"
	simulatorVariable = "ONDEMAND_SIMULATOR_IMAGE"
)

// mostBytes is how large the image may be.
const mostBytes = 40 << 20

// simulate starts the simulator's image, and returns its URL.
func simulate(t *testing.T, flags ...string) string {
	t.Helper()
	c := begin(t, image(t, simulatorVariable), hardened(), nil, append([]string{"--listen", "127.0.0.1:0"}, flags...)...)
	return c.says(`UPSTREAM_API_URL=(\S+)`)
}

func TestTheImageIsSmallAndSaysHowItRuns(t *testing.T) {
	name := image(t, imageVariable)
	var images []struct {
		Size   int64
		Config struct {
			User, WorkingDir, StopSignal string
			ExposedPorts                 map[string]any
			Env, Entrypoint              []string
			Labels                       map[string]string
			Healthcheck                  struct{ Test []string }
		}
		Healthcheck struct{ Test []string } // podman's place
	}
	if err := json.Unmarshal([]byte(engine(t, "image", "inspect", name)), &images); err != nil || len(images) != 1 {
		t.Fatalf("inspecting %s gives %d images: %v", name, len(images), err)
	}
	got := images[0]
	t.Logf("the image has %.1f MiB", float64(got.Size)/(1<<20))
	if got.Size > mostBytes {
		t.Errorf("the image has %d bytes, want at most %d", got.Size, mostBytes)
	}
	c := got.Config
	if c.User != "1000:1000" || c.WorkingDir != "/data" || c.ExposedPorts["7860/tcp"] == nil || !slices.Equal(c.Entrypoint, []string{"/ondemand-proxy"}) {
		t.Errorf("the image runs %v as %q in %q with the ports %v, want /ondemand-proxy as 1000:1000 in /data with 7860", c.Entrypoint, c.User, c.WorkingDir, c.ExposedPorts)
	}
	if signal := c.StopSignal; signal != "SIGTERM" && signal != "15" {
		t.Errorf("the stop signal is %q, want SIGTERM", signal)
	}
	for _, variable := range []string{"HOST=0.0.0.0", "PORT=7860", "DATA_DIR=/data"} {
		if !slices.Contains(c.Env, variable) {
			t.Errorf("the environment %q lacks %s", c.Env, variable)
		}
	}
	test := append(got.Healthcheck.Test, c.Healthcheck.Test...)
	if want := []string{"CMD", "/ondemand-proxy", "healthcheck"}; !slices.Equal(test, want) {
		t.Errorf("the health check is %q, want %q", test, want)
	}
	if c.Labels["org.opencontainers.image.licenses"] != "MIT" || c.Labels["org.opencontainers.image.version"] == "" {
		t.Errorf("the labels are %v, want licence and version among them", c.Labels)
	}
}

func TestTheImageKnowsItsVersion(t *testing.T) {
	name := image(t, imageVariable)
	said := engine(t, "run", "--rm", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", name, "version")
	label := engine(t, "image", "inspect", `--format={{index .Config.Labels "org.opencontainers.image.version"}}`, name)
	if words := strings.Fields(said); len(words) < 2 || words[1] != label {
		t.Errorf("the program says %q and the label %q, want the same version", said, label)
	}
}

func TestAContainerServesWhateverItsDataDirectoryIs(t *testing.T) {
	name, simulator := image(t, imageVariable), simulate(t, "--first-delay", "20ms", "--delay", "5ms")
	volume := "ondemand-test-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	engine(t, "volume", "create", volume)
	t.Cleanup(func() { engine(t, "volume", "rm", "--force", volume) })
	for _, test := range []struct {
		name    string
		flags   []string
		environ []string
		ledger  string
		rows    int // in the ledger after one request
	}{
		{"a volume", []string{"--volume=" + volume + ":/data"}, nil, "stored", 1},
		{"the same volume after a restart", []string{"--volume=" + volume + ":/data"}, nil, "stored", 2},
		{"a volume that is read-only", []string{"--volume=" + volume + ":/data:ro"}, nil, "in memory only", 1},
		{"no volume", nil, nil, "in memory only", 1},
		{"a directory that cannot be made", nil, []string{"DATA_DIR=/nowhere/data"}, "in memory only", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := beginGateway(t, name, simulator, hardened(test.flags...), test.environ...)
			g.checkRights()
			g.checkChat()
			if answer, body := g.get("/readyz"); answer.StatusCode != http.StatusOK || !strings.Contains(body, `"ledger":"`+test.ledger) {
				t.Errorf("/readyz answers %d %s, want 200 with a ledger that is %s", answer.StatusCode, body, test.ledger)
			}
			if warned := strings.Contains(g.logs(), "the data directory cannot be used"); warned != (test.ledger != "stored") {
				t.Errorf("warned of the data directory: %t, want it when the ledger is in memory\n%s", warned, g.logs())
			}
			if rows := g.rows(test.rows); rows != test.rows {
				t.Errorf("the ledger has %d requests, want %d", rows, test.rows)
			}
			if code := g.exec("/ondemand-proxy", "healthcheck"); code != 0 {
				t.Errorf("the health check ends with %d while it serves, want 0", code)
			}
			g.stop()
		})
	}
}

// checkRights checks what the process may do, as the kernel of this machine sees it.
func (g *gateway) checkRights() {
	g.t.Helper()
	process := "/proc/" + engine(g.t, "inspect", "--format={{.State.Pid}}", g.id)
	status, err := os.ReadFile(process + "/status")
	if err != nil && os.Getenv("CI") == "true" {
		g.t.Fatal("the engine runs on another machine, where the rights of the process cannot be read")
	} else if err != nil {
		g.t.Skip("the engine runs on another machine")
	}
	for _, pattern := range []string{`Uid:\s1000\s1000\s`, `Gid:\s1000\s1000\s`, `CapEff:\s0+\n`, `CapBnd:\s0+\n`, `NoNewPrivs:\s1\n`, `Seccomp:\s2\n`} {
		if !regexp.MustCompile(pattern).Match(status) {
			g.t.Errorf("the process has more rights than it should: no %s in\n%s", pattern, status)
		}
	}
	mounts, err := os.ReadFile(process + "/mounts")
	if err != nil || !regexp.MustCompile(`(?m)^\S+ / \S+ ro,`).Match(mounts) {
		g.t.Errorf("the root is not read-only: %v\n%s", err, mounts)
	}
}

// rows counts the requests of the ledger; it waits a moment for as many as are wanted.
func (g *gateway) rows(want int) int {
	g.t.Helper()
	var page struct{ Requests []any }
	for range 30 {
		_, body := g.get("/api/requests?limit=200")
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			g.t.Fatalf("/api/requests: %v\n%s", err, body)
		}
		if len(page.Requests) >= want {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return len(page.Requests)
}

func TestAContainerTakesAChangedConfigurationOver(t *testing.T) {
	name, simulator := image(t, imageVariable), simulate(t, "--first-delay", "20ms", "--delay", "5ms")
	folder := t.TempDir()
	write := func(accounts string) {
		t.Helper()
		draft := filepath.Join(folder, "draft")
		text := `{"accounts":[` + accounts + `]}`
		if err := errors.Join(os.Chmod(folder, 0o755), os.WriteFile(draft, []byte(text), 0o644), os.Rename(draft, filepath.Join(folder, "config.json"))); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	g := beginGateway(t, name, simulator, hardened("--volume="+folder+":/config:ro"), "ONDEMAND_ACCOUNTS=", "CONFIG_FILE=/config/config.json")
	if answer, body := g.get("/readyz"); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without accounts /readyz answers %d %s, want 503", answer.StatusCode, body)
	}
	write(`{"api_key":"demo-key"}`)
	began := time.Now()
	for {
		answer, body := g.get("/readyz")
		if answer.StatusCode == http.StatusOK {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("with an account in the file /readyz still answers %d %s\n%s", answer.StatusCode, body, g.logs())
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("the account was there after %s", time.Since(began))
	g.checkChat()
	g.stop()
}

func TestTheHealthCheckFailsWhereNothingServes(t *testing.T) {
	name := image(t, imageVariable)
	c := begin(t, name, hardened(), nil, "healthcheck")
	if code := engine(t, "wait", c.id); code != "1" {
		t.Errorf("the health check ends with %s, want 1\n%s", code, c.logs())
	}
}

func TestARunningAnswerEndsWellWhenTheContainerIsStopped(t *testing.T) {
	name, simulator := image(t, imageVariable), simulate(t, "--first-delay", "20ms", "--delay", "30ms")
	g := beginGateway(t, name, simulator, hardened())
	stopped := make(chan time.Duration, 1)
	_, pieces, err := g.chat("Tell me something long", func() {
		go func() {
			began := time.Now()
			g.stop()
			stopped <- time.Since(began)
		}()
	})
	if err != nil || pieces < 2 {
		t.Errorf("the answer ended with %v after %d pieces, want all of it\n%s", err, pieces, g.logs())
	}
	t.Logf("%d pieces; stopping took %s", pieces, <-stopped)
}

// A Space sets SPACE_ID and its secrets, and nothing else; its proxy speaks https.
func TestAContainerStartedAsASpaceServesTheAPIAndTheDashboard(t *testing.T) {
	name, simulator := image(t, spaceVariable), simulate(t, "--first-delay", "20ms", "--delay", "5ms")
	g := beginGateway(t, name, simulator, nil, "SPACE_ID=somebody/gateway")
	g.checkChat()
	if answer, body := g.get("/v1/models"); answer.StatusCode != http.StatusOK || !strings.Contains(body, `"gpt-4o"`) {
		t.Errorf("/v1/models answers %d %s", answer.StatusCode, body)
	}
	https := []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "203.0.113.7"}
	page, body := g.do(http.MethodGet, "/", "", https...)
	if page.StatusCode != http.StatusOK || !strings.Contains(body, "password") {
		t.Errorf("the page answers %d without a form to log in: %s", page.StatusCode, body)
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors https://huggingface.co") || page.Header.Get("X-Frame-Options") != "" {
		t.Errorf("the page may not be framed by huggingface.co: %v", page.Header)
	}
	login, body := g.do(http.MethodPost, "/api/login", `{"password":"`+g.token+`"}`, append(https, "Content-Type", "application/json")...)
	if login.StatusCode >= 300 || len(login.Cookies()) != 1 {
		t.Fatalf("the login answers %d %s with %d cookies", login.StatusCode, body, len(login.Cookies()))
	}
	cookie := login.Cookies()[0]
	if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteNoneMode || !cookie.Partitioned || cookie.Path != "/" {
		t.Errorf("the cookie is %s, want it to work in a frame of another site, over https only", cookie.Raw)
	}
	overview, body := g.do(http.MethodGet, "/api/overview", "", append(https, "Cookie", cookie.Name+"="+cookie.Value)...)
	if overview.StatusCode != http.StatusOK || regexp.MustCompile(`"in_memory": ?true`).MatchString(body) {
		t.Errorf("with the cookie the overview answers %d %s, want 200 with a ledger on disk", overview.StatusCode, body)
	}
	g.stop()
}
