package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

// Source is where a configuration comes from. Load reads nothing else.
type Source struct {
	// Flags are the flags that were set, by name without dashes: "config" for the
	// file, or "check" before it, and those that Keys names.
	Flags map[string]string
	// Environ is the environment as os.Environ gives it. A variable that is set but
	// empty counts as not set. Beside those of the keys, SPACE_ID is looked at.
	Environ []string
	// WorkDir is where config.json is looked for and relative paths of the file
	// begin; empty: the working directory of the process.
	WorkDir string
}

// Load reads the configuration: defaults, then file, environment and flags, each
// over the one before. The file is the one that the flag or else CONFIG_FILE
// names, which has to exist, or else config.json, which need not. The error is
// one sentence about the first problem, in the order of Keys; it never holds a
// password, key, token or e-mail address.
func Load(source Source) (Config, error) {
	l := &layers{merged: koanf.New("."), rows: table()}
	file, err := l.addFile(source)
	if err != nil {
		return Config{}, err
	}
	cfg, err := l.load(source, file)
	if err != nil {
		return Config{}, err
	}
	cfg.unread = source.unread(file)
	return cfg, nil
}

// LoadWithoutFile is Load as if there were no file.
func LoadWithoutFile(source Source) (Config, error) {
	l := &layers{merged: koanf.New("."), rows: table()}
	return l.load(source, File{})
}

// load puts the environment and the flags over the file.
func (l *layers) load(source Source, file File) (Config, error) {
	inFile := l.merged.Keys()
	if err := errors.Join(l.addEnvironment(source.Environ), l.addFlags(source.Flags)); err != nil {
		return Config{}, err
	}
	cfg := Default()
	cfg.file = file
	cfg.InSpace = slices.ContainsFunc(source.Environ, func(variable string) bool {
		name, value, _ := strings.Cut(variable, "=")
		return name == "SPACE_ID" && value != ""
	})
	cfg.origins = make(map[string]string)
	for _, row := range l.rows {
		s, found := l.lookup(row.Name)
		if !found {
			continue
		}
		if err := s.apply(&cfg, row); err != nil {
			return Config{}, err
		}
		cfg.origins[row.Name] = s.origin
		if slices.Contains(inFile, row.Name) && s.isText { // a file's values are never text of the environment
			cfg.hidden = append(cfg.hidden, row.Name)
		}
	}
	if err := cfg.complete(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// setting is a value as it was found.
type setting struct {
	raw    any
	isText bool   // from the environment or a flag, to be parsed
	origin string // for people: "environment variable PORT"
}

// layers merges the sources with koanf. What koanf holds are positions in
// settings: it would otherwise mix objects of two sources, split names that hold
// a dot, and convert values on their way.
type layers struct {
	merged   *koanf.Koanf
	settings []setting
	rows     []row
}

func (l *layers) hold(s setting) int {
	l.settings = append(l.settings, s)
	return len(l.settings) - 1
}

func (l *layers) lookup(name string) (setting, bool) {
	if !l.merged.Exists(name) {
		return setting{}, false
	}
	return l.settings[l.merged.Int(name)], true
}

func (l *layers) addEnvironment(environ []string) error {
	names := make(map[string]string, len(l.rows))
	for _, row := range l.rows {
		names[row.Env] = row.Name
	}
	return l.merged.Load(env.Provider("", env.Opt{
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(variable, value string) (string, any) {
			name, known := names[variable]
			if !known || value == "" {
				return "", nil
			}
			return name, l.hold(setting{raw: value, isText: true, origin: "environment variable " + variable})
		},
	}), nil)
}

func (l *layers) addFlags(flags map[string]string) error {
	values := make(map[string]any, len(flags))
	for flag, value := range flags {
		i := slices.IndexFunc(l.rows, func(r row) bool { return r.Flag == flag && flag != "" })
		switch {
		case i >= 0:
			values[l.rows[i].Name] = l.hold(setting{raw: value, isText: true, origin: "flag --" + flag})
		case flag != "config" && flag != "check":
			return fmt.Errorf("the flag --%s sets nothing in the configuration", flag)
		}
	}
	return l.merged.Load(confmap.Provider(values, ""), nil)
}

// apply reads the setting into cfg, or says in one sentence why it cannot.
func (s setting) apply(cfg *Config, row row) error {
	var err error
	if text, _ := s.raw.(string); s.isText {
		err = row.fromText(cfg, text)
	} else {
		err = row.fromValue(cfg, s.raw)
	}
	var broken notJSON
	switch {
	case err == nil:
		return nil
	case errors.As(err, &broken):
		return fmt.Errorf("%s from %s %w, but has to be %s", row.Name, s.origin, err, row.Allowed)
	case errors.Is(err, errNotAllowed):
		value := hidden
		if !row.Secret || s.raw == "" {
			value = shown(s.raw)
		}
		return fmt.Errorf("%s from %s is %s, but has to be %s%s", row.Name, s.origin, value, row.Allowed, s.quotes(row))
	default:
		return fmt.Errorf("%s from %s: %w", row.Name, s.origin, err)
	}
}

// quotes says of a file's value that only its quotes, or that it has none, are wrong with it.
func (s setting) quotes(row row) string {
	var scratch Config
	text, quoted := s.raw.(string)
	switch raw := s.raw.(type) {
	case string:
	case bool:
		text = strconv.FormatBool(raw)
	default:
		n, isNumber := number(raw)
		if !isNumber {
			return ""
		}
		text = strconv.FormatFloat(n, 'f', -1, 64)
	}
	switch {
	case s.isText:
	case quoted && row.fromText(&scratch, text) == nil:
		return ", without quotes"
	case !quoted && row.fromValue(&scratch, text) == nil:
		return ", in quotes"
	}
	return ""
}

// shown is a value of a key that is not secret, as an error repeats it. An "@"
// hides it: an address or a password in a URL may have got into the wrong place.
func shown(raw any) string {
	switch v := raw.(type) {
	case string:
		if strings.Contains(v, "@") {
			return hidden
		}
		if runes := []rune(v); len(runes) > 60 {
			v = string(runes[:60]) + "…"
		}
		return strconv.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return "a list"
	case map[string]any, map[any]any:
		return "an object"
	case time.Time:
		return "a date"
	}
	if n, ok := number(raw); ok {
		if n == math.Trunc(n) && math.Abs(n) < 1e15 {
			return strconv.FormatFloat(n, 'f', -1, 64)
		}
		return strconv.FormatFloat(n, 'g', -1, 64)
	}
	return "of another type"
}
