package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// tlsConfig builds the TLS settings that every connection of a run shares, the token endpoint's included.
func (cfg Config) tlsConfig() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: cfg.Insecure}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, &ConfigError{"CAFile", "the CA file cannot be read: " + err.Error(), "give the path of a PEM file"}
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &ConfigError{"CAFile", "the CA file has no certificate", "it must hold PEM blocks of type CERTIFICATE"}
		}
		t.RootCAs = pool
	}
	if (cfg.CertFile == "") != (cfg.KeyFile == "") {
		return nil, &ConfigError{"CertFile", "a client certificate needs both its file and its key", "give both paths"}
	}
	if cfg.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return nil, &ConfigError{"CertFile", "the client certificate cannot be loaded: " + err.Error(), "both files must be PEM and belong together"}
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// network builds the transport; withCert tells whether a client certificate may be shown.
func (cfg Config) network(withCert bool) (http.RoundTripper, error) {
	if cfg.Transport != nil {
		return cfg.Transport, nil
	}
	t, err := cfg.tlsConfig()
	if err != nil {
		return nil, err
	}
	if !withCert {
		t.Certificates = nil
	}
	return cfg.transport(t)
}

func (cfg Config) transport(t *tls.Config) (*http.Transport, error) {
	proxy := http.ProxyFromEnvironment
	if cfg.Proxy != "" {
		u, err := url.Parse(cfg.Proxy)
		if err != nil || u.Host == "" {
			return nil, &ConfigError{"Proxy", "the proxy is not a URL", "write it as http://host:port"}
		}
		proxy = func(r *http.Request) (*url.URL, error) {
			// A proxy's loopback is another machine than ours; the write guard trusts ours only.
			if Loopback(r.URL.Hostname()) {
				return nil, nil
			}
			return u, nil
		}
	}
	return &http.Transport{
		Proxy:               proxy,
		TLSClientConfig:     t,
		TLSHandshakeTimeout: 15 * time.Second,
		ForceAttemptHTTP2:   !cfg.HTTP1,
		DisableCompression:  true,
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: max(cfg.Connections, 256),
		// Shorter than common servers' keep-alive: a POST on a connection that is just being closed cannot be repeated.
		IdleConnTimeout:        4 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}, nil
}

// TLSFacts is what a target's TLS endpoint showed.
type TLSFacts struct {
	Version     string // negotiated when everything from 1.0 to 1.3 is offered, such as "TLS 1.3"
	Cipher      string
	TLS10       bool // whether a handshake limited to this version succeeds
	TLS11       bool
	TLS12       bool
	TLS13       bool
	Verified    bool   // the chain leads to a trusted root and is in date
	ChainError  string // why not
	HostMatches bool   // the certificate is made out to the host
	HostError   string
	Subject     string
	Issuer      string
	NotBefore   time.Time
	NotAfter    time.Time
}

// errHandshakeDone stops a probe once its handshake is over: nothing is asked of the server.
var errHandshakeDone = errors.New("handshake done")

// ProbeTLS shakes hands with the target of cfg.BaseURL once per TLS version, sends no request and no token, and tells
// what was negotiated (RFC 7644 §7.2). It fails for a URL that is not https and if no handshake at all succeeds.
func ProbeTLS(ctx context.Context, cfg Config) (TLSFacts, error) {
	var facts TLSFacts
	base, err := parseBase(cfg.BaseURL)
	if err != nil {
		return facts, err
	}
	if base.Scheme != "https" {
		return facts, &ConfigError{"BaseURL", "there is no TLS to look at on plain http", "give the https URL"}
	}
	settings, err := cfg.tlsConfig()
	if err != nil {
		return facts, err
	}
	// The certificate is judged afterwards, so that a bad one does not hide the versions.
	settings.InsecureSkipVerify = true
	for _, suites := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, s := range suites {
			settings.CipherSuites = append(settings.CipherSuites, s.ID)
		}
	}
	shake := func(low, high uint16) (*tls.ConnectionState, error) {
		t := settings.Clone()
		t.MinVersion, t.MaxVersion = low, high
		return cfg.handshake(ctx, base, t)
	}
	state, err := shake(tls.VersionTLS10, tls.VersionTLS13)
	for _, v := range []struct {
		version uint16
		ok      *bool
	}{{tls.VersionTLS13, &facts.TLS13}, {tls.VersionTLS12, &facts.TLS12}, {tls.VersionTLS11, &facts.TLS11}, {tls.VersionTLS10, &facts.TLS10}} {
		s, verr := shake(v.version, v.version)
		*v.ok = verr == nil
		if state == nil {
			state = s
		}
	}
	if state == nil {
		return facts, transportError(err)
	}
	facts.Version, facts.Cipher = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	facts.judge(state, base.Hostname(), settings.RootCAs)
	return facts, nil
}

func (f *TLSFacts) judge(state *tls.ConnectionState, host string, roots *x509.CertPool) {
	if len(state.PeerCertificates) == 0 {
		f.ChainError, f.HostError = "the server showed no certificate", "the server showed no certificate"
		return
	}
	leaf := state.PeerCertificates[0]
	f.Subject, f.Issuer, f.NotBefore, f.NotAfter = leaf.Subject.String(), leaf.Issuer.String(), leaf.NotBefore, leaf.NotAfter
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between}); err != nil {
		f.ChainError = err.Error()
	} else {
		f.Verified = true
	}
	if err := leaf.VerifyHostname(host); err != nil {
		f.HostError = err.Error()
	} else {
		f.HostMatches = true
	}
}

// handshake lets the ordinary transport connect, through a proxy where there is one, and stops it before it asks anything.
func (cfg Config) handshake(ctx context.Context, base *url.URL, t *tls.Config) (*tls.ConnectionState, error) {
	transport, err := cfg.transport(t)
	if err != nil {
		return nil, err
	}
	transport.DisableKeepAlives = true
	transport.ForceAttemptHTTP2 = false
	defer transport.CloseIdleConnections()
	var mu sync.Mutex
	var conns []net.Conn
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
		}
		return conn, err
	}
	ctx, cancelTime := context.WithTimeout(ctx, cfg.timeout())
	defer cancelTime()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan tls.ConnectionState, 2)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{TLSHandshakeDone: func(s tls.ConnectionState, err error) {
		// An https proxy has a handshake of its own.
		if err != nil || s.ServerName != "" && !strings.EqualFold(s.ServerName, base.Hostname()) {
			return
		}
		done <- s
		mu.Lock()
		defer mu.Unlock()
		// On a closed connection the request cannot go out, whichever goroutine is first.
		for _, conn := range conns {
			_ = conn.Close()
		}
		cancel(errHandshakeDone)
	}})
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, base.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := transport.RoundTrip(req)
	if resp != nil {
		_ = resp.Body.Close()
	}
	select {
	case s := <-done:
		return &s, nil
	default:
	}
	if err == nil {
		err = errors.New("no handshake took place")
	}
	return nil, err
}
