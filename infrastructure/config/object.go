package config

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// object is an entry of a list or map whose fields are being read. Errors begin
// with where it stands and never hold a value: many of its fields are secret.
type object struct {
	where  string
	fields map[string]any
}

// newObject checks that raw is an object with known fields only.
func newObject(where string, raw any, known ...string) (object, error) {
	fields, ok := raw.(map[string]any)
	if !ok {
		return object{}, fmt.Errorf("%s is not an object, but has to be one with %s", where, oneOf(known))
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return object{}, fmt.Errorf("%s %s", where, unknownField(name, known))
		}
	}
	return object{where: where, fields: fields}, nil
}

// has tells whether the field is given; null is like leaving it out.
func (o object) has(name string) bool { return o.fields[name] != nil }

// text returns a field that has to be text, and "" when it is not given.
func (o object) text(name string) (string, error) {
	if !o.has(name) {
		return "", nil
	}
	text, ok := o.fields[name].(string)
	if !ok {
		return "", o.errorf("needs text in quotes as %q", name)
	}
	return text, nil
}

// label returns an optional field of plain text, which may be shown.
func (o object) label(name string) (string, error) {
	text, err := o.text(name)
	if err == nil && o.has(name) && (!plainText(text) || len(text) > 200) {
		return "", o.errorf("needs a %q of 1 to 200 bytes, without control characters and without spaces around it", name)
	}
	return text, err
}

// whole returns a field that has to be a whole number, and low when it is not given.
func (o object) whole(name string, low, high int) (int, error) {
	if !o.has(name) {
		return low, nil
	}
	n, ok := wholeIn(o.fields[name], low, high)
	if !ok {
		return 0, o.errorf("needs a whole number from %d to %d as %q, not %s", low, high, name, o.given(name))
	}
	return n, nil
}

// given is the value of a field that has to be no text, for an error: text may be a secret that
// got into the wrong place.
func (o object) given(name string) string {
	if _, isText := o.fields[name].(string); isText {
		return "text"
	}
	return shown(o.fields[name])
}

// texts returns a field that has to be a list of plain text, nil when it is not given.
func (o object) texts(name string) ([]string, error) {
	if !o.has(name) {
		return nil, nil
	}
	entries, ok := o.fields[name].([]any)
	texts := make([]string, 0, len(entries))
	for _, entry := range entries {
		text, isText := entry.(string)
		ok = ok && isText && plainText(text)
		texts = append(texts, text)
	}
	if !ok {
		return nil, o.errorf("needs a list of texts as %q, none of them empty", name)
	}
	return texts, nil
}

func (o object) errorf(format string, args ...any) error {
	return fmt.Errorf("%s %w", o.where, fmt.Errorf(format, args...))
}

// oneOf lists field names for a sentence.
func oneOf(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = `"` + name + `"`
	}
	last := len(quoted) - 1
	if last < 1 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// position names an entry of a list for people and for those who count from zero.
func position(what, key string, index int) string {
	return fmt.Sprintf("%s %d (%s[%d])", what, index+1, key, index)
}
