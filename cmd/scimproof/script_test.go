package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/scim"
)

// token is what targets of scripts accept, and must never be printed.
const token = "canary-bearer-5d41402abc4b"

// The other tokens that targets of scripts know; they must never be printed either.
const (
	readToken    = "canary-reader-0f1e2d3c4b5a"
	expiredToken = "canary-expired-a1b2c3d4e5f6"
	domainToken  = "canary-domain-9f8e7d6c5b4a"
)

// commands extend testscript by servers and exit codes.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":     exits,
	"target":    startTarget,
	"unchanged": unchanged,
	"web":       startWeb,
	"signal":    signalMidRun,
	"soon":      soon,
	"dated":     dated,
}

type stateKey struct{}

// state is what the commands of one script share.
type state struct {
	env    *testscript.Env
	target *target.Server
	before map[string]scim.Object
}

func stateOf(ts *testscript.TestScript) *state { return ts.Value(stateKey{}).(*state) }

// exits CODE COMMAND...: runs a command, which must end with that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := codeOf(ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// dated FILE...: puts a day a hundred days ahead in the place of EXPIRES.
func dated(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		path := ts.MkAbs(name)
		text := strings.ReplaceAll(ts.ReadFile(path), "EXPIRES", time.Now().AddDate(0, 0, 100).Format(time.DateOnly))
		ts.Check(os.WriteFile(path, []byte(text), 0o600))
	}
}

func codeOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -2
}

// target [flaw=NAME] [variant=NAME] [latency=DURATION] [undeletable=yes] [unlistable=yes] [throttled=yes]: starts an embedded target with three users at $URL.
func startTarget(ts *testscript.TestScript, _ bool, args []string) {
	cfg := target.Config{Token: token, ReadToken: readToken, ExpiredToken: expiredToken, DomainToken: domainToken}
	undeletable, unlistable, throttled := false, false, false
	var requests atomic.Int64
	for _, a := range args {
		name, v, _ := strings.Cut(a, "=")
		switch name {
		case "flaw":
			cfg.Flaws = append(cfg.Flaws, v)
		case "variant":
			cfg.Variants = append(cfg.Variants, v)
		case "latency":
			d, err := time.ParseDuration(v)
			ts.Check(err)
			cfg.Latency = d
		case "undeletable":
			undeletable = true
		case "unlistable":
			unlistable = true
		case "throttled":
			throttled = true
		default:
			ts.Fatalf("unknown option %s", a)
		}
	}
	srv, err := target.New(cfg)
	ts.Check(err)
	for i := range 3 {
		person := fixtures.Person(1, i)
		for _, v := range target.Variants() {
			if slices.Contains(cfg.Variants, v.Name) {
				maps.Copy(person, v.Asks)
			}
		}
		_, err := srv.Seed("User", person)
		ts.Check(err)
	}
	s := stateOf(ts)
	s.target, s.before = srv, srv.Snapshot()
	serve(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if undeletable && r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if unlistable && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Users") && !r.URL.Query().Has("filter") {
			http.Error(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"403"}`, http.StatusForbidden)
			return
		}
		if throttled && requests.Add(1)%3 == 0 {
			http.Error(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"429"}`, http.StatusTooManyRequests)
			return
		}
		srv.ServeHTTP(w, r)
	}))
}

func serve(ts *testscript.TestScript, h http.Handler) {
	web := httptest.NewServer(h)
	ts.Defer(web.Close)
	ts.Setenv("URL", web.URL+target.Mount)
	ts.Setenv("HOST", web.URL)
}

// unchanged: the target holds exactly what it held when it was started.
func unchanged(ts *testscript.TestScript, neg bool, _ []string) {
	s := stateOf(ts)
	if same := reflect.DeepEqual(s.before, s.target.Snapshot()); same == neg {
		ts.Fatalf("the target holds %d resources, %d before", len(s.target.Snapshot()), len(s.before))
	}
}

