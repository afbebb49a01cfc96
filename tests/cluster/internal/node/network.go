package node

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/vishvananda/netlink"
)

// connect sets the node's side of the network up, once the control plane has moved eth0 in.
func (c Config) connect() error {
	link, err := waitForLink("eth0", 10*time.Second)
	if err != nil {
		return err
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	address, err := netlink.ParseAddr(c.Network.Node(c.Index) + "/24")
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, address); err != nil {
		return fmt.Errorf("give eth0 the address %s: %w", address, err)
	}
	for _, l := range []netlink.Link{lo, link} {
		if err := netlink.LinkSetUp(l); err != nil {
			return fmt.Errorf("set %s up: %w", l.Attrs().Name, err)
		}
	}
	if err := route(link, "0.0.0.0/0", c.Network.Gateway()); err != nil {
		return err
	}
	for i := 1; i <= c.Nodes; i++ {
		if i != c.Index {
			if err := route(link, c.Network.Pods(i), c.Network.Node(i)); err != nil {
				return err
			}
		}
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return fmt.Errorf("let the node forward packets: %w", err)
	}
	return nil
}

func waitForLink(name string, limit time.Duration) (netlink.Link, error) {
	for end := time.Now().Add(limit); ; {
		link, err := netlink.LinkByName(name)
		if err == nil {
			return link, nil
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s did not come within %s: %w", name, limit, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func route(link netlink.Link, to, via string) error {
	_, network, err := net.ParseCIDR(to)
	if err != nil {
		return err
	}
	err = netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: network, Gw: net.ParseIP(via)})
	if err != nil {
		return fmt.Errorf("route %s via %s: %w", to, via, err)
	}
	return nil
}
