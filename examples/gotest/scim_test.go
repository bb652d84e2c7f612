package gotest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/suites"
)

// newServer stands for your own service; here it is the embedded target.
func newServer(t *testing.T) http.Handler {
	srv, err := target.New(target.Config{Token: "let-me-in"})
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

func TestSCIM(t *testing.T) {
	srv := httptest.NewServer(newServer(t))
	defer srv.Close()

	cfg := suites.Config{Seed: 1}
	cfg.Wire.BaseURL = srv.URL + "/scim/v2"
	cfg.Wire.Auth.Kind, cfg.Wire.Auth.Token = "bearer", "let-me-in"
	suites.Test(t, cfg) // one subtest per check: go test -run TestSCIM/patch
}
