package main

import (
	"bytes"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmcluster/internal/play"
)

func played(p play.Play, env map[string]string) (int, string) {
	var out bytes.Buffer
	a := actor{play: p, out: &out, lookup: func(k string) (string, bool) { v, ok := env[k]; return v, ok }}
	code := a.run()
	return code, out.String()
}

var ends = &play.Exit{Code: 0}

func TestTheFirstUnmetNeedEndsTheProgramWithItsWordsAndCode(t *testing.T) {
	code, out := played(play.Play{
		Log:   []string{"starting"},
		Needs: []play.Need{{Env: "SET"}, {Env: "UNSET", Fail: "Error: no password", Code: 7}, {Env: "LATER"}},
	}, map[string]string{"SET": "x"})
	if code != 7 || out != "starting\nError: no password\n" {
		t.Fatalf("code %d, log %q", code, out)
	}
}

func TestANeedWithoutACodeEndsWithOne(t *testing.T) {
	if code, _ := played(play.Play{Needs: []play.Need{{Env: "UNSET"}}}, nil); code != 1 {
		t.Fatalf("code %d", code)
	}
}

func TestAValueThatDoesNotMatchIsUnmet(t *testing.T) {
	p := play.Play{Needs: []play.Need{{Env: "LEVEL", Match: "^(info|debug)$"}}, Exit: ends}
	if code, out := played(p, map[string]string{"LEVEL": "loud"}); code != 1 || !strings.Contains(out, "LEVEL") {
		t.Fatalf("code %d, log %q", code, out)
	}
	if code, _ := played(p, map[string]string{"LEVEL": "info"}); code != 0 {
		t.Fatalf("code %d with a fitting value", code)
	}
}

func TestFilesAndFoldersAreNeeded(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	p := play.Play{Needs: []play.Need{{File: file, Match: "on"}, {Write: filepath.Join(dir, "data")}}, Exit: ends}
	if code, out := played(p, nil); code != 1 || !strings.Contains(out, "config") {
		t.Fatalf("code %d, log %q", code, out)
	}
	if err := os.WriteFile(file, []byte("switch: on"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := played(p, nil); code != 0 {
		t.Fatalf("code %d, log %q", code, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		t.Fatal("nothing was written:", err)
	}
}

func TestAPeerIsReachedThroughVariables(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := play.Play{Needs: []play.Need{{TCP: "$(HOST):$(PORT)"}}, Exit: ends}
	env := map[string]string{"HOST": "127.0.0.1", "PORT": port}
	if code, out := played(p, env); code != 0 {
		t.Fatalf("code %d, log %q", code, out)
	}
	_ = l.Close()
	if code, out := played(p, env); code != 1 || !strings.Contains(out, "refused") {
		t.Fatalf("code %d, log %q", code, out)
	}
}

func TestAPortThatIsTakenEndsTheProgram(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	code, out := played(play.Play{Listen: []play.Listen{{Port: l.Addr().(*net.TCPAddr).Port}}}, nil)
	if code != 1 || !strings.Contains(out, "in use") {
		t.Fatalf("code %d, log %q", code, out)
	}
}

func TestItEndsByItself(t *testing.T) {
	begin := time.Now()
	code, _ := played(play.Play{MemoryMi: 3, Exit: &play.Exit{Code: 4, After: 0.2}}, nil)
	if code != 4 || time.Since(begin) < 200*time.Millisecond {
		t.Fatalf("code %d after %s", code, time.Since(begin))
	}
}

func TestThePortComesFromTheVariableWhereItIsSet(t *testing.T) {
	l := play.Listen{Port: 8080, PortEnv: "PORT"}
	if a := address(l, func(string) (string, bool) { return "", false }); a != ":8080" {
		t.Fatal(a)
	}
	if a := address(l, func(string) (string, bool) { return "9090", true }); a != ":9090" {
		t.Fatal(a)
	}
}

func TestPathsAnswerTheirStatusAndOthersAreNotFound(t *testing.T) {
	h := answers(map[string]int{"/healthz": 503})
	for path, want := range map[string]int{"/healthz": 503, "/": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
	w := httptest.NewRecorder()
	answers(nil).ServeHTTP(w, httptest.NewRequest("GET", "/any", nil))
	if w.Code != 200 {
		t.Errorf("without paths it answers %d", w.Code)
	}
}
