package loadgen

import (
	"testing"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/internal/scim"
)

func TestAttributesAreReadAndSet(t *testing.T) {
	o := fixtures.Directory{Seed: 1}.User(4, 0)
	for _, a := range UserAttributes() {
		was := a.Of(o)
		if was == "" {
			t.Errorf("%s has no value", a.Path())
		}
		to := "other"
		if a.Root == "active" {
			to = map[string]string{"true": "false", "false": "true"}[was]
		}
		a.Set(o, to)
		if got := a.Of(o); got != to {
			t.Errorf("%s: %q after it was set to %q", a.Path(), got, to)
		}
	}
	if d := Compare(UserAttributes(), fixtures.Directory{Seed: 1}.User(4, 0), o); len(d) != len(UserAttributes()) {
		t.Errorf("%d differences of %d", len(d), len(UserAttributes()))
	}
	for _, a := range UserAttributes() {
		a.Set(o, "")
		if got := a.Of(o); got != "" {
			t.Errorf("%s: %q after it was taken out", a.Path(), got)
		}
	}
}

func TestPaths(t *testing.T) {
	for a, want := range map[Attribute]string{
		{Root: "title"}: "title",
		{Root: "emails", Type: "work", Sub: "value"}:  `emails[type eq "work"].value`,
		{URN: scim.EnterpriseURN, Root: "department"}: scim.EnterpriseURN + ":department",
		{Root: "name", Sub: "givenName"}:              "name.givenName",
	} {
		if got := a.Path(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
