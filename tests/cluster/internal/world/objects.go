package world

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

//go:embed objects.yaml
var objectsText string

// objects are what every cluster starts with.
func objects() ([]runtime.Object, error) {
	var out []runtime.Object
	for i, text := range strings.Split(objectsText, "\n---\n") {
		o, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(text), nil, nil)
		if err != nil {
			return nil, fmt.Errorf("objects.yaml, document %d: %w", i+1, err)
		}
		out = append(out, o)
	}
	return out, nil
}

func createObjects(ctx context.Context, c kubernetes.Interface) error {
	all, err := objects()
	if err != nil {
		return err
	}
	for _, o := range all {
		var name string
		switch o := o.(type) {
		case *storagev1.StorageClass:
			name = o.Name
			_, err = c.StorageV1().StorageClasses().Create(ctx, o, metav1.CreateOptions{})
		case *rbacv1.ClusterRole:
			name = o.Name
			_, err = c.RbacV1().ClusterRoles().Create(ctx, o, metav1.CreateOptions{})
		case *rbacv1.ClusterRoleBinding:
			name = o.Name
			_, err = c.RbacV1().ClusterRoleBindings().Create(ctx, o, metav1.CreateOptions{})
		default:
			return fmt.Errorf("objects.yaml: nobody creates a %T", o)
		}
		if err != nil && !errors.IsAlreadyExists(err) {
			return fmt.Errorf("create %s: %w", name, err)
		}
	}
	return nil
}
