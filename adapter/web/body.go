package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"ondemand-api-proxy/domain"
)

// boundBody gives every body a first deadline: nobody may hold a connection by announcing one that
// no route reads. Who reads a body sets its own.
func boundBody(c *gin.Context) {
	if c.Request.ContentLength != 0 {
		_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(bodySilence))
	}
}

// body is a request's body, and the room it takes.
type body struct {
	bytes []byte
	lent  *[]byte // where bytes came from
	room  *room
}

// bodyBuffers are buffers of bodies that have been made into requests.
var bodyBuffers = sync.Pool{New: func() any { return new([]byte) }}

// mostBodyKept bounds a buffer that is used again, in bytes.
const mostBodyKept = 256 << 10

// giveBack lets others use the buffer; nothing of bytes may be used any more.
func (b *body) giveBack() {
	if cap(b.bytes) <= mostBodyKept {
		*b.lent = b.bytes[:0]
		bodyBuffers.Put(b.lent)
	}
	b.bytes = nil
}

// body reads the request's body, up to the limit, once there is room for it.
func (s *Server) body(c *gin.Context) (*body, error) {
	announced := c.Request.ContentLength
	if announced > s.options.MaxBody {
		return nil, s.tooLarge()
	}
	size := announced
	if size < 0 { // in chunks
		size = s.options.MaxBody
	}
	room, err := s.bodies.take(c.Request.Context(), size)
	if err != nil {
		return nil, err
	}
	b := &body{lent: bodyBuffers.Get().(*[]byte), room: room}
	in := &pacedReader{inner: http.MaxBytesReader(c.Writer, c.Request.Body, s.options.MaxBody), control: http.NewResponseController(c.Writer), began: time.Now()}
	b.bytes, err = readAll(in, *b.lent, announced)
	in.done()
	c.Set(keyBodyRead, err == nil)
	if err == nil {
		_ = c.Request.Body.Close() // or net/http looks for more of it when it writes the answer's head
		room.shrink(int64(len(b.bytes)))
		return b, nil
	}
	room.release()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, s.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.Set(keyBodyRead, true) // nobody waits for the rest
		c.Header("Connection", "close")
		return nil, domain.E(domain.InvalidRequest, "The request's body came too slowly.", err)
	}
	return nil, domain.E(domain.InvalidRequest, "The request's body ended before its announced length.", err)
}

func (s *Server) tooLarge() error {
	return domain.E(domain.TooLarge, fmt.Sprintf("The request's body is larger than the %d MiB allowed (max_body_mib).", s.options.MaxBody>>20), nil)
}

// readAll reads a body of this size into the buffer, or a larger one; below zero: its size is not known.
func readAll(in io.Reader, buffer []byte, announced int64) ([]byte, error) {
	if announced < 0 {
		whole := bytes.NewBuffer(buffer[:0])
		_, err := whole.ReadFrom(in)
		return whole.Bytes(), err
	}
	if int64(cap(buffer)) < announced {
		buffer = make([]byte, announced)
	}
	n, err := io.ReadFull(in, buffer[:announced])
	return buffer[:n], err
}

// How slowly a body may come.
const (
	bodySilence = 30 * time.Second // without a byte
	bodyGrace   = time.Minute      // in all, and as long again as it takes at slowestBody
	slowestBody = 32 << 10         // bytes a second
)

// pacedReader reads a body that has to keep a pace, however slow: else a few clients that
// send a byte now and then would hold all places there are.
type pacedReader struct {
	inner   io.Reader
	control *http.ResponseController
	began   time.Time
	read    int64
}

// Read implements io.Reader.
func (r *pacedReader) Read(to []byte) (int, error) {
	end := r.began.Add(bodyGrace + time.Duration(r.read/slowestBody)*time.Second)
	if silent := time.Now().Add(bodySilence); silent.Before(end) {
		end = silent
	}
	if err := r.control.SetReadDeadline(end); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := r.inner.Read(to)
	r.read += int64(n)
	return n, err
}

// done lifts the deadline: from here on the connection is read only to see whether its
// client is still there.
func (r *pacedReader) done() { _ = r.control.SetReadDeadline(time.Time{}) }

// discardTime is how long a client that is refused may go on sending its body.
const discardTime = 5 * time.Second

// discard reads a little of a body that nobody wants, so that a client which sends before
// it reads gets to see the refusal instead of a broken connection.
func (s *Server) discard(c *gin.Context) {
	if c.GetBool(keyBodyRead) || c.Request.ContentLength == 0 || c.GetHeader("Expect") != "" {
		return // nothing is on its way
	}
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(discardTime))
	_, _ = io.CopyN(io.Discard, c.Request.Body, 2*s.options.MaxBody)
}
