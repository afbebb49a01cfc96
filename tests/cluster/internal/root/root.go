// Package root gives a process a file system of its own: the unpacked system packages as /usr, fresh /proc, /sys, /run
// and /tmp, and what is bound into it. Nothing of the machine's own programs and libraries is seen, so a node runs the
// same wherever containerd is or is not installed; and every mount is gone with the process.
package root

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Bind shows Source (outside) as Target (inside); both are files or both are folders.
type Bind struct {
	Source, Target string
	ReadOnly       bool
}

// Spec is what a root is made of.
type Spec struct {
	At    string // an existing folder outside, over which the new root is mounted
	Host  string // host name
	Usr   string // the folder that becomes /usr
	Binds []Bind
	Files map[string]string // small files, by path inside
}

// Enter must be called by a process in its own mount and pid namespaces, as its process 1.
func Enter(s Spec) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", s.At, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount a new root on %s: %w", s.At, err)
	}
	in := func(p string) string { return filepath.Join(s.At, p) }
	for _, d := range []string{"usr", "proc", "sys", "dev", "run", "tmp", "etc", "var", "root", "mnt", "old"} {
		if err := os.Mkdir(in(d), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(in("tmp"), 0o1777); err != nil {
		return err
	}
	for _, d := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+d, in(d)); err != nil {
			return err
		}
	}
	if err := mountKernels(in); err != nil {
		return err
	}
	for _, b := range append([]Bind{{Source: s.Usr, Target: "/usr", ReadOnly: true}}, s.Binds...) {
		if err := bind(b.Source, in(b.Target), b.ReadOnly); err != nil {
			return err
		}
	}
	for name, text := range s.Files {
		if err := os.MkdirAll(filepath.Dir(in(name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := pivot(s.At); err != nil {
		return err
	}
	if s.Host != "" {
		if err := unix.Sethostname([]byte(s.Host)); err != nil {
			return fmt.Errorf("set the host name: %w", err)
		}
	}
	// Shared below us, so that the kubelet's mounts reach the containers' namespaces.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("make the mounts shared: %w", err)
	}
	return nil
}

// mountKernels mounts what the kernel shows: of our own namespaces, except for the control groups and devices, which
// are the machine's.
func mountKernels(in func(string) string) error {
	if err := unix.Mount("proc", in("proc"), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Mount("sysfs", in("sys"), "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /sys: %w", err)
	}
	if err := unix.Mount("/sys/fs/cgroup", in("sys/fs/cgroup"), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind the control groups: %w", err)
	}
	if err := unix.Mount("/dev", in("dev"), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind /dev: %w", err)
	}
	if err := unix.Mount("tmpfs", in("run"), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	return nil
}

func bind(source, target string, readOnly bool) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(target, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil {
		err = os.WriteFile(target, nil, 0o644)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", source, target, err)
	}
	if readOnly {
		if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("make %s read-only: %w", target, err)
		}
	}
	return nil
}

func pivot(to string) error {
	if err := os.Chdir(to); err != nil {
		return err
	}
	if err := syscall.PivotRoot(".", "old"); err != nil {
		return fmt.Errorf("change the root to %s: %w", to, err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Unmount("/old", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	return os.Remove("/old")
}
