package up

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"kmcluster/internal/layout"
)

// Ready is ready.json: what a user of the cluster must know.
type Ready struct {
	Version     string            `json:"version"`
	Server      string            `json:"server"`
	Kubeconfigs map[string]string `json:"kubeconfigs"` // by identity
	AuditLog    string            `json:"auditLog"`
	Logs        string            `json:"logs"`
	Nodes       []string          `json:"nodes"`
	Registry    string            `json:"registry"` // as the nodes reach it
	Control     Control           `json:"control"`
	PID         int               `json:"pid"`
}

// Control is the endpoint that adds images.
type Control struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

func (r Ready) save(dir string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	// Written aside first: who waits for the file never reads half of it.
	part := filepath.Join(dir, layout.State, layout.Ready)
	if err := os.WriteFile(part, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, layout.Ready))
}

// LoadReady reads a running cluster's.
func LoadReady(dir string) (Ready, error) {
	var r Ready
	b, err := os.ReadFile(filepath.Join(dir, layout.Ready))
	if err != nil {
		return r, fmt.Errorf("no cluster is ready in %s: %w", dir, err)
	}
	return r, json.Unmarshal(b, &r)
}
