// Package policy enforces NetworkPolicies for the Pods of one node, with nftables in the node's network namespace. It
// computes all rules anew whenever a Pod, a namespace or a policy changes: right for a test cluster, wrong for a large one.
package policy

import (
	"fmt"
	"sort"
	"strings"

	v1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// World is what rules are computed from.
type World struct {
	Pods       []*v1.Pod
	Namespaces map[string]map[string]string // labels by name
	Policies   []*netv1.NetworkPolicy
}

// DNSPod stands for the cluster's DNS server, which is a process here, so that policies that allow it by the usual
// labels work.
func DNSPod(address string) *v1.Pod {
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: "dns", UID: "dns", Labels: map[string]string{"k8s-app": "kube-dns"}},
		Status:     v1.PodStatus{PodIP: address},
	}
}

// reachable keeps the Pods that have an address of their own, in a stable order.
func reachable(pods []*v1.Pod) []*v1.Pod {
	var out []*v1.Pod
	for _, p := range pods {
		if p.Status.PodIP != "" && !p.Spec.HostNetwork && p.Status.Phase != v1.PodSucceeded && p.Status.Phase != v1.PodFailed {
			out = append(out, p)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Status.PodIP < out[j].Status.PodIP })
	return out
}

// Ruleset is the nftables script for one node: for every Pod on it that a policy selects, in a direction, a chain that
// accepts what a rule allows and drops the rest. What comes back to an open connection is always accepted.
func Ruleset(w World, node string) string {
	w.Pods = reachable(w.Pods)
	var chains strings.Builder
	jumps := map[netv1.PolicyType][]string{}
	for i, p := range w.Pods {
		if p.Spec.NodeName != node {
			continue
		}
		for _, d := range []netv1.PolicyType{netv1.PolicyTypeIngress, netv1.PolicyTypeEgress} {
			lines, selected := w.allowed(p, d)
			if !selected {
				continue
			}
			chain, field := fmt.Sprintf("in%d", i), "daddr"
			if d == netv1.PolicyTypeEgress {
				chain, field = fmt.Sprintf("out%d", i), "saddr"
			}
			fmt.Fprintf(&chains, " chain %s {\n", chain)
			for _, l := range lines {
				fmt.Fprintf(&chains, "  %s accept\n", l)
			}
			chains.WriteString("  drop\n }\n")
			jumps[d] = append(jumps[d], fmt.Sprintf("ip %s %s jump %s", field, p.Status.PodIP, chain))
		}
	}
	return "table inet netpol\ndelete table inet netpol\ntable inet netpol {\n" + chains.String() +
		base("egress", 10, jumps[netv1.PolicyTypeEgress]) + base("ingress", 20, jumps[netv1.PolicyTypeIngress]) + "}\n"
}

func base(name string, priority int, jumps []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, " chain %s {\n  type filter hook forward priority %d; policy accept;\n  ct state established,related accept\n", name, priority)
	for _, j := range jumps {
		fmt.Fprintf(&b, "  %s\n", j)
	}
	b.WriteString(" }\n")
	return b.String()
}

// allowed gives what may pass to or from a Pod; selected is false where no policy speaks about it in this direction.
func (w World) allowed(p *v1.Pod, d netv1.PolicyType) (lines []string, selected bool) {
	for _, np := range w.Policies {
		if np.Namespace != p.Namespace || !matches(&np.Spec.PodSelector, p.Labels) || !speaksOf(np, d) {
			continue
		}
		selected = true
		if d == netv1.PolicyTypeIngress {
			for _, r := range np.Spec.Ingress {
				lines = append(lines, w.rule("saddr", np.Namespace, r.From, r.Ports, p)...)
			}
			continue
		}
		for _, r := range np.Spec.Egress {
			lines = append(lines, w.rule("daddr", np.Namespace, r.To, r.Ports, nil)...)
		}
	}
	return lines, selected
}

func speaksOf(np *netv1.NetworkPolicy, d netv1.PolicyType) bool {
	if len(np.Spec.PolicyTypes) == 0 { // the API server fills it in; this is what it fills in
		return d == netv1.PolicyTypeIngress || len(np.Spec.Egress) > 0
	}
	for _, t := range np.Spec.PolicyTypes {
		if t == d {
			return true
		}
	}
	return false
}

func matches(s *metav1.LabelSelector, l map[string]string) bool {
	sel, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && sel.Matches(labels.Set(l))
}
