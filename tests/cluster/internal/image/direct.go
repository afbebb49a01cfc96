package image

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
)

// direct is a transport that calls a handler without a network: images are written to the registry's memory this
// way, so that nobody can push to it from outside.
type direct struct{ to http.Handler }

func (d direct) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Body == nil {
		q.Body = io.NopCloser(bytes.NewReader(nil))
	}
	defer q.Body.Close()
	w := httptest.NewRecorder()
	d.to.ServeHTTP(w, q)
	resp := w.Result()
	resp.Request = q
	return resp, nil
}
