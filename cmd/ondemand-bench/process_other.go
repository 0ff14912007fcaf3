//go:build !linux

package main

import (
	"os"
	"runtime"
	"time"
)

// canInterrupt tells whether a process of this system can be asked to end.
const canInterrupt = runtime.GOOS != "windows"

// canMeasure tells whether this system says what a process takes.
const canMeasure = false

func interrupt(p *os.Process) error {
	if !canInterrupt {
		return p.Kill()
	}
	return p.Signal(os.Interrupt)
}

// cpu is known on Linux only.
func (*process) cpu() (time.Duration, bool) { return 0, false }

// forgetPeak does nothing: memory is known on Linux only.
func (*process) forgetPeak() {}

// memory is known on Linux only.
func (*process) memory() (now, peak int64, ok bool) { return 0, 0, false }
