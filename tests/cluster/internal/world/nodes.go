package world

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"kmcluster/internal/cgroup"
	"kmcluster/internal/layout"
	"kmcluster/internal/node"
)

const nodeNamespaces = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

func (c Config) startNode(s *starter, bridge netlink.Link, i int) error {
	name := layout.NodeName(i)
	nc := node.Config{Name: name, Index: i, Nodes: c.Nodes, Network: c.Network, CgroupRoot: cgroup.NodeRoot(c.Cgroup, name), Snapshotter: snapshotter(layout.Run), StartLimit: c.StartLimit}
	if i <= len(c.Labels) {
		nc.Labels = c.Labels[i-1]
	}
	if err := nc.Save(); err != nil {
		return err
	}
	pid, err := s.start(name, &syscall.SysProcAttr{Cloneflags: nodeNamespaces}, "node", name)
	if err != nil {
		return err
	}
	if err := plug(bridge, i, pid); err != nil {
		return err
	}
	return routeToPods(bridge, c.Network, i)
}

// snapshotter is overlayfs, except where the run's folder is itself on an overlay, as in a container.
func snapshotter(path string) string {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err == nil && fs.Type == unix.OVERLAYFS_SUPER_MAGIC {
		return "native"
	}
	return "overlayfs"
}

func nodesReady(ctx context.Context, c kubernetes.Interface, want int) error {
	list, err := c.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	ready := 0
	for _, n := range list.Items {
		for _, cond := range n.Status.Conditions {
			if cond.Type == v1.NodeReady && cond.Status == v1.ConditionTrue {
				ready++
			}
		}
	}
	if ready < want {
		return fmt.Errorf("%d of %d are Ready", ready, want)
	}
	return nil
}

// openVolumes makes the folders of claims writable for every user: containers run as many, and a volume of this kind
// does not change its owner for them.
func openVolumes() {
	seen := map[string]bool{}
	for range time.Tick(100 * time.Millisecond) {
		entries, _ := os.ReadDir(layout.Volumes)
		for _, e := range entries {
			if !seen[e.Name()] {
				seen[e.Name()] = os.Chmod(layout.Volumes+"/"+e.Name(), 0o777) == nil
			}
		}
	}
}
