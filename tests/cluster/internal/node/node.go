package node

import (
	"fmt"

	"kmcluster/internal/layout"
	"kmcluster/internal/root"
)

// Run is the node's process 1; it returns only when the node fails.
func Run(name string) error {
	c, err := load(name)
	if err != nil {
		return err
	}
	if err := root.Enter(root.Spec{
		At:   "/mnt",
		Host: c.Name,
		Usr:  "/usr",
		Binds: []root.Bind{
			{Source: layout.Run, Target: layout.Run},
			{Source: layout.Programs, Target: layout.Programs, ReadOnly: true},
			{Source: home(name) + "/var", Target: "/var"},
			{Source: layout.Volumes, Target: layout.Volumes},
		},
		Files: c.files(),
	}); err != nil {
		return fmt.Errorf("file system of %s: %w", name, err)
	}
	if err := c.connect(); err != nil {
		return fmt.Errorf("network of %s: %w", name, err)
	}
	running := map[int]*daemon{}
	for i, d := range c.daemons() {
		if i == 1 { // all others need the container runtime or the API server
			if err := waitForFile("/run/containerd/containerd.sock", c.StartLimit); err != nil {
				return fmt.Errorf("containerd of %s: %w; its last lines:\n%s", name, err, layout.Tail(LogFile(name, "containerd"), 8))
			}
			if err := waitForFile(APIReady(), 2*c.StartLimit); err != nil {
				return err
			}
		}
		pid, err := d.start(name)
		if err != nil {
			return err
		}
		running[pid] = d
	}
	return watch(name, running)
}
