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
	"syscall"
	"testing"
	"time"

	"kmcluster/internal/runs"
)

// The tests in this file start real clusters with the program that KMCLUSTER names:
//
//	KMCLUSTER=$(tests/cluster/prepare) go test ./internal/up

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
	l.cmd.Env = append(os.Environ(), "KUBEMEND_CACHE="+cache)
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
	c.Env = append(os.Environ(), "KUBEMEND_CACHE="+l.cache)
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

func (l *live) until(want string, args ...string) {
	l.t.Helper()
	var out string
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if out, _ = l.kubectl("oncall", "", args...); strings.Contains(out, want) {
			return
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
	for _, p := range l.family {
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

func TestLiveAClusterWorksAndEndsOnSigterm(t *testing.T) {
	l := startLive(t, t.TempDir())
	t.Logf("ready after %s", l.took.Round(10*time.Millisecond))
	t.Run("nodes have the labels of the test world", func(t *testing.T) {
		for _, q := range [][2]string{{"environment=production,disktype=ssd", "node/node-1"}, {"environment=staging,disktype=hdd", "node/node-2"}} {
			if got := l.must("get", "nodes", "-l", q[0], "-o", "name"); got != q[1] {
				t.Errorf("%s: %q", q[0], got)
			}
		}
	})
	t.Run("a claim of the default class is bound when a Pod uses it", l.claims)
	t.Run("identities may what they should", l.identities)
	t.Run("policies are enforced and DNS answers", l.policies)
	t.Run("images are pulled, missing, private, added, and too hungry", l.images)
	t.Run("the audit log says who wrote what", l.audit)
	begin := time.Now()
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	l.ends(0)
	t.Logf("gone after %s", time.Since(begin).Round(10*time.Millisecond))
	l.gone()
}

const database = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec:
  nodeSelector: {environment: staging}
  containers:
  - name: db
    image: postgres:16
    env: [{name: POSTGRES_PASSWORD, value: x}]
    readinessProbe: {tcpSocket: {port: 5432}, periodSeconds: 1}
    volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`

func (l *live) claims(t *testing.T) {
	l.apply(database)
	l.must("wait", "--for=condition=Ready", "pod/db", "--timeout=60s")
	if got := l.must("get", "pvc", "data", "-o", "jsonpath={.status.phase} {.spec.storageClassName}"); got != "Bound standard" {
		t.Error(got)
	}
	if got := l.must("logs", "db"); got != "starting" {
		t.Errorf("its log is %q", got)
	}
	volumes, _ := filepath.Glob(filepath.Join(l.dir, "state/volumes/*/x"))
	if len(volumes) != 1 {
		t.Errorf("the Pod's file lies in %v", volumes)
	}
}

func (l *live) identities(t *testing.T) {
	for identity, rights := range map[string]string{
		"reader":     "list pods yes, get pods/log yes, list events yes, list secrets no, patch deployments.apps no, create pvc no, create selfsubjectaccessreviews yes",
		"restricted": "list pods yes, list events no, list events.events.k8s.io no, list secrets no",
		"writer":     "list events yes, patch deployments.apps yes, create pvc yes, delete pods yes, list secrets no, create clusterroles no",
		"oncall":     "list secrets yes, create clusterroles yes",
	} {
		for _, r := range strings.Split(rights, ", ") {
			f := strings.Fields(r)
			out, _ := l.kubectl(identity, "", "auth", "can-i", f[0], f[1])
			if !strings.HasSuffix(out, f[2]) {
				t.Errorf("%s may %s %s: %s", identity, f[0], f[1], out)
			}
		}
	}
	if out, err := l.kubectl("expired", "", "get", "pods"); err == nil || !strings.Contains(out, "Unauthorized") {
		t.Error(out)
	}
}

const clientPod = `
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {app: NAME}}
spec:
  nodeSelector: {environment: production}
  containers: [{name: c, image: "client:1"}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}]}]
