// Package play says what a made image does. The actor program inside the image reads it, the cluster checks it
// before it makes the image, and the embedded cluster of the tests plays the same descriptions without containers.
package play

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Play is the whole of it: log, check needs, take memory, serve, end.
type Play struct {
	Pause      bool     `json:"pause,omitempty"` // sleep, nothing else
	Log        []string `json:"log,omitempty"`   // lines written first
	Needs      []Need   `json:"needs,omitempty"` // in order; the first unmet one ends the program
	MemoryMi   int      `json:"memoryMi,omitempty"`
	Listen     []Listen `json:"listen,omitempty"`
	Exit       *Exit    `json:"exit,omitempty"` // ends by itself
	IgnoreTerm bool     `json:"ignoreTerm,omitempty"`
	CPU        bool     `json:"cpu,omitempty"` // burns one CPU
}

// Need is one thing that must be there: an environment variable, a file, a TCP peer or a writable path.
type Need struct {
	Env   string `json:"env,omitempty"`
	File  string `json:"file,omitempty"`
	TCP   string `json:"tcp,omitempty"`   // host:port, $(VAR) expanded
	Write string `json:"write,omitempty"` // a file that it must be able to write
	Match string `json:"match,omitempty"` // what the variable's or the file's content must match
	Fail  string `json:"fail,omitempty"`  // log line when it is not there
	Code  int    `json:"code,omitempty"`  // exit code; 0 means 1
}

// Listen is one port.
type Listen struct {
	Port    int            `json:"port"`
	PortEnv string         `json:"portEnv,omitempty"` // the port is taken from this variable where it is set
	Paths   map[string]int `json:"paths,omitempty"`   // path to status; none: everything answers 200
	After   Seconds        `json:"after,omitempty"`   // until it listens
	TCP     bool           `json:"tcp,omitempty"`     // accept and close only
}

// Exit is an end by itself.
type Exit struct {
	Code  int     `json:"code"`
	After Seconds `json:"after,omitempty"`
}

// Seconds is a number of seconds, as fractions too.
type Seconds float64

// Duration is the same for Go's clock.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Parse reads a play and refuses what the actor would not understand, so that a mistake in a fixture shows
// when the image is made and not as a container that behaves oddly.
func Parse(data []byte) (Play, error) {
	var p Play
	if len(bytes.TrimSpace(data)) == 0 {
		return p, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("play: %w", err)
	}
	for i, n := range p.Needs {
		if err := n.check(); err != nil {
			return p, fmt.Errorf("play: needs[%d]: %w", i, err)
		}
	}
	for i, l := range p.Listen {
		if l.Port < 0 || l.Port > 65535 || l.Port == 0 && l.PortEnv == "" {
			return p, fmt.Errorf("play: listen[%d]: port %d is none", i, l.Port)
		}
		if l.After < 0 {
			return p, fmt.Errorf("play: listen[%d]: after is negative", i)
		}
	}
	if p.MemoryMi < 0 {
		return p, fmt.Errorf("play: memoryMi is negative")
	}
	if p.Exit != nil && (p.Exit.Code < 0 || p.Exit.Code > 255 || p.Exit.After < 0) {
		return p, fmt.Errorf("play: exit: code must be 0 to 255 and after not negative")
	}
	return p, nil
}

func (n Need) check() error {
	kinds := 0
	for _, v := range []string{n.Env, n.File, n.TCP, n.Write} {
		if v != "" {
			kinds++
		}
	}
	if kinds != 1 {
		return fmt.Errorf("exactly one of env, file, tcp, write must be given")
	}
	if n.Match != "" && n.Env == "" && n.File == "" {
		return fmt.Errorf("match belongs to env or file")
	}
	if _, err := regexp.Compile(n.Match); err != nil {
		return fmt.Errorf("match: %w", err)
	}
	if n.Code < 0 || n.Code > 255 {
		return fmt.Errorf("code %d is not 0 to 255", n.Code)
	}
	return nil
}

// Expand replaces $(VAR), the way Kubernetes does in commands; an unknown variable stays as it is written.
func Expand(text string, lookup func(string) (string, bool)) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$(")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, ")")
		if !closed {
			out.WriteString("$(" + rest)
			return out.String()
		}
		if v, ok := lookup(name); ok {
			out.WriteString(v)
		} else {
			out.WriteString("$(" + name + ")")
		}
		text = after
	}
}
