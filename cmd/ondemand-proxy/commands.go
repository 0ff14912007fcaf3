package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"ondemand-api-proxy/infrastructure/app"
	"ondemand-api-proxy/infrastructure/config"
)

// config prints the effective configuration, or checks a file, or writes one.
func (p program) config(_ context.Context, opts options) error {
	switch {
	case opts.init:
		return p.initConfig(opts)
	case opts.check != "":
		opts.flags["check"] = opts.check
	}
	cfg, err := p.load(opts)
	if err != nil {
		return err
	}
	if opts.check == "" {
		return errors.Join(cfg.Print(p.stdout), p.note(cfg.Unread()))
	}
	if err := app.CheckConfig(cfg); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s can be used\n", opts.check)
	for _, sentence := range append(cfg.Hidden(), cfg.Warnings()...) {
		_, _ = fmt.Fprintln(p.stdout, sentence)
	}
	return err
}

// note says what a person should know beside the output; empty: nothing.
func (p program) note(sentence string) error {
	if sentence == "" {
		return nil
	}
	_, err := fmt.Fprintln(p.stderr, "ondemand-proxy:", sentence)
	return err
}

// initConfig writes a file to begin with. One that is there is never touched.
func (p program) initConfig(opts options) error {
	path := config.StarterFile
	if named := opts.flags["config"]; named != "" {
		path = named
	}
	if extension := filepath.Ext(path); extension != ".yaml" && extension != ".yml" {
		return fmt.Errorf("a file to begin with is YAML, so that it can hold comments: let its name end in .yaml, not %q", extension)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is left as it is", path)
	}
	if err != nil {
		return fmt.Errorf("the file cannot be written: %w", err)
	}
	_, err = io.WriteString(file, config.Starter("sk-"+rand.Text()))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("the file cannot be written: %w", err)
	}
	_, err = fmt.Fprintf(p.stdout, "%s is written: put your accounts into it, and start with\n  %s --config %s\nThe other commands need --config %s as well.\n", path, p.typed(), path, path)
	return err
}

// typed is how the program was called, to be typed again. What "go run" has built is gone by then.
func (p program) typed() string {
	if strings.Contains(p.name, "go-build") {
		return "ondemand-proxy"
	}
	return p.name
}

// accounts signs every account in and prints a table. The error counts those that failed.
func (p program) accounts(ctx context.Context, opts options) error {
	cfg, err := p.load(opts)
	if err != nil {
		return err
	}
	if len(cfg.Accounts) == 0 {
		return errors.New(strings.TrimSpace("no accounts are configured. "+cfg.Unread()) + " " + cfg.HowToAddAccounts())
	}
	failed := 0
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "account\tid\tsigns in as\tresult") // a write error comes back from Flush
	for _, check := range app.CheckAccounts(ctx, cfg, versionOf()) {
		result := "ok"
		if check.Problem != "" {
			failed++
			result = check.Problem
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", check.Account.Name(), check.Account.ID(), check.Account.Credential().Masked(), result)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d accounts cannot be used", failed, len(cfg.Accounts))
	}
	return nil
}

// healthTimeout is how long a healthy proxy may take to say so.
const healthTimeout = 5 * time.Second

// healthcheck asks the proxy that runs with the same configuration. A file that was broken since leaves
// that one in force, and does not make the proxy sick: then the environment and the flags say where it is.
func (p program) healthcheck(ctx context.Context, opts options) error {
	cfg, broken := p.load(opts)
	if broken != nil {
		var err error
		if cfg, err = config.LoadWithoutFile(p.source(opts)); err != nil {
			return broken
		}
	}
	err := p.askHealth(ctx, cfg)
	switch {
	case err != nil && cfg.Unread() != "":
		return fmt.Errorf("%w; %s", err, strings.TrimSuffix(cfg.Unread(), "."))
	case err != nil && broken != nil:
		return fmt.Errorf("%w, and %w", err, broken)
	case err != nil:
		return err
	}
	_, err = io.WriteString(p.stdout, "ok\n")
	return err
}

func (p program) askHealth(ctx context.Context, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.LocalAddress()+"/healthz", nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true} // and no proxy: it is on this machine
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("no proxy answers on %s: %w", cfg.LocalAddress(), err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy on %s answers with status %d", cfg.LocalAddress(), response.StatusCode)
	}
	return nil
}

// version prints the version.
func (p program) version(context.Context, options) error {
	_, err := fmt.Fprintf(p.stdout, "ondemand-proxy %s (%s, %s/%s)\n", versionOf(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// stamped is set when a release is built: -ldflags "-X main.stamped=v1.2.3".
var stamped string

// versionOf is the stamped version, else what the build knows of its commit.
func versionOf() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return info.Main.Version
}
