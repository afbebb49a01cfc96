package node

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"kmcluster/internal/cgroup"
	"kmcluster/internal/layout"
)

func example() Config {
	return Config{Name: "node-2", Index: 2, Nodes: 2, Network: layout.Network{N: 250}, CgroupRoot: cgroup.NodeRoot("kubemend-a", "node-2"),
		Snapshotter: "overlayfs", Labels: map[string]string{"environment": "staging", "disktype": "hdd"}}
}

func TestTheKubeletsConfigurationIsReadable(t *testing.T) {
	var k map[string]any
	if err := yaml.UnmarshalStrict([]byte(example().kubelet()), &k); err != nil {
		t.Fatal(err)
	}
	if k["cgroupRoot"] != "/kubemend-a/node-2" || k["clusterDNS"].([]any)[0] != "10.250.0.1" {
		t.Fatal(k)
	}
	if h := k["evictionHard"].(map[string]any); h["nodefs.available"] != leastDisk {
		t.Fatal(h)
	}
	if err := yaml.UnmarshalStrict([]byte(example().proxy()), &k); err != nil {
		t.Fatal(err)
	}
}

func TestPodsOfANodeGetItsNetwork(t *testing.T) {
	var c struct {
		Plugins []struct{ IPAM struct{ Subnet string } }
	}
	if err := json.Unmarshal([]byte(example().cni()), &c); err != nil {
		t.Fatal(err)
	}
	if c.Plugins[0].IPAM.Subnet != "10.250.102.0/24" {
		t.Fatal(c)
	}
}

func TestEveryRegistryIsOurs(t *testing.T) {
	f := example().files()["/etc/containerd/certs.d/_default/hosts.toml"]
	if strings.Count(f, "http://10.250.0.1:5000") != 2 {
		t.Fatal(f)
	}
}

func TestLabelsGoToTheKubeletInOrder(t *testing.T) {
	if got := example().labels(); got != "disktype=hdd,environment=staging" {
		t.Fatal(got)
	}
}
