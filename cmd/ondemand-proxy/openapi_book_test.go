package main_test

import (
	"bytes"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ondemand-api-proxy/adapter/web/openapitest"
)

// apiBook holds every answer against docs/openapi.yaml, and notes what of the document was
// seen in one.
type apiBook struct {
	t    *testing.T
	doc  *openapitest.Document
	mu   sync.Mutex
	seen map[string]bool
}

func newAPIBook(t *testing.T) *apiBook {
	return &apiBook{t: t, doc: openapitest.Read(t), seen: map[string]bool{}}
}

// ask makes a request and holds the answer against what the document says of it.
func (b *apiBook) ask(p *proxy, method, target, body string, headers ...string) answer {
	b.t.Helper()
	got := p.sends(b.t, askingOnce, method, target, body, headers...)
	b.check(method, target, got)
	return got
}

// askingOnce follows no redirection, as those are answers too.
var askingOnce = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// global are headers that any answer may have, and that the top of the document tells of.
var global = []string{"X-Request-Id", "Allow"}

// ours tells whether a header says more than how the answer is sent and kept.
func ours(name string) bool {
	common := []string{"X-Content-Type-Options", "X-Accel-Buffering", "X-Frame-Options"}
	special := []string{"Retry-After", "Set-Cookie", "Location", "Content-Disposition", "Allow"}
	return strings.HasPrefix(name, "X-") && !slices.Contains(common, name) || slices.Contains(special, name)
}

// check holds one answer against the document.
func (b *apiBook) check(method, target string, got answer) {
	b.t.Helper()
	what := fmt.Sprintf("%s %s: %d", method, target, got.status)
	path := b.pathOf(target)
	response := b.doc.At("paths", path, strings.ToLower(method), "responses", strconv.Itoa(got.status))
	if response.Value == nil {
		b.t.Errorf("%s is not in docs/openapi.yaml\n%.500s", what, got.body)
		return
	}
	b.note("path " + path)
	b.note(b.doc.At("paths", path).Pointer + "/" + strings.ToLower(method) + " " + strconv.Itoa(got.status))
	declared := map[string]bool{}
	for _, name := range response.At("headers").Keys() {
		declared[http.CanonicalHeaderKey(name)] = true
	}
	for name := range got.header {
		switch {
		case declared[name]:
			b.note("header " + name)
		case ours(name) && !slices.Contains(global, name) && !strings.HasPrefix(name, "X-Ratelimit-"):
			b.t.Errorf("%s: the header %s is not in docs/openapi.yaml", what, name)
		}
	}
	if got.header.Get("X-Request-Id") == "" {
		b.t.Errorf("%s has no x-request-id", what)
	}
	kind, _, _ := mime.ParseMediaType(got.header.Get("Content-Type"))
	if method == http.MethodHead || kind == "" && got.body == "" {
		return
	}
	media := response.At("content", kind)
	if media.Value == nil {
		b.t.Errorf("%s: the content %q is not in docs/openapi.yaml", what, kind)
		return
	}
	b.note(media.Pointer)
	switch {
	case kind == "application/json":
		b.holds(what, media.At("schema"), got.body)
	case kind == "text/event-stream":
		b.events(what, media.At("schema"), got.body)
	case kind == "text/csv":
		head, _, _ := strings.Cut(strings.TrimPrefix(got.body, "\ufeff"), "\n")
		if want := media.Text("example"); head != want {
			b.t.Errorf("%s: the head is %s, and in docs/openapi.yaml %s", what, head, want)
		}
	}
}

// pathOf is the documented path of a target.
func (b *apiBook) pathOf(target string) string {
	target, _, _ = strings.Cut(target, "?")
	paths := b.doc.At("paths").Keys()
	if slices.Contains(paths, target) {
		return target
	}
	for _, path := range paths {
		pattern := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), ".+")
		if strings.Contains(path, "{") && regexp.MustCompile("^"+pattern+"$").MatchString(target) {
			return path
		}
	}
	return target
}

