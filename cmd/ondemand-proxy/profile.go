//go:build profile

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
)

// profiled begins to profile the program; the returned function writes cpu.pprof and
// allocs.pprof into the working directory. It takes a build with the tag profile (task
// profile): what people run has neither a switch nor an address for it.
func profiled() (ended func()) {
	cpu, err := os.Create("cpu.pprof")
	if err == nil {
		err = pprof.StartCPUProfile(cpu)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "no profile of the processor time is taken:", err)
	}
	return func() {
		pprof.StopCPUProfile()
		allocs, err := os.Create("allocs.pprof")
		if err == nil {
			err = errors.Join(cpu.Close(), pprof.Lookup("allocs").WriteTo(allocs, 0), allocs.Close())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "the profiles are not whole:", err)
		}
	}
}
