package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/file"
)

// File is a configuration file as it was read: where it is, and a digest of what
// it held, so that Watch can tell whether it has changed since.
type File struct {
	path string
	sum  [sha256.Size]byte
}

// Path is the absolute path of the file, or of where it would be; empty: there is none to watch.
func (f File) Path() string { return f.path }

// Exists tells whether the file was there when it was read.
func (f File) Exists() bool { return f.sum != [sha256.Size]byte{} }

// largestFile bounds what is read as configuration.
const largestFile = 16 << 20

// implicitFile is looked for when no file is named.
const implicitFile = "config.json"

// StarterFile is the name that a file to begin with has unless another one is wished.
const StarterFile = "config.yaml"

// addFile loads the configuration file, if there is one.
func (l *layers) addFile(source Source) (File, error) {
	shown, named := source.fileName()
	if shown == "" {
		return File{}, fmt.Errorf("no configuration file is named%s", named)
	}
	path := shown
	if !filepath.IsAbs(path) {
		path = filepath.Join(source.WorkDir, path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil && named == "" && errors.Is(err, fs.ErrNotExist):
		return fileAt(path, [sha256.Size]byte{}) // it may come later
	case err != nil:
		return File{}, fmt.Errorf("the configuration file %q%s cannot be read: %s", shown, named, reason(err))
	case info.IsDir():
		return File{}, fmt.Errorf("the configuration file %q%s is a directory, but has to be a file", shown, named)
	case info.Size() > largestFile:
		return File{}, fmt.Errorf("the configuration file %q%s is larger than %d MiB", shown, named, largestFile>>20)
	}
	parser := &fileParser{layers: l, origin: shown}
	if err := l.merged.Load(file.Provider(path), parser); err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			return File{}, fmt.Errorf("the configuration file %q%s cannot be read: %s", shown, named, reason(err))
		}
		return File{}, fmt.Errorf("the configuration file %q %w", shown, err)
	}
	if !info.Mode().IsRegular() { // a pipe can be read once, and not be watched
		return File{}, nil
	}
	return fileAt(path, parser.sum)
}

func fileAt(path string, sum [sha256.Size]byte) (File, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return File{}, fmt.Errorf("the configuration file %q has no absolute path: %w", filepath.Base(path), err)
	}
	return File{path: absolute, sum: sum}, nil
}

// fileName returns the path of the file, and for messages who named it.
func (s Source) fileName() (path, named string) {
	for _, flag := range []string{"check", "config"} {
		if path, set := s.Flags[flag]; set {
			return path, " (flag --" + flag + ")"
		}
	}
	for _, variable := range slices.Backward(s.Environ) {
		if path, found := strings.CutPrefix(variable, "CONFIG_FILE="); found && path != "" {
			return path, " (environment variable CONFIG_FILE)"
		}
	}
	return implicitFile, ""
}

// unread names a file to begin with that lies where an unnamed file is looked for, if that one is
// not there itself: somebody has written it, and expects it to be read.
func (s Source) unread(file File) string {
	if _, named := s.fileName(); named != "" || file.Exists() {
		return ""
	}
	if info, err := os.Stat(filepath.Join(s.WorkDir, StarterFile)); err != nil || info.IsDir() {
		return ""
	}
	return StarterFile
}

// reason is the cause of an I/O error without the path, which the sentence names.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "it does not exist"
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}

// fileParser is the koanf.Parser of the file: JSON, or YAML by its extension.
type fileParser struct {
	layers *layers
	origin string
	sum    [sha256.Size]byte
}

// Unmarshal implements koanf.Parser. It refuses unknown keys, and yields settings.
func (p *fileParser) Unmarshal(content []byte) (map[string]any, error) {
	p.sum = sha256.Sum256(content)
	parse := parseJSON
	switch strings.ToLower(filepath.Ext(p.origin)) {
	case ".yaml", ".yml":
		parse = parseYAML
	}
	values, err := parse(content)
	if err != nil {
		return nil, err
	}
	held := make(map[string]any, len(values))
	for _, name := range sortedNames(values) {
		switch {
		case !slices.ContainsFunc(p.layers.rows, func(r row) bool { return r.Name == name }):
			return nil, errors.New(unknownKey(name, p.layers.rows))
		case values[name] != nil: // null is like leaving it out
			held[name] = p.layers.hold(setting{raw: values[name], origin: p.origin})
		}
	}
	return held, nil
}

// Marshal implements koanf.Parser; a configuration is never written.
func (p *fileParser) Marshal(map[string]any) ([]byte, error) {
	return nil, errors.New("a configuration file is only read")
}
