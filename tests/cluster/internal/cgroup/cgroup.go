// Package cgroup makes the control groups that the nodes' kubelets work in, under cgroup v1 and v2, and removes them.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Mount is where the host shows its hierarchies.
const Mount = "/sys/fs/cgroup"

const prefix = "kubemend-"

// Under v2 the kubelet needs these, and wants the others wherever the machine has them.
var (
	needed   = []string{"cpu", "cpuset", "memory", "pids"}
	optional = []string{"hugetlb", "io"}
)

// RunName is the group of one run; every node has one below.
func RunName(id string) string { return prefix + id }

// NodeRoot is what the kubelet of a node gets as cgroupRoot.
func NodeRoot(run, node string) string { return "/" + run + "/" + node }

// Tree is the host's hierarchies: one under v2, one per controller under v1.
type Tree struct {
	root    string
	unified bool
}

// Find looks at what is mounted.
func Find(root string) (Tree, error) {
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		return Tree{root: root, unified: true}, nil
	}
	t := Tree{root: root}
	if len(t.hierarchies()) == 0 {
		return t, fmt.Errorf("no cgroup hierarchy is mounted under %s", root)
	}
	if _, err := os.Stat(filepath.Join(root, "memory")); err != nil {
		return t, fmt.Errorf("%s has no memory controller: the kubelet needs it", root)
	}
	return t, nil
}

// hierarchies are the folders in which a group must be made; links (cpu -> cpu,cpuacct) are not counted twice.
func (t Tree) hierarchies() []string {
	if t.unified {
		return []string{t.root}
	}
	entries, _ := os.ReadDir(t.root)
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, filepath.Join(t.root, e.Name()))
		}
	}
	return out
}

// Make makes the groups of a run and of its nodes.
func (t Tree) Make(run string, nodes []string) error {
	for _, h := range t.hierarchies() {
		paths := []string{filepath.Join(h, run)}
		for _, n := range nodes {
			paths = append(paths, filepath.Join(h, run, n))
		}
		if t.unified {
			if err := delegate(h); err != nil {
				return err
			}
		}
		for i, p := range paths {
			if err := os.Mkdir(p, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("cannot make the control group %s: %w (is %s writable?)", p, err, t.root)
			}
			if t.unified && i == 0 {
				if err := delegate(p); err != nil {
					return err
				}
			}
			if !t.unified && filepath.Base(h) == "cpuset" {
				if err := inherit(p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inherit copies what a v1 cpuset does not take from its parent by itself.
func inherit(path string) error {
	for _, f := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(filepath.Dir(path), f))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(path, f), value, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// delegate lets the groups below a v2 group use its controllers.
func delegate(path string) error {
	have, err := os.ReadFile(filepath.Join(path, "cgroup.controllers"))
	if err != nil {
		return err
	}
	handed, missing := HandedDown(string(have))
	if len(missing) > 0 {
		return fmt.Errorf("the control group %s lacks the controllers %s, which the kubelet needs", path, strings.Join(missing, ", "))
	}
	for _, c := range handed {
		if err := os.WriteFile(filepath.Join(path, "cgroup.subtree_control"), []byte("+"+c), 0o644); err != nil {
			return fmt.Errorf("cannot hand the controller %s down from %s: %w", c, path, err)
		}
	}
	return nil
}

// HandedDown picks from a list of controllers those that nodes get, and names the needed ones that are not in it.
func HandedDown(list string) (handed, missing []string) {
	have := strings.Fields(list)
	for _, c := range needed {
		if !slices.Contains(have, c) {
			missing = append(missing, c)
		}
	}
	for _, c := range append(slices.Clone(needed), optional...) {
		if slices.Contains(have, c) {
			handed = append(handed, c)
		}
	}
	return handed, missing
}

// Remove kills what still runs in a run's groups and removes them; it tries until the limit.
func (t Tree) Remove(run string, limit time.Duration) error {
	if !strings.HasPrefix(run, prefix) || strings.Contains(run, "/") {
		return fmt.Errorf("%q is not the name of a run's control group", run)
	}
	end := time.Now().Add(limit)
	for {
		left := 0
		for _, h := range t.hierarchies() {
			left += removeBelow(filepath.Join(h, run))
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d control groups of %s could not be removed within %s", left, run, limit)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// removeBelow removes a group and those in it, the deepest first, and tells how many are left.
func removeBelow(group string) int {
	var dirs []string
	_ = filepath.WalkDir(group, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, p)
		}
		return nil
	})
	sort.Sort(sort.Reverse(sort.StringSlice(dirs)))
	left := 0
	for _, d := range dirs {
		if err := syscall.Rmdir(d); err != nil && !errors.Is(err, fs.ErrNotExist) {
			killIn(d)
			left++
		}
	}
	return left
}

func killIn(group string) {
	list, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	if err != nil {
		return
	}
	for _, f := range strings.Fields(string(list)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 1 && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
