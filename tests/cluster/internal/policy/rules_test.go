package policy

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func pod(ns, name, node, ip string, labels map[string]string, ports ...v1.ContainerPort) *v1.Pod {
	p := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: labels}, Status: v1.PodStatus{PodIP: ip, Phase: v1.PodRunning}}
	p.Spec.NodeName = node
	p.Spec.Containers = []v1.Container{{Ports: ports}}
	return p
}

func world(policies ...string) World {
	w := World{
		Namespaces: map[string]map[string]string{"shop": {"team": "shop"}, "other": {"team": "other"}},
		Pods: []*v1.Pod{
			pod("shop", "db", "node-1", "10.0.0.1", map[string]string{"app": "db"}, v1.ContainerPort{Name: "sql", ContainerPort: 5432}),
			pod("shop", "web", "node-2", "10.0.0.2", map[string]string{"app": "web"}),
			pod("other", "web", "node-2", "10.0.0.3", map[string]string{"app": "web"}),
			DNSPod("10.9.0.1"),
		},
	}
	for _, text := range policies {
		np := &netv1.NetworkPolicy{}
		if err := yaml.UnmarshalStrict([]byte(text), np); err != nil {
			panic(err)
		}
		np.Namespace = "shop"
		w.Policies = append(w.Policies, np)
	}
	return w
}

// chain gives the lines of one chain.
func chain(rules, name string) []string {
	_, rest, ok := strings.Cut(rules, " chain "+name+" {\n")
	if !ok {
		return nil
	}
	body, _, _ := strings.Cut(rest, " }\n")
	var out []string
	for _, l := range strings.Split(strings.TrimSpace(body), "\n") {
		out = append(out, strings.TrimSpace(l))
	}
	return out
}

func expect(t *testing.T, rules, name string, want ...string) {
	t.Helper()
	if got := strings.Join(chain(rules, name), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("chain %s is\n%s\nwant\n%s", name, got, strings.Join(want, "\n"))
	}
}

func TestWithoutAPolicyNothingIsDropped(t *testing.T) {
	if r := Ruleset(world(), "node-1"); strings.Contains(r, "drop") {
		t.Fatal(r)
	}
}

func TestAnEmptyPolicyDeniesAllThatComesIn(t *testing.T) {
	w := world(`{spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}}`)
	r := Ruleset(w, "node-1")
	expect(t, r, "in0", "drop")
	if !strings.Contains(r, "ip daddr 10.0.0.1 jump in0") || strings.Contains(r, "jump out0") {
		t.Error(r)
	}
	if r := Ruleset(w, "node-2"); strings.Contains(r, "drop") {
		t.Error("a Pod of another node is enforced here:", r)
	}
}

func TestPeersAreThoseOfTheOwnNamespaceUnlessOthersAreNamed(t *testing.T) {
	r := Ruleset(world(`{spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}}`), "node-1")
	expect(t, r, "in0", "ip saddr 10.0.0.2 accept", "drop")
	r = Ruleset(world(`{spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: other}}}]}]}}`), "node-1")
	expect(t, r, "in0", "ip saddr 10.0.0.3 accept", "drop")
	r = Ruleset(world(`{spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}]}]}}`), "node-1")
	expect(t, r, "in0", "ip saddr 10.0.0.1 accept", "drop")
}

func TestPortsAreNumbersRangesAndNames(t *testing.T) {
	r := Ruleset(world(`{spec: {podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: sql}, {port: 9000, endPort: 9010}, {port: 53, protocol: UDP}, {protocol: TCP}, {port: nosuch}]}]}}`), "node-1")
	expect(t, r, "in0", "tcp dport 5432 accept", "tcp dport 9000-9010 accept", "udp dport 53 accept", "meta l4proto tcp accept", "drop")
}

func TestANamedPortOfEgressIsThePeers(t *testing.T) {
	r := Ruleset(world(`{spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: sql}]}]}}`), "node-2")
	expect(t, r, "out1", "ip daddr 10.0.0.1 tcp dport 5432 accept", "drop")
}

func TestDnsIsAPodToPolicies(t *testing.T) {
	r := Ruleset(world(`{spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}]}]}}`), "node-2")
	expect(t, r, "out1", "ip daddr 10.9.0.1 udp dport 53 accept", "drop")
}

func TestAddressBlocksHaveExceptions(t *testing.T) {
	r := Ruleset(world(`{spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}, {ipBlock: {cidr: "fd00::/8"}}]}]}}`), "node-1")
	expect(t, r, "in0", "ip saddr 10.0.0.0/8 ip saddr != { 10.1.0.0/16 } accept", "drop")
}

func TestARuleWithoutPeersAndPortsAllowsAll(t *testing.T) {
	r := Ruleset(world(`{spec: {podSelector: {}, ingress: [{}]}}`), "node-1")
	expect(t, r, "in0", "meta nfproto ipv4 accept", "drop")
}

func TestPoliciesAddUp(t *testing.T) {
	r := Ruleset(world(
		`{spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}`,
		`{spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}}`), "node-1")
	expect(t, r, "in0", "ip saddr 10.0.0.2 tcp dport 5432 accept", "drop")
	expect(t, r, "out0", "drop")
}

func TestEndedPodsAndThoseOfTheHostsNetworkAreNoPeers(t *testing.T) {
	w := world(`{spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}}`)
	w.Pods[1].Status.Phase = v1.PodSucceeded
	expect(t, Ruleset(w, "node-1"), "in0", "drop")
	w.Pods[1].Status.Phase = v1.PodRunning
	w.Pods[1].Spec.HostNetwork = true
	expect(t, Ruleset(w, "node-1"), "in0", "drop")
}
