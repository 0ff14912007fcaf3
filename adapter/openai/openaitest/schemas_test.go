package openaitest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"ondemand-api-proxy/adapter/openai/openaitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a specification with every way of saying that something may be null.
const small = `{"openapi":"3.1.0","components":{"schemas":{
	"Thing":{"type":"object","required":["name"],"properties":{
		"name":{"type":"string"},
		"reason":{"type":"string","enum":["a","b"],"nullable":true},
		"other":{"$ref":"#/components/schemas/Other","nullable":true},
		"never":{"type":"string","nullable":false},
		"nullable":{"type":"boolean"}}},
	"Other":{"type":"integer"}}}}`

func TestDocumentsAreHeldAgainstTheNamedSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spec.json")
	if err := os.WriteFile(path, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(openaitest.Variable, path)
	schemas := openaitest.Validator(t)
	for document, valid := range map[string]bool{
		`{"name":"x"}`:                   true,
		`{"name":"x","reason":"a"}`:      true,
		`{"name":"x","reason":null}`:     true,
		`{"name":"x","reason":"c"}`:      false,
		`{"name":"x","other":1}`:         true,
		`{"name":"x","other":null}`:      true,
		`{"name":"x","other":"1"}`:       false,
		`{"name":"x","never":null}`:      false,
		`{"name":"x","nullable":true}`:   true,
		`{"name":"x","nullable":"true"}`: false,
		`{"name":null}`:                  false,
		`{}`:                             false,
		`{"name":`:                       false,
	} {
		err := schemas.Validate("Thing", []byte(document))
		if valid != (err == nil) {
			t.Errorf("Validate(%s) = %v, want valid: %t", document, err, valid)
		}
	}
	if err := schemas.Validate("Missing", []byte(`{}`)); err == nil {
		t.Error("a schema that does not exist accepted a document")
	}
}

func TestWithoutASpecificationThereIsAReasonAndNothingIsChecked(t *testing.T) {
	for _, path := range []string{"", "no/such/file.json"} {
		t.Setenv(openaitest.Variable, path)
		schemas, reason := openaitest.Optional()
		if schemas != nil || !strings.Contains(reason, openaitest.Variable) {
			t.Errorf("Optional() with the path %q = %v, %q; want nil and a reason that names the variable", path, schemas, reason)
		}
		schemas.Check(t, "Anything", []byte(`no JSON`))
	}
}

func TestARelativePathCountsFromTheRootOfTheModule(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": "module x\n", "spec.json": small} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(below)
	t.Setenv(openaitest.Variable, "spec.json")
	if schemas, reason := openaitest.Optional(); schemas == nil {
		t.Error(reason)
	}
}

func TestTheRealSpecificationHasTheSchemasThisProductSpeaks(t *testing.T) {
	schemas := openaitest.Validator(t)
	for _, name := range []string{
		"CreateChatCompletionRequest", "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse",
		"Model", "ListModelsResponse", "ErrorResponse",
	} {
		if err := schemas.Validate(name, []byte(`{}`)); err == nil || strings.Contains(err.Error(), "compiling") {
			t.Errorf("Validate(%s, {}) = %v, want an error about the document", name, err)
		}
	}
}

func TestAMissingSpecificationSkipsATestAndFailsItInCI(t *testing.T) {
	t.Setenv(openaitest.Variable, "")
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		ended := &ending{TB: t}
		openaitest.Validator(ended)
		if ended.how != want {
			t.Errorf("with CI=%q the test %s, want %s", ci, ended.how, want)
		}
	}
}

// ending notes how a test would have ended.
type ending struct {
	testing.TB
	how string
}

func (e *ending) Fatal(...any) { e.how = "failed" }
func (e *ending) Skip(...any)  { e.how = "skipped" }
