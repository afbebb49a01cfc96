// Package identity makes the users of a cluster: their tokens, the API server's list of them, and their kubeconfigs.
package identity

import (
	"encoding/json"
	"fmt"
	"strings"

	"kmcluster/internal/layout"
	"kmcluster/internal/pki"
)

const masters = "system:masters"

// User is one identity. Public ones get a kubeconfig in the run's folder.
type User struct {
	Name   string // of the kubeconfig
	User   string // as the API server and its audit log say it
	Groups []string
	Token  string
	Public bool
}

// Expired is the public identity whose token the API server does not know.
const Expired = "expired"

// Users makes everybody, with fresh tokens: the public ones for tests, the others for the cluster's own parts.
func Users(nodes int) []User {
	all := []User{
		{Name: "admin", User: "admin", Groups: []string{masters}, Public: true},
		{Name: "oncall", User: "oncall", Groups: []string{masters}, Public: true},
		{Name: "reader", User: "reader", Public: true},
		{Name: "writer", User: "writer", Public: true},
		{Name: "restricted", User: "restricted", Public: true},
		{Name: Expired, User: Expired, Public: true},
		{Name: "setup", User: "system:kmcluster", Groups: []string{masters}},
		{Name: "policy", User: "system:kmcluster", Groups: []string{masters}},
		{Name: "dns", User: "system:kmcluster", Groups: []string{masters}},
		{Name: "controller-manager", User: "system:kube-controller-manager"},
		{Name: "scheduler", User: "system:kube-scheduler"},
		{Name: "proxy", User: "system:kube-proxy"},
	}
	for i := 1; i <= nodes; i++ {
		n := layout.NodeName(i)
		all = append(all, User{Name: n, User: "system:node:" + n, Groups: []string{"system:nodes"}})
	}
	for i := range all {
		all[i].Token = pki.Token()
	}
	return all
}

// TokenFile is the API server's list. The expired identity is not in it.
func TokenFile(users []User) string {
	var b strings.Builder
	for i, u := range users {
		if u.Name == Expired {
			continue
		}
		fmt.Fprintf(&b, "%s,%s,%d", u.Token, u.User, i+1)
		if len(u.Groups) > 0 {
			fmt.Fprintf(&b, ",%q", strings.Join(u.Groups, ","))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Context is the name of the one context in every kubeconfig.
const Context = "real"

// Kubeconfig is the file with which a user reaches the server.
func Kubeconfig(u User, server string, ca []byte) ([]byte, error) {
	type m = map[string]any
	return json.MarshalIndent(m{
		"apiVersion":      "v1",
		"kind":            "Config",
		"current-context": Context,
		"clusters":        []any{m{"name": Context, "cluster": m{"server": server, "certificate-authority-data": ca}}},
		"users":           []any{m{"name": u.Name, "user": m{"token": u.Token}}},
		"contexts":        []any{m{"name": Context, "context": m{"cluster": Context, "user": u.Name}}},
	}, "", "  ")
}

// FileName of a user's kubeconfig.
func (u User) FileName() string { return u.Name + ".kubeconfig" }

// PublicFiles are the kubeconfigs in the run's folder.
func PublicFiles() []string {
	var out []string
	for _, u := range Users(0) {
		if u.Public {
			out = append(out, u.FileName())
		}
	}
	return out
}

// AuditPolicy logs writes with their bodies and reads without, and nothing of the cluster's own parts.
const AuditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ['system:kmcluster', 'system:kube-controller-manager', 'system:kube-scheduler', 'system:kube-proxy', 'system:apiserver', 'system:anonymous']
- level: None
  userGroups: ['system:nodes', 'system:serviceaccounts:kube-system']
- level: RequestResponse
  verbs: [create, update, patch, delete, deletecollection]
- level: Metadata
`
