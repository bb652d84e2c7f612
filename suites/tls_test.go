package suites

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// judgeTLS judges the transport alone, against a clean target behind a connection with one fault.
func judgeTLS(t *testing.T, fault target.TLSFault) *reports.Run {
	t.Helper()
	srv, err := target.New(target.Config{Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Seed: 1, Only: []string{"tls"}, Wire: wire.Config{Auth: wire.Auth{Kind: "bearer", Token: testToken}}}
	if fault.Plain {
		cfg.Wire.BaseURL, cfg.Wire.AllowPlainHTTP, cfg.Wire.Transport = "http://scim.test/scim/v2", true, inProcess{srv}
	} else {
		pair, ca := certificate(t, fault)
		ts := httptest.NewUnstartedServer(srv)
		ts.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: fault.Min, MaxVersion: fault.Max}
		if fault.Min == 0 {
			ts.TLS.MinVersion = tls.VersionTLS12
		}
		ts.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
		ts.StartTLS()
		t.Cleanup(ts.Close)
		cfg.Wire.BaseURL = ts.URL + "/scim/v2"
		cfg.Wire.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(cfg.Wire.CAFile, ca, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg.Wire.Insecure = fault.Expired || fault.OtherHost || fault.Untrusted
		cfg.unchecked = true // a target that speaks TLS 1.1 only is not reached by anything but the probe
	}
	run, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// certificate makes an authority and a server certificate that has the fault.
func certificate(t *testing.T, fault target.TLSFault) (tls.Certificate, []byte) {
	t.Helper()
	caKey, ca, caPEM := authority(t)
	if fault.Untrusted {
		_, _, caPEM = authority(t)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "scim"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if fault.Expired {
		tmpl.NotAfter = time.Now().Add(-time.Hour)
	}
	if fault.Ending {
		tmpl.NotAfter = time.Now().Add(24 * time.Hour)
	}
	if fault.OtherHost {
		tmpl.IPAddresses, tmpl.DNSNames = nil, []string{"other.example"}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, caPEM
}

func authority(t *testing.T) (*ecdsa.PrivateKey, *x509.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-72 * time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
