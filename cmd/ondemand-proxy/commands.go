package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"ondemand-api-proxy/infrastructure/app"
)

// config prints the effective configuration.
func (p program) config(_ context.Context, opts options) error {
	cfg, err := p.load(opts)
	if err != nil {
		return err
	}
	return cfg.Print(p.stdout)
}

// accounts signs every account in and prints a table. The error counts those that failed.
func (p program) accounts(ctx context.Context, opts options) error {
	cfg, err := p.load(opts)
	if err != nil {
		return err
	}
	if len(cfg.Accounts) == 0 {
		return errors.New(`no accounts are configured: set "accounts" in config.json, or ONDEMAND_ACCOUNTS`)
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

// healthcheck asks the proxy that runs with the same configuration.
func (p program) healthcheck(ctx context.Context, opts options) error {
	cfg, err := p.load(opts)
	if err != nil {
		return err
	}
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
	_, err = io.WriteString(p.stdout, "ok\n")
	return err
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
