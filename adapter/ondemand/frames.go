package ondemand

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// Bounds of what is read, in bytes.
const (
	firstBuffer = 2 << 10  // a stream that waits holds one
	burstBuffer = 16 << 10 // once a read has filled the first
	maxFrame    = 4 << 20  // with its field names: a million tokens, escaped or not, would fill it
)

// errFrameTooLong ends a stream whose frame is over maxFrame.
var errFrameTooLong = errors.New("a frame of the stream is longer than any frame should be")

// doneMark is the data of the frame that ends a stream properly.
const doneMark = "[DONE]"

// maxDone is the longest frame that may be the end, with spaces around it, in bytes.
const maxDone = 64

// frame is one server-sent event. Its data is valid until the reader fills its
// buffer again.
type frame struct {
	data      []byte // all data lines, joined by line feeds
	raw       []byte // all lines from the first that was still there, with their ends; nil when lines were joined
	heartbeat bool   // its event line says so
}

// done tells whether the frame is the end of the stream.
func (f frame) done() bool { return string(bytes.TrimSpace(f.data)) == doneMark }

// frameReader cuts a byte stream into server-sent events (section 4.2), by the rules
// of the HTML standard: lines end with LF, CR or CRLF, a blank line ends a frame, a
// space after the colon is optional. Data is never copied out of the buffer: several
// data lines are moved together where they stand.
//
// Every line is searched once, however small the pieces it comes in.
type frameReader struct {
	source io.Reader
	buffer []byte
	failed error // what the source said with the last bytes it gave

	line   int  // where the current line begins
	sought int  // up to here it holds no line end
	lfEnd  int  // behind the next LF, if that is not before sought
	lfless int  // up to here there is none from sought on
	filled int  // up to here the buffer holds bytes
	begun  bool // the first line has been seen
	crSeen bool // the last line ended with CR: a LF that follows belongs to it
	burst  bool // a read has filled the buffer

	hasData       bool
	data, dataEnd int  // the data lines of the frame so far, joined
	joined        bool // there was more than one
	heartbeat     bool
}

// next returns the next frame that holds data, if the buffer holds all of it. The end
// of the stream is recognised before its blank line: no other data begins like it.
func (r *frameReader) next() (frame, bool) {
	begin := r.line
	whole := !r.hasData && r.begun
	for {
		line, ok := r.nextLine()
		if !ok {
			return frame{}, false
		}
		if len(line) > 0 {
			r.field(line)
			if !r.sawDone() {
				continue
			}
		}
		ended := frame{data: r.buffer[r.data:r.dataEnd], heartbeat: r.heartbeat}
		if whole && !r.joined {
			ended.raw = r.buffer[begin:r.line]
		}
		complete := r.hasData
		r.hasData, r.heartbeat, r.joined, r.data, r.dataEnd = false, false, false, 0, 0
		if complete {
			return ended, true
		}
	}
}

// rest is what the buffer holds from the next line on; nothing in the middle of a frame's data or on the first line.
func (r *frameReader) rest() []byte {
	if r.hasData || !r.begun {
		return nil
	}
	return r.buffer[r.line:r.filled]
}

// pass passes over a whole frame at the beginning of rest, of so many bytes.
func (r *frameReader) pass(size int) {
	r.line += size
	r.sought = r.line
	r.crSeen, r.heartbeat = r.buffer[r.line-1] == '\r', false
}

// sawDone tells whether the frame so far is the end of the stream. It only looks at
// short ones: a long frame of many lines would be looked at again and again.
func (r *frameReader) sawDone() bool {
	return r.hasData && r.dataEnd-r.data <= maxDone && frame{data: r.buffer[r.data:r.dataEnd]}.done()
}

// nextLine returns the next complete line, without its end.
func (r *frameReader) nextLine() ([]byte, bool) {
	if r.crSeen && r.line < r.filled {
		r.crSeen = false
		if r.buffer[r.line] == '\n' {
			r.line++
			r.sought = r.line
		}
	}
	end, found := r.nextLF()
	if cr := bytes.IndexByte(r.buffer[r.sought:end], '\r'); cr >= 0 {
		end, found = r.sought+cr, true
	}
	if !found {
		r.sought = r.filled
		return nil, false
	}
	line := r.buffer[r.line:end]
	r.crSeen = r.buffer[end] == '\r'
	r.line, r.sought = end+1, end+1
	if !r.begun {
		r.begun = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line, true
}

// nextLF returns where the next LF is, or where the bytes end that hold none. Where lines
// end with CR, the same LF is asked for again and again: it is searched for once.
func (r *frameReader) nextLF() (at int, found bool) {
	if r.lfEnd > r.sought {
		return r.lfEnd - 1, true
	}
	from := max(r.sought, r.lfless)
	at = bytes.IndexByte(r.buffer[from:r.filled], '\n')
	if at < 0 {
		r.lfless = r.filled
		return r.filled, false
	}
	r.lfEnd = from + at + 1
	return from + at, true
}

// field takes one line of a frame. Comments and unknown fields are dropped.
func (r *frameReader) field(line []byte) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		r.heartbeat = string(value) == "heartbeat"
	case "data":
		if !r.hasData {
			r.hasData = true
			// The value is the end of the line, which ends just before its terminator.
			r.data = r.line - 1 - len(value)
			r.dataEnd = r.data + len(value)
			return
		}
		r.joined = true
		// There is room: at least one terminator stands between the two.
		r.buffer[r.dataEnd] = '\n'
		r.dataEnd += 1 + copy(r.buffer[r.dataEnd+1:], value)
	}
}

// fill reads once, for as long as that blocks. After an error there is nothing more.
func (r *frameReader) fill() error {
	if r.failed != nil {
		return r.failed
	}
	if err := r.makeRoom(); err != nil {
		return err
	}
	for range 100 {
		n, err := r.source.Read(r.buffer[r.filled:])
		r.filled += n
		r.failed = err
		r.burst = r.burst || r.filled == len(r.buffer)
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	r.failed = io.ErrNoProgress
	return r.failed
}

// makeRoom drops what is done with, and grows the buffer only when one frame fills it.
func (r *frameReader) makeRoom() error {
	keep := r.line
	if r.hasData {
		keep = r.data
	}
	if keep > 0 && (keep == r.filled || r.filled == len(r.buffer)) {
		copy(r.buffer, r.buffer[keep:r.filled])
		r.line, r.sought, r.filled = r.line-keep, r.sought-keep, r.filled-keep
		r.lfEnd, r.lfless = r.lfEnd-keep, r.lfless-keep
		if r.hasData {
			r.data, r.dataEnd = 0, r.dataEnd-keep
		}
	}
	if r.burst && len(r.buffer) < burstBuffer { // few large reads are cheaper than many small ones
		r.buffer = append(make([]byte, 0, burstBuffer), r.buffer[:r.filled]...)[:burstBuffer]
	}
	if r.filled < len(r.buffer) {
		return nil
	}
	if len(r.buffer) >= maxFrame {
		return errFrameTooLong
	}
	r.buffer = slices.Grow(r.buffer, len(r.buffer))
	r.buffer = r.buffer[:min(cap(r.buffer), maxFrame)]
	return nil
}

// endsDone tells, after the source has ended, whether its last line was the end of
// the stream, and only the line's own end is missing.
func (r *frameReader) endsDone() bool {
	value, isData := bytes.CutPrefix(r.buffer[r.line:r.filled], []byte("data:"))
	return isData && !r.hasData && len(value) <= maxDone && frame{data: value}.done()
}
