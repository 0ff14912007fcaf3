// Command ondemand-bench measures what the proxy costs against a plain Go reverse proxy,
// the floor. It starts a lean upstream, the floor and the real ondemand-proxy as processes
// of their own on this machine, puts load on them in turn, and checks every answer.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The roles that the bench starts itself in.
const (
	roleUpstream = "upstream"
	roleFloor    = "floor"
)

// The exit codes.
const (
	exitFine  = 0
	exitError = 1 // also: an answer was wrong, cut or dropped
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := program(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// program does what the arguments say, and returns the exit code.
func program(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	debug.SetGCPercent(400) // upstream and load generator are to be in nobody's way
	var err error
	switch {
	case len(args) > 0 && args[0] == roleUpstream:
		err = runUpstream(ctx, args[1:])
	case len(args) > 0 && args[0] == roleFloor:
		debug.SetGCPercent(100) // the floor is measured as Go runs it
		err = runFloor(ctx, args[1:])
	default:
		err = runBench(ctx, args, stdout, stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitFine
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintln(stderr, "ondemand-bench:", err)
		return exitUsage
	}
	_, _ = fmt.Fprintln(stderr, "ondemand-bench:", err)
	return exitError
}
