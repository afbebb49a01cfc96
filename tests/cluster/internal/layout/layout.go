// Package layout says where things lie: in a run's folder, and in the private file system that shows it.
package layout

import (
	"fmt"
	"path/filepath"
)

// Names in a run's folder. What Passing lists does not outlive the run; logs and the audit log do.
const (
	State    = "state"
	Logs     = "log"
	AuditLog = "audit.log"
	Ready    = "ready.json"
)

// Passing names what is removed at the end.
func Passing(kubeconfigs []string) []string {
	return append([]string{State, Ready}, kubeconfigs...)
}

// Paths inside, the same for the control plane and the nodes.
const (
	Run      = "/cluster"   // the run's folder
	Programs = "/kmcluster" // the folder of this program and the actor
	Self     = Programs + "/kmcluster"
	Actor    = Programs + "/actor"
	Volumes  = "/tmp/hostpath_pv" // where the in-tree provisioner makes claims' folders
)

// Inside is a path below the run's folder, inside.
func Inside(elem ...string) string { return filepath.Join(append([]string{Run}, elem...)...) }

// Network is the addresses of one cluster. They are seen by nobody outside: every run has a network of its own.
type Network struct{ N int }

// Gateway is the address of the control plane, the registry and DNS.
func (n Network) Gateway() string { return fmt.Sprintf("10.%d.0.1", n.N) }

// Registry is where the nodes pull from.
func (n Network) Registry() string { return n.Gateway() + ":5000" }

// Node is the address of the i-th node, from 1.
func (n Network) Node(i int) string { return fmt.Sprintf("10.%d.0.%d", n.N, 10+i) }

// Pods is the Pod network of the i-th node.
func (n Network) Pods(i int) string { return fmt.Sprintf("10.%d.%d.0/24", n.N, 100+i) }

// Fixed addresses and ports.
const (
	Services   = "10.96.0.0/16"
	ServiceAPI = "10.96.0.1"
	APIPort    = 6443
)

// NodeName is the name of the i-th node, from 1.
func NodeName(i int) string { return fmt.Sprintf("node-%d", i) }

// MaxNodes fit into the network.
const MaxNodes = 100
