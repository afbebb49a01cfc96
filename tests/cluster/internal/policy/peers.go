package policy

import (
	"fmt"
	"net/netip"
	"strings"

	v1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// peer is one match of an address; pod is set where it is a Pod's.
type peer struct {
	text string
	pod  *v1.Pod
}

// rule gives the matches of one rule: every peer with every port. For ingress, on is the selected Pod, whose named
// ports are meant; for egress they are the peer's.
func (w World) rule(field, namespace string, from []netv1.NetworkPolicyPeer, ports []netv1.NetworkPolicyPort, on *v1.Pod) []string {
	var out []string
	for _, p := range w.peers(field, namespace, from) {
		if len(ports) == 0 {
			if p.text == "" {
				p.text = "meta nfproto ipv4"
			}
			out = append(out, p.text)
		}
		for _, q := range ports {
			if on != nil {
				p.pod = on
			}
			if match := port(q, p.pod); match != "" {
				out = append(out, strings.TrimSpace(p.text+" "+match))
			}
		}
	}
	return out
}

func (w World) peers(field, namespace string, list []netv1.NetworkPolicyPeer) []peer {
	if len(list) == 0 {
		return []peer{{}}
	}
	var out []peer
	for _, l := range list {
		if l.IPBlock != nil {
			out = append(out, block(field, l.IPBlock)...)
			continue
		}
		for _, p := range w.Pods {
			inNamespace := p.Namespace == namespace
			if l.NamespaceSelector != nil {
				inNamespace = matches(l.NamespaceSelector, w.Namespaces[p.Namespace])
			}
			if inNamespace && (l.PodSelector == nil || matches(l.PodSelector, p.Labels)) {
				out = append(out, peer{text: fmt.Sprintf("ip %s %s", field, p.Status.PodIP), pod: p})
			}
		}
	}
	return out
}

// block matches addresses; Pods have none of version 6 here.
func block(field string, b *netv1.IPBlock) []peer {
	if p, err := netip.ParsePrefix(b.CIDR); err != nil || !p.Addr().Is4() {
		return nil
	}
	text := fmt.Sprintf("ip %s %s", field, b.CIDR)
	if len(b.Except) > 0 {
		text += fmt.Sprintf(" ip %s != { %s }", field, strings.Join(b.Except, ", "))
	}
	return []peer{{text: text}}
}

// port matches one port; empty where a name is not one of the Pod's.
func port(p netv1.NetworkPolicyPort, pod *v1.Pod) string {
	protocol := v1.ProtocolTCP
	if p.Protocol != nil {
		protocol = *p.Protocol
	}
	number := ""
	switch {
	case p.Port == nil:
		return "meta l4proto " + strings.ToLower(string(protocol))
	case p.Port.Type == intstr.Int && p.EndPort != nil:
		number = fmt.Sprintf("%d-%d", p.Port.IntVal, *p.EndPort)
	case p.Port.Type == intstr.Int:
		number = fmt.Sprint(p.Port.IntVal)
	default:
		if number = named(pod, p.Port.StrVal, protocol); number == "" {
			return ""
		}
	}
	return fmt.Sprintf("%s dport %s", strings.ToLower(string(protocol)), number)
}

func named(pod *v1.Pod, name string, protocol v1.Protocol) string {
	if pod == nil {
		return ""
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == name && (p.Protocol == protocol || p.Protocol == "" && protocol == v1.ProtocolTCP) {
				return fmt.Sprint(p.ContainerPort)
			}
		}
	}
	return ""
}