// web KIND: starts a server that is no SCIM service, or not where it is looked for.
func startWeb(ts *testscript.TestScript, _ bool, args []string) {
	fixed := func(status int, contentType, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	clean, err := target.New(target.Config{Token: token})
	ts.Check(err)
	switch args[0] {
	case "login":
		serve(ts, fixed(200, "text/html", "<!DOCTYPE html><title>Sign in</title><form action=/login><input type=password></form>"))
	case "missing":
		serve(ts, fixed(404, "text/plain", "not found"))
	case "empty":
		serve(ts, fixed(200, "application/json", "{}"))
	case "forbidden":
		serve(ts, fixed(403, "application/json", "{}"))
	case "redirect":
		serve(ts, http.RedirectHandler("/login?token=abc", http.StatusFound))
	case "echo":
		serve(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Echo", r.Header.Get("Authorization"))
			w.WriteHeader(500)
			_, _ = w.Write([]byte(`{"detail":"` + r.Header.Get("Authorization") + `"}`))
		}))
	case "tls":
		web := httptest.NewUnstartedServer(clean)
		web.Config.ErrorLog = log.New(io.Discard, "", 0)
		web.StartTLS()
		ts.Defer(web.Close)
		ts.Setenv("URL", web.URL+target.Mount)
		ts.Setenv("PLAIN", "http"+strings.TrimPrefix(web.URL, "https")+target.Mount)
		ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
		ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), ca, 0o600))
	case "http2":
		web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != 2 {
				w.WriteHeader(http.StatusHTTPVersionNotSupported)
				return
			}
			clean.ServeHTTP(w, r)
		}))
		web.EnableHTTP2 = true
		web.StartTLS()
		ts.Defer(web.Close)
		ts.Setenv("URL", web.URL+target.Mount)
	case "expired":
		web := httptest.NewUnstartedServer(clean)
		web.TLS = &tls.Config{Certificates: []tls.Certificate{expired(ts)}}
		web.Config.ErrorLog = log.New(io.Discard, "", 0)
		web.StartTLS()
		ts.Defer(web.Close)
		ts.Setenv("URL", web.URL+target.Mount)
	case "skewed":
		serve(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			clean.ServeHTTP(w, r)
		}))
	case "closed":
		web := httptest.NewServer(clean)
		ts.Setenv("URL", web.URL+target.Mount)
		web.Close()
	default:
		ts.Fatalf("unknown kind %s", args[0])
	}
}

// expired makes a certificate that was valid yesterday.
func expired(ts *testscript.TestScript) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// signal SIGNAL[,SIGNAL][+SIGNAL] CODE COMMAND...: runs a command, signals it as soon as it has created something on the target
// (and again a moment later, or with + at once), and wants that exit code (-1 = killed). Its output goes to the files stdout.txt and stderr.txt.
func signalMidRun(ts *testscript.TestScript, _ bool, args []string) {
	known := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	s := stateOf(ts)
	cmd := exec.Command(args[2], args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR", "LANG", "TOKEN"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	before := s.target.Len("User")
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.Now().Add(20 * time.Second); s.target.Len("User") == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			ts.Fatalf("nothing was created: %s%s", stdout.String(), stderr.String())
		}
	}
	for i, name := range strings.Split(args[0], ",") {
		time.Sleep(time.Duration(i) * 200 * time.Millisecond)
		for j, name := range strings.Split(name, "+") {
			time.Sleep(time.Duration(j) * 5 * time.Millisecond) // two that wait to be delivered would be one
			ts.Check(cmd.Process.Signal(known[name]))
		}
	}
	got := codeOf(<-ended)
	ts.Logf("[stdout]\n%s[stderr]\n%s", stdout.String(), stderr.String())
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	ts.Check(os.WriteFile(ts.MkAbs("stdout.txt"), []byte(stdout.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), []byte(stderr.String()), 0o600))
}

// soon NAME: sets a variable to a time of RFC 3339 two seconds from now. ! soon NAME: that time is over.
func soon(ts *testscript.TestScript, neg bool, args []string) {
	if !neg {
		ts.Setenv(args[0], time.Now().Add(2*time.Second).Format(time.RFC3339Nano))
		return
	}
	at, err := time.Parse(time.RFC3339Nano, ts.Getenv(args[0]))
	ts.Check(err)
	if time.Now().Before(at) {
		ts.Fatalf("it is not yet %s", at)
	}
}
