package up

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kmcluster/internal/cgroup"
	"kmcluster/internal/runs"
)

const cleanLimit = 10 * time.Second

// clean removes what a run leaves: its processes, control groups and files. Mounts, links and routes lived in the
// namespaces of its processes and are gone with them.
func clean(r runs.Record) error {
	errs := []error{r.World.Kill(cleanLimit)}
	if r.Cgroup != "" {
		tree, err := cgroup.Find(cgroup.Mount)
		if err == nil {
			err = tree.Remove(r.Cgroup, cleanLimit)
		}
		errs = append(errs, err)
	}
	if r.Dir != "" && r.OwnDir {
		return errors.Join(append(errs, removeAll(r.Dir))...)
	}
	for _, name := range r.Remove {
		if r.Dir == "" || name == "." || name == ".." || name != filepath.Base(name) || name == "/" {
			errs = append(errs, fmt.Errorf("%q in %q is not removed: not a name in a run's folder", name, r.Dir))
			continue
		}
		errs = append(errs, removeAll(filepath.Join(r.Dir, name)))
	}
	return errors.Join(errs...)
}

// removeAll tries for a moment: the kernel lets mounts go shortly after the last process of their namespace.
func removeAll(path string) error {
	var err error
	for range 40 {
		if err = os.RemoveAll(path); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// Sweep removes what killed runs left, and says so.
func Sweep(say func(string, ...any)) error {
	folder, err := RunsFolder()
	if err != nil {
		return err
	}
	done, err := runs.Sweep(folder, clean)
	for _, r := range done {
		say("removed what the run of process %d in %s had left", r.PID, r.Dir)
	}
	return err
}
