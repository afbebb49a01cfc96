// Package runs keeps a small file for every running cluster, so that what a killed one left behind is found and
// removed later. The file is locked for as long as its owner lives: a file without a lock is a left-over.
package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Record is what must be removed once its owner is gone.
type Record struct {
	ID      string    `json:"id"`
	PID     int       `json:"pid"`   // of the owner, to tell a reader of the file
	World   Process   `json:"world"` // the process in which everything runs; killed if it still does
	Started time.Time `json:"started"`
	Dir     string    `json:"dir"`    // the run's folder
	OwnDir  bool      `json:"ownDir"` // made by us: removed as a whole
	Cgroup  string    `json:"cgroup"` // the run's control group
	Remove  []string  `json:"remove"` // names in Dir that do not outlive the run
}

// Process is one process, told from a later one of the same number by its start.
type Process struct {
	PID   int    `json:"pid,omitempty"`
	Start string `json:"start,omitempty"`
}

// Run is a record that this process owns.
type Run struct {
	Record
	file *os.File
}

// Register writes the record and locks it.
func Register(folder string, r Record) (*Run, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, r.ID+".json"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil { // a sweep may look at it just now
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	run := &Run{Record: r, file: f}
	return run, run.Save()
}

// Save writes the record again, after a change.
func (r *Run) Save() error {
	b, err := json.MarshalIndent(r.Record, "", " ")
	if err != nil {
		return err
	}
	if err := r.file.Truncate(0); err != nil {
		return err
	}
	_, err = r.file.WriteAt(b, 0)
	return err
}

// Done forgets the run: everything of it has been removed.
func (r *Run) Done() error {
	err := os.Remove(r.file.Name())
	return errors.Join(err, r.file.Close())
}

// Sweep gives every left-over record to clean, and forgets those that it could clean. Runs whose owner lives are not
// touched. It tells what it cleaned.
func Sweep(folder string, clean func(Record) error) ([]Record, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var done []Record
	var errs []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		r, err := sweepOne(filepath.Join(folder, e.Name()), clean)
		if err != nil {
			errs = append(errs, err)
		} else if r != nil {
			done = append(done, *r)
		}
	}
	return done, errors.Join(errs...)
}

func sweepOne(path string, clean func(Record) error) (*Record, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil, nil // its owner lives
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // its owner has just ended well
	}
	if err != nil {
		return nil, err
	}
	var r Record
	if err := json.Unmarshal(b, &r); err != nil {
		if info, e := f.Stat(); e == nil && time.Since(info.ModTime()) < time.Minute {
			return nil, nil // just being made
		}
		return nil, errors.Join(fmt.Errorf("%s is not readable, and is removed: %w", path, err), os.Remove(path))
	}
	if err := clean(r); err != nil {
		return nil, fmt.Errorf("run %s: %w", r.ID, err)
	}
	return &r, os.Remove(path)
}
