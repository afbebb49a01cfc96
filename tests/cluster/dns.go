package main

import (
	"fmt"
	"os"

	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"

	"kmcluster/internal/identity"
	"kmcluster/internal/nxdomain"
)

const corefile = `cluster.local in-addr.arpa {
 bind %[1]s
 errors
 kubernetes cluster.local in-addr.arpa {
  kubeconfig %[2]s %[3]s
  pods insecure
  ttl 1
 }
}
. {
 bind %[1]s
 nxdomain
}
`

// dns runs CoreDNS with what a cluster's own names need; it does not return unless it fails.
func dns(address, kubeconfig, file string) error {
	text := fmt.Sprintf(corefile, address, kubeconfig, identity.Context)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	nxdomain.Register()
	os.Args = []string{"coredns", "-conf", file, "-quiet"}
	coremain.Run()
	return nil
}
