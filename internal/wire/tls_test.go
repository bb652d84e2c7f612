package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes a self-signed certificate and its key, good for servers and clients.
func certificate(t *testing.T, name string, until time.Time) (certFile, keyFile string, pair tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		tmpl.IPAddresses = []net.IP{ip}
	} else {
		tmpl.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err = tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile, pair
}

func serveTLS(t *testing.T, conf *tls.Config, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = conf
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func TestMutualTLS(t *testing.T) {
	ca, _, server := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	clientCA, clientKey, client := certificate(t, "client", time.Now().Add(time.Hour))
	pool := x509.NewCertPool()
	pool.AddCert(client.Leaf)
	seen := ""
	base := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}, func(_ http.ResponseWriter, r *http.Request) {
		seen = "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			seen = r.TLS.PeerCertificates[0].Subject.CommonName
		}
	})
	c := newTestClient(t, Config{BaseURL: base, Auth: Auth{Kind: "mtls"}, CAFile: ca, CertFile: clientCA, KeyFile: clientKey})
	if x := c.Do(t.Context(), Request{Path: "/Users"}); x.Err() != nil || seen != "client" {
		t.Errorf("%v, seen %s", x.Err(), seen)
	}
	if x := c.Do(t.Context(), Request{Path: "/Users", Anonymous: true}); x.Err() != nil || seen != "nobody" {
		t.Errorf("anonymous: %v, seen %s", x.Err(), seen)
	}
	untrusting := newTestClient(t, Config{BaseURL: base})
	var broken *TransportError
	if x := untrusting.Do(t.Context(), Request{Path: "/Users"}); !errors.As(x.Err(), &broken) || broken.Kind != "tls" {
		t.Errorf("an unknown CA: %v", x.Err())
	}
	careless := newTestClient(t, Config{BaseURL: base, Insecure: true})
	if x := careless.Do(t.Context(), Request{Path: "/Users"}); x.Err() != nil {
		t.Errorf("insecure: %v", x.Err())
	}
	for _, cfg := range []Config{
		{BaseURL: base, CAFile: "/no/such"},
		{BaseURL: base, CAFile: clientKey},
		{BaseURL: base, CertFile: clientCA},
		{BaseURL: base, CertFile: clientCA, KeyFile: clientCA},
		{BaseURL: base, Proxy: "::"},
		{BaseURL: "http://127.0.0.1", Auth: Auth{Kind: "mtls"}, CertFile: clientCA, KeyFile: clientKey},
	} {
		var wrong *ConfigError
		if _, err := New(cfg); !errors.As(err, &wrong) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestProbeTLS(t *testing.T) {
	ca, _, good := certificate(t, "127.0.0.1", time.Now().Add(time.Hour).Truncate(time.Second))
	otherCA, _, otherName := certificate(t, "other.example.com", time.Now().Add(time.Hour))
	oldCA, _, expired := certificate(t, "127.0.0.1", time.Now().Add(-time.Hour))
	requests := 0
	h := func(http.ResponseWriter, *http.Request) { requests++ }
	for name, tc := range map[string]struct {
		ca       string
		cert     tls.Certificate
		low      uint16
		high     uint16
		versions string
		verified bool
		host     bool
	}{
		"modern":   {ca, good, tls.VersionTLS12, tls.VersionTLS13, "1.2 1.3", true, true},
		"old only": {ca, good, tls.VersionTLS10, tls.VersionTLS11, "1.0 1.1", true, true},
		"1.2 only": {ca, good, tls.VersionTLS12, tls.VersionTLS12, "1.2", true, true},
		"unknown":  {"", good, tls.VersionTLS12, tls.VersionTLS13, "1.2 1.3", false, true},
		"name":     {otherCA, otherName, tls.VersionTLS12, tls.VersionTLS13, "1.2 1.3", true, false},
		"expired":  {oldCA, expired, tls.VersionTLS12, tls.VersionTLS13, "1.2 1.3", false, true},
	} {
		base := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{tc.cert}, MinVersion: tc.low, MaxVersion: tc.high}, h)
		f, err := ProbeTLS(t.Context(), Config{BaseURL: base, CAFile: tc.ca})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, v := range []struct {
			ok   bool
			name string
		}{{f.TLS10, "1.0"}, {f.TLS11, "1.1"}, {f.TLS12, "1.2"}, {f.TLS13, "1.3"}} {
			if v.ok {
				got = append(got, v.name)
			}
		}
		if strings.Join(got, " ") != tc.versions || f.Version != tls.VersionName(tc.high) || f.Cipher == "" {
			t.Errorf("%s: %v, %s", name, got, f.Version)
		}
		if f.Verified != tc.verified || (f.ChainError == "") != tc.verified || f.HostMatches != tc.host || (f.HostError == "") != tc.host {
			t.Errorf("%s: %+v", name, f)
		}
		if !f.NotAfter.Equal(tc.cert.Leaf.NotAfter) || f.NotBefore.IsZero() {
			t.Errorf("%s: dates %v %v", name, f.NotBefore, f.NotAfter)
		}
	}
	if requests != 0 {
		t.Errorf("the probe sent %d requests", requests)
	}
	for _, base := range []string{"http://127.0.0.1:1", "https://127.0.0.1:1", "https://h?x"} {
		if _, err := ProbeTLS(t.Context(), Config{BaseURL: base}); err == nil {
			t.Errorf("%s was probed", base)
		}
	}
}
