package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"time"

	"kmcluster/internal/play"
)

const dialLimit = 3 * time.Second

type actor struct {
	play   play.Play
	out    io.Writer
	lookup func(string) (string, bool)
}

// run plays and gives the exit code; a play without an end never returns.
func (a *actor) run() int {
	if a.play.Pause {
		forever(nil)
	}
	for _, l := range a.play.Log {
		fmt.Fprintln(a.out, l)
	}
	for _, n := range a.play.Needs {
		if why := a.unmet(n); why != "" {
			if n.Fail != "" {
				why = n.Fail
			}
			fmt.Fprintln(a.out, why)
			return max(n.Code, 1)
		}
	}
	memory := take(a.play.MemoryMi)
	failed := make(chan error, len(a.play.Listen))
	for _, l := range a.play.Listen {
		go func() { failed <- serve(l, a.lookup) }()
	}
	if a.play.CPU {
		go func() {
			for { //nolint:revive // burning is the point
			}
		}()
	}
	var end <-chan time.Time
	if a.play.Exit != nil {
		end = time.After(a.play.Exit.After.Duration())
	}
	if end == nil && len(a.play.Listen) == 0 {
		forever(memory)
	}
	select {
	case err := <-failed:
		fmt.Fprintln(a.out, "fatal:", err)
		return 1
	case <-end:
		return a.play.Exit.Code
	}
}

// unmet says why a need is not there; empty when it is.
func (a *actor) unmet(n play.Need) string {
	switch {
	case n.Env != "":
		v, ok := a.lookup(n.Env)
		if !ok || v == "" {
			return "fatal: environment variable " + n.Env + " is not set"
		}
		if !matches(n.Match, v) {
			return "fatal: invalid value of " + n.Env
		}
	case n.File != "":
		v, err := os.ReadFile(n.File)
		if err != nil {
			return "fatal: " + err.Error()
		}
		if !matches(n.Match, string(v)) {
			return "fatal: " + n.File + ": invalid content"
		}
	case n.Write != "":
		if err := os.WriteFile(n.Write, []byte("x"), 0o644); err != nil {
			return "fatal: " + err.Error()
		}
	case n.TCP != "":
		c, err := net.DialTimeout("tcp", play.Expand(n.TCP, a.lookup), dialLimit)
		if err != nil {
			return "fatal: " + err.Error()
		}
		_ = c.Close()
	}
	return ""
}

func matches(pattern, value string) bool {
	return pattern == "" || regexp.MustCompile(pattern).MatchString(value) // checked by play.Parse
}

// take touches every page, so that the memory is really used.
func take(mebibytes int) [][]byte {
	var keep [][]byte
	for range mebibytes {
		m := make([]byte, 1<<20)
		for i := 0; i < len(m); i += 4096 {
			m[i] = 1
		}
		keep = append(keep, m)
	}
	return keep
}

// forever sleeps; a select without cases would be taken for a deadlock where no other goroutine runs.
func forever(memory [][]byte) {
	for {
		time.Sleep(time.Hour)
		_ = len(memory)
	}
}
