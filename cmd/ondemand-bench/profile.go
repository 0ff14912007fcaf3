package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The files that a proxy with the build tag profile leaves in its working directory when
// it ends.
var profiles = [...]string{"cpu.pprof", "allocs.pprof"}

// keepProfiles moves the profiles of a proxy that has ended to where they were asked for.
func (s *stage) keepProfiles(t *target, p phase) error {
	if err := os.MkdirAll(s.options.profile, 0o755); err != nil { //nolint:gosec // nothing in it is secret
		return err
	}
	for _, name := range profiles {
		text, err := os.ReadFile(filepath.Join(t.dir, name))
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the proxy left no %s: it has to be built with the tag profile", name)
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.options.profile, p.name+"."+name), text, 0o644); err != nil { //nolint:gosec // the same
			return err
		}
	}
	return nil
}
