package main_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// keepsNothing checks a program whose data directory cannot be written: it serves, and says
// everywhere that it keeps nothing.
func keepsNothing(t *testing.T, p *proxy) {
	t.Helper()
	allAnswered(t, p, 2)
	awaitLogged(t, p, `"the data directory cannot be used`, 1)
	isReady(t, p, "in memory only")
	if notices := data[struct{ Notices []string }](t, p, "overview").Notices; !cmp.Equal(notices, []string{"memory_only"}) {
		t.Errorf("the dashboard notes %v, want memory_only", notices)
	}
	if _, faults, inMemory := ledgerOf(t, p); !inMemory || faults != 0 {
		t.Errorf("the ledger is in memory: %t, %d faults; want it there and none", inMemory, faults)
	}
	shownInTime(t, p, 2)
}

// contents are the files of a directory.
func contents(t *testing.T, directory string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = string(text)
	}
	return all
}

func TestADiskThatMayOnlyBeReadIsLeftAloneAndWarnedAbout(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|flags, "size=4m"); err != nil {
			t.Fatal(err)
		}
	}
	s := keyed(sim.Start(t, sim.Options{}), disk)
	p := startWith(t, s)
	ids := allAnswered(t, p, 3)
	p.stop(syscall.SIGTERM, 0)
	before := contents(t, disk)

	remount(syscall.MS_RDONLY)
	p = startWith(t, s)
	keepsNothing(t, p)
	p.stop(syscall.SIGTERM, 0)
	if diff := cmp.Diff(before, contents(t, disk)); diff != "" {
		t.Error("the disk has changed")
	}
	none := startWith(t, keyed(sim.Start(t, sim.Options{}), filepath.Join(disk, "not", "there")))
	keepsNothing(t, none)
	none.stop(syscall.SIGTERM, 0)

	remount(0)
	p = startWith(t, s)
	isReady(t, p, "stored")
	ids = append(ids, allAnswered(t, p, 1)...)
	p.stop(syscall.SIGTERM, 0)
	checkKept(t, disk, ids)
}

// nobody is a user without any rights.
const nobody = 65534

// startAsNobody starts the program as a user for whom file permissions count.
func startAsNobody(t *testing.T, s setup) *proxy {
	t.Helper()
	if os.Getuid() != 0 {
		return startWith(t, s)
	}
	directory := t.TempDir()
	for _, path := range []string{filepath.Dir(directory), directory} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(directory, "program")
	copyProgram(t, program)
	return startChanged(t, s, func(c *exec.Cmd) {
		c.Path, c.Dir = program, directory
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	})
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	from, err := os.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	copied, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(copied, from); err != nil {
		t.Fatal(err)
	}
	if err := copied.Close(); err != nil {
		t.Fatal(err)
	}
}

// permit gives a path to nobody, with these permissions.
func permit(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if os.Getuid() == 0 {
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutTheRightToWriteNothingIsKeptAndWhatWasThereStays(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := keyed(sim.Start(t, sim.Options{}), directory)
	permit(t, directory, 0o700)
	p := startAsNobody(t, s)
	ids := allAnswered(t, p, 2)
	p.stop(syscall.SIGTERM, 0)
	isThere := contents(t, directory)
	for _, c := range []struct {
		what            string
		directory, file os.FileMode
		database        string
	}{
		{"the directory may only be read", 0o500, 0o600, "ondemand-proxy.db"},
		{"the database may only be read", 0o700, 0o400, "ondemand-proxy.db"},
		{"the database may not even be read", 0o700, 0, "ondemand-proxy.db"},
		{"the lock may not be opened", 0o700, 0, "ondemand-proxy.lock"},
		{"the directory may not be entered", 0, 0o600, "ondemand-proxy.db"},
	} {
		t.Log(c.what)
		path := filepath.Join(directory, c.database)
		permit(t, path, c.file)
		permit(t, directory, c.directory)
		p := startAsNobody(t, s)
		keepsNothing(t, p)
		p.stop(syscall.SIGTERM, 0)
		permit(t, directory, 0o700)
		permit(t, path, 0o600)
		if diff := cmp.Diff(isThere, contents(t, directory)); diff != "" {
			t.Errorf("%s: what was there has changed", c.what)
			isThere = contents(t, directory)
		}
	}
	p = startAsNobody(t, s)
	isReady(t, p, "stored")
	ids = append(ids, allAnswered(t, p, 1)...)
	p.stop(syscall.SIGTERM, 0)
	checkKept(t, directory, ids)
}
