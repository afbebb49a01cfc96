package up

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"time"

	"kmcluster/internal/image"
)

// AddImages is "kmcluster image": it adds images to a running cluster.
func AddImages(args []string) error {
	var dir string
	var files list
	fs := flag.NewFlagSet("image", flag.ContinueOnError)
	fs.StringVar(&dir, "dir", "", "the run's folder")
	fs.Var(&files, "file", "images: a file of JSON lines, a YAML list, or a folder of cases; may be repeated")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if dir == "" || len(files) == 0 || fs.NArg() > 0 {
		return errors.New("usage: kmcluster image --dir RUN --file FILE")
	}
	images, err := image.Load(files)
	if err != nil {
		return err
	}
	ready, err := LoadReady(dir)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	for _, im := range images {
		if err := json.NewEncoder(&body).Encode(im); err != nil {
			return err
		}
	}
	q, err := http.NewRequest(http.MethodPost, ready.Control.URL+"/images", &body)
	if err != nil {
		return err
	}
	q.Header.Set("Authorization", "Bearer "+ready.Control.Token)
	direct := &http.Transport{} // no proxy: it is this machine
	resp, err := (&http.Client{Transport: direct, Timeout: 30 * time.Second}).Do(q)
	if err != nil {
		return fmt.Errorf("the cluster in %s does not answer: %w", dir, err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(text))
	}
	fmt.Printf("%s", text)
	return nil
}
