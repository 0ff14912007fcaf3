package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The targets: the upstream itself, the plain reverse proxy in front of it, and the proxy.
const (
	targetDirect = "direct"
	targetFloor  = "floor"
	targetProxy  = "proxy"
)

// accessToken is what the users show; a made-up one.
const accessToken = "sk-of-the-bench"

// target is what load is put on.
type target struct {
	name    string
	dialect dialect
	address string
	process *process // nil: the upstream's own, which is not measured
	dir     string
}

// stop ends the target's process.
func (t *target) stop() error {
	if t.process == nil {
		return nil
	}
	return t.process.stop()
}

// stage is what all targets of a run stand on: the upstream, and the programs.
type stage struct {
	options  options
	dir      string // for everything that is written; removed at the end
	self     string // this program
	proxy    string // the real one
	upstream *process
	answers  []answer
	launched int
}

// newStage builds the proxy and starts the upstream.
func newStage(ctx context.Context, o options) (*stage, error) {
	dir, err := os.MkdirTemp("", "ondemand-bench")
	if err != nil {
		return nil, err
	}
	s := &stage{options: o, dir: dir, answers: newAnswers(o.deltas, o.tokens)}
	if err := s.build(ctx); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *stage) build(ctx context.Context) (err error) {
	if s.self, err = os.Executable(); err != nil {
		return err
	}
	tags := "nomsgpack" // as it is released
	if s.options.profile != "" {
		tags += ",profile"
	}
	if s.proxy = s.options.proxy; s.proxy == "" {
		if s.proxy, err = buildProxy(ctx, s.dir, tags); err != nil {
			return err
		}
	}
	s.upstream, err = s.launch(ctx, nil, s.self, func(address, _ string) ([]string, []string) {
		return nil, []string{
			roleUpstream, "-listen", address, "-deltas", fmt.Sprint(s.options.deltas), "-tokens", fmt.Sprint(s.options.tokens),
			"-spoil", s.options.spoil,
		}
	})
	return err
}

// launch starts a program in a new directory on a free address.
func (s *stage) launch(ctx context.Context, dir *string, program string, arguments func(address, dir string) (environ, args []string)) (*process, error) {
	s.launched++
	own := filepath.Join(s.dir, fmt.Sprint(s.launched))
	if err := os.Mkdir(own, 0o700); err != nil {
		return nil, err
	}
	if dir != nil {
		*dir = own
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	environ, args := arguments(address, own)
	return launch(ctx, own, address, environ, program, args...)
}

// start starts a target.
func (s *stage) start(ctx context.Context, name string) (t *target, err error) {
	t = &target{name: name, dialect: onDemand}
	switch name {
	case targetDirect:
		t.address = s.upstream.address
		return t, nil
	case targetFloor:
		t.process, err = s.launch(ctx, &t.dir, s.self, s.floorArguments)
	default:
		t.dialect = openAI
		t.process, err = s.launch(ctx, &t.dir, s.proxy, s.proxyArguments)
	}
	if err != nil {
		return nil, err
	}
	t.address = t.process.address
	return t, nil
}

func (s *stage) floorArguments(address, _ string) (environ, args []string) {
	return nil, []string{
		roleFloor, "-listen", address, "-to", "http://" + s.upstream.address, "-token", accessToken, "-pool=" + fmt.Sprint(s.options.floorPool),
	}
}

// proxyArguments leave everything as it is by default, but for the rate limit, which would
// do its work.
func (s *stage) proxyArguments(address, dir string) (environ, args []string) {
	host, port, _ := net.SplitHostPort(address)
	accounts := make([]string, s.options.accounts)
	for i := range accounts {
		accounts[i] = fmt.Sprintf(`{"email":"bench-%d@example.org","password":"p"}`, i+1)
	}
	return []string{
		"HOST=" + host, "PORT=" + port, "DATA_DIR=" + filepath.Join(dir, "data"), "API_ACCESS_TOKEN=" + accessToken,
		"UPSTREAM_GATEWAY_URL=http://" + s.upstream.address, "UPSTREAM_API_URL=http://" + s.upstream.address,
		"ONDEMAND_ACCOUNTS=[" + strings.Join(accounts, ",") + "]", "RATE_LIMIT=1000000", "HOME=" + dir,
	}, []string{"serve"}
}

// pace sets how long the upstream waits between deltas and before each answer, and how many
// frames it sends together.
func (s *stage) pace(ctx context.Context, delay, roundTrip time.Duration, perWrite int) error {
	head, _, err := get(ctx, s.upstream.address, fmt.Sprintf("/bench/set/%d/%d/%d", delay.Nanoseconds(), roundTrip.Nanoseconds(), perWrite))
	if err == nil && !strings.HasPrefix(string(head), "HTTP/1.1 200") {
		err = fmt.Errorf("the upstream refuses its pace: %q", head)
	}
	return err
}

// counts is what the upstream has been asked so far.
func (s *stage) counts(ctx context.Context) (c upstreamCounts, err error) {
	_, body, err := get(ctx, s.upstream.address, "/bench/counts")
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(body, &c)
}

// close stops the upstream and removes what was written.
func (s *stage) close() error {
	err := s.upstream.stop()
	if removed := os.RemoveAll(s.dir); err == nil {
		err = removed
	}
	return err
}
