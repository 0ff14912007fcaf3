package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Times of processes.
const (
	startLimit = 30 * time.Second
	stopLimit  = 50 * time.Second
	askEach    = 200 * time.Microsecond // while a process starts
)

// process is a program that the bench started.
type process struct {
	name    string
	command *exec.Cmd
	address string
	started time.Duration // from its start until it said that it was alive
	log     string        // the file with what it wrote
	exited  chan struct{}
	failed  error // what Wait said, once exited is closed
}

// launch starts a program in a directory of its own, and returns when it answers GET /healthz
// on address. What it writes goes to a file there.
func launch(ctx context.Context, dir, address string, environ []string, program string, args ...string) (*process, error) {
	p := &process{name: filepath.Base(program), address: address, log: filepath.Join(dir, "log"), exited: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()         // the process has it open by itself
	p.command = exec.Command(program, args...) //nolint:gosec,noctx // the bench's own programs, and they are stopped gently
	p.command.Dir, p.command.Env = dir, environ
	p.command.Stdout, p.command.Stderr = log, log
	began := time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.failed = p.command.Wait()
		close(p.exited)
	}()
	for {
		if alive(ctx, address) {
			p.started = time.Since(began)
			return p, nil
		}
		select {
		case <-p.exited:
			return nil, fmt.Errorf("%s ended before it served: %w\n%s", p.name, p.failed, p.written())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), p.stop())
		default:
		}
		if time.Since(began) > startLimit {
			return nil, errors.Join(fmt.Errorf("%s does not serve after %s\n%s", p.name, startLimit, p.written()), p.stop())
		}
		time.Sleep(askEach)
	}
}

// alive asks whether somebody serves on address.
func alive(ctx context.Context, address string) bool {
	head, _, err := get(ctx, address, "/healthz")
	return err == nil && bytes.HasPrefix(head, []byte("HTTP/1.1 200"))
}

// get makes one request on a connection of its own.
func get(ctx context.Context, address, path string) (head, body []byte, err error) {
	c, err := dial(ctx, address, dialect{})
	if err != nil {
		return nil, nil, err
	}
	defer c.close()
	_ = c.in.conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c.in.conn, "GET "+path+" HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
		return nil, nil, err
	}
	if head, err = c.in.head(); err != nil {
		return nil, nil, err
	}
	head = bytes.Clone(head)
	err = c.in.body(framingOf(head), c.gather)
	return head, c.body, err
}

// stop ends the process and returns when it is gone. The error tells when it did not end
// well, or said while it ran that something went wrong inside.
func (p *process) stop() error {
	_ = interrupt(p.command.Process)
	select {
	case <-p.exited:
	case <-time.After(stopLimit):
		_ = p.command.Process.Kill()
		<-p.exited
		return fmt.Errorf("%s had to be killed\n%s", p.name, p.written())
	}
	if p.failed != nil && canInterrupt {
		return fmt.Errorf("%s ended with %w\n%s", p.name, p.failed, p.written())
	}
	text, err := os.ReadFile(p.log)
	for _, bad := range []string{`"level":"error"`, "panic:", "fatal error:"} {
		if i := bytes.Index(text, []byte(bad)); i >= 0 {
			return fmt.Errorf("the log of %s says %.500s", p.name, text[max(0, i-100):])
		}
	}
	return err
}

// written is the end of what the process wrote.
func (p *process) written() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.ToValidUTF8(string(text[max(0, len(text)-2000):]), "")
}

// freeAddress returns an address of this machine that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// buildProxy builds the real program into dir, with these build tags. It has to be called
// somewhere in the project.
func buildProxy(ctx context.Context, dir, tags string) (string, error) {
	file := filepath.Join(dir, "ondemand-proxy")
	build := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-o", file, "ondemand-api-proxy/cmd/ondemand-proxy") //nolint:gosec // the tags are the bench's own
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build ondemand-proxy: %w\n%s", err, text)
	}
	return file, nil
}
