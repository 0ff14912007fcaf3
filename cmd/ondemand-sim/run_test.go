package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRunServesUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"--listen", "127.0.0.1:0", "--model", "echo", "--account", "a@example.org:pass:word", "--key", "k1"}, in)
		_ = in.Close()
		ended <- err
	}()
	var url, accounts string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "export UPSTREAM_API_URL="); found {
			url = value
		}
		if value, found := strings.CutPrefix(lines.Text(), "export ONDEMAND_ACCOUNTS="); found {
			accounts = value
			break
		}
	}
	if want := `'[{"email":"a@example.org","password":"pass:word"},{"api_key":"k1"}]'`; accounts != want {
		t.Errorf("announced accounts %s, want %s", accounts, want)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/config/v1/public/endpoints", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("apikey", "k1")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("catalogue answered %d, want 200", response.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v, want nil", err)
	}
}

func TestRunRefusesFlagsThatMakeNoSense(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--account", "nobody"}, "email:password"},
		{[]string{"--key", ""}, "must not be empty"},
		{[]string{"--model", "gpt"}, "echo or demo"},
		{[]string{"--delay", "-1s"}, "cannot be negative"},
		{[]string{"serve"}, `unexpected argument "serve"`},
		{[]string{"--listen", "127.0.0.1:http-nowhere"}, "cannot listen"},
		{[]string{"--help"}, "help requested"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), test.args, &out)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("run(%q) = %v, want an error with %q", test.args, err, test.want)
		}
	}
}
