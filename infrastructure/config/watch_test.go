package config

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watching starts Watch on the file of cfg; the channel gets what onChange is told.
func watching(t *testing.T, cfg Config) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	changes, done := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(done)
		Watch(ctx, cfg.File(), func() { changes <- struct{}{} })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return changes
}

func awaitChange(t *testing.T, changes <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-changes:
	case <-time.After(20 * time.Second):
		t.Fatalf("onChange was not called after the file was %s", what)
	}
}

func TestWatchTellsOfEveryWayToChangeAFile(t *testing.T) {
	source := inDir(t, "config.json", `{"port":1}`)
	path := filepath.Join(source.WorkDir, "config.json")
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := mustLoad(t, source)
	write(path, `{"port":2}`)
	changes := watching(t, cfg)
	awaitChange(t, changes, "written between Load and Watch")
	write(path, `{"port":3}`)
	awaitChange(t, changes, "written")
	write(path+".new", `{"port":4}`)
	must(os.Rename(path+".new", path))
	awaitChange(t, changes, "replaced by a rename")
	must(os.Rename(path, path+"~"))
	write(path, `{"port":5}`)
	awaitChange(t, changes, "moved away and written anew")
	must(os.Remove(path))
	write(path, `{"port":6}`)
	awaitChange(t, changes, "removed and written anew")
	if got := mustLoad(t, source).Port; got != 6 {
		t.Errorf("port is %d, want 6", got)
	}
}

func TestWatchFollowsALinkThatIsSwapped(t *testing.T) {
	source := Source{WorkDir: t.TempDir()}
	in := func(parts ...string) string { return filepath.Join(append([]string{source.WorkDir}, parts...)...) }
	for dir, content := range map[string]string{"..one": `{"port":1}`, "..two": `{"port":2}`} {
		if err := os.Mkdir(in(dir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in(dir, "config.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range [][2]string{{"..one", "..data"}, {"..data/config.json", "config.json"}, {"..two", "..next"}} {
		if err := os.Symlink(link[0], in(link[1])); err != nil {
			t.Fatal(err)
		}
	}
	changes := watching(t, mustLoad(t, source))
	if err := os.Rename(in("..next"), in("..data")); err != nil {
		t.Fatal(err)
	}
	awaitChange(t, changes, "linked to another")
}

func TestWatchWithoutAFileWaitsForTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	Watch(ctx, File{}, func() { t.Error("onChange was called, want nothing to watch") })
}

const awayNow = 255

// contentOf is the digest of a version; that of a file that is away is zero.
func contentOf(version int32) [sha256.Size]byte {
	return [sha256.Size]byte{byte((version + 1) % (awayNow + 1))}
}

// scripted runs a watch whose file's content is version, in a bubble with its own time.
func scripted(t *testing.T, script func(version *atomic.Int32, events chan<- fsnotify.Event, calls *atomic.Int32)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var version, calls atomic.Int32 // version awayNow: the file is away
		events := make(chan fsnotify.Event)
		w := &watch{
			file: File{path: "/etc/config.json", sum: contentOf(0)}, events: events,
			read:     func(string) [sha256.Size]byte { return contentOf(version.Load()) },
			onChange: func() { calls.Add(1) },
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.run(ctx)
		}()
		time.Sleep(time.Second + time.Millisecond) // the first look
		synctest.Wait()
		script(&version, events, &calls)
		cancel()
		<-done
	})
}

// advance lets the bubble's time pass.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestManyWritesAreOneChange(t *testing.T) {
	scripted(t, func(version *atomic.Int32, events chan<- fsnotify.Event, calls *atomic.Int32) {
		for range 10 {
			version.Add(1)
			events <- fsnotify.Event{Name: "/etc/config.json", Op: fsnotify.Write}
			advance(settleFor / 2)
			if calls.Load() != 0 {
				t.Fatal("onChange was called while the file was still being written")
			}
		}
		advance(settleFor)
		if calls.Load() != 1 {
			t.Errorf("onChange was called %d times, want once", calls.Load())
		}
	})
}

func TestWhatLeavesTheContentAsItWasIsNoChange(t *testing.T) {
	scripted(t, func(version *atomic.Int32, events chan<- fsnotify.Event, calls *atomic.Int32) {
		events <- fsnotify.Event{Name: "/etc/config.json", Op: fsnotify.Chmod}
		advance(2 * settleFor)
		version.Store(awayNow)
		events <- fsnotify.Event{Name: "/etc/config.json", Op: fsnotify.Remove}
		advance(settleFor / 2) // an editor is at work
		version.Store(0)
		events <- fsnotify.Event{Name: "/etc/config.json", Op: fsnotify.Create}
		advance(2 * settleFor)
		if calls.Load() != 0 {
			t.Errorf("onChange was called %d times, want never", calls.Load())
		}
	})
}

func TestAFileThatCannotBeReadAnyMoreIsAChangeAndSoIsItsReturn(t *testing.T) {
	scripted(t, func(version *atomic.Int32, _ chan<- fsnotify.Event, calls *atomic.Int32) {
		for i, now := range []int32{awayNow, 0} {
			version.Store(now)
			advance(3 * lookEvery)
			if got := calls.Load(); got != int32(i)+1 {
				t.Errorf("onChange was called %d times, want %d", got, i+1)
			}
		}
	})
}

func TestAChangeWithoutNotificationIsFound(t *testing.T) {
	scripted(t, func(version *atomic.Int32, events chan<- fsnotify.Event, calls *atomic.Int32) {
		version.Store(1)
		events <- fsnotify.Event{Name: "/etc/other.json", Op: fsnotify.Write}
		advance(2 * settleFor)
		if calls.Load() != 0 {
			t.Fatal("another file's event made the file be read")
		}
		advance(lookEvery + settleFor)
		if calls.Load() != 1 {
			t.Errorf("onChange was called %d times, want once", calls.Load())
		}
	})
}
