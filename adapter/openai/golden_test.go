package openai_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/adapter/openai/openaitest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// head is the head of all answers in the golden files.
func head(includeUsage bool) *openai.Head {
	return &openai.Head{
		ID: "chatcmpl-1", Model: `predefined-"quoted"` + "\n", Created: time.Unix(1770000000, 5),
		IncludeUsage: includeUsage,
	}
}

// golden compares got with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// events returns the data of each event of a stream, comments left out.
func events(t *testing.T, stream string) []string {
	t.Helper()
	var data []string
	for _, frame := range strings.SplitAfter(stream, "\n\n") {
		switch {
		case frame == "", strings.HasPrefix(frame, ": "):
		case strings.HasPrefix(frame, "data: ") && strings.HasSuffix(frame, "\n\n") && strings.Count(frame, "\n") == 2:
			data = append(data, strings.TrimSuffix(strings.TrimPrefix(frame, "data: "), "\n\n"))
		default:
			t.Fatalf("not one event: %q", frame)
		}
	}
	return data
}

// schemaOf tells which schema a document of a golden file has to keep.
func schemaOf(name string, document []byte) string {
	switch {
	case bytes.HasPrefix(document, []byte(`{"error":`)):
		return "ErrorResponse"
	case strings.HasPrefix(name, "stream-"):
		return "CreateChatCompletionStreamResponse"
	case strings.HasPrefix(name, "completion-"):
		return "CreateChatCompletionResponse"
	case strings.HasPrefix(name, "request-"):
		return "CreateChatCompletionRequest"
	case strings.HasPrefix(name, "models"):
		return "ListModelsResponse"
	case strings.HasPrefix(name, "model"):
		return "Model"
	}
	return "no schema for " + name
}

func TestEveryGoldenDocumentIsAsTheSpecificationSays(t *testing.T) {
	schemas := openaitest.Validator(t)
	files, err := filepath.Glob(filepath.Join("testdata", "*.*"))
	if err != nil || len(files) < 8 {
		t.Fatalf("found %d golden files (%v), want at least 8", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		documents := []string{string(text)}
		switch filepath.Ext(name) {
		case ".sse":
			documents = events(t, string(text))
		case ".txt":
			documents = strings.Split(strings.TrimSpace(string(text)), "\n")
		}
		for _, document := range documents {
			if name == "errors.txt" {
				document = document[strings.Index(document, "{"):]
			}
			if document != "[DONE]" {
				schemas.Check(t, schemaOf(name, []byte(document)), []byte(document))
			}
		}
	}
}

// decode reads a document that has to be JSON.
func decode[T any](t testing.TB, document string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(document), &value); err != nil {
		t.Fatalf("%v\ndocument: %s", err, document)
	}
	return value
}
