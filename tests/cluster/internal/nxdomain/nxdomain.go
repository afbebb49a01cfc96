// Package nxdomain is a CoreDNS plugin that knows no name. Asked last, it makes what is not a name of the cluster a
// "no such host", as on a cluster with a resolver behind it; without it CoreDNS refuses the question, and programs tell
// of a broken server.
package nxdomain

import (
	"context"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/miekg/dns"
)

// Name is the directive in a Corefile.
const Name = "nxdomain"

// Register makes the directive known.
func Register() {
	dnsserver.Directives = append(dnsserver.Directives, Name)
	plugin.Register(Name, func(c *caddy.Controller) error {
		dnsserver.GetConfig(c).AddPlugin(func(plugin.Handler) plugin.Handler { return handler{} })
		return nil
	})
}

type handler struct{}

func (handler) Name() string { return Name }

// ServeDNS answers that there is no such name.
func (handler) ServeDNS(_ context.Context, w dns.ResponseWriter, q *dns.Msg) (int, error) {
	m := new(dns.Msg).SetRcode(q, dns.RcodeNameError)
	m.Authoritative = true
	return dns.RcodeNameError, w.WriteMsg(m)
}
