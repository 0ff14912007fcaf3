//go:build container

package deploy_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// image returns the name of the image that a variable holds; without it the test skips, and fails where everything has
// to be tried.
func image(t *testing.T, variable string) string {
	t.Helper()
	name := os.Getenv(variable)
	if name == "" {
		missing := variable + " names no image: no container is started (see .ci/image)"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return name
}

// engine runs the container engine of CONTAINER_ENGINE, which may hold flags of its own.
func engine(t *testing.T, args ...string) string {
	t.Helper()
	out, err := engineCommand(args...).Output()
	if err != nil {
		var said []byte
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			said = exit.Stderr
		}
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return strings.TrimSpace(string(out))
}

func engineCommand(args ...string) *exec.Cmd {
	words := engineWords()
	return exec.Command(words[0], append(words[1:], args...)...)
}

func engineWords() []string {
	if words := strings.Fields(os.Getenv("CONTAINER_ENGINE")); len(words) > 0 {
		return words
	}
	return []string{"docker"}
}

// hardened are the flags of a container that can write nowhere but where volumes are.
func hardened(flags ...string) []string {
	if strings.Contains(engineWords()[0], "podman") {
		flags = append(flags, "--read-only-tmpfs=false")
	}
	return append(flags, "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--stop-timeout=40")
}

// container is one that runs on the network of this machine.
type container struct {
	t  *testing.T
	id string
}

// begin starts a container. environ is all that is set beside the image's own variables.
func begin(t *testing.T, image string, flags, environ []string, args ...string) *container {
	t.Helper()
	// A container gets no higher limits than this process may give.
	call := []string{"run", "--detach", "--network=host", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"}
	call = append(call, flags...)
	for _, variable := range environ {
		call = append(call, "--env="+variable)
	}
	c := &container{t: t, id: engine(t, append(append(call, image), args...)...)}
	t.Cleanup(func() { engine(t, "rm", "--force", "--volumes", c.id) })
	return c
}

// logs is all that it has written.
func (c *container) logs() string {
	out, err := engineCommand("logs", c.id).CombinedOutput()
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// says waits for what the pattern finds in the logs, and returns its first group.
func (c *container) says(pattern string) string {
	c.t.Helper()
	wanted := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if found := wanted.FindStringSubmatch(c.logs()); found != nil {
			return found[1]
		}
	}
	c.t.Fatalf("the container does not say %s within a minute:\n%s", pattern, c.logs())
	return ""
}

// exec runs a program inside, and returns its exit code.
func (c *container) exec(args ...string) int {
	c.t.Helper()
	command := engineCommand(append([]string{"exec", c.id}, args...)...)
	_ = command.Run()
	return command.ProcessState.ExitCode()
}

// stop sends SIGTERM, waits, and checks that the end was a clean one.
func (c *container) stop() {
	c.t.Helper()
	engine(c.t, "stop", c.id)
	if code := engine(c.t, "inspect", "--format={{.State.ExitCode}}", c.id); code != "0" {
		c.t.Errorf("after SIGTERM the exit code is %s, want 0\n%s", code, c.logs())
	}
}

// gateway is a container of the gateway that serves.
type gateway struct {
	*container
	token string
}

const gatewayURL = "http://127.0.0.1:7860"

// beginGateway starts the gateway against a simulator and waits until it serves.
func beginGateway(t *testing.T, image, simulator string, flags []string, environ ...string) *gateway {
	t.Helper()
	g := &gateway{token: "sk-of-the-test"}
	environ = append([]string{
		"API_ACCESS_TOKEN=" + g.token, `ONDEMAND_ACCOUNTS=[{"email":"demo@example.org","password":"demo-password"},{"api_key":"demo-key"}]`,
		"UPSTREAM_GATEWAY_URL=" + simulator, "UPSTREAM_API_URL=" + simulator, // a Space has the real ones
	}, environ...)
	g.container = begin(t, image, flags, environ)
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if response, err := http.Get(gatewayURL + "/healthz"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Fatalf("/healthz answers %d, want 200\n%s", response.StatusCode, g.logs())
			}
			return g
		}
	}
	t.Fatalf("nothing serves on %s after a minute:\n%s", gatewayURL, g.logs())
	return nil
}

// get asks for a path as who knows the token, and returns the answer and its body.
func (g *gateway) get(path string, headers ...string) (*http.Response, string) {
	g.t.Helper()
	return g.do(http.MethodGet, path, "", append(slices.Clone(headers), "Authorization", "Bearer "+g.token)...)
}

// do makes a request with the headers, given as name and value in turn.
func (g *gateway) do(method, path, body string, headers ...string) (*http.Response, string) {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), method, gatewayURL+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		g.t.Fatalf("%s %s: %v\n%s", method, path, err, g.logs())
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		g.t.Errorf("%s %s: %v", method, path, err)
	}
	return response, text.String()
}

// chat streams an answer with the official client, and returns its text and the number of
// its pieces. onFirst is called when the first piece is there.
func (g *gateway) chat(question string, onFirst func()) (text string, pieces int, err error) {
	client := openai.NewClient(option.WithBaseURL(gatewayURL+"/v1"), option.WithAPIKey(g.token), option.WithMaxRetries(0))
	stream := client.Chat.Completions.NewStreaming(g.t.Context(), openai.ChatCompletionNewParams{
		Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)},
	})
	defer func() { _ = stream.Close() }()
	finished := false
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			if choice.Delta.Content != "" {
				if pieces == 0 && onFirst != nil {
					onFirst()
				}
				pieces++
				text += choice.Delta.Content
			}
			finished = finished || choice.FinishReason == "stop"
		}
	}
	if stream.Err() == nil && !finished {
		return text, pieces, fmt.Errorf("the stream ended without a finish_reason after %q", text)
	}
	return text, pieces, stream.Err()
}

// checkChat checks that a streamed answer comes whole and in pieces.
func (g *gateway) checkChat() {
	g.t.Helper()
	text, pieces, err := g.chat("Hello from outside the container", nil)
	if err != nil || pieces < 2 || text == "" {
		g.t.Errorf("the stream ended with %v after %d pieces, want several and no error: %q\n%s", err, pieces, text, g.logs())
	}
}
