package config

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settleFor is how long a file has to be left alone before it is looked at:
	// editors write in several steps.
	settleFor = 200 * time.Millisecond
	// lookEvery is how often the file is looked at anyway, for what no notification
	// tells: network drives, single mounted files, links into other directories.
	lookEvery = 5 * time.Second
)

// Watch calls onChange each time the file's content has changed since Load read
// it, also when the file was replaced by a rename, and when it cannot be read any more, or
// again. It returns when ctx ends, and leaves nothing running. onChange runs on the
// caller's goroutine; changes made meanwhile are seen after it.
//
// It uses fsnotify itself, since the watch of koanf's file provider ends when the
// file is removed, stays locked when it is missing, and cannot be waited for.
func Watch(ctx context.Context, file File, onChange func()) {
	if file.path == "" {
		<-ctx.Done()
		return
	}
	w := &watch{file: file, read: digestOf, onChange: onChange}
	// Without notifications (their number is limited) looking now and then still works.
	if notifier, err := fsnotify.NewWatcher(); err == nil {
		defer func() { _ = notifier.Close() }()
		if notifier.Add(filepath.Dir(file.path)) == nil {
			w.events, w.faults = notifier.Events, notifier.Errors
		}
	}
	w.run(ctx)
}

// watch is one run of Watch; its fields are what tests replace.
type watch struct {
	file     File
	events   <-chan fsnotify.Event // of the file's directory
	faults   <-chan error          // events may have been lost
	read     func(path string) [sha256.Size]byte
	onChange func()
}

func (w *watch) run(ctx context.Context) {
	settled := time.NewTimer(settleFor) // the file may have changed before the watch began
	defer settled.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.events:
			if w.concerns(event) {
				settled.Reset(settleFor)
			}
		case <-w.faults: //nolint:errcheck // whatever was missed, looking at the file tells
			settled.Reset(settleFor)
		case <-look.C:
			if w.read(w.file.path) != w.file.sum {
				settled.Reset(settleFor)
			}
		case <-settled.C:
			if sum := w.read(w.file.path); sum != w.file.sum {
				w.file.sum = sum
				w.onChange()
			}
		}
	}
}

// concerns tells whether an event of the directory may be about the file.
// Kubernetes swaps a link named "..data" to change what the file's own link means.
func (w *watch) concerns(event fsnotify.Event) bool {
	name := filepath.Base(event.Name)
	return name == filepath.Base(w.file.path) || strings.HasPrefix(name, "..")
}

// digestOf is zero when the file cannot be read as a whole.
func digestOf(path string) (sum [sha256.Size]byte) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return sum
	}
	f, err := os.Open(path)
	if err != nil {
		return sum
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(f, largestFile+1))
	if err != nil || n > largestFile {
		return sum
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
