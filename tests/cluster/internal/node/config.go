// Package node is one node of the cluster: process 1 of its own pid, mount, network and host name namespaces. It sets up
// its file system and network, runs containerd, kubelet, kube-proxy and the policy enforcer, and reaps what they leave.
package node

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"kmcluster/internal/layout"
)

// Config is what the control plane tells a node.
type Config struct {
	Name        string            `json:"name"`
	Index       int               `json:"index"` // from 1
	Nodes       int               `json:"nodes"`
	Network     layout.Network    `json:"network"`
	CgroupRoot  string            `json:"cgroupRoot"`
	Snapshotter string            `json:"snapshotter"`
	Labels      map[string]string `json:"labels"`
	StartLimit  time.Duration     `json:"startLimit"`
}

func home(name string) string { return layout.Inside(layout.State, "nodes", name) }

// APIReady is a file that tells the nodes that the API server answers.
func APIReady() string { return layout.Inside(layout.State, "api-ready") }

// Save puts the configuration where the node finds it.
func (c Config) Save() error {
	if err := os.MkdirAll(home(c.Name)+"/var", 0o755); err != nil {
		return err
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(home(c.Name)+"/node.json", b, 0o600)
}

func load(name string) (Config, error) {
	var c Config
	b, err := os.ReadFile(home(name) + "/node.json")
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("node.json: %w", err)
	}
	return c, nil
}
