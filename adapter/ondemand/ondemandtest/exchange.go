package ondemandtest

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// exchange is one call being served, by one goroutine.
type exchange struct {
	sim   *Sim
	w     http.ResponseWriter
	rc    *http.ResponseController
	r     *http.Request
	body  []byte
	entry *entry
	plan  plan

	asked   *Asked // of a query; nil when its body could not be read at all
	problem *refusal

	status   int  // what was answered; 0: nothing yet
	finished bool // the answer went out to its end
	taken    bool // the connection was taken from the HTTP server
}

// refusal is an error answer of the platform (protocol section 5).
type refusal struct {
	status  int
	Message string `json:"message"`
	Code    string `json:"errorCode,omitempty"`
}

func invalid(message string) *refusal {
	return &refusal{http.StatusBadRequest, message, "invalid_request"}
}

func noRoute() *refusal {
	return &refusal{http.StatusNotFound, "no Route matched with those values", ""}
}

// handler reads and records a call, lets the script have its way, and serves what it
// left to serve.
func (s *Sim) handler(op Operation, serve func(*exchange)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{sim: s, w: w, rc: http.NewResponseController(w), r: r}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opts.MaxBody))
		x.body = body
		if op == Query {
			x.asked, x.problem = parseAsked(body)
		}
		x.begin(op)
		defer x.end()
		defer func() {
			// Returning would end the answer as HTTP wants it, which is not what a
			// platform that stops does.
			if x.closed() && !x.finished && !x.taken {
				x.drop(false)
			}
		}()
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			x.refuse(&refusal{http.StatusRequestEntityTooLarge, "request body is too large", "invalid_request"})
			return
		} else if err != nil {
			x.refuse(invalid("request body could not be read"))
			return
		}
		if effect := s.script.meet(x.entry.call); effect != nil {
			effect(&x.plan)
		}
		if !x.wait(x.plan.pause) {
			return
		}
		if x.plan.instead == nil {
			serve(x)
			return
		}
		if op == Query && x.plan.carriedOut {
			x.remember()
		}
		x.plan.instead(x)
	})
}

// gone tells whether nobody will read the answer: the client left, or the simulator closed.
func (x *exchange) gone() bool {
	return x.r.Context().Err() != nil || x.closed()
}

// closed tells whether the simulator was closed.
func (x *exchange) closed() bool {
	select {
	case <-x.sim.done:
		return true
	default:
		return false
	}
}

// wait pauses; false means that the client left, or the simulator closed, meanwhile.
func (x *exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return !x.gone()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
	case <-x.sim.done:
	}
	return false
}

// hang does nothing until the client leaves or the simulator closes.
func (x *exchange) hang() {
	select {
	case <-x.r.Context().Done():
	case <-x.sim.done:
	}
}

// reply answers with a body that ends properly.
func (x *exchange) reply(status int, contentType string, body []byte) {
	x.head(status, contentType)
	x.finished = x.send(body)
}

func (x *exchange) json(status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // the simulator's own values always encode
	}
	x.reply(status, "application/json; charset=utf-8", body)
}

func (x *exchange) refuse(why *refusal) { x.json(why.status, why) }

// head sends status and headers, those of the script included.
func (x *exchange) head(status int, contentType string) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	for _, set := range x.plan.headers {
		set(h)
	}
	x.status = status
	x.w.WriteHeader(status)
}

// send writes and flushes, byte by byte if the script says so. It is false when the
// client cannot be reached any more.
func (x *exchange) send(data []byte) bool {
	if x.gone() {
		return false
	}
	if !x.plan.byteWise {
		_, err := x.w.Write(data)
		return err == nil && x.flush()
	}
	for i := range data {
		if _, err := x.w.Write(data[i : i+1]); err != nil || !x.flush() || !x.wait(x.plan.bytePause) {
			return false
		}
	}
	return true
}

func (x *exchange) flush() bool {
	err := x.rc.Flush()
	return err == nil || errors.Is(err, http.ErrNotSupported)
}

// drop ends the connection without a proper end: with a reset, or by closing it.
func (x *exchange) drop(reset bool) {
	conn, _, err := x.rc.Hijack()
	if err != nil {
		// Not a plain HTTP/1 connection: the server closes it in its own way.
		panic(http.ErrAbortHandler)
	}
	x.taken = true
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// raw takes the connection, and sends something that HTTP knows nothing of.
func (x *exchange) raw(text string) {
	conn, _, err := x.rc.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x.taken = true
	defer func() { _ = conn.Close() }()
	if !x.plan.byteWise {
		_, _ = io.WriteString(conn, text) // the client may have seen enough
		return
	}
	for i := range len(text) {
		if _, err := conn.Write([]byte{text[i]}); err != nil || !x.wait(x.plan.bytePause) {
			return
		}
	}
}