`

func (l *live) policies(t *testing.T) {
	l.apply(strings.ReplaceAll(clientPod, "NAME", "friend"))
	l.until("Running", "get", "pod", "friend", "-o", "jsonpath={.status.phase}")
	l.apply(strings.ReplaceAll(clientPod, "NAME", "stranger"))
	l.until("i/o timeout", "logs", "stranger")
	if out := l.must("get", "pod", "friend", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"); out != "0" {
		t.Errorf("the friend was restarted %s times", out)
	}
}

func pod(name, image, extra string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: c, image: %q%s}]}\n", name, image, extra)
}

func (l *live) images(t *testing.T) {
	l.apply(pod("missing", "nginx:1.72", "") + "---\n" + pod("private", "registry.example.com/private/app:1", "") + "---\n" + pod("hungry", "hog:1", ", resources: {limits: {memory: 60Mi}}"))
	l.until("docker.io/library/nginx:1.72: not found", "get", "events", "--field-selector", "involvedObject.name=missing")
	l.until("401 Unauthorized", "get", "events", "--field-selector", "involvedObject.name=private")
	l.until("OOMKilled", "get", "pod", "hungry", "-o", "jsonpath={.status.containerStatuses[0]}")
	more := filepath.Join(l.dir, "state", "more.jsonl")
	if err := os.WriteFile(more, []byte(`{"ref":"nginx:1.72","play":{"listen":[{"port":80}]}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(l.program, "image", "--dir", l.dir, "--file", more).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	l.until("Running", "get", "pod", "missing", "-o", "jsonpath={.status.phase}")
	if err := os.WriteFile(more, []byte(`{"ref":"nginx:1.72"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(l.program, "image", "--dir", l.dir, "--file", more).CombinedOutput(); err == nil || !strings.Contains(string(out), "plays something else") {
		t.Errorf("%s", out)
	}
}

func (l *live) audit(t *testing.T) {
	if out, err := l.kubectl("writer", "", "create", "configmap", "noted", "--from-literal=a=b"); err != nil {
		t.Fatal(out)
	}
	_, _ = l.kubectl("writer", "", "create", "configmap", "dry", "--dry-run=server")
	b, err := os.ReadFile(l.ready.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	created, dry := 0, 0
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var e struct {
			RequestURI, Verb, Level string
			User                    struct{ Username string }
			RequestObject           map[string]any
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if strings.HasPrefix(e.User.Username, "system:") && !strings.HasPrefix(e.User.Username, "system:serviceaccount:default") {
			t.Errorf("the cluster's own %s is logged", e.User.Username)
		}
		if e.User.Username == "writer" && e.Verb == "create" && strings.Contains(e.RequestURI, "/configmaps") {
			if strings.Contains(e.RequestURI, "dryRun=All") {
				dry++
			} else if data, _ := e.RequestObject["data"].(map[string]any); data["a"] == "b" {
				created++
			}
		}
	}
	if created != 1 || dry != 1 {
		t.Errorf("%d creations with their bytes and %d dry runs are logged", created, dry)
	}
}

func TestLiveTwoClustersLiveSideBySideAndEndWithStdin(t *testing.T) {
	cache := t.TempDir()
	a := startLive(t, cache)
	b := startLive(t, cache)
	if a.ready.Server == b.ready.Server {
		t.Fatal(a.ready.Server)
	}
	for _, l := range []*live{a, b} {
		l.until("node/node-2", "get", "nodes", "-o", "name")
	}
	if out, err := exec.Command(a.program, "up", "--dir", a.dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "runs in") {
		t.Errorf("a second one in the same folder: %s", out)
	}
	if out, err := exec.Command(a.program, "kubectl", "--kubeconfig", a.ready.Kubeconfigs["admin"], "--server", b.ready.Server, "get", "nodes").CombinedOutput(); err == nil {
		t.Errorf("one cluster's credentials open the other: %s", out)
	}
	_ = b.stdin.Close()
	b.ends(0)
	a.until("node/node-2", "get", "nodes", "-o", "name")
	_ = a.stdin.Close()
	a.ends(0)
	a.gone()
}

func TestLiveAKilledClusterLeavesNothingAfterASweep(t *testing.T) {
	l := startLive(t, t.TempDir())
	l.apply(database)
	l.must("wait", "--for=condition=Ready", "pod/db", "--timeout=60s")
	l.family = descendants(l.cmd.Process.Pid)
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
	if err := l.sweep(); err != nil {
		t.Fatal(err)
	}
	l.gone()
}

func TestLiveTheEndOfAPartEndsTheClusterAndIsNamed(t *testing.T) {
	l := startLive(t, t.TempDir())
	for _, p := range l.family {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID)); bytes.Contains(b, []byte("\x00kube-scheduler\x00")) || bytes.HasPrefix(b, []byte("/kmcluster/kmcluster\x00kube-scheduler")) {
			_ = syscall.Kill(p.PID, syscall.SIGKILL)
		}
	}
	l.ends(1)
	if text := l.cmd.Stderr.(*bytes.Buffer).String(); !strings.Contains(text, "kube-scheduler ended") {
		t.Error(text)
	}
	l.gone()
}
