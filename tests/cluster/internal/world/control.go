package world

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"

	"kmcluster/internal/image"
)

// maxImagesBody bounds one request that adds images.
const maxImagesBody = 4 << 20

// control is the endpoint that adds images while the cluster runs: POST /images with JSON lines.
func control(registry *image.Registry, secret string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /images", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+secret)) != 1 {
			http.Error(w, "the token of ready.json is needed", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxImagesBody))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		images, err := image.Parse("images.jsonl", body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, im := range images {
			if err := registry.Add(im); err != nil {
				http.Error(w, err.Error(), http.StatusConflict)
				return
			}
		}
		fmt.Fprintf(w, "%d images\n", len(images))
	})
	return mux
}
