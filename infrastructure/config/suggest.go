package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unknownKey says that a key at the top of the file is not known.
func unknownKey(name string, rows []row) string {
	known := make([]string, len(rows))
	for i, row := range rows {
		known[i] = row.Name
		if name == row.Env {
			return fmt.Sprintf("holds the unknown key %q, the name of an environment variable; in a file it is %q", name, row.Name)
		}
	}
	switch best, distance := nearest(name, known); {
	case name == "email" || name == "password" || name == "api_key":
		return fmt.Sprintf(`holds %q at its top, but it belongs into "accounts": a list of {"email","password"} or {"api_key"}`, name)
	case wordLike(name) && slip(name, distance):
		return fmt.Sprintf("holds the unknown key %q; did you mean %q?", name, best)
	case wordLike(name):
		return fmt.Sprintf("holds the unknown key %q; it may hold those that the command \"config\" lists", name)
	}
	// Somebody who misplaced a level may have an address or a token here.
	return "holds a key that is not known; it may hold those that the command \"config\" lists"
}

// unknownField says that an object has a field it cannot have. Beside passwords a
// stray name may well be one, so that only what resembles a known name is repeated.
func unknownField(name string, known []string) string {
	best, distance := nearest(name, known)
	if wordLike(name) && slip(name, distance) {
		return fmt.Sprintf("has the unknown field %q; did you mean %q?", name, best)
	}
	return "has a field that is not known; it may have " + oneOf(known)
}

// slip tells whether so many changes to name may be slips of the finger.
func slip(name string, distance int) bool {
	length := utf8.RuneCountInString(name)
	return distance < length && distance <= max(2, length/3)
}

func wordLike(name string) bool {
	return name != "" && len(name) <= 40 && !strings.ContainsFunc(name, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && r != '_' && r != '-'
	})
}

// nearest returns the known name that takes the fewest changes, the first of equals.
func nearest(name string, known []string) (best string, distance int) {
	distance = -1
	for _, candidate := range known {
		if d := changes(strings.ToLower(name), candidate); distance < 0 || d < distance {
			best, distance = candidate, d
		}
	}
	return best, distance
}

// changes is the Levenshtein distance in runes. Very long text is cut, since no
// key comes near it anyway.
func changes(a, b string) int {
	from, to := []rune(a), []rune(b)
	from = from[:min(len(from), 100)]
	line := make([]int, len(to)+1)
	for j := range line {
		line[j] = j
	}
	for i, r := range from {
		diagonal := line[0]
		line[0] = i + 1
		for j, s := range to {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = line[j+1]
			line[j+1] = min(cost, line[j]+1, line[j+1]+1)
		}
	}
	return line[len(to)]
}
