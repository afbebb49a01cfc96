package up

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"kmcluster/internal/identity"
	"kmcluster/internal/layout"
	"kmcluster/internal/runs"
)

func TestTheTestWorldIsTheDefault(t *testing.T) {
	o, err := Parse([]string{"--dir", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{"environment": "production", "disktype": "ssd"}, {"environment": "staging", "disktype": "hdd"}}
	if o.Nodes != 2 || !reflect.DeepEqual(o.Labels, want) || o.OwnDir {
		t.Fatalf("%+v", o)
	}
}

func TestARunWithoutAFolderGetsOneOfItsOwn(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	o, err := Parse(nil)
	if err != nil || !o.OwnDir {
		t.Fatal(o, err)
	}
	if _, err := os.Stat(o.Dir); err != nil {
		t.Fatal(err)
	}
}

func TestWrongArgumentsAreNamed(t *testing.T) {
	dir := t.TempDir()
	for part, args := range map[string][]string{
		"--nodes":       {"--nodes", "0"},
		"--start-limit": {"--start-limit", "0s"},
		"--net":         {"--net", "96"},
		"key=value":     {"--labels", "x"},
		"unexpected":    {"stray"},
		"nosuch":        {"--images", "/nosuch.yaml"},
	} {
		if _, err := Parse(append([]string{"--dir", dir}, args...)); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestOneFolderHasOneCluster(t *testing.T) {
	dir := t.TempDir()
	lock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockFolder(dir); err == nil {
		t.Fatal("two at once")
	}
	_ = lock.Close()
	again, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

func TestPreparingAFolderLeavesStrangersFilesAlone(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "notes.txt")
	for _, f := range []string{mine, filepath.Join(dir, layout.AuditLog)} {
		if err := os.WriteFile(f, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	public, err := prepareFolder(Options{Dir: dir, Nodes: 1, Network: layout.Network{N: 250}}, "https://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, layout.AuditLog)); err == nil {
		t.Error("the audit log of an earlier run is left")
	}
	b, err := os.ReadFile(public["oncall"])
	if err != nil || !strings.Contains(string(b), "https://127.0.0.1:1") {
		t.Errorf("%s, %v", b, err)
	}
}

func TestCleaningRemovesWhatDoesNotOutliveTheRunAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	for _, f := range append(identity.PublicFiles(), "state/nodes/node-1/x", "ready.json", "audit.log", "log/etcd.log", "other") {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := clean(runs.Record{Dir: dir, Remove: layout.Passing(identity.PublicFiles())}); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if !reflect.DeepEqual(left, []string{"audit.log", "log", "other"}) {
		t.Fatal(left)
	}
}

func TestCleaningRefusesPathsInARecord(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"..", "../x", "a/b", "", "/etc"} {
		if err := clean(runs.Record{Dir: filepath.Join(dir, "run"), Remove: []string{name}}); err == nil {
			t.Errorf("%q is removed", name)
		}
	}
	if err := clean(runs.Record{Remove: []string{"state"}}); err == nil {
		t.Error("a record without a folder is cleaned in the current one")
	}
}
