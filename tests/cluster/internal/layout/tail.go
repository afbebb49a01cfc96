package layout

import (
	"bytes"
	"os"
	"strings"
)

// Tail gives the last lines of a file, long ones cut.
func Tail(path string, lines int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "  (" + err.Error() + ")"
	}
	all := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	var out []string
	for _, l := range all {
		if len(l) > 400 {
			l = append(l[:400:400], "…"...)
		}
		out = append(out, "  "+string(l))
	}
	return strings.Join(out, "\n")
}
