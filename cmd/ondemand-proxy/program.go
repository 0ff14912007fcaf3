package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"ondemand-api-proxy/infrastructure/app"
	"ondemand-api-proxy/infrastructure/config"
)

// program is the command line with everything of the process that it may touch.
type program struct {
	name           string // how it was called
	environ        []string
	hangup         <-chan os.Signal
	stdout, stderr io.Writer
	terminal       bool // stderr is one
}

const usage = `Usage: ondemand-proxy [command] [flags]

Commands:
  serve        run the proxy (what happens without a command)
  config       print the effective configuration and where each value comes from
  accounts     sign every account in, and say which of them can be used
  healthcheck  ask the running proxy whether it is alive; exit 0 or 1
  version      print the version

Flags:
`

// The exit codes.
const (
	exitFine  = 0
	exitError = 1
	exitUsage = 2
)

// run does what the arguments say, and returns the exit code.
func (p program) run(ctx context.Context, args []string) int {
	command, args := commandOf(args)
	commands := map[string]func(context.Context, options) error{
		"serve": p.serve, "config": p.config, "accounts": p.accounts, "healthcheck": p.healthcheck, "version": p.version,
	}
	do, known := commands[command]
	if !known {
		return p.complain(exitUsage, fmt.Errorf("there is no command %q: it is one of serve, config, accounts, healthcheck, version", command))
	}
	opts, err := parse(command, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		p.help()
		return exitFine
	case err != nil:
		return p.complain(exitUsage, err)
	}
	if err := do(ctx, opts); err != nil {
		return p.complain(exitError, err)
	}
	return exitFine
}

// commandOf takes the command off the arguments; flags alone are those of serve.
func commandOf(args []string) (command string, rest []string) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return "serve", args
	}
	if args[0] == "help" {
		return "serve", []string{"--help"}
	}
	return args[0], args[1:]
}

// options are the flags of one call.
type options struct {
	demo  bool
	check string            // config: the file to check instead of printing
	init  bool              // config: write a file to begin with
	flags map[string]string // those that the configuration knows, if set
}

// parse reads the flags of a command.
func parse(command string, args []string) (options, error) {
	opts := options{flags: make(map[string]string)}
	set := flagSet(&opts)
	set.SetOutput(io.Discard)
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return opts, err
	} else if err != nil {
		return opts, fmt.Errorf("%w (ondemand-proxy --help lists the flags)", err)
	}
	if set.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q after %s", set.Arg(0), command)
	}
	set.Visit(func(f *flag.Flag) {
		if f.Name != "demo" && f.Name != "check" && f.Name != "init" {
			opts.flags[f.Name] = f.Value.String()
		}
	})
	switch {
	case opts.demo && command != "serve":
		return opts, fmt.Errorf("--demo belongs to serve, not to %s", command)
	case (opts.check != "" || opts.init) && command != "config":
		return opts, fmt.Errorf("--check and --init belong to config, not to %s", command)
	case opts.check != "" && opts.init:
		return opts, errors.New("--check and --init do not go together")
	}
	return opts, nil
}

func flagSet(opts *options) *flag.FlagSet {
	set := flag.NewFlagSet("ondemand-proxy", flag.ContinueOnError)
	set.BoolVar(&opts.demo, "demo", false, "serve: answer from a simulator, without any account")
	set.StringVar(&opts.check, "check", "", "config: say whether this `file` can be used, and start nothing")
	set.BoolVar(&opts.init, "init", false, "config: write a file to begin with, with a new access token (config.yaml, or the one that --config names)")
	set.String("config", "", "the configuration `file` (default config.json, if there is one)")
	set.String("host", "", "the `address` to listen on (default 127.0.0.1)")
	set.String("port", "", "the `port` to listen on (default 5000)")
	return set
}

func (p program) help() {
	_, _ = io.WriteString(p.stdout, usage)
	set := flagSet(&options{})
	set.SetOutput(p.stdout)
	set.PrintDefaults()
}

// complain says in one line what is wrong.
func (p program) complain(code int, err error) int {
	_, _ = fmt.Fprintln(p.stderr, "ondemand-proxy:", strings.ReplaceAll(err.Error(), "\n", "; "))
	return code
}

// load reads the configuration that the flags and the environment ask for.
func (p program) load(opts options) (config.Config, error) {
	return config.Load(p.source(opts))
}

func (p program) source(opts options) config.Source {
	return config.Source{Flags: opts.flags, Environ: p.environ}
}

// serve runs the proxy until ctx ends.
func (p program) serve(ctx context.Context, opts options) error {
	cfg, err := p.load(opts)
	if err != nil {
		return err
	}
	return app.Run(ctx, app.Settings{
		Config: cfg,
		Reload: func() (config.Config, error) { return p.load(opts) },
		Hangup: p.hangup,
		Demo:   opts.demo, Version: versionOf(),
		Out: p.stdout, Log: p.stderr, LogForPeople: p.terminal,
	})
}
