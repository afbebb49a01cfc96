package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// The folders that programs expect; anybody may write there, as the actor may run as any user.
var folders = []string{"data/", "etc/", "tmp/", "var/", "var/lib/", "var/log/"}

// Builder makes images. All share one layer with the actor program, so that a node stores it once.
type Builder struct{ base v1.Layer }

// NewBuilder takes the actor program's bytes.
func NewBuilder(actor []byte) (*Builder, error) {
	base, err := layer(folders, "actor", actor)
	if err != nil {
		return nil, err
	}
	return &Builder{base: base}, nil
}

// Build makes one image.
func (b *Builder) Build(im Image) (v1.Image, error) {
	text := []byte(im.Play)
	if len(text) == 0 {
		text = []byte("{}")
	}
	played, err := layer(nil, "play.json", text)
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, b.base, played)
	if err != nil {
		return nil, err
	}
	cf, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	cf = cf.DeepCopy()
	cf.Architecture, cf.OS = runtime.GOARCH, "linux"
	cf.Config.Entrypoint = []string{"/actor"}
	cf.Config.User = im.User
	cf.Config.Env = []string{"PATH=/"}
	return mutate.ConfigFile(img, cf)
}

func layer(dirs []string, file string, content []byte) (v1.Layer, error) {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, d := range dirs {
		if err := t.WriteHeader(&tar.Header{Name: d, Typeflag: tar.TypeDir, Mode: 0o777}); err != nil {
			return nil, err
		}
	}
	if err := t.WriteHeader(&tar.Header{Name: file, Mode: 0o755, Size: int64(len(content))}); err != nil {
		return nil, err
	}
	if _, err := t.Write(content); err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	return tarball.LayerFromOpener(opener, tarball.WithCompressionLevel(gzip.BestSpeed), tarball.WithCompressedCaching)
}
