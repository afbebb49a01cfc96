package up

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"kmcluster/internal/layout"
	"kmcluster/internal/world"
)

const worldNamespaces = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// inner is the running world, seen from outside.
type inner struct {
	cmd     *exec.Cmd
	reports chan world.Report // closed when it has ended
}

// startWorld must be called on a thread that lives as long as this process: when that thread ends, the kernel kills
// the world, and with it all that runs in it.
func startWorld(c world.Config, listeners [2]*net.TCPListener) (*inner, error) {
	if err := c.Save(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(c.Run, layout.Logs, "world.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	cmd := exec.Command(self, "world", c.Run)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{write}
	for _, l := range listeners {
		f, err := l.File()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	// A session of its own: ctrl-c on the terminal is for us alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: worldNamespaces, Pdeathsig: syscall.SIGKILL, Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the cluster's namespaces: %w (a container needs --privileged for this)", err)
	}
	in := &inner{cmd: cmd, reports: make(chan world.Report)}
	go in.read(read)
	return in, nil
}

func (i *inner) read(from *os.File) {
	defer close(i.reports)
	defer from.Close()
	s := bufio.NewScanner(from)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var r world.Report
		if json.Unmarshal(s.Bytes(), &r) == nil {
			i.reports <- r
		}
	}
}

// stop kills the world and waits until nothing of it runs: the kernel ends every process of a pid namespace before
// its process 1 is gone.
func (i *inner) stop() {
	_ = i.cmd.Process.Kill()
	go func() {
		for range i.reports {
		}
	}()
	_ = i.cmd.Wait()
}
