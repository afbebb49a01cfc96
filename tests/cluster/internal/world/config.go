// Package world is the inside of a run: one process in pid, mount, network and other namespaces of its own, in which
// the control plane, the registry and the nodes live. When it ends, for whatever reason, the kernel removes all of them
// with their mounts and links.
package world

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kmcluster/internal/image"
	"kmcluster/internal/layout"
)

// Config is what the outside tells it. Paths are those outside.
type Config struct {
	Run        string              `json:"run"`      // the run's folder
	Usr        string              `json:"usr"`      // the unpacked packages' /usr
	Programs   string              `json:"programs"` // the folder of this program and the actor
	Network    layout.Network      `json:"network"`
	Nodes      int                 `json:"nodes"`
	Labels     []map[string]string `json:"labels"`
	Cgroup     string              `json:"cgroup"`
	Images     []image.Image       `json:"images"`
	StartLimit time.Duration       `json:"startLimit"`
	Secret     string              `json:"secret"` // of the endpoint that adds images
}

func file(run string) string { return filepath.Join(run, layout.State, "world.json") }

// Save puts the configuration into the run's folder.
func (c Config) Save() error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(file(c.Run), b, 0o600)
}

func load(run string) (Config, error) {
	var c Config
	b, err := os.ReadFile(file(run))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("world.json: %w", err)
	}
	return c, nil
}

// Files that the world inherits, by number: where it reports, and the listeners that were made outside.
const (
	ReportFD  = 3
	APIFD     = 4
	ControlFD = 5
)

// Report is one line from the inside: exactly one field is set.
type Report struct {
	Say   string `json:"say,omitempty"`
	Ready bool   `json:"ready,omitempty"`
	Fail  string `json:"fail,omitempty"`
}

type reporter struct{ out *json.Encoder }

func (r reporter) say(format string, a ...any) {
	_ = r.out.Encode(Report{Say: fmt.Sprintf(format, a...)})
}
