package identity

import (
	"encoding/csv"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestTheServersListHoldsEverybodyButTheExpired(t *testing.T) {
	users := Users(2)
	rows, err := func() ([][]string, error) {
		r := csv.NewReader(strings.NewReader(TokenFile(users)))
		r.FieldsPerRecord = -1
		return r.ReadAll()
	}()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(users)-1 {
		t.Fatalf("%d rows for %d users", len(rows), len(users))
	}
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r[0]] || seen["uid"+r[2]] {
			t.Errorf("token or uid of %s is used twice", r[1])
		}
		seen[r[0]], seen["uid"+r[2]], seen[r[1]] = true, true, true
	}
	if seen[Expired] || !seen["oncall"] || !seen["system:node:node-2"] {
		t.Fatal(seen)
	}
}

func TestAKubeconfigTrustsTheRunsAuthorityOnly(t *testing.T) {
	u := Users(0)[1]
	b, err := Kubeconfig(u, "https://127.0.0.1:1234", []byte("-----CA"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := clientcmd.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	if c.CurrentContext != "real" || string(c.Clusters["real"].CertificateAuthorityData) != "-----CA" || c.Clusters["real"].InsecureSkipTLSVerify || c.AuthInfos["oncall"].Token != u.Token {
		t.Fatalf("%+v", c)
	}
}

func TestPublicIdentitiesAreThoseThatTestsUse(t *testing.T) {
	got := strings.Join(PublicFiles(), " ")
	if got != "admin.kubeconfig oncall.kubeconfig reader.kubeconfig writer.kubeconfig restricted.kubeconfig expired.kubeconfig" {
		t.Fatal(got)
	}
}
