package world

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
)

func TestTheStartingObjectsAreReadable(t *testing.T) {
	all, err := objects()
	if err != nil {
		t.Fatal(err)
	}
	classes := 0
	for _, o := range all {
		if sc, ok := o.(*storagev1.StorageClass); ok {
			classes++
			if sc.Name != "standard" || *sc.VolumeBindingMode != storagev1.VolumeBindingWaitForFirstConsumer || sc.Annotations["storageclass.kubernetes.io/is-default-class"] != "true" {
				t.Errorf("%+v", sc)
			}
		}
	}
	if classes != 1 {
		t.Errorf("%d storage classes", classes)
	}
}

func TestNoRoleReadsSecretsOrEverything(t *testing.T) {
	all, err := objects()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		r, ok := o.(*rbacv1.ClusterRole)
		if !ok {
			continue
		}
		for _, rule := range r.Rules {
			core := false
			for _, g := range rule.APIGroups {
				core = core || g == "" || g == "*"
			}
			for _, res := range rule.Resources {
				if core && (res == "*" || strings.HasPrefix(res, "secrets")) {
					t.Errorf("%s may %v %s", r.Name, rule.Verbs, res)
				}
			}
		}
	}
}
