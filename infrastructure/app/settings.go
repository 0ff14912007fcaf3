// Package app puts the program together. It is the only place that knows fx, and the
// only one that knows every layer; what it wires are plain constructors.
package app

import (
	"context"
	"io"
	"os"

	"ondemand-api-proxy/infrastructure/config"
)

// Settings are what a run of the service is given. It touches nothing else of the
// process: no signals, no environment, no standard streams.
type Settings struct {
	Config config.Config
	// Reload reads the configuration anew. It is called when the file changes, and for
	// each signal that comes from Hangup; nil: the configuration stays.
	Reload func() (config.Config, error)
	Hangup <-chan os.Signal
	// Demo replaces on-demand.io and its accounts by the simulator.
	Demo    bool
	Version string
	// Out gets what a person wants to see at the start, Log the log's lines.
	Out io.Writer
	Log io.Writer
	// LogForPeople writes lines of text instead of JSON.
	LogForPeople bool

	fail    context.CancelCauseFunc // ends the run; Run sets it
	opening *opening                // Run sets it too
}
