package world

import (
	"fmt"

	"kmcluster/internal/layout"
	"kmcluster/internal/node"
)

const (
	etcdClient = "http://127.0.0.1:2379"
	etcdPeer   = "http://127.0.0.1:2380"
)

func statePath(elem ...string) string {
	return layout.Inside(append([]string{layout.State}, elem...)...)
}

func pkiPath(name string) string { return statePath("pki", name) }

// apiServer is the arguments of kube-apiserver. Aggregator routing goes straight to the endpoints of a Service: no
// kube-proxy runs beside it.
func apiServer(n layout.Network) []string {
	return []string{"kube-apiserver",
		"--etcd-servers=" + etcdClient,
		fmt.Sprintf("--secure-port=%d", layout.APIPort),
		"--bind-address=0.0.0.0",
		"--advertise-address=" + n.Gateway(),
		"--tls-cert-file=" + pkiPath("apiserver.crt"),
		"--tls-private-key-file=" + pkiPath("apiserver.key"),
		"--cert-dir=" + statePath("pki"),
		"--service-account-key-file=" + pkiPath("sa.pub"),
		"--service-account-signing-key-file=" + pkiPath("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-cluster-ip-range=" + layout.Services,
		"--token-auth-file=" + statePath("tokens.csv"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--audit-policy-file=" + statePath("audit-policy.yaml"),
		"--audit-log-path=" + layout.Inside(layout.AuditLog),
		"--audit-log-maxsize=4096", // megabytes: no rotation
		"--enable-aggregator-routing=true",
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + pkiPath("kubelet-client.crt"),
		"--kubelet-client-key=" + pkiPath("kubelet-client.key"),
	}
}

// controllerManager notices a silent node quickly, though not before its lease runs out.
func controllerManager() []string {
	conf := node.Kubeconfig("controller-manager")
	return []string{"kube-controller-manager",
		"--kubeconfig=" + conf,
		"--authentication-kubeconfig=" + conf,
		"--authorization-kubeconfig=" + conf,
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + pkiPath("sa.key"),
		"--root-ca-file=" + pkiPath("ca.crt"),
		"--enable-hostpath-provisioner=true",
		"--flex-volume-plugin-dir=/var/lib/flexvolume",
		// It asks for a token per controller at its start: with the usual limit of 20 in a second, that takes five.
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--node-monitor-grace-period=16s",
		"--node-monitor-period=2s",
	}
}

func scheduler() []string {
	conf := node.Kubeconfig("scheduler")
	return []string{"kube-scheduler",
		"--kubeconfig=" + conf,
		"--authentication-kubeconfig=" + conf,
		"--authorization-kubeconfig=" + conf,
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
	}
}
