// Package openapitest reads docs/openapi.yaml, for the tests that hold it and the program
// against each other.
package openapitest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is the description of the HTTP surface.
type Document struct {
	t    testing.TB
	root any
	// The schemas as they stand, and with every object closed to what it does not declare.
	plain, closed *jsonschema.Compiler
}

// location is what the document is called inside the compilers.
const location = "mem:///openapi.json"

// Read returns the document, or fails the test.
func Read(t testing.TB) *Document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top(t), "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		t.Fatalf("docs/openapi.yaml: %v", err)
	}
	written, err := json.Marshal(values)
	if err != nil {
		t.Fatalf("docs/openapi.yaml: %v", err)
	}
	d := &Document{t: t, root: parse(t, written)}
	d.plain, d.closed = compiler(t, d.root), compiler(t, closed(parse(t, written)))
	return d
}

// top is the module's root.
func top(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if parent := filepath.Dir(folder); parent != folder {
			folder = parent
			continue
		}
		t.Fatal("there is no go.mod above this test")
	}
}

func parse(t testing.TB, written []byte) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func compiler(t testing.TB, root any) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(location, root); err != nil {
		t.Fatalf("docs/openapi.yaml: %v", err)
	}
	return c
}

// closed lets objects hold nothing but what their schema declares.
func closed(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = closed(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = closed(value[key])
		}
		if _, declares := value["properties"]; declares {
			value["additionalProperties"] = false
		}
	}
	return value
}

// Routes are all methods and paths, such as "GET /v1/models/{id}", sorted.
func (d *Document) Routes() []string {
	var routes []string
	for _, path := range d.At("paths").Keys() {
		for _, method := range d.At("paths", path).Methods() {
			routes = append(routes, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routes)
	return routes
}

// Enum are the values of an enumeration among the schemas, sorted.
func (d *Document) Enum(schema string) []string {
	d.t.Helper()
	var values []string
	for _, value := range d.At("components", "schemas", schema).List("enum") {
		values = append(values, value.(string))
	}
	if len(values) == 0 {
		d.t.Fatalf("docs/openapi.yaml: %s is no enumeration", schema)
	}
	slices.Sort(values)
	return values
}

// Errors are the lines of the table of errors, each as "status type code", sorted.
func (d *Document) Errors() []string {
	line := regexp.MustCompile(`(?m)^\| (\d+) \| (\w+) \| (\w+) \|`)
	var errors []string
	for _, found := range line.FindAllStringSubmatch(d.At("components", "schemas", "Error").Text("description"), -1) {
		errors = append(errors, strings.Join(found[1:], " "))
	}
	slices.Sort(errors)
	return errors
}

// Schema compiles what is declared at a place; closed if an object may hold nothing else.
func (n Node) Schema(closed bool) *jsonschema.Schema {
	n.doc.t.Helper()
	compiler := n.doc.plain
	if closed {
		compiler = n.doc.closed
	}
	schema, err := compiler.Compile(location + "#" + n.Pointer)
	if err != nil {
		n.doc.t.Fatalf("docs/openapi.yaml: %v", err)
	}
	return schema
}

// Node is a place in the document. References are followed on the way to it.
type Node struct {
	doc     *Document
	Pointer string // where it stands, behind all references
	Value   any    // nil: there is no such place
}

// At returns the place that these keys lead to.
func (d *Document) At(keys ...string) Node { return Node{doc: d, Value: d.root}.At(keys...) }

// At returns the place that these keys lead to from here.
func (n Node) At(keys ...string) Node {
	for _, key := range keys {
		n = n.follow()
		escaped := url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
		next := Node{doc: n.doc, Pointer: n.Pointer + "/" + escaped}
		switch value := n.Value.(type) {
		case map[string]any:
			next.Value = value[key]
		case []any:
			if i, err := strconv.Atoi(key); err == nil && i < len(value) {
				next.Value = value[i]
			}
		}
		n = next
	}
	return n.follow()
}

// follow goes where a reference leads.
func (n Node) follow() Node {
	object, _ := n.Value.(map[string]any)
	reference, refers := object["$ref"].(string)
	if !refers {
		return n
	}
	keys := strings.Split(strings.TrimPrefix(reference, "#/"), "/")
	for i, key := range keys {
		plain, err := url.PathUnescape(key)
		if err != nil {
			n.doc.t.Fatalf("docs/openapi.yaml: %s: %v", reference, err)
		}
		keys[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(plain)
	}
	target := n.doc.At(keys...)
	if target.Value == nil {
		n.doc.t.Fatalf("docs/openapi.yaml: %s leads nowhere", reference)
	}
	return target
}

// Keys are the names of an object's members, sorted.
func (n Node) Keys() []string {
	object, _ := n.Value.(map[string]any)
	return slices.Sorted(maps.Keys(object))
}

// Methods are those of a path, in lower case.
func (n Node) Methods() []string {
	return slices.DeleteFunc(n.Keys(), func(key string) bool { return key == "parameters" })
}

// List is the array at a key; nil if there is none.
func (n Node) List(key string) []any {
	list, _ := n.At(key).Value.([]any)
	return list
}

// Text is the string at a key; empty if there is none.
func (n Node) Text(key string) string {
	text, _ := n.At(key).Value.(string)
	return text
}
