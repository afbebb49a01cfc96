package up

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"kmcluster/internal/identity"
	"kmcluster/internal/layout"
	"kmcluster/internal/pki"
)

// prepareFolder empties what an earlier run left in the folder and makes what this one needs, and gives the public
// kubeconfigs by identity. Nothing else in the folder is touched.
func prepareFolder(o Options, server string) (map[string]string, error) {
	for _, name := range append(layout.Passing(identity.PublicFiles()), layout.Logs, layout.AuditLog) {
		if err := os.RemoveAll(filepath.Join(o.Dir, name)); err != nil {
			return nil, err
		}
	}
	state := filepath.Join(o.Dir, layout.State)
	for _, d := range []string{filepath.Join(o.Dir, layout.Logs), filepath.Join(state, "pki"), filepath.Join(state, "kubeconfig")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	ca, err := writeKeys(filepath.Join(state, "pki"), o.Network)
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	users := identity.Users(o.Nodes)
	files := map[string]string{
		filepath.Join(state, "tokens.csv"):        identity.TokenFile(users),
		filepath.Join(state, "audit-policy.yaml"): identity.AuditPolicy,
	}
	public := map[string]string{}
	for _, u := range users {
		at, path := server, filepath.Join(o.Dir, u.FileName())
		if u.Public {
			public[u.Name] = path
		} else {
			at = fmt.Sprintf("https://%s:%d", o.Network.Gateway(), layout.APIPort)
			path = filepath.Join(state, "kubeconfig", u.FileName())
		}
		b, err := identity.Kubeconfig(u, at, ca)
		if err != nil {
			return nil, err
		}
		files[path] = string(b)
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return public, nil
}

func writeKeys(dir string, n layout.Network) ([]byte, error) {
	ca, err := pki.NewCA("kmcluster")
	if err != nil {
		return nil, err
	}
	server, err1 := ca.Server("kube-apiserver",
		[]string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		[]net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(n.Gateway()), net.ParseIP(layout.ServiceAPI)})
	client, err2 := ca.Client("kube-apiserver-kubelet-client", "system:masters")
	sa, err3 := pki.SigningKey()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	for name, b := range map[string][]byte{
		"ca.crt":        ca.Cert,
		"apiserver.crt": server.Cert, "apiserver.key": server.Key,
		"kubelet-client.crt": client.Cert, "kubelet-client.key": client.Key,
		"sa.pub": sa.Cert, "sa.key": sa.Key,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return nil, err
		}
	}
	return ca.Cert, nil
}
