package config

import (
	"fmt"
	"reflect"
)

// NeedRestart returns the keys, in the order of the table, whose value differs in
// next and takes effect only after a restart.
func (c Config) NeedRestart(next Config) []string {
	var names []string
	for _, k := range table() {
		if !k.Live && c.differs(k, next) {
			names = append(names, k.Name)
		}
	}
	return names
}

// Changes tells, for a log, what of next takes effect while running and differs: a line for
// each key, secrets redacted.
func (c Config) Changes(next Config) []string {
	var lines []string
	for _, k := range table() {
		if k.Live && c.differs(k, next) {
			lines = append(lines, fmt.Sprintf("%s: %s -> %s", k.Name, k.show(&c), k.show(&next)))
		}
	}
	return lines
}

// differs tells whether a key has another value in next. An empty list is like none.
func (c Config) differs(k row, next Config) bool {
	before, after := k.get(&c), k.get(&next)
	if v, w := reflect.ValueOf(before), reflect.ValueOf(after); v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		if v.Len() == 0 && w.Len() == 0 {
			return false
		}
	}
	return !reflect.DeepEqual(before, after)
}

// TakeOver returns the configuration with what of next takes effect while running.
func (c Config) TakeOver(next Config) Config {
	for _, k := range table() {
		if k.Live {
			k.copy(&c, &next)
		}
	}
	c.file, c.hidden = next.file, next.hidden
	return c
}

// Hidden returns a sentence for each key that the file sets and that has no effect there, since
// the environment or a flag sets it too.
func (c Config) Hidden() []string {
	sentences := make([]string, 0, len(c.hidden))
	for _, key := range c.hidden {
		sentences = append(sentences, fmt.Sprintf("%s of the configuration file has no effect: the %s overrides it", key, c.origins[key]))
	}
	return sentences
}
