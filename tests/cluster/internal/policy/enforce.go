package policy

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// Enforce watches and applies, until the process ends.
func Enforce(kubeconfig, node, dns string) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	f := informers.NewSharedInformerFactory(client, 0)
	pods, namespaces, policies := f.Core().V1().Pods(), f.Core().V1().Namespaces(), f.Networking().V1().NetworkPolicies()
	changed := make(chan struct{}, 1)
	note := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	for _, i := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := i.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { note() }, UpdateFunc: func(any, any) { note() }, DeleteFunc: func(any) { note() },
		}); err != nil {
			return err
		}
	}
	ctx := context.Background()
	f.Start(ctx.Done())
	f.WaitForCacheSync(ctx.Done())
	note()
	last := ""
	for range changed {
		w := World{Namespaces: map[string]map[string]string{}}
		if w.Pods, err = pods.Lister().List(labels.Everything()); err != nil {
			return err
		}
		if w.Policies, err = policies.Lister().List(labels.Everything()); err != nil {
			return err
		}
		nss, err := namespaces.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		for _, n := range nss {
			w.Namespaces[n.Name] = n.Labels
		}
		w.Pods = append(w.Pods, DNSPod(dns))
		if rules := Ruleset(w, node); rules != last {
			if err := apply(rules); err != nil {
				fmt.Fprintln(os.Stderr, err)
				time.AfterFunc(time.Second, note) // a Pod may have gone meanwhile, or nft was busy
			} else {
				last = rules
			}
		}
		time.Sleep(50 * time.Millisecond) // changes come in bursts
	}
	return nil
}

func apply(rules string) error {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s\n%s", err, out, rules)
	}
	return nil
}
