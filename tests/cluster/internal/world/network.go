package world

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"kmcluster/internal/layout"
)

const bridgeName = "cluster0"

// makeBridge makes the network on which the control plane and the nodes meet.
func makeBridge(n layout.Network) (netlink.Link, error) {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("find lo: %w", err)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return nil, fmt.Errorf("make a bridge: %w", err)
	}
	address, err := netlink.ParseAddr(n.Gateway() + "/24")
	if err != nil {
		return nil, err
	}
	if err := netlink.AddrAdd(bridge, address); err != nil {
		return nil, fmt.Errorf("give the bridge the address %s: %w", address, err)
	}
	for _, l := range []netlink.Link{lo, bridge} {
		if err := netlink.LinkSetUp(l); err != nil {
			return nil, fmt.Errorf("set %s up: %w", l.Attrs().Name, err)
		}
	}
	return bridge, nil
}

// plug connects a node's process to the bridge: it finds its end as eth0.
func plug(bridge netlink.Link, index, pid int) error {
	name := fmt.Sprintf("node%d", index)
	err := netlink.LinkAdd(&netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: name, MasterIndex: bridge.Attrs().Index, MTU: 1500},
		PeerName:      "eth0",
		PeerNamespace: netlink.NsPid(pid),
	})
	if err != nil {
		return fmt.Errorf("make the link %s: %w", name, err)
	}
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set %s up: %w", name, err)
	}
	return nil
}

// routeToPods lets the control plane reach Pods: webhooks and aggregated APIs run in them.
func routeToPods(bridge netlink.Link, n layout.Network, index int) error {
	_, pods, err := net.ParseCIDR(n.Pods(index))
	if err != nil {
		return err
	}
	err = netlink.RouteReplace(&netlink.Route{LinkIndex: bridge.Attrs().Index, Dst: pods, Gw: net.ParseIP(n.Node(index))})
	if err != nil {
		return fmt.Errorf("route %s via %s: %w", pods, n.Node(index), err)
	}
	return nil
}
