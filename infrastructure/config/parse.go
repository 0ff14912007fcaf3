package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	koanfjson "github.com/knadh/koanf/parsers/json"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
)

// parseJSON reads a file in JSON whose top is an object. Its errors tell where
// the file is broken and never quote it, since a quote could hold a password.
func parseJSON(content []byte) (map[string]any, error) {
	// Windows editors like to begin a file with a byte order mark.
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if err := checkJSON(content); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(bytes.TrimLeft(content, " \t\r\n"), []byte("{")) {
		return nil, errors.New("has to hold " + oneObject)
	}
	values, err := koanfjson.Parser().Unmarshal(content)
	if err != nil { // a number beyond any float: valid JSON, and all that is left to go wrong
		return nil, errors.New("holds a JSON number that is too large")
	}
	return values, nil
}

// checkJSON refuses what is no JSON, what follows it, and names that stand twice
// in an object, of which the standard library would silently take the last.
func checkJSON(content []byte) error {
	if len(bytes.TrimSpace(content)) == 0 {
		return errors.New("is empty, but has to hold JSON, if only {}")
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(content))
	if _, err := decoder.ReadValue(); err != nil {
		return brokenJSON(content, err)
	}
	end := decoder.InputOffset()
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		rest := len(content) - len(bytes.TrimLeft(content[end:], " \t\r\n"))
		return fmt.Errorf("holds text after its JSON at %s", place(content, int64(rest)))
	}
	return nil
}

func brokenJSON(content []byte, err error) error {
	offset := int64(len(content))
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) {
		offset = syntax.ByteOffset
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Errorf("names the same key twice in one object of its JSON at %s", place(content, offset))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("holds JSON that ends too early at %s", place(content, offset))
	}
	return fmt.Errorf("holds broken JSON at %s%s", place(content, offset), jsonFault(content, offset))
}

// place turns an offset into the line and column that editors show.
func place(content []byte, offset int64) string {
	before := content[:min(max(offset, 0), int64(len(content)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, column %d", line, column)
}

// parseYAML reads a file in YAML whose top is a mapping.
func parseYAML(content []byte) (map[string]any, error) {
	if line := secondDocument(content); line > 0 {
		return nil, fmt.Errorf("holds a second document of YAML at line %d, and one is all that is read", line)
	}
	values, err := koanfyaml.Parser().Unmarshal(content)
	if err != nil {
		return nil, brokenYAML(content, err)
	}
	return values, nil
}

// notJSON says how text fails to be JSON, as the rest of a sentence.
type notJSON struct{ error }

// decodeJSON reads JSON that stands in an environment variable or a flag. Its
// errors are notJSON.
func decodeJSON(text string) (any, error) {
	if err := checkJSON([]byte(text)); err != nil {
		return nil, notJSON{err}
	}
	var raw any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, notJSON{errors.New("holds a JSON number that is too large")}
	}
	return raw, nil
}

// fromJSON makes a reader of text out of a reader of decoded values.
func fromJSON[T any](read func(any) (T, error)) func(string) (T, error) {
	return func(text string) (T, error) {
		raw, err := decodeJSON(text)
		if err != nil {
			var none T
			return none, err
		}
		return read(raw)
	}
}
