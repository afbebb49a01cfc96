// Package image makes container images that play something, and serves them to the nodes.
package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"github.com/google/go-containerregistry/pkg/name"
	"sigs.k8s.io/yaml"

	"kmcluster/internal/play"
)

// Image is one made image: its name, the user it runs as, and what it plays.
type Image struct {
	Ref  string          `json:"ref"`
	User string          `json:"user,omitempty"`
	Play json.RawMessage `json:"play,omitempty"`
}

// Check refuses what could not be made.
func (i Image) Check() error {
	if i.Ref == "" {
		return fmt.Errorf("ref is missing")
	}
	if _, err := name.ParseReference(i.Ref); err != nil {
		return fmt.Errorf("ref %s: %w", i.Ref, err)
	}
	if _, err := play.Parse(i.Play); err != nil {
		return fmt.Errorf("image %s: %w", i.Ref, err)
	}
	return nil
}

// Same tells whether both are one image and play the same.
func (i Image) Same(o Image) bool {
	var a, b any
	_ = json.Unmarshal(i.Play, &a)
	_ = json.Unmarshal(o.Play, &b)
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return i.Ref == o.Ref && i.User == o.User && bytes.Equal(x, y)
}

// Load reads images from files of JSON lines (.jsonl, .json), from YAML lists (.yaml, .yml), and from folders, of
// which every images.yaml below is read.
func Load(paths []string) ([]Image, error) {
	var all []Image
	from := map[string]string{}
	at := map[string]int{}
	for _, p := range paths {
		files, err := expand(p)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			images, err := Parse(f, data)
			if err != nil {
				return nil, err
			}
			for _, im := range images {
				if first, seen := from[im.Ref]; seen {
					if !all[at[im.Ref]].Same(im) {
						return nil, fmt.Errorf("image %s plays one thing in %s and another in %s: give one of them another name", im.Ref, first, f)
					}
					continue
				}
				from[im.Ref], at[im.Ref] = f, len(all)
				all = append(all, im)
			}
		}
	}
	return all, nil
}

func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() == "images.yaml" {
			files = append(files, p)
		}
		return err
	})
	sort.Strings(files)
	return files, err
}

// Parse reads one file's images; its name decides between YAML and JSON lines.
func Parse(file string, data []byte) ([]Image, error) {
	var images []Image
	switch filepath.Ext(file) {
	case ".yaml", ".yml":
		if err := yaml.UnmarshalStrict(data, &images); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	default:
		for n, line := range bytes.Split(data, []byte("\n")) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			d := json.NewDecoder(bytes.NewReader(line))
			d.DisallowUnknownFields()
			var im Image
			if err := d.Decode(&im); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, n+1, err)
			}
			images = append(images, im)
		}
	}
	for n, im := range images {
		if err := im.Check(); err != nil {
			return nil, fmt.Errorf("%s: image %d: %w", file, n+1, err)
		}
	}
	return images, nil
}
