package node

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"kmcluster/internal/layout"
)

// Environment is what every program of the cluster gets: nothing of the caller's, so that a proxy or a language set
// on the machine changes nothing.
func Environment() []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
}

// LogFile is where a program of a node writes.
func LogFile(node, program string) string {
	return layout.Inside(layout.Logs, node+"-"+program+".log")
}

type daemon struct {
	name string
	argv []string
	ends int
}

// maxEnds is how often a daemon may end and be started again: one that comes back once or twice may have been
// disturbed by a test, one that never stays makes the node fail.
const maxEnds = 5

func (c Config) daemons() []*daemon {
	kubelet := []string{layout.Self, "kubelet", "--config=/etc/kubernetes/kubelet.yaml", "--kubeconfig=" + Kubeconfig(c.Name),
		"--hostname-override=" + c.Name, "--node-ip=" + c.Network.Node(c.Index), "--root-dir=/var/lib/kubelet",
		"--cert-dir=/var/lib/kubelet/pki", "--v=1"}
	if l := c.labels(); l != "" {
		kubelet = append(kubelet, "--node-labels="+l)
	}
	return []*daemon{
		{name: "containerd", argv: []string{"/usr/bin/containerd", "-c", "/etc/containerd/config.toml"}},
		{name: "kubelet", argv: kubelet},
		{name: "kube-proxy", argv: []string{layout.Self, "kube-proxy", "--config=/etc/kubernetes/proxy.yaml"}},
		{name: "policy", argv: []string{layout.Self, "policy", Kubeconfig("policy"), c.Name, c.Network.Gateway()}},
	}
}

func (d *daemon) start(node string) (int, error) {
	log, err := os.OpenFile(LogFile(node, d.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	p, err := os.StartProcess(d.argv[0], d.argv, &os.ProcAttr{Env: Environment(), Files: []*os.File{nil, log, log}, Dir: "/"})
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", d.name, err)
	}
	return p.Pid, nil
}

// watch reaps every process that ends, as process 1 must, and starts ended daemons again.
func watch(node string, running map[int]*daemon) error {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for children: %w", err)
		}
		d, ours := running[pid]
		if !ours {
			continue
		}
		delete(running, pid)
		if d.ends++; d.ends > maxEnds {
			return fmt.Errorf("%s ended for the %dth time (%s); its last lines:\n%s", d.name, d.ends, ended(status), layout.Tail(LogFile(node, d.name), 8))
		}
		fmt.Printf("%s ended (%s); starting it again\n", d.name, ended(status))
		time.Sleep(time.Second)
		if pid, err = d.start(node); err != nil {
			return err
		}
		running[pid] = d
	}
}

func ended(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "signal " + s.Signal().String()
	}
	return fmt.Sprintf("exit code %d", s.ExitStatus())
}

func waitForFile(path string, limit time.Duration) error {
	for end := time.Now().Add(limit); ; {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s is not there after %s", path, limit)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
