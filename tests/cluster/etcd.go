package main

import (
	"net/url"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcd runs one member. It never syncs: what it holds does not outlive the run.
func etcd(dir, peer, client string) error {
	c := embed.NewConfig()
	c.Dir = dir
	c.LogLevel = "error"
	c.UnsafeNoFsync = true
	peers, err := url.Parse(peer)
	if err != nil {
		return err
	}
	clients, err := url.Parse(client)
	if err != nil {
		return err
	}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*peers}, []url.URL{*peers}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*clients}, []url.URL{*clients}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	e, err := embed.StartEtcd(c)
	if err != nil {
		return err
	}
	return <-e.Err()
}
