// Command ondemand-proxy puts an OpenAI-compatible API in front of on-demand.io accounts.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // for TZ where there are no time zones, as in the image

	"ondemand-api-proxy/infrastructure/gcpace"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	ending := make(chan os.Signal, 1)
	signal.Notify(ending, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ending
		signal.Stop(ending) // before anybody can see that the program ends: a second signal ends it at once
		cancel()
	}()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	paced, ended := gcpace.Begin(), profiled()
	code := program{
		name: os.Args[0], environ: os.Environ(), hangup: hangup, stdout: os.Stdout, stderr: os.Stderr, terminal: isTerminal(os.Stderr),
	}.run(ctx, os.Args[1:])
	ended()
	paced()
	os.Exit(code)
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
