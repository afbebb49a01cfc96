package up

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kmcluster/internal/runs"
)

// live is one running cluster.
type live struct {
	t       *testing.T
	program string
	cache   string
	dir     string
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	ready   Ready
	took    time.Duration
	family  []runs.Process // every process of it
	before  map[string]bool
	groups  string // its control groups, as a pattern
}

const liveImages = `- ref: postgres:16
  user: "999"
  play:
    log: [starting]
    needs:
    - {env: POSTGRES_PASSWORD, match: ".+", fail: "Error: superuser password is not specified"}
    - {write: /var/lib/postgresql/data/x}
    listen: [{port: 5432, tcp: true}]
- ref: client:1
  play: {needs: [{tcp: "db:5432"}], log: [asking], listen: [{port: 8080}]}
- ref: registry.example.com/private/app:1
- ref: lost:1
  play: {needs: [{tcp: "nosuch:5432"}]}
- ref: hog:1
  play: {memoryMi: 200}
`

func startLive(t *testing.T, cache string, args ...string) *live {
	t.Helper()
	program := os.Getenv("KMCLUSTER")
	if program == "" {
		t.Skip("KMCLUSTER does not name a built kmcluster")
	}
	l := &live{t: t, program: program, cache: cache, dir: filepath.Join(t.TempDir(), "run"), before: traces(t)}
	images := filepath.Join(t.TempDir(), "images.yaml")
	if err := os.WriteFile(images, []byte(liveImages), 0o600); err != nil {
		t.Fatal(err)
	}
	l.cmd = exec.Command(program, append([]string{"up", "--dir", l.dir, "--images", images, "--until-stdin-closes"}, args...)...)
	l.cmd.Env = append(os.Environ(), "KUBEMEND_TEST_CACHE="+cache)
	var err error
	if l.stdin, err = l.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errors bytes.Buffer
	l.cmd.Stderr = &errors
	begin := time.Now()
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.cmd.Process.Kill(); _ = l.cmd.Wait(); _ = l.sweep() })
	s := bufio.NewScanner(out)
	for s.Scan() {
		if strings.HasPrefix(s.Text(), "ready KUBECONFIG=") {
			break
		}
	}
	l.took = time.Since(begin)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if l.ready, err = LoadReady(l.dir); err != nil {
		_ = l.stdin.Close()
		_ = l.cmd.Wait()
		t.Fatalf("not ready: %v\n%s", err, errors.String())
	}
	l.family = descendants(l.cmd.Process.Pid)
	l.groups = l.noted()
	if made, _ := filepath.Glob(l.groups); len(made) == 0 {
		t.Errorf("no control group is %s", l.groups)
	}
	return l
}

// hierarchy is a pattern: under version 1 there is a hierarchy per controller.
func hierarchy() string {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return "/sys/fs/cgroup"
	}
	return "/sys/fs/cgroup/*"
}

// noted finds this run's record and gives the pattern of its control groups.
func (l *live) noted() string {
	names, _ := filepath.Glob(filepath.Join(l.cache, "runs", "*.json"))
	for _, n := range names {
		var r runs.Record
		if b, err := os.ReadFile(n); err == nil && json.Unmarshal(b, &r) == nil && r.PID == l.cmd.Process.Pid {
			return filepath.Join(hierarchy(), r.Cgroup)
		}
	}
	l.t.Fatal("the run is not noted")
	return ""
}

func (l *live) sweep() error {
	c := exec.Command(l.program, "sweep")
	c.Env = append(os.Environ(), "KUBEMEND_TEST_CACHE="+l.cache)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// kubectl gives what it says, and whether it succeeded.
func (l *live) kubectl(identity, stdin string, args ...string) (string, error) {
	c := exec.Command(l.program, append([]string{"kubectl", "--kubeconfig", l.ready.Kubeconfigs[identity], "-n", "default"}, args...)...)
	c.Stdin = strings.NewReader(stdin)
	c.Dir = l.dir
	out, err := c.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (l *live) must(args ...string) string {
	l.t.Helper()
	out, err := l.kubectl("oncall", "", args...)
	if err != nil {
		l.t.Fatalf("kubectl %s: %s", strings.Join(args, " "), out)
	}
	return out
}

func (l *live) apply(text string) {
	l.t.Helper()
	if out, err := l.kubectl("oncall", text, "apply", "-f", "-"); err != nil {
		l.t.Fatalf("apply: %s", out)
	}
}

// until waits for one of the texts, separated by |.
func (l *live) until(want string, args ...string) {
	l.t.Helper()
	var out string
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		out, _ = l.kubectl("oncall", "", args...)
		for _, w := range strings.Split(want, "|") {
			if strings.Contains(out, w) {
				return
			}
		}
	}
	l.t.Fatalf("kubectl %s says %q and never %q", strings.Join(args, " "), out, want)
}

// descendants are all processes below one.
func descendants(pid int) []runs.Process {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		b, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		if f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])); len(f) > 1 {
			parent, _ := strconv.Atoi(f[1])
			children[parent] = append(children[parent], n)
		}
	}
	var out []runs.Process
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		out = append(out, runs.Of(todo[0]))
		todo = append(todo, children[todo[0]]...)
	}
	return out
}

// traces is what a cluster could leave on the machine.
func traces(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, pattern := range []string{"/sys/class/net/*", "/tmp/hostpath_pv*", "/run/containerd*", "/var/lib/kubelet*", "/var/lib/containerd*", "/etc/cni*", "/run/netns/*"} {
		names, _ := filepath.Glob(pattern)
		for _, n := range names {
			found[n] = true
		}
	}
	for _, f := range []string{"/proc/mounts", "/proc/net/route"} {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(b), "\n") {
			found[f+": "+line] = true
		}
	}
	return found
}

// gone checks that nothing of it is left but logs.
func (l *live) gone() {
	l.t.Helper()
	if len(l.family) < 10 {
		l.t.Errorf("only %d processes were seen while it ran", len(l.family))
	}
	// All are killed by now; on a busy machine the kernel takes a moment to end them.
	end := time.Now().Add(5 * time.Second)
	for _, p := range l.family {
		for p.Alive() && time.Now().Before(end) {
			time.Sleep(20 * time.Millisecond)
		}
		if p.Alive() {
			l.t.Errorf("process %d runs", p.PID)
		}
	}
	for n := range traces(l.t) {
		if !l.before[n] {
			l.t.Errorf("left: %s", n)
		}
	}
	if groups, _ := filepath.Glob(l.groups); len(groups) != 0 {
		l.t.Errorf("left: %v", groups)
	}
	var left []string
	entries, _ := os.ReadDir(l.dir)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if strings.Join(left, " ") != "audit.log log" {
		l.t.Errorf("in the run's folder: %v", left)
	}
	if e, _ := os.ReadDir(filepath.Join(l.cache, "runs")); len(e) != 0 {
		l.t.Errorf("the run is still noted: %v", e)
	}
}

func (l *live) ends(code int) {
	l.t.Helper()
	done := make(chan struct{})
	go func() { _ = l.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		l.t.Fatal("it does not end")
	}
	if got := l.cmd.ProcessState.ExitCode(); got != code {
		l.t.Errorf("exit code %d, want %d", got, code)
	}
}
