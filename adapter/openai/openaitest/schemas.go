package openaitest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Variable names the environment variable that holds the specification's path; a
// relative one counts from the module's root.
const Variable = "OPENAI_SPEC"

// location is what the specification is called inside the compiler.
const location = "mem:///openai.json"

// Schemas checks documents against the schemas of the specification. It may be used
// from several goroutines. A nil Schemas accepts everything.
type Schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// Validator returns the schemas for a test that is about them. Without a
// specification it skips the test; in CI, where CI=true, it fails it.
func Validator(t testing.TB) *Schemas {
	t.Helper()
	schemas, reason := Optional()
	switch {
	case schemas != nil:
	case os.Getenv("CI") == "true":
		t.Fatal(reason)
	default:
		t.Skip(reason)
	}
	return schemas
}

// Optional returns the schemas for a test that has more to show than that. Without
// a specification, or with one that cannot be read, it returns nil and says why; the
// test should log that.
func Optional() (schemas *Schemas, reason string) {
	path := os.Getenv(Variable)
	if path == "" {
		return nil, Variable + " is not set: nothing is checked against OpenAI's specification"
	}
	schemas, err := load(path)
	if err != nil {
		return nil, fmt.Sprintf("%s: nothing is checked against OpenAI's specification: %v", Variable, err)
	}
	return schemas, ""
}

// Check fails the test when document is not what the named schema of the
// specification says.
func (s *Schemas) Check(t testing.TB, name string, document []byte) {
	t.Helper()
	if err := s.Validate(name, document); err != nil {
		t.Errorf("not a valid %s: %v\ndocument: %s", name, err, document)
	}
}

// Validate tells what of document is not as the named schema says.
func (s *Schemas) Validate(name string, document []byte) error {
	if s == nil {
		return nil
	}
	schema, err := s.schema(name)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	return schema.Validate(value)
}

func (s *Schemas) schema(name string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema, ok := s.compiled[name]; ok {
		return schema, nil
	}
	schema, err := s.compiler.Compile(location + "#/components/schemas/" + name)
	if err != nil {
		return nil, fmt.Errorf("compiling the schema %s: %w", name, err)
	}
	s.compiled[name] = schema
	return schema, nil
}

func load(path string) (*Schemas, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource(location, withoutNullable(spec)); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return &Schemas{compiler: compiler, compiled: map[string]*jsonschema.Schema{}}, nil
}

// resolve finds a relative path below the module's root, as tests run in the folder
// of their package.
func resolve(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(root, "go.mod"))
		switch parent := filepath.Dir(root); {
		case err == nil:
			return filepath.Join(root, path), nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		case parent == root:
			return "", fmt.Errorf("%s is a relative path, and there is no go.mod it could count from", path)
		default:
			root = parent
		}
	}
}
