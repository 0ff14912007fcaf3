// Package logging makes the program's logger. Nothing here decides what is secret:
// that is the work of the types that hold secrets. What it does see to is that no
// text of a client can forge a line or steer a terminal.
package logging

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Format is how entries look.
type Format uint8

// The formats.
const (
	// JSON is one object per line, for machines.
	JSON Format = iota
	// Console is a line of text, for people in front of a terminal.
	Console
)

// FormatFor returns the format for an output that is, or is not, a terminal.
func FormatFor(terminal bool) Format {
	if terminal {
		return Console
	}
	return JSON
}

// New returns a logger that writes entries of this level and above to out, one
// per line. The level can be changed while running. The logger locks out, unless it is a Buffer; New
// neither opens nor closes anything, and touches no global. Times are ISO 8601
// in local time; durations are text on the console and seconds in JSON.
func New(level zap.AtomicLevel, format Format, out zapcore.WriteSyncer) *zap.Logger {
	buffer, buffered := out.(*Buffer)
	if !buffered {
		out = zapcore.Lock(out)
	}
	core := zapcore.NewCore(newEncoder(format), out, level)
	if buffered {
		return zap.New(prompt{core}, zap.ErrorOutput(buffer))
	}
	return zap.New(core, zap.ErrorOutput(out))
}

func newEncoder(format Format) zapcore.Encoder {
	config := zap.NewProductionEncoderConfig()
	config.TimeKey = "time"
	config.MessageKey = "message"
	config.EncodeTime = zapcore.ISO8601TimeEncoder
	if format == JSON {
		return safe(zapcore.NewJSONEncoder(config), false)
	}
	config.EncodeLevel = zapcore.CapitalLevelEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	config.ConsoleSeparator = "  "
	return safe(zapcore.NewConsoleEncoder(config), true)
}
