package config

import "errors"

// Key describes one key of the configuration, for documentation and messages.
type Key struct {
	Name    string // in the file
	Env     string // environment variable
	Flag    string // flag of the serve command without dashes; empty: none
	Default string // as a person reads it
	Allowed string // completes "has to be …"
	Doc     string // one line
	Secret  bool   // its value is never shown
	Live    bool   // takes effect while running, when the file changes
}

// Keys returns the description of every key, in the order in which they are
// checked, printed and documented.
func Keys() []Key {
	rows := table()
	keys := make([]Key, len(rows))
	for i, row := range rows {
		keys[i] = row.Key
	}
	return keys
}

// codec reads and shows values of one type. Both readers return errNotAllowed
// when codec.allowed says all there is to say, or a sentence of their own, which
// never holds a secret.
type codec[T any] struct {
	allowed string
	value   func(raw any) (T, error) // from a file: strictly typed
	text    func(text string) (T, error)
	show    func(T) string
}

var errNotAllowed = errors.New("not allowed")

// row is a Key with its typed access to Config.
type row struct {
	Key
	fromValue func(c *Config, raw any) error
	fromText  func(c *Config, text string) error
	show      func(c *Config) string
	get       func(c *Config) any
	copy      func(to, from *Config)
}

// define joins a key, the field it sets and the way its values are read.
func define[T any](k Key, field func(*Config) *T, c codec[T]) row {
	defaults := Default()
	k.Allowed = c.allowed
	if k.Default == "" {
		k.Default = c.show(*field(&defaults))
	}
	set := func(cfg *Config, v T, err error) error {
		if err == nil {
			*field(cfg) = v
		}
		return err
	}
	return row{
		Key: k,
		fromValue: func(cfg *Config, raw any) error {
			v, err := c.value(raw)
			return set(cfg, v, err)
		},
		fromText: func(cfg *Config, text string) error {
			v, err := c.text(text)
			return set(cfg, v, err)
		},
		show: func(cfg *Config) string { return c.show(*field(cfg)) },
		get:  func(cfg *Config) any { return *field(cfg) },
		copy: func(to, from *Config) { *field(to) = *field(from) },
	}
}
