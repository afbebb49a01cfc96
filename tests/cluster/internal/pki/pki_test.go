package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"
)

func parsed(t *testing.T, p Pair) *x509.Certificate {
	t.Helper()
	if _, err := tls.X509KeyPair(p.Cert, p.Key); err != nil {
		t.Fatal(err)
	}
	b, _ := pem.Decode(p.Cert)
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAServersCertificateHoldsForItsNamesAndAddressesOnly(t *testing.T) {
	ca, err := NewCA("ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Server("kube-apiserver", []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.Cert)
	c := parsed(t, pair)
	for name, good := range map[string]bool{"127.0.0.1": true, "localhost": true, "127.0.0.2": false, "example.com": false} {
		_, err := c.Verify(x509.VerifyOptions{Roots: pool, DNSName: name})
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, _ := NewCA("ca")
	strangers := x509.NewCertPool()
	strangers.AppendCertsFromPEM(other.Cert)
	if _, err := c.Verify(x509.VerifyOptions{Roots: strangers}); err == nil {
		t.Error("another run's authority is trusted")
	}
}

func TestAClientsCertificateNamesUserAndGroups(t *testing.T) {
	ca, err := NewCA("ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Client("someone", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	if c := parsed(t, pair); c.Subject.CommonName != "someone" || c.Subject.Organization[0] != "system:masters" {
		t.Fatal(c.Subject)
	}
}

func TestTokensDiffer(t *testing.T) {
	if a, b := Token(), Token(); a == b || len(a) != 32 {
		t.Fatal(a, b)
	}
}
