package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// canInterrupt tells whether a process of this system can be asked to end.
const canInterrupt = true

// canMeasure tells whether this system says what a process takes.
const canMeasure = true

func interrupt(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// cpu is the processor time that the process has used, in itself and in the kernel. The
// clock of a process counts every thread to the nanosecond, those that ended included; the
// ticks in /proc are a hundredth of a second.
func (p *process) cpu() (time.Duration, bool) {
	const schedClock = 2
	clock := ^p.command.Process.Pid<<3 | schedClock
	var t syscall.Timespec
	_, _, failed := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&t)), 0) //nolint:gosec // the call needs the address
	return time.Duration(t.Nano()), failed == 0
}

// forgetPeak makes the process's peak of memory begin anew.
func (p *process) forgetPeak() {
	const peakOnly = "5" // see proc_pid_clear_refs(5)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.command.Process.Pid), []byte(peakOnly), 0)
}

// memory is what the process takes of the machine's memory now, and took at most, in bytes.
func (p *process) memory() (now, peak int64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, 0, false
	}
	return kilobytes(status, "VmRSS:") << 10, kilobytes(status, "VmHWM:") << 10, true
}

// kilobytes reads a line of /proc/<pid>/status.
func kilobytes(status []byte, name string) int64 {
	_, rest, _ := bytes.Cut(status, []byte(name))
	fields := bytes.Fields(rest[:min(len(rest), 40)])
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
