package node

import (
	"fmt"
	"sort"
	"strings"

	"kmcluster/internal/layout"
)

// files are the configurations of the node's programs, by their usual paths.
func (c Config) files() map[string]string {
	gateway := c.Network.Gateway()
	return map[string]string{
		"/etc/hosts":                     "127.0.0.1 localhost\n" + c.Network.Node(c.Index) + " " + c.Name + "\n",
		"/etc/hostname":                  c.Name + "\n",
		"/etc/machine-id":                fmt.Sprintf("%032d\n", c.Index),
		"/etc/nsswitch.conf":             "hosts: files dns\n",
		"/etc/os-release":                "ID=kmcluster\nNAME=kmcluster\nPRETTY_NAME=\"kmcluster\"\n",
		"/etc/passwd":                    "root:x:0:0:root:/root:/bin/sh\n",
		"/etc/group":                     "root:x:0:\n",
		"/etc/resolv.conf":               "nameserver " + gateway + "\n",
		"/etc/cni/net.d/10-ptp.conflist": c.cni(),
		"/etc/containerd/certs.d/_default/hosts.toml": mirror(c.Network.Registry()),
		"/etc/containerd/config.toml":                 c.containerd(),
		"/etc/kubernetes/kubelet.yaml":                c.kubelet(),
		"/etc/kubernetes/proxy.yaml":                  c.proxy(),
	}
}

func (c Config) cni() string {
	return fmt.Sprintf(`{"cniVersion":"0.4.0","name":"pods","plugins":[`+
		`{"type":"ptp","ipMasq":false,"mtu":1500,"ipam":{"type":"host-local","subnet":%q,"dataDir":"/var/lib/cni","routes":[{"dst":"0.0.0.0/0"}]}},`+
		`{"type":"portmap","capabilities":{"portMappings":true}}]}`, c.Network.Pods(c.Index))
}

// mirror sends every registry's name to ours. It is named as the server too: a tag that is not there is then a real
// "not found", and not a failure to resolve the name of a registry that does not exist.
func mirror(registry string) string {
	return fmt.Sprintf("server = \"http://%[1]s\"\n[host.\"http://%[1]s\"]\n  capabilities = [\"pull\", \"resolve\"]\n", registry)
}

func (c Config) containerd() string {
	return fmt.Sprintf(`version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = %q
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`, Pause, c.Snapshotter)
}

// Pause is the image of every Pod's first container.
const Pause = "registry.k8s.io/pause:3.10"

// What of the machine's disk has to be free, or a kubelet evicts every Pod. A quantity and no share: one percent
// of a large disk is gigabytes, which no Pod of a test needs.
const leastDisk = "100Mi"

func (c Config) kubelet() string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 0.0.0.0
readOnlyPort: 0
cgroupDriver: cgroupfs
cgroupRoot: %[1]s
cgroupsPerQOS: true
enforceNodeAllocatable: [pods]
failCgroupV1: false
failSwapOn: false
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %[2]q}}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
evictionHard: {memory.available: 100Mi, nodefs.available: %[4]s, imagefs.available: %[4]s, nodefs.inodesFree: "0%%", imagefs.inodesFree: "0%%"}
imageGCHighThresholdPercent: 100
resolvConf: /etc/resolv.conf
clusterDomain: cluster.local
clusterDNS: [%[3]q]
nodeStatusUpdateFrequency: 5s
volumePluginDir: /var/lib/flexvolume
syncFrequency: 10s
`, c.CgroupRoot, layout.Inside(layout.State, "pki", "ca.crt"), c.Network.Gateway(), leastDisk)
}

func (c Config) proxy() string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
bindAddress: %[1]s
clientConnection: {kubeconfig: %[2]q}
hostnameOverride: %[3]q
clusterCIDR: ""
conntrack: {maxPerCore: 0}
`, c.Network.Node(c.Index), Kubeconfig("proxy"), c.Name)
}

// Kubeconfig is where the one of a cluster's own part lies.
func Kubeconfig(user string) string {
	return layout.Inside(layout.State, "kubeconfig", user+".kubeconfig")
}

// labels as the kubelet's argument wants them.
func (c Config) labels() string {
	var out []string
	for k, v := range c.Labels {
		out = append(out, k+"="+v)
	}
	sort.Strings(out)
	return strings.Join(out, ",")
}
