package runs

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Of describes a living process.
func Of(pid int) Process { return Process{PID: pid, Start: start(pid)} }

// Alive tells whether it is still this one that runs.
func (p Process) Alive() bool { return p.PID > 1 && p.Start != "" && start(p.PID) == p.Start }

// Kill ends it and waits until it is gone.
func (p Process) Kill(limit time.Duration) error {
	end := time.Now().Add(limit)
	for p.Alive() {
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
		if time.Now().After(end) {
			return fmt.Errorf("process %d does not end", p.PID)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// start is the time of a process's start in the kernel's count; empty when there is none or it has ended.
func start(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, ok := bytes.Cut(b[bytes.LastIndexByte(b, ')')+1:], []byte(" "))
	fields := bytes.Fields(rest)
	const state, starttime = 0, 19
	if !ok || len(fields) <= starttime || fields[state][0] == 'Z' || fields[state][0] == 'X' {
		return ""
	}
	return string(fields[starttime])
}
