package up

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests in this file start real clusters with the program that KMCLUSTER names:
//
//	KMCLUSTER=$(tests/cluster/prepare) go test ./internal/up

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
	for _, part := range []struct {
		name string
		test func(*live, *testing.T)
	}{
		{"a claim of the default class is bound when a Pod uses it", (*live).claims},
		{"identities may what they should", (*live).identities},
		{"policies are enforced and DNS answers", (*live).policies},
		{"images are pulled, missing, private, added, and too hungry", (*live).images},
		{"the audit log says who wrote what", (*live).audit},
	} {
		t.Run(part.name, func(t *testing.T) {
			whole := l.t
			l.t = t
			defer func() { l.t = whole }()
			part.test(l, t)
		})
	}
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
	l.apply(pod("lost", "lost:1", ""))
	l.until("lookup nosuch on 10.250.0.1:53: no such host", "logs", "lost")
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
	l.until("401 Unauthorized|authorization failed", "get", "events", "--field-selector", "involvedObject.name=private")
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
