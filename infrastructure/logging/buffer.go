package logging

import (
	"io"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// Bounds of what waits to be written: a system call for each answer would cost more than its line.
const (
	bufferSize = 32 << 10 // bytes
	bufferTime = time.Second
)

// Buffer gathers the lines of answers until there are many or a second has passed. A line of any other level than
// info is written at once, with all before it. zap has one too, but that writes nothing any more once a
// write has failed, as on a disk that was full for a while.
type Buffer struct {
	mu      sync.Mutex // also the turn to write
	out     io.Writer
	lines   []byte
	timer   *time.Timer // runs while something waits
	stopped bool
}

// NewBuffer returns a buffer in front of out. Who makes one calls Stop after the last line.
func NewBuffer(out io.Writer) *Buffer {
	b := &Buffer{out: out}
	b.timer = time.AfterFunc(bufferTime, func() { _ = b.Sync() })
	b.timer.Stop()
	return b
}

// Write implements zapcore.WriteSyncer.
func (b *Buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) == 0 && !b.stopped {
		b.timer.Reset(bufferTime)
	}
	b.lines = append(b.lines, line...)
	if len(b.lines) < bufferSize && !b.stopped {
		return len(line), nil
	}
	return len(line), b.flush()
}

// Sync implements zapcore.WriteSyncer: it writes what waits, and does not wait for the disk.
func (b *Buffer) Sync() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flush()
}

// Stop writes what waits; from then on nothing does.
func (b *Buffer) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	_ = b.flush() // nobody is left to be told
}

// flush writes what waits, under the lock. What cannot be written is lost, as it would be without a buffer.
func (b *Buffer) flush() error {
	b.timer.Stop()
	if len(b.lines) == 0 {
		return nil
	}
	_, err := b.out.Write(b.lines)
	b.lines = b.lines[:0]
	return err
}

// prompt writes at once what is not one of many lines.
type prompt struct {
	zapcore.Core
}

// With implements zapcore.Core.
func (p prompt) With(fields []zapcore.Field) zapcore.Core { return prompt{p.Core.With(fields)} }

// Check implements zapcore.Core.
func (p prompt) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if p.Enabled(entry.Level) {
		return checked.AddCore(entry, p)
	}
	return checked
}

// Write implements zapcore.Core.
func (p prompt) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	err := p.Core.Write(entry, fields)
	if err == nil && entry.Level != zapcore.InfoLevel {
		err = p.Sync()
	}
	return err
}
