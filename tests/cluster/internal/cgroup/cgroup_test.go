package cgroup

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func file(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNamesTellTheRunAndTheNode(t *testing.T) {
	if got := NodeRoot(RunName("7f3a"), "node-1"); got != "/kubemend-7f3a/node-1" {
		t.Fatal(got)
	}
}

func TestUnderVersionOneEveryHierarchyGetsTheGroups(t *testing.T) {
	root := t.TempDir()
	file(t, filepath.Join(root, "cpuset", "cpuset.cpus"), "0-1\n")
	file(t, filepath.Join(root, "cpuset", "cpuset.mems"), "0\n")
	if err := os.Mkdir(filepath.Join(root, "memory"), 0o755); err != nil {
		t.Fatal(err)
	}
	tree, err := Find(root)
	if err != nil || tree.unified {
		t.Fatal(tree, err)
	}
	if err := tree.Make(RunName("a"), []string{"node-1", "node-2"}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"memory/kubemend-a/node-1", "cpuset/kubemend-a/node-2"} {
		if _, err := os.Stat(filepath.Join(root, p)); err != nil {
			t.Error(err)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(root, "cpuset/kubemend-a/node-1/cpuset.cpus")); string(b) != "0-1\n" {
		t.Errorf("cpus are %q", b)
	}
}

func TestUnderVersionTwoControllersAreHandedDown(t *testing.T) {
	root := t.TempDir()
	file(t, filepath.Join(root, "cgroup.controllers"), "cpuset cpu memory pids rdma\n")
	tree, err := Find(root)
	if err != nil || !tree.unified {
		t.Fatal(tree, err)
	}
	// A plain folder has no controllers file in a new group, where a kernel would make one.
	err = tree.Make(RunName("a"), []string{"node-1"})
	if err == nil || !strings.Contains(err.Error(), "kubemend-a/cgroup.controllers") {
		t.Fatalf("%v", err)
	}
	if b, _ := os.ReadFile(filepath.Join(root, "cgroup.subtree_control")); string(b) != "+pids" {
		t.Errorf("last handed down: %q", b)
	}
}

func TestMissingControllersAreNamedAndOptionalOnesAreHandedDownWhereTheyAre(t *testing.T) {
	if handed, missing := HandedDown("cpu io pids"); !reflect.DeepEqual(missing, []string{"cpuset", "memory"}) || !slices.Contains(handed, "io") {
		t.Fatal(handed, missing)
	}
	if handed, missing := HandedDown("cpuset cpu memory hugetlb pids rdma misc"); len(missing) != 0 || !slices.Contains(handed, "hugetlb") || slices.Contains(handed, "rdma") {
		t.Fatal(handed, missing)
	}
}

func TestAMachineWithoutHierarchiesIsRefused(t *testing.T) {
	if _, err := Find(t.TempDir()); err == nil {
		t.Fatal("it was taken")
	}
}

func TestOnlyARunsGroupsAreRemoved(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"memory/kubemend-a/node-1/kubepods/pod1", "memory/kubemend-b", "pids/kubemend-a"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := Find(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Remove(RunName("a"), time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "memory/kubemend-a")); err == nil {
		t.Error("the run's group is left")
	}
	if _, err := os.Stat(filepath.Join(root, "memory/kubemend-b")); err != nil {
		t.Error("another run's group is gone")
	}
	for _, bad := range []string{"", "system.slice", "kubemend-a/..", "../kubemend-a"} {
		if err := tree.Remove(bad, time.Second); err == nil {
			t.Errorf("%q was removed", bad)
		}
	}
}
