package image

import (
	"archive/tar"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestYamlAndJsonLinesMeanTheSame(t *testing.T) {
	a, err := Parse("images.yaml", []byte("- ref: postgres:16\n  user: \"999\"\n  play:\n    listen: [{port: 5432, tcp: true, after: 0.5}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("images.jsonl", []byte("\n"+`{"ref":"postgres:16","user":"999","play":{"listen":[{"port":5432,"tcp":true,"after":0.5}]}}`+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 1 || len(b) != 1 || !a[0].Same(b[0]) {
		t.Fatalf("%+v and %+v", a, b)
	}
}

func TestAFolderOfCasesGivesAllImagesOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "images.yaml"), "- {ref: web:1, play: {listen: [{port: 80}]}}\n")
	write(t, filepath.Join(dir, "b", "images.yaml"), "- {ref: web:1, play: {listen: [{port: 80}]}}\n- {ref: db:1}\n")
	write(t, filepath.Join(dir, "b", "other.yaml"), "nothing")
	images, err := Load([]string{dir})
	if err != nil || len(images) != 2 {
		t.Fatalf("%+v, %v", images, err)
	}
	write(t, filepath.Join(dir, "c", "images.yaml"), "- {ref: web:1, play: {pause: true}}\n")
	if _, err := Load([]string{dir}); err == nil || !strings.Contains(err.Error(), "web:1") {
		t.Fatalf("two meanings of one name: %v", err)
	}
}

func TestMistakesNameTheFileAndTheImage(t *testing.T) {
	for text, part := range map[string]string{
		`{"play":{}}`:                     "ref is missing",
		`{"ref":"UPPER:1"}`:               "UPPER",
		`{"ref":"a:1","plays":{}}`:        "plays",
		`{"ref":"a:1","play":{"nope":1}}`: "nope",
		"{\"ref\":\"a:1\"}\n{\"ref\":":    "x.jsonl:2",
	} {
		if _, err := Parse("x.jsonl", []byte(text)); err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "x.jsonl") {
			t.Errorf("%s: %v, want %q", text, err, part)
		}
	}
}

func served(t *testing.T, images ...Image) (*Registry, string) {
	t.Helper()
	r, err := NewRegistry([]byte("the program"))
	if err != nil {
		t.Fatal(err)
	}
	for _, im := range images {
		if err := r.Add(im); err != nil {
			t.Fatal(err)
		}
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, strings.TrimPrefix(s.URL, "http://")
}

func pull(host, ref string, o ...remote.Option) (v1.Image, error) {
	n, err := name.ParseReference(host+"/"+ref, name.Insecure)
	if err != nil {
		return nil, err
	}
	return remote.Image(n, o...)
}

func TestAPulledImageHoldsTheActorAndItsPlay(t *testing.T) {
	_, host := served(t, Image{Ref: "docker.io/library/postgres:16", User: "999", Play: json.RawMessage(`{"pause":true}`)})
	img, err := pull(host, "library/postgres:16")
	if err != nil {
		t.Fatal(err)
	}
	cf, err := img.ConfigFile()
	if err != nil || cf.Config.User != "999" || cf.Config.Entrypoint[0] != "/actor" || cf.OS != "linux" {
		t.Fatalf("%+v, %v", cf, err)
	}
	content := map[string]string{}
	rd := mutate.Extract(img)
	defer rd.Close()
	for tr := tar.NewReader(rd); ; {
		h, err := tr.Next()
		if err != nil {
			break
		}
		b, _ := io.ReadAll(tr)
		content[h.Name] = string(b)
	}
	if content["actor"] != "the program" || content["play.json"] != `{"pause":true}` {
		t.Fatalf("%v", content)
	}
}

func TestShortNamesAreDockerHubs(t *testing.T) {
	_, host := served(t, Image{Ref: "nginx:1.27"})
	if _, err := pull(host, "library/nginx:1.27"); err != nil {
		t.Fatal(err)
	}
	if _, err := pull(host, "library/nginx:1.72"); err == nil || !strings.Contains(err.Error(), "MANIFEST_UNKNOWN") && !strings.Contains(err.Error(), "NAME_UNKNOWN") {
		t.Fatalf("a missing tag: %v", err)
	}
}

func TestANameThatPlaysSomethingElseIsRefused(t *testing.T) {
	r, _ := served(t, Image{Ref: "nginx:1.27"})
	if err := r.Add(Image{Ref: "docker.io/library/nginx:1.27"}); err != nil {
		t.Fatal(err)
	}
	if err := r.Add(Image{Ref: "nginx:1.27", Play: json.RawMessage(`{"pause":true}`)}); err == nil {
		t.Fatal("it was taken")
	}
}

func TestPrivateRepositoriesWantCredentials(t *testing.T) {
	_, host := served(t, Image{Ref: "registry.example.com/private/app:1"})
	if _, err := pull(host, "private/app:1"); err == nil || !strings.Contains(err.Error(), "UNAUTHORIZED") {
		t.Fatalf("without credentials: %v", err)
	}
	if _, err := pull(host, "private/app:1", remote.WithAuth(&authn.Basic{Username: PullUser, Password: PullPassword})); err != nil {
		t.Fatal(err)
	}
}

func TestNobodyPushesFromOutside(t *testing.T) {
	_, host := served(t)
	resp, err := http.Post("http://"+host+"/v2/app/blobs/uploads/", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Fatal(resp.Status)
	}
}
