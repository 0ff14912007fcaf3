package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"ondemand-api-proxy/adapter/openai/openaitest"
)

// schemas are OpenAI's own, if the environment names them.
var schemas = sync.OnceValues(openaitest.Optional)

// httpClient is a client of its own for a test, whose every answer is held against
// OpenAI's schema.
func httpClient(t *testing.T) *http.Client {
	t.Helper()
	if _, reason := schemas(); reason != "" {
		t.Log(reason)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: &checked{t: t, inner: transport}}
}

// sdk is the official client of the proxy. It does not repeat failed requests.
func (p *proxy) sdk(t *testing.T) openai.Client {
	t.Helper()
	return openai.NewClient(option.WithBaseURL(p.url+"/v1"), option.WithAPIKey(accessToken),
		option.WithHTTPClient(httpClient(t)), option.WithMaxRetries(0))
}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

// post sends a chat request.
func (p *proxy) post(t *testing.T, client *http.Client, body string) answer {
	t.Helper()
	response, err := p.open(t.Context(), client, body)
	if err != nil {
		t.Fatalf("POST: %v\n%s", err, p.log)
	}
	return read(response)
}

// open sends a chat request and returns once the headers are there.
func (p *proxy) open(ctx context.Context, client *http.Client, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	request.Header.Set("Content-Type", "application/json")
	return client.Do(request)
}

// get asks for a path.
func (p *proxy) get(t testing.TB, client *http.Client, path string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("GET %s: %v\n%s", path, err, p.log)
	}
	return read(response)
}

func read(response *http.Response) answer {
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	return answer{response.StatusCode, response.Header, string(body), err}
}

// code is the error code of an error answer.
func (a answer) code() string {
	var envelope struct{ Error struct{ Code string } }
	_ = json.Unmarshal([]byte(a.body), &envelope)
	return envelope.Error.Code
}

// told is what an answer told its client, streamed or not.
type told struct {
	text, reasoning string
	finish          string // the finish reason; empty: none
	done            bool   // [DONE] came; always true for a whole completion
	failure         string // the code of an error event, or of an error answer
	usage           struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
}

// tells reads what an answer told.
func (a answer) tells(t *testing.T) told {
	t.Helper()
	var all told
	if a.status != http.StatusOK {
		all.failure = a.code()
		return all
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		all.add(t, []byte(a.body))
		all.done = true
		return all
	}
	for line := range strings.Lines(a.body) {
		data, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data: ")
		switch {
		case !found:
		case all.done || all.failure != "":
			t.Errorf("the stream goes on after its end: %s", data)
		case data == "[DONE]":
			all.done = true
		default:
			all.add(t, []byte(data))
		}
	}
	return all
}

// add takes one chunk, or a whole completion.
func (all *told) add(t *testing.T, document []byte) {
	t.Helper()
	type part struct {
		Content   string `json:"content"`
		Reasoning string `json:"reasoning_content"`
	}
	var chunk struct {
		Choices []struct {
			Delta, Message part
			Finish         string `json:"finish_reason"`
		}
		Usage *struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"`
		}
		Error *struct{ Code string }
	}
	if err := json.Unmarshal(document, &chunk); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, document)
	}
	if chunk.Error != nil {
		all.failure = chunk.Error.Code
	}
	if chunk.Usage != nil {
		all.usage = *chunk.Usage
	}
	for _, c := range chunk.Choices {
		all.text += c.Delta.Content + c.Message.Content
		all.reasoning += c.Delta.Reasoning + c.Message.Reasoning
		if c.Finish != "" {
			all.finish = c.Finish
		}
	}
}

// checked is a transport that holds what comes back against OpenAI's schemas.
type checked struct {
	t     *testing.T
	inner http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *checked) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.inner.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &checkedBody{ReadCloser: response.Body, t: c.t, schema: schemaOf(request.URL.Path, response)}
	return response, nil
}

// schemaOf names the schema of an answer, or of each event of a stream; empty: none.
func schemaOf(path string, response *http.Response) string {
	switch path = strings.TrimPrefix(path, "/v1"); {
	case !strings.HasPrefix(path, "/chat/completions") && !strings.HasPrefix(path, "/models"):
		return ""
	case response.StatusCode != http.StatusOK:
		return "ErrorResponse"
	case strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream"):
		return "CreateChatCompletionStreamResponse"
	case path == "/models":
		return "ListModelsResponse"
	case strings.HasPrefix(path, "/models/"):
		return "Model"
	}
	return "CreateChatCompletionResponse"
}

// checkedBody checks the document, or the events, that it passes on.
type checkedBody struct {
	io.ReadCloser
	t      *testing.T
	schema string
	held   []byte
}

// Read implements io.Reader.
func (b *checkedBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	b.held = append(b.held, to[:n]...)
	if b.schema == "CreateChatCompletionStreamResponse" {
		for {
			event, rest, found := bytes.Cut(b.held, []byte("\n\n"))
			if !found {
				break
			}
			b.held = rest
			b.event(event)
		}
	} else if err == io.EOF && b.schema != "" {
		b.check(b.schema, b.held)
	}
	return n, err
}

func (b *checkedBody) event(event []byte) {
	data, found := bytes.CutPrefix(event, []byte("data: "))
	switch {
	case !found: // a comment
	case string(data) == "[DONE]":
	case bytes.HasPrefix(data, []byte(`{"error"`)):
		b.check("ErrorResponse", data)
	default:
		b.check(b.schema, data)
	}
}

func (b *checkedBody) check(schema string, document []byte) {
	known, _ := schemas()
	if err := known.Validate(schema, document); err != nil {
		b.t.Errorf("not a valid %s: %v\ndocument: %s", schema, err, document)
	}
}
