package image

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Credentials of the repositories under private/: what a pull secret must hold.
const (
	PullUser     = "pull"
	PullPassword = "let-me-in"
)

// Registry holds images in memory. The nodes send every registry's name to it.
type Registry struct {
	builder *Builder
	blobs   http.Handler
	mu      sync.Mutex
	images  map[string]Image
}

// NewRegistry makes an empty one.
func NewRegistry(actor []byte) (*Registry, error) {
	b, err := NewBuilder(actor)
	if err != nil {
		return nil, err
	}
	return &Registry{builder: b, blobs: registry.New(registry.Logger(log.New(io.Discard, "", 0))), images: map[string]Image{}}, nil
}

// ServeHTTP answers pulls; repositories under private/ refuse those without the credentials.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method != http.MethodGet && q.Method != http.MethodHead {
		http.Error(w, "read only", http.StatusMethodNotAllowed)
		return
	}
	if strings.Contains(q.URL.Path, "/private/") {
		if u, p, ok := q.BasicAuth(); !ok || u != PullUser || p != PullPassword {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
	}
	r.blobs.ServeHTTP(w, q)
}

// Add makes an image and keeps it. A name that is taken by an image that plays something else is refused:
// nodes keep what they pulled, so the new one would be seen by some Pods only.
func (r *Registry) Add(im Image) error {
	if err := im.Check(); err != nil {
		return err
	}
	ref, err := name.ParseReference(im.Ref)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, taken := r.images[ref.Name()]; taken {
		old.Ref = im.Ref
		if !old.Same(im) {
			return fmt.Errorf("image %s is there already and plays something else: use another tag", im.Ref)
		}
		return nil
	}
	img, err := r.builder.Build(im)
	if err != nil {
		return fmt.Errorf("image %s: %w", im.Ref, err)
	}
	const inside = "registry.internal"
	to, err := name.ParseReference(fmt.Sprintf("%s/%s:%s", inside, ref.Context().RepositoryStr(), ref.Identifier()), name.Insecure)
	if err != nil {
		return fmt.Errorf("image %s: %w", im.Ref, err)
	}
	if err := remote.Write(to, img, remote.WithTransport(direct{r.blobs})); err != nil {
		return fmt.Errorf("image %s: %w", im.Ref, err)
	}
	r.images[ref.Name()] = im
	return nil
}

// Serve listens until the process ends.
func (r *Registry) Serve(l net.Listener) error { return http.Serve(l, r) }
