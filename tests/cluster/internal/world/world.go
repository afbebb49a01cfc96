package world

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"kmcluster/internal/image"
	"kmcluster/internal/layout"
	"kmcluster/internal/node"
	"kmcluster/internal/root"
)

// Run is the world's process 1. It reports what it does, and why it fails; it returns only when it fails.
func Run(run string) error {
	runtime.LockOSThread() // the children die with the thread that started them
	r := reporter{json.NewEncoder(os.NewFile(ReportFD, "report"))}
	err := live(run, r)
	if err != nil {
		_ = r.out.Encode(Report{Fail: err.Error()})
	}
	return err
}

func live(run string, r reporter) error {
	c, err := load(run)
	if err != nil {
		return err
	}
	api, err := inherited(APIFD, "api")
	if err != nil {
		return err
	}
	endpoint, err := inherited(ControlFD, "control")
	if err != nil {
		return err
	}
	if err := enter(c); err != nil {
		return err
	}
	bridge, err := makeBridge(c.Network)
	if err != nil {
		return err
	}
	s := newStarter()
	ctx := context.Background()
	if _, err := s.start("etcd", nil, "etcd", statePath("etcd"), etcdPeer, etcdClient); err != nil {
		return err
	}
	if _, err := s.start("kube-apiserver", nil, apiServer(c.Network)...); err != nil {
		return err
	}
	registry, err := c.startRegistry()
	if err != nil {
		return err
	}
	r.say("%d images", len(c.Images))
	go forward(api, fmt.Sprintf("127.0.0.1:%d", layout.APIPort))
	go func() { _ = http.Serve(endpoint, control(registry, c.Secret)) }()
	for i := 1; i <= c.Nodes; i++ {
		if err := c.startNode(s, bridge, i); err != nil {
			return err
		}
	}
	client, err := setupClient()
	if err != nil {
		return err
	}
	if err := s.until("kube-apiserver", "kube-apiserver", c.StartLimit, func() error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}); err != nil {
		return err
	}
	if err := os.WriteFile(node.APIReady(), nil, 0o644); err != nil {
		return err
	}
	r.say("API server ready")
	for name, args := range map[string][]string{
		"kube-controller-manager": controllerManager(),
		"kube-scheduler":          scheduler(),
		"dns":                     {"dns", c.Network.Gateway(), node.Kubeconfig("dns"), statePath("Corefile")},
	} {
		if _, err := s.start(name, nil, args...); err != nil {
			return err
		}
	}
	if err := s.until("the first objects", "kube-apiserver", c.StartLimit, func() error { return createObjects(ctx, client) }); err != nil {
		return err
	}
	go openVolumes()
	if err := c.wait(ctx, s, client); err != nil {
		return err
	}
	_ = r.out.Encode(Report{Ready: true})
	return <-s.failed
}

// enter makes the private file system; the run's folder and the programs are bound into it.
func enter(c Config) error {
	volumes := filepath.Join(c.Run, layout.State, "volumes")
	at := filepath.Join(c.Run, layout.State, "root")
	for _, d := range []string{volumes, at} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	return root.Enter(root.Spec{
		At:   at,
		Host: "kmcluster",
		Usr:  c.Usr,
		Binds: []root.Bind{
			{Source: c.Run, Target: layout.Run},
			{Source: c.Programs, Target: layout.Programs, ReadOnly: true},
			{Source: volumes, Target: layout.Volumes},
		},
		Files: map[string]string{
			"/etc/hosts":         "127.0.0.1 localhost\n",
			"/etc/nsswitch.conf": "hosts: files dns\n",
			"/etc/resolv.conf":   "nameserver " + c.Network.Gateway() + "\n",
			"/etc/passwd":        "root:x:0:0:root:/root:/bin/sh\n",
		},
	})
}

func (c Config) startRegistry() (*image.Registry, error) {
	actor, err := os.ReadFile(layout.Actor)
	if err != nil {
		return nil, err
	}
	registry, err := image.NewRegistry(actor)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", c.Network.Registry())
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	go func() { _ = registry.Serve(l) }()
	pause := image.Image{Ref: node.Pause, Play: json.RawMessage(`{"pause":true}`)}
	for _, im := range append([]image.Image{pause}, c.Images...) {
		if err := registry.Add(im); err != nil {
			return nil, err
		}
	}
	return registry, nil
}

func setupClient() (kubernetes.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", node.Kubeconfig("setup"))
	if err != nil {
		return nil, err
	}
	cfg.Timeout = 5 * time.Second
	cfg.QPS = -1
	return kubernetes.NewForConfig(cfg)
}

// wait until Pods can run, talk and resolve names.
func (c Config) wait(ctx context.Context, s *starter, client kubernetes.Interface) error {
	if err := s.until("the default service account", "kube-controller-manager", c.StartLimit, func() error {
		_, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err
	}); err != nil {
		return err
	}
	if err := s.until("DNS", "dns", c.StartLimit, func() error {
		conn, err := net.DialTimeout("tcp", c.Network.Gateway()+":53", time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}); err != nil {
		return err
	}
	return s.until("nodes", layout.NodeName(c.Nodes)+"-kubelet", c.StartLimit, func() error { return nodesReady(ctx, client, c.Nodes) })
}
