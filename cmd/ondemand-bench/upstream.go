package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// tallied is how many sessions the upstream can tell apart; older ones share a place.
const tallied = 1 << 20

// upstreamCounts is what the upstream was asked.
type upstreamCounts struct {
	Sessions  int64 `json:"sessions"`  // that were opened
	Queries   int64 `json:"queries"`   // that were put into sessions
	Continued int64 `json:"continued"` // of them, into a session that had seen one before
	Plain     int64 `json:"plain"`     // questions that came without a session: direct, and from the floor
	Strange   int64 `json:"strange"`   // requests that nobody should have sent
}

func (c upstreamCounts) minus(o upstreamCounts) upstreamCounts {
	return upstreamCounts{c.Sessions - o.Sessions, c.Queries - o.Queries, c.Continued - o.Continued, c.Plain - o.Plain, c.Strange - o.Strange}
}

func (c upstreamCounts) plus(o upstreamCounts) upstreamCounts {
	return upstreamCounts{c.Sessions + o.Sessions, c.Queries + o.Queries, c.Continued + o.Continued, c.Plain + o.Plain, c.Strange + o.Strange}
}

// upstream stands in for on-demand.io. Nothing that it says is made up while it runs.
type upstream struct {
	answers []answer
	spoiled []answer // what every spoilEach-th answer is made of; empty: none is
	pacers  []*pacer

	delay, roundTrip atomic.Int64 // nanoseconds
	perWrite         atomic.Int64 // frames that go out together where there is no delay
	asked, turn      atomic.Int64
	sessions         atomic.Int64
	queries          atomic.Int64
	continued        atomic.Int64
	plain            atomic.Int64
	strange          atomic.Int64
	seen             [tallied]atomic.Uint32 // queries of a session
}

// spoilEach is how many answers there are to a spoiled one, when some are asked for.
const spoilEach = 50

// The ways to spoil an answer.
const (
	spoilWrong = "wrong"
	spoilCut   = "cut"
)

// runUpstream serves until ctx ends.
func runUpstream(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(roleUpstream, flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "")
	deltas := flags.Int("deltas", 50, "")
	tokens := flags.Int("tokens", 4, "")
	spoil := flags.String("spoil", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	u := &upstream{answers: newAnswers(*deltas, *tokens)}
	u.perWrite.Store(1)
	if *spoil != "" {
		u.spoiled = spoiled(u.answers, *spoil)
	}
	for range 2 {
		p := newPacer()
		u.pacers = append(u.pacers, p)
		go p.run(ctx)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			go u.serve(conn)
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to end
		default:
			return err
		}
	}
}

// spoiled are the answers with a fault in each: to see that the bench notices it.
func spoiled(answers []answer, how string) []answer {
	bad := make([]answer, len(answers))
	for i, a := range answers {
		other := &answers[(i+1)%len(answers)]
		switch bad[i] = a; how {
		case spoilWrong: // as if it was another client's
			bad[i].deltas, bad[i].whole = other.deltas, other.whole
		case spoilCut:
			bad[i].deltas, bad[i].streamTail = a.deltas[:len(a.deltas)/2], nil
			bad[i].whole = a.whole[:len(a.whole)/2]
		}
	}
	return bad
}

// serve answers the requests of one connection until it ends.
func (u *upstream) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := newWire(conn)
	pacer := u.pacers[int(u.turn.Add(1))%len(u.pacers)]
	for {
		head, err := in.head()
		if err != nil {
			return
		}
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		path := string(bytes.TrimSuffix(line, []byte(" HTTP/1.1")))
		var body []byte
		if n := framingOf(head).length; n > 0 {
			if body, err = in.take(n); err != nil {
				return
			}
		}
		if u.respond(conn, pacer, path, body) != nil {
			return
		}
	}
}

