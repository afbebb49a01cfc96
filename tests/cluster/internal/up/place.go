package up

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Cache is the folder that `prepare` fills; runs are noted there.
func Cache() (string, error) {
	if d := os.Getenv("KUBEMEND_TEST_CACHE"); d != "" {
		return filepath.Abs(d)
	}
	d, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set KUBEMEND_TEST_CACHE", err)
	}
	return filepath.Join(d, "kubemend"), nil
}

// RunsFolder is where running clusters are noted.
func RunsFolder() (string, error) {
	c, err := Cache()
	return filepath.Join(c, "runs"), err
}

// Place is where the program, the actor and the system packages lie.
type Place struct{ Programs, Usr string }

// FindPlace looks beside the running program, where `prepare` puts the others.
func FindPlace() (Place, error) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return Place{}, fmt.Errorf("a cluster needs Linux and root: nodes are made of namespaces, mounts and control groups")
	}
	self, err := os.Executable()
	if err != nil {
		return Place{}, err
	}
	dir := filepath.Dir(self)
	p := Place{Programs: dir}
	if _, err := os.Stat(filepath.Join(dir, "actor")); err != nil {
		return p, fmt.Errorf("%w: run tests/cluster/prepare and use the program that it names", err)
	}
	packages, err := filepath.EvalSymlinks(filepath.Join(dir, "packages"))
	if err != nil {
		return p, fmt.Errorf("%w: run tests/cluster/prepare and use the program that it names", err)
	}
	p.Usr = filepath.Join(packages, "usr")
	for _, pattern := range []string{"bin/containerd", "*bin/runc", "*bin/nft", "lib/cni/ptp"} {
		if !has(p.Usr, pattern) {
			return p, fmt.Errorf("the fetched system packages lack %s; remove %s and run tests/cluster/prepare again", pattern, packages)
		}
	}
	return p, nil
}

func has(dir, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	return err == nil && len(found) > 0
}
