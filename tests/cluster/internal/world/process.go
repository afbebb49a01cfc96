package world

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"kmcluster/internal/layout"
	"kmcluster/internal/node"
)

// starter starts the cluster's parts; each writes a log of its own, and the end of any is an error.
type starter struct {
	failed chan error
}

func newStarter() *starter { return &starter{failed: make(chan error, 64)} }

// LogOf is the log of a part of the control plane, or of a node's own process.
func logOf(name string) string { return layout.Inside(layout.Logs, name+".log") }

func (s *starter) start(name string, attr *syscall.SysProcAttr, args ...string) (int, error) {
	log, err := os.Create(logOf(name))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	cmd := exec.Command(layout.Self, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = layout.Inside(layout.State)
	cmd.Env = node.Environment()
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	attr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr = attr
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		err := cmd.Wait()
		s.failed <- fmt.Errorf("%s ended (%v); its last lines:\n%s", name, err, layout.Tail(logOf(name), 16))
	}()
	return cmd.Process.Pid, nil
}

// until waits for something to come up; it ends early when a part of the cluster ends.
func (s *starter) until(what, log string, limit time.Duration, f func() error) error {
	for end := time.Now().Add(limit); ; {
		err := f()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: not within %s: %w; last lines of %s.log:\n%s", what, limit, err, log, layout.Tail(logOf(log), 12))
		}
		select {
		case err := <-s.failed:
			return err
		case <-time.After(25 * time.Millisecond):
		}
	}
}