// respond answers one request; after an error the connection is of no use.
func (u *upstream) respond(conn net.Conn, pacer *pacer, path string, body []byte) error {
	if command, is := strings.CutPrefix(path, "GET /bench/"); is {
		return u.control(conn, command)
	}
	if pause := time.Duration(u.roundTrip.Load()); pause > 0 {
		time.Sleep(pause)
	}
	switch {
	case path == "POST /v1/chat/completions":
		u.plain.Add(1)
		return u.answer(conn, pacer, body, bytes.Contains(body[:min(len(body), 100)], []byte(`"stream":true`)))
	case strings.HasSuffix(path, "/query") && strings.HasPrefix(path, "POST /chat/v1/"):
		u.query(path)
		return u.answer(conn, pacer, body, bytes.Contains(body, []byte(`"responseMode":"stream"`)))
	case strings.HasPrefix(path, "POST /chat/v1/"):
		number := u.sessions.Add(1)
		u.seen[number%tallied].Store(0)
		return send(conn, response(201, fmt.Sprintf(`{"message":"Chat session created successfully","data":{"id":"%d","pluginIds":[]}}`, number)))
	case strings.HasPrefix(path, "POST /v1/auth/user/"):
		return send(conn, response(200, `{"data":{"token":"t","refreshToken":"r","tokenData":{"token":"t","refreshToken":"r"},"user":{"userId":"u","default_company_id":"c"}}}`))
	case path == "GET /config/v1/public/endpoints":
		return send(conn, response(200, `{"data":[{"endpoint_id":"predefined-openai-gpt4o","endpoint_name":"GPT-4o","model_id":"gpt-4o","status":"active","streaming_supported":true}]}`))
	case path == "GET /healthz":
		return send(conn, response(200, `{}`))
	}
	u.strange.Add(1)
	return send(conn, response(404, `{"message":"no Route matched with those values"}`))
}

// query counts a query by what its session has seen.
func (u *upstream) query(path string) {
	u.queries.Add(1)
	parts := strings.Split(path, "/")
	number, err := strconv.ParseInt(parts[len(parts)-2], 10, 64)
	switch {
	case err != nil || number < 1 || number > u.sessions.Load():
		u.strange.Add(1)
	case u.seen[number%tallied].Add(1) > 1:
		u.continued.Add(1)
	}
}

// answer serves the answer that the newest question of a body asks for.
func (u *upstream) answer(conn net.Conn, pacer *pacer, body []byte, stream bool) error {
	variant, ok := variantOf(body)
	if !ok {
		u.strange.Add(1)
		return send(conn, response(400, `{"message":"the question names no answer","errorCode":"invalid_request"}`))
	}
	a := &u.answers[variant]
	if u.spoiled != nil && u.asked.Add(1)%spoilEach == 0 {
		a = &u.spoiled[variant]
	}
	if !stream {
		if pause := time.Duration(u.delay.Load()); pause > 0 {
			time.Sleep(pause * time.Duration(len(a.deltas)))
		}
		return ending(a, send(conn, a.whole))
	}
	pause := time.Duration(u.delay.Load())
	if pause == 0 {
		return ending(a, u.pour(conn, a))
	}
	if err := send(conn, a.streamHead); err != nil {
		return err
	}
	return ending(a, pacer.stream(conn, a, pause))
}

// pour sends all frames at once. The head goes out before them, unless all leave
// together: then with them, as that of the floor's one body does.
func (u *upstream) pour(conn net.Conn, a *answer) error {
	frames := make([][]byte, 0, 64)
	frames = append(append(append(frames, a.streamHead), a.deltas...), a.streamTail...)
	var joined []byte
	perWrite := int(u.perWrite.Load())
	for i := 0; i < len(frames); i += perWrite {
		together := frames[i:min(i+perWrite, len(frames))]
		out := together[0]
		if len(together) > 1 {
			joined = joined[:0]
			for _, frame := range together {
				joined = append(joined, frame...)
			}
			out = joined
		}
		if err := send(conn, out); err != nil {
			return err
		}
	}
	return nil
}

var errCut = errors.New("the answer is to be cut")

// ending ends the connection behind an answer without an end.
func ending(a *answer, err error) error {
	if err == nil && a.streamTail == nil {
		return errCut
	}
	return err
}

func send(conn net.Conn, message []byte) error {
	_, err := conn.Write(message)
	return err
}

// control is how the bench sets the upstream's pace ("set/delay/roundtrip/frames") and reads
// what it counted ("counts").
func (u *upstream) control(conn net.Conn, command string) error {
	if pace, is := strings.CutPrefix(command, "set/"); is {
		var delay, roundTrip, perWrite int64
		if _, err := fmt.Sscanf(pace, "%d/%d/%d", &delay, &roundTrip, &perWrite); err != nil || perWrite < 1 {
			return send(conn, response(400, `{}`))
		}
		u.perWrite.Store(perWrite)
		u.delay.Store(delay)
		u.roundTrip.Store(roundTrip)
		return send(conn, response(200, `{}`))
	}
	counts, err := json.Marshal(upstreamCounts{u.sessions.Load(), u.queries.Load(), u.continued.Load(), u.plain.Load(), u.strange.Load()})
	if err != nil {
		return err
	}
	return send(conn, response(200, string(counts)))
}
