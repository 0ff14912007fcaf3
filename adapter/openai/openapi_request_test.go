package openai

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"ondemand-api-proxy/adapter/openai/openaitest"
	"ondemand-api-proxy/adapter/web/openapitest"
)

// namesRead are the names of members that the reader of requests knows: what its functions
// compare their parameter "name" with.
func namesRead(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	note := func(expressions ...ast.Expr) {
		for _, e := range expressions {
			if literal, is := e.(*ast.BasicLit); is && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value)
				found[text] = true
			}
		}
	}
	compares := func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SwitchStmt:
			if name(node.Tag) != "name" {
				break
			}
			for _, clause := range node.Body.List {
				note(clause.(*ast.CaseClause).List...)
			}
		case *ast.BinaryExpr:
			if name(node.X) == "name" && (node.Op == token.EQL || node.Op == token.NEQ) {
				note(node.Y)
			}
		}
		return true
	}
	for _, file := range goFiles(t, ".") {
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				if takesName(node.Type) {
					ast.Inspect(node.Body, compares)
				}
			case *ast.FuncLit:
				if takesName(node.Type) {
					ast.Inspect(node.Body, compares)
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// takesName tells whether a function has a parameter called "name".
func takesName(function *ast.FuncType) bool {
	return slices.ContainsFunc(function.Params.List, func(parameter *ast.Field) bool {
		return slices.ContainsFunc(parameter.Names, func(n *ast.Ident) bool { return n.Name == "name" })
	})
}

func TestEveryFieldOfARequestThatIsReadStandsInTheDocumentAndTheReverse(t *testing.T) {
	doc := openapitest.Read(t)
	declared := map[string]bool{}
	for _, schema := range []string{"ChatRequest", "Message", "Part", "ToolCall", "FunctionCall"} {
		properties := doc.At("components", "schemas", schema, "properties")
		for _, field := range properties.Keys() {
			if properties.At(field).Text("description") == "Ignored." {
				continue
			}
			declared[field] = true
			for _, inner := range properties.At(field, "properties").Keys() {
				declared[inner] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(declared)), namesRead(t)); diff != "" {
		t.Errorf("docs/openapi.yaml (-) and the reader (+) disagree on the fields that are not ignored:\n%s", diff)
	}
}

func TestEveryFieldOfOpenAIsRequestStandsInTheDocument(t *testing.T) {
	openaitest.Validator(t)
	path := os.Getenv(openaitest.Variable)
	if !filepath.IsAbs(path) {
		path = filepath.Join("../..", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Ref        string `json:"$ref"`
		AllOf      []json.RawMessage
		Properties map[string]json.RawMessage
	}
	var spec struct {
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	ours := openapitest.Read(t).At("components", "schemas", "ChatRequest", "properties")
	count := 0
	var visit func(json.RawMessage)
	visit = func(raw json.RawMessage) {
		var s schema
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		if s.Ref != "" {
			visit(spec.Components.Schemas[filepath.Base(s.Ref)])
		}
		for _, part := range s.AllOf {
			visit(part)
		}
		for field := range s.Properties {
			count++
			if ours.At(field).Value == nil {
				t.Errorf("docs/openapi.yaml says nothing of OpenAI's field %s", field)
			}
		}
	}
	visit(spec.Components.Schemas["CreateChatCompletionRequest"])
	if count < 30 {
		t.Errorf("only %d fields were found in OpenAI's specification", count)
	}
}

// place is an object within a request; any of its members can be given another value.
type place struct {
	before, after string
	members       map[string]string
}

// with is the request with one member of the place changed or added.
func (p place) with(name, value string) string {
	members := []string{strconv.Quote(name) + ":" + value}
	for other, value := range p.members {
		if other != name {
			members = append(members, strconv.Quote(other)+":"+value)
		}
	}
	return p.before + "{" + strings.Join(members, ",") + "}" + p.after
}

// places are all kinds of objects that a request is made of.
func places() []place {
	const messages, ask = `{"messages":[`, `{"messages":[{"role":"user","content":"a"}],`
	all := []place{
		{"", "", map[string]string{"messages": `[{"role":"user","content":"a"}]`}},
		{ask + `"stream_options":`, `}`, nil},
		{ask + `"response_format":`, `}`, map[string]string{"type": `"text"`}},
		{messages + `{"role":"user","content":[`, `]}]}`, map[string]string{"type": `"text"`, "text": `"a"`}},
		{messages + `{"role":"assistant","content":[`, `]}]}`, map[string]string{"type": `"refusal"`, "refusal": `"no"`}},
		{messages + `{"role":"assistant","tool_calls":[`, `]}]}`, map[string]string{"function": `{"name":"f"}`}},
		{messages + `{"role":"assistant","function_call":`, `}]}`, map[string]string{"name": `"f"`}},
	}
	for _, role := range slices.Concat(roleNames[:], []string{"robot"}) {
		all = append(all, place{messages, `]}`, map[string]string{"role": `"` + role + `"`, "content": `"a"`}})
	}
	return all
}

// probes are values that some field takes and another does not.
var probes = []string{
	`null`, `true`, `false`, `-2.5`, `-2`, `-1`, `0`, `0.5`, `1`, `1.0`, `1.5`, `2`, `3`, `8`, `9`, `20`, `21`, `1e300`,
	`""`, `"x"`, `"none"`, `"auto"`, `"required"`, `"text"`, `"refusal"`, `"image_url"`, `"function"`, `"low"`, `"max"`, `"user"`, `"assistant"`, `"tool"`, `"User"`,
	`"` + strings.Repeat("m", 256) + `"`, `"` + strings.Repeat("m", 257) + `"`, `"` + strings.Repeat("m", 4097) + `"`,
	`[]`, `[null]`, `[""]`, `["a"]`, `["text"]`, `["a","b","c","d"]`, `["a","b","c","d","e"]`, `[1]`, `[{}]`, `[[]]`,
	`[{"type":"text","text":"a"}]`, `[{"type":"text"}]`, `[{"type":"text","text":null}]`, `[{"type":"text","text":"a","refusal":1}]`, `[{"text":"a"}]`,
	`[{"type":"refusal","refusal":"no"}]`, `[{"type":"refusal","text":"no"}]`, `[{"type":"image_url","image_url":{}}]`,
	`[{"role":"user","content":"a"}]`, `[{"role":"assistant"}]`, `[{"role":"user"}]`, `[{"function":{"name":"f"}}]`, `[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]`,
	`[{"type":"custom","function":{"name":"f"}}]`, `[{"id":1,"function":{"name":"f"}}]`, `[{"function":null}]`, `[{"function":{"name":""}}]`, `[{"function":{"name":"f","arguments":{}}}]`,
	`{}`, `{"type":"text"}`, `{"type":"json_object"}`, `{"type":null}`, `{"name":"f"}`, `{"name":"f","arguments":"x"}`, `{"name":1}`,
	`{"include_usage":true}`, `{"include_usage":null}`, `{"include_usage":1}`, `{"unheard_of":1}`,
}

func TestTheDocumentAllowsInARequestWhatTheReaderTakesAndNothingElse(t *testing.T) {
	request := openapitest.Read(t).At("components", "schemas", "ChatRequest")
	schema := request.Schema(false)
	names := slices.Concat(request.At("properties").Keys(), namesRead(t), []string{"reasoning_content", "unheard_of"})
	slices.Sort(names)
	names = slices.Compact(names)
	taken, refused := 0, 0
	check := func(body string) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		allowed := schema.Validate(value)
		_, _, err = FromChatRequest([]byte(body))
		if (allowed == nil) != (err == nil) {
			t.Errorf("docs/openapi.yaml says %v, the reader says %v\n%.300s", allowed, err, body)
		}
		if err == nil {
			taken++
		} else {
			refused++
		}
	}
	for _, place := range places() {
		for _, name := range names {
			for _, probe := range probes {
				check(place.with(name, probe))
			}
		}
	}
	for _, role := range roleNames {
		check(`{"messages":[{"role":"` + role + `"}]}`) // without any content
	}
	if taken < 5000 || refused < 5000 {
		t.Errorf("%d requests were taken and %d refused; that proves little", taken, refused)
	}
}