// events holds each event of a stream against the schema: that of all events, or the one that is
// called like the event.
func (b *apiBook) events(what string, schema openapitest.Node, stream string) {
	b.t.Helper()
	for event := range strings.SplitSeq(stream, "\n\n") {
		of, name := schema, ""
		for line := range strings.Lines(event) {
			line = strings.TrimSuffix(line, "\n")
			if found, is := strings.CutPrefix(line, "event: "); is {
				name = found
				of = b.doc.At("components", "schemas", strings.ToUpper(name[:1])+name[1:])
			}
			text, is := strings.CutPrefix(line, "data: ")
			switch {
			case !is || text == "[DONE]":
			case strings.HasPrefix(text, `{"error"`):
				b.holds(what, b.doc.At("components", "schemas", "Error"), text)
			default:
				b.note("event " + name)
				b.holds(what, of, text)
			}
		}
	}
}

// holds holds a document against a schema, and notes what of the schema is in it.
func (b *apiBook) holds(what string, schema openapitest.Node, document string) {
	b.t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(document)))
	if err == nil {
		err = schema.Schema(true).Validate(value)
	}
	if err != nil {
		b.t.Errorf("%s is not what docs/openapi.yaml says: %v\n%.1000s", what, err, document)
		return
	}
	b.mark(schema, value)
}

// mark notes each property that a value has, with the type that it has there.
func (b *apiBook) mark(schema openapitest.Node, value any) {
	for i := range schema.List("anyOf") {
		if member := schema.At("anyOf", strconv.Itoa(i)); member.Schema(true).Validate(value) == nil {
			b.mark(member, value)
		}
	}
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			b.mark(schema.At("items"), element)
		}
	case map[string]any:
		for _, name := range schema.At("properties").Keys() {
			property := schema.At("properties", name)
			if inner, has := value[name]; has {
				b.note(schema.Pointer + " " + name + " " + typeOf(inner, typesOf(property)))
				b.mark(property, inner)
			}
		}
	}
}

// typeOf names a value's type; a whole number is what was declared.
func typeOf(value any, declared []string) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	if slices.Contains(declared, "integer") {
		return "integer"
	}
	return "number"
}

// typesOf are the types that a schema allows.
func typesOf(schema openapitest.Node) []string {
	types := map[string]bool{}
	for i := range schema.List("anyOf") {
		for _, name := range typesOf(schema.At("anyOf", strconv.Itoa(i))) {
			types[name] = true
		}
	}
	if name := schema.Text("type"); name != "" {
		types[name] = true
	}
	for _, name := range schema.List("type") {
		types[name.(string)] = true
	}
	if value := schema.At("const").Value; value != nil {
		types[typeOf(value, nil)] = true
	}
	return slices.Sorted(maps.Keys(types))
}

func (b *apiBook) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[what] = true
}

// unseen is everything of the document that no answer had: paths, statuses, contents, headers,
// events, and properties with each type they may have.
func (b *apiBook) unseen() []string {
	wanted := map[string]bool{"event moment": true, "event batch": true}
	for _, path := range b.doc.At("paths").Keys() {
		wanted["path "+path] = true
		item := b.doc.At("paths", path)
		for _, method := range item.Methods() {
			responses := item.At(method, "responses")
			for _, status := range responses.Keys() {
				response := responses.At(status)
				if status != "default" {
					wanted[item.Pointer+"/"+method+" "+status] = true
				}
				for _, header := range response.At("headers").Keys() {
					wanted["header "+http.CanonicalHeaderKey(header)] = true
				}
				for _, kind := range response.At("content").Keys() {
					if media := response.At("content", kind); status != "default" {
						wanted[media.Pointer] = true
						want(wanted, media.At("schema"), map[string]bool{})
					}
				}
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(wanted, func(what string, _ bool) bool { return b.seen[what] })
	return slices.Sorted(maps.Keys(wanted))
}

// want adds what a schema declares.
func want(wanted map[string]bool, schema openapitest.Node, passed map[string]bool) {
	if passed[schema.Pointer] || schema.Value == nil {
		return
	}
	passed[schema.Pointer] = true
	for i := range schema.List("anyOf") {
		want(wanted, schema.At("anyOf", strconv.Itoa(i)), passed)
	}
	want(wanted, schema.At("items"), passed)
	for _, name := range schema.At("properties").Keys() {
		property := schema.At("properties", name)
		for _, kind := range typesOf(property) {
			wanted[schema.Pointer+" "+name+" "+kind] = true
		}
		want(wanted, property, passed)
	}
}
