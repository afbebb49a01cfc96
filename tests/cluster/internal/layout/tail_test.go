package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestATailIsTheLastLinesAndLongOnesAreCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\ntwo\n"+strings.Repeat("x", 1000)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := Tail(path, 2)
	if strings.Contains(got, "one") || !strings.Contains(got, "two") || len(got) > 500 {
		t.Fatal(got)
	}
	if got := Tail("/nosuch", 3); !strings.Contains(got, "no such file") {
		t.Error(got)
	}
}
