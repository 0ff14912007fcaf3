package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// run serves the simulator until ctx ends. It returns flag.ErrHelp when help was asked for.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	listen, opts, err := parse(args, stdout)
	if err != nil {
		return err
	}
	server, err := ondemandtest.Listen(ctx, listen, opts)
	if err != nil {
		return err
	}
	if err := announce(stdout, server.URL, opts.Accounts); err != nil {
		return errors.Join(err, server.Close())
	}
	<-ctx.Done()
	return server.Close()
}

// parse reads the flags; help goes to stdout, errors to the caller only.
func parse(args []string, stdout io.Writer) (listen string, opts ondemandtest.Options, err error) {
	opts = ondemandtest.DemoOptions()
	var accounts []ondemandtest.Account
	flags := flag.NewFlagSet("ondemand-sim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&listen, "listen", "127.0.0.1:5100", "`address` to listen on")
	accountFlags(flags, &accounts)
	flags.DurationVar(&opts.Pace.BeforeFirst, "first-delay", opts.Pace.BeforeFirst, "`time` before an answer begins")
	flags.DurationVar(&opts.Pace.Between, "delay", opts.Pace.Between, "`time` between the pieces of an answer")
	flags.Func("model", "who answers: `echo or demo` (default demo)", func(value string) error {
		switch value {
		case "echo":
			opts.Model = ondemandtest.Echo
		case "demo":
			opts.Model = ondemandtest.Demo
		default:
			return errors.New("it must be echo or demo")
		}
		return nil
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stdout)
			flags.PrintDefaults()
		}
		return "", opts, err
	}
	if flags.NArg() > 0 {
		return "", opts, fmt.Errorf("unexpected argument %q: there are only flags, see --help", flags.Arg(0))
	}
	if opts.Pace.BeforeFirst < 0 || opts.Pace.Between < 0 {
		return "", opts, errors.New("--first-delay and --delay cannot be negative")
	}
	if len(accounts) > 0 {
		opts.Accounts = accounts
	}
	return listen, opts, nil
}

// accountFlags defines the two ways to name an account.
func accountFlags(flags *flag.FlagSet, accounts *[]ondemandtest.Account) {
	flags.Func("account", "an account that signs in, as `email:password`; may be repeated", func(value string) error {
		email, password, found := strings.Cut(value, ":")
		if !found || email == "" || password == "" {
			return errors.New("it must be email:password")
		}
		*accounts = append(*accounts, ondemandtest.Account{Email: email, Password: password})
		return nil
	})
	flags.Func("key", "an account with an API `key`; may be repeated", func(value string) error {
		if value == "" {
			return errors.New("it must not be empty")
		}
		*accounts = append(*accounts, ondemandtest.Account{Key: value})
		return nil
	})
}

// announce prints where the simulator is, and its accounts ready to be pasted into
// the terminal that starts the proxy. They are made up, so that showing them is no harm.
func announce(w io.Writer, url string, accounts []ondemandtest.Account) error {
	type entry struct {
		Email    string `json:"email,omitempty"`
		Password string `json:"password,omitempty"`
		Key      string `json:"api_key,omitempty"`
	}
	list := make([]entry, len(accounts))
	for i, a := range accounts {
		list[i] = entry{a.Email, a.Password, a.Key}
	}
	pasted, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "on-demand.io simulator on %s\n\nexport UPSTREAM_GATEWAY_URL=%s\nexport UPSTREAM_API_URL=%s\nexport ONDEMAND_ACCOUNTS='%s'\n",
		url, url, url, pasted)
	return err
}
