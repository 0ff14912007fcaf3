package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a file has to hold, completing "has to hold …".
const (
	oneObject  = `one JSON object such as {"port": 5000}`
	oneMapping = `keys, each with a colon and a space behind it, as in "port: 5000"`
)

// jsonFault tells, in brackets, what is probably wrong with JSON that is broken at offset; empty:
// there is no telling. It looks at single signs and never repeats any, since they may be of a
// password.
func jsonFault(content []byte, offset int64) string {
	rest := content[min(max(offset, 0), int64(len(content))):]
	before := bytes.TrimRight(content[:len(content)-len(rest)], " \t\r\n")
	at, size := utf8.DecodeRune(rest)
	fault := ""
	switch {
	case size == 0:
	case at == utf8.RuneError && size == 1, at == 0:
		fault = "what stands there is not UTF-8, in which the file has to be saved"
	case len(before) == 0:
		fault = faultOfBeginning(at)
	case (at == '}' || at == ']') && before[len(before)-1] == ',':
		fault = "the comma before the bracket is one too many"
	case at == '/' || at == '#':
		fault = "JSON has no comments; YAML has, in a file whose name ends in .yaml"
	case strings.ContainsRune("'‘’“”「」＂＇", at):
		fault = `names and texts stand in straight double quotes: "`
	case strings.ContainsRune("，：；、｛｝［］【】", at):
		fault = "full-width signs: JSON takes the ASCII ones , : { } [ ]"
	case at == '\\':
		fault = `a backslash in a text is written twice: \\`
	case at < ' ':
		fault = "a text ends in the line in which it begins"
	case at == '"' && !bytes.ContainsAny(before[len(before)-1:], ",:{["):
		fault = "a comma or a colon is missing before it"
	case unicode.IsLetter(at) || at == '_':
		fault = "names and texts stand in double quotes"
	}
	if fault == "" {
		return ""
	}
	return " (" + fault + ")"
}

// faultOfBeginning tells what is wrong with JSON whose first sign is this one.
func faultOfBeginning(at rune) string {
	if strings.ContainsRune(`'"‘“`, at) {
		return "the quotes around the whole are one too many"
	}
	return "JSON begins with { or [; YAML is read from files whose names end in .yaml or .yml"
}

var (
	yamlLine = regexp.MustCompile(`\bline (\d+)`)
	// yamlMark begins another document, where something stands before it.
	yamlMark = regexp.MustCompile(`(?m)^---(?:\s|$)`)
)

// brokenYAML says in our own words what the parser says, which quotes the file.
func brokenYAML(content []byte, err error) error {
	said := err.Error()
	line := ""
	if match := yamlLine.FindStringSubmatch(said); match != nil {
		line = match[1]
	} else if !strings.Contains(said, "anchor") { // the parser counts from the second line on
		line = "1"
	}
	fault := ""
	switch {
	case strings.Contains(said, "already defined"):
		return fmt.Errorf("names the same key twice in its YAML at line %s", line)
	case strings.Contains(said, "cannot unmarshal"):
		return fmt.Errorf("has to hold %s, in ASCII signs; line %s does not", oneMapping, line)
	case strings.Contains(said, "anchor"):
		return errors.New("holds broken YAML (text that begins with * or & stands in quotes)")
	case tabbed(content):
		fault = " (lines are indented with spaces, never with tabs)"
	case strings.Contains(said, "cannot start any token"), strings.Contains(said, "directive"):
		fault = " (text that begins with @, % or ` stands in quotes)"
	case strings.Contains(said, "mapping values are not allowed"):
		fault = " (keys of one level begin in the same column, and text that holds a colon and a space stands in quotes)"
	case strings.Contains(said, "unexpected end of stream"), strings.Contains(said, "did not find expected"), strings.Contains(said, "could not find expected"):
		fault = " (a quote or bracket is left open, a colon is missing, or a line begins in the wrong column)"
	}
	return fmt.Errorf("holds broken YAML at line %s%s", line, fault)
}

// tabbed tells whether a line is indented with a tab.
func tabbed(content []byte) bool {
	for line := range bytes.Lines(content) {
		if indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]; bytes.ContainsRune(indent, '\t') {
			return true
		}
	}
	return false
}

// secondDocument returns the line in which another document begins, which the parser would
// leave out in silence; 0: there is none.
func secondDocument(content []byte) int {
	for _, mark := range yamlMark.FindAllIndex(content, -1) {
		for line := range bytes.Lines(content[:mark[0]]) {
			line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
			if len(line) > 0 && line[0] != '#' && line[0] != '%' {
				return bytes.Count(content[:mark[0]], []byte("\n")) + 1
			}
		}
	}
	return 0
}
