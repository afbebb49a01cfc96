package runs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func left(t *testing.T, folder, id string) {
	t.Helper()
	r, err := Register(folder, Record{ID: id, Cgroup: "kubemend-" + id})
	if err != nil {
		t.Fatal(err)
	}
	_ = r.file.Close() // as a kill would
}

func TestALeftOverIsCleanedOnceAndForgotten(t *testing.T) {
	folder := t.TempDir()
	left(t, folder, "a")
	var cleaned []string
	clean := func(r Record) error { cleaned = append(cleaned, r.Cgroup); return nil }
	for range 2 {
		if _, err := Sweep(folder, clean); err != nil {
			t.Fatal(err)
		}
	}
	if len(cleaned) != 1 || cleaned[0] != "kubemend-a" {
		t.Fatal(cleaned)
	}
}

func TestALivingRunIsNotTouched(t *testing.T) {
	folder := t.TempDir()
	r, err := Register(folder, Record{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	done, err := Sweep(folder, func(Record) error { t.Error("cleaned"); return nil })
	if err != nil || len(done) != 0 {
		t.Fatal(done, err)
	}
	if err := r.Done(); err != nil {
		t.Fatal(err)
	}
	if e, _ := os.ReadDir(folder); len(e) != 0 {
		t.Fatal("the file is left")
	}
}

func TestWhatCouldNotBeCleanedIsTriedAgain(t *testing.T) {
	folder := t.TempDir()
	left(t, folder, "a")
	if _, err := Sweep(folder, func(Record) error { return errors.New("busy") }); err == nil {
		t.Fatal("no error")
	}
	if done, err := Sweep(folder, func(Record) error { return nil }); err != nil || len(done) != 1 {
		t.Fatal(done, err)
	}
}

func TestAChangeIsSaved(t *testing.T) {
	folder := t.TempDir()
	r, err := Register(folder, Record{ID: "a", Remove: []string{"a", "long", "list", "of", "names"}})
	if err != nil {
		t.Fatal(err)
	}
	r.World, r.Remove = Of(os.Getpid()), nil
	if err := r.Save(); err != nil {
		t.Fatal(err)
	}
	_ = r.file.Close()
	_, err = Sweep(folder, func(r Record) error {
		if !r.World.Alive() || len(r.Remove) != 0 {
			t.Errorf("read %+v", r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnUnreadableRecordDoesNotStayForEver(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Sweep(folder, nil); err != nil {
		t.Fatal("one that is just being made is an error:", err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := Sweep(folder, nil); err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("the file is left")
	}
}

func TestAProcessIsKnownByItsStart(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := Of(cmd.Process.Pid)
	if !p.Alive() {
		t.Fatal("not alive")
	}
	if (Process{PID: p.PID, Start: "1"}).Alive() {
		t.Error("another start is taken for the same process")
	}
	go func() { _ = cmd.Wait() }()
	if err := p.Kill(5 * time.Second); err != nil {
		t.Fatal(err)
	}
}
