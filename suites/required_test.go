package suites

import (
	"testing"

	"github.com/scimproof/scimproof/fixtures/target"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// TestRequiredValues proves that values which the configuration fixes for all users are not taken for what identifies one
// of them, nor for what a check has set.
func TestRequiredValues(t *testing.T) {
	for name, required := range map[string]map[string]any{
		"displayName":  {"displayName": "Display"},
		"all the text": {"displayName": "Display", "nickName": "Nick", "title": "Tester", "userType": "Tester"},
		"inactive":     {"active": false},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := target.New(target.Config{Token: testToken})
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{Seed: 1, Only: onlyGlobs(), Wire: wire.Config{
				BaseURL: "http://127.0.0.1/scim/v2", Auth: wire.Auth{Kind: "bearer", Token: testToken}, Transport: inProcess{srv},
			}}
			cfg.User.Required = required
			run, err := Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range run.Results {
				if r.Word == reports.Fail || r.Word == reports.Error || r.Word == reports.Warn {
					t.Errorf("%s %s: %s%s\n%s", r.Word, r.ID, r.Message, r.Reason, describe(r))
				}
			}
		})
	}
}
