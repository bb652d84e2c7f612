package suites

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// dumbServers answer without understanding anything.
var dumbServers = map[string]struct {
	handler http.HandlerFunc
	cut     reports.CutKind
}{
	"200 {}": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = w.Write([]byte("{}"))
	}, reports.CutNotSCIM},
	"404": {http.NotFound, reports.CutNotSCIM},
	"500": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) }, reports.CutNotSCIM},
	"401": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
	}, reports.CutAuth},
	"an HTML login page": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><form action=/login><input type=password></form></html>"))
	}, reports.CutNotSCIM},
	"a redirect loop": {func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}, reports.CutNotSCIM},
	"a closed socket": {func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	}, reports.CutUnreachable},
	"a hang": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, reports.CutUnreachable},
	"an array": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = w.Write([]byte(`[[],1,null]`))
	}, reports.CutNotSCIM},
	"an echo": {func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(http.StatusCreated)
		_ = r.Write(w)
	}, reports.CutNotSCIM},
}

// reviewedDumb lists the checks of MUST statements that a dumb server may pass, each with the reason.
var reviewedDumb = map[string]string{}

// TestDumbServers proves that a server that understands nothing gets no verdict, and that no MUST passes on it even
// when the checks are forced to run.
func TestDumbServers(t *testing.T) {
	for name, d := range dumbServers {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(d.handler)
			t.Cleanup(srv.CloseClientConnections)
			cfg := Config{Seed: 1, Wire: wire.Config{
				BaseURL: srv.URL + "/scim/v2", Timeout: 30 * time.Millisecond,
				Auth: wire.Auth{Kind: "bearer", Token: testToken},
			}}
			run, err := Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if run.Cut == nil || run.Cut.Kind != d.cut {
				t.Errorf("cut short as %+v, want %s", run.Cut, d.cut)
			}
			if v := run.Verdict(reports.Policy{}); v.Exit != 3 || v.Green {
				t.Errorf("exit %d, green %v, want exit 3", v.Exit, v.Green)
			}

			cfg.unchecked = true
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			run, err = Run(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if run.Crash != "" {
				t.Fatalf("a bug in a check: %s", run.Crash)
			}
			for _, r := range run.Results {
				if r.Word == reports.Pass && r.Level.Absolute() && reviewedDumb[r.ID] == "" {
					t.Errorf("%s passes on a server that answers %s", r.ID, name)
				}
			}
			if run.Verdict(reports.Policy{}).Green {
				t.Error("a dumb server gets a green verdict")
			}
		})
	}
}
