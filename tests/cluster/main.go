// kmcluster runs a real Kubernetes on one Linux machine as root, for tests. One program is all of it: etcd, the control
// plane, kubelet and kube-proxy are subcommands, so that there is one thing to build, to cache and to bind into nodes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"kmcluster/internal/node"
	"kmcluster/internal/policy"
	"kmcluster/internal/up"
	"kmcluster/internal/world"
)

const usage = `usage:
  kmcluster up [--dir RUN] [--nodes 2] [--images FILE|FOLDER]… [--until-stdin-closes]
                                     run a cluster until it is told to stop
  kmcluster image --dir RUN --file FILE   make more images while it runs
  kmcluster sweep                    remove what killed runs left
  kmcluster kubectl …                kubectl of the same version
  kmcluster version
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	name, args := os.Args[1], os.Args[2:]
	var err error
	switch name {
	case "up":
		err = up.Up(args)
	case "image":
		err = up.AddImages(args)
	case "sweep":
		err = up.Sweep(func(format string, a ...any) { fmt.Printf(format+"\n", a...) })
	case "world":
		err = with(args, 1, func() error { return world.Run(args[0]) })
	case "node":
		err = with(args, 1, func() error { return node.Run(args[0]) })
	case "policy":
		err = with(args, 3, func() error { return policy.Enforce(args[0], args[1], args[2]) })
	case "etcd":
		err = with(args, 3, func() error { return etcd(args[0], args[1], args[2]) })
	case "dns":
		err = with(args, 3, func() error { return dns(args[0], args[1], args[2]) })
	case "version":
		version()
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		component(name, os.Args[1:])
	}
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kmcluster:", err)
		os.Exit(1)
	}
}

// with runs one of the cluster's inner parts, which only the cluster itself starts.
func with(args []string, want int, f func() error) error {
	if len(args) != want {
		return fmt.Errorf("this is an inner part of a cluster, with %d arguments", want)
	}
	return f()
}
