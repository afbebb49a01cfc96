// Package up is the outside of a run: it prepares the run's folder, starts the world, tells when it is ready, and removes
// everything at the end.
package up

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kmcluster/internal/image"
	"kmcluster/internal/layout"
)

// Options of "kmcluster up".
type Options struct {
	Dir              string
	OwnDir           bool // made for this run
	Nodes            int
	Images           []image.Image
	Network          layout.Network
	Labels           []map[string]string
	StartLimit       time.Duration // for each part to come up
	UntilStdinCloses bool
	Hand             bool // say how to use it
}

// The labels of the test world's nodes; further ones get those of the first.
const defaultLabels = "environment=production,disktype=ssd;environment=staging,disktype=hdd"

type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

// Parse reads the arguments.
func Parse(args []string) (Options, error) {
	var o Options
	var images list
	var labels string
	fs := flag.NewFlagSet("up", flag.ContinueOnError)
	fs.StringVar(&o.Dir, "dir", "", "the run's folder (default: a new one, removed at the end)")
	fs.IntVar(&o.Nodes, "nodes", 2, "how many nodes")
	fs.Var(&images, "images", "images to make: a file of JSON lines, a YAML list, or a folder of cases; may be repeated")
	fs.IntVar(&o.Network.N, "net", 250, "second number of the cluster's own addresses, 10.N.0.0/16; seen by nobody outside")
	fs.StringVar(&labels, "labels", defaultLabels, "labels of the nodes, key=value,…;key=value,…")
	fs.DurationVar(&o.StartLimit, "start-limit", 2*time.Minute, "how long each part may take to come up; more for a slow machine")
	fs.BoolVar(&o.UntilStdinCloses, "until-stdin-closes", false, "end when standard input does")
	fs.BoolVar(&o.Hand, "hand", false, "say how to use it by hand")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if o.Nodes < 1 || o.Nodes > layout.MaxNodes {
		return o, fmt.Errorf("--nodes must be 1 to %d", layout.MaxNodes)
	}
	if o.Network.N < 0 || o.Network.N > 255 || o.Network.N == 96 {
		return o, errors.New("--net must be 0 to 255, and not 96, which is the Services' network")
	}
	if o.StartLimit <= 0 {
		return o, errors.New("--start-limit must be more than nothing")
	}
	var err error
	if o.Labels, err = parseLabels(labels, o.Nodes); err != nil {
		return o, err
	}
	if o.Images, err = image.Load(images); err != nil {
		return o, err
	}
	return o, o.folder()
}

func (o *Options) folder() error {
	if o.Dir == "" {
		d, err := os.MkdirTemp("", "kmcluster-")
		o.Dir, o.OwnDir = d, true
		return err
	}
	d, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	o.Dir = d
	return os.MkdirAll(d, 0o755)
}

func parseLabels(text string, nodes int) ([]map[string]string, error) {
	var out []map[string]string
	for _, one := range strings.Split(text, ";") {
		m := map[string]string{}
		for _, pair := range strings.Split(one, ",") {
			if pair == "" {
				continue
			}
			k, v, ok := strings.Cut(pair, "=")
			if !ok || k == "" {
				return nil, fmt.Errorf("--labels: %q is not key=value", pair)
			}
			m[k] = v
		}
		out = append(out, m)
	}
	for len(out) < nodes {
		out = append(out, out[0])
	}
	return out, nil
}
