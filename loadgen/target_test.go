package loadgen

import (
	"testing"

	"github.com/scimproof/scimproof/internal/scim"
)

func TestOwnNames(t *testing.T) {
	for name, want := range map[string]bool{
		"zoe.mueller.4.scimproof-ab12@example.com":  true,
		"zoe.mueller.4.scimproof-ab12p@example.com": false, // of the probes
		"VPN 3 scimproof-ab12":                      true,
		"VPN 3 scimproof-ab123":                     false,
		"zoe.mueller.4@example.com":                 false,
	} {
		if got := Own(scim.Object{"userName": name}, "scimproof-ab12"); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if Own(scim.Object{"displayName": "anything"}, "") {
		t.Error("without a tag everything is this run's own")
	}
}

func TestLegalFormsAreTheSame(t *testing.T) {
	phone, address, name, active := Attribute{Root: "phoneNumbers", Type: "work", Sub: "value"}, Attribute{Root: "addresses"}, Attribute{Root: "displayName"}, Attribute{Root: "active"}
	for _, c := range []struct {
		a         Attribute
		want, got string
		same      bool
	}{
		{phone, "+1-201-555-0123", "tel:+1-201-555-0123", true},
		{phone, "+1-201-555-0123", "+1 201 5550124", false},
		{phone, "+1-201-555-0123", "", false},
		{address, "a\nb", "a\r\nb", true},
		{name, "Zo\u00eb", "Zoe\u0308", true},
		{name, "Zoë", "Zoe", false},
		{name, "Zoë", "zoË", true},
		{Attribute{Root: "externalId"}, "A1", "a1", false},
		{active, "true", "True", true},
		{active, "true", "false", false},
	} {
		if got := c.a.same(c.want, c.got); got != c.same {
			t.Errorf("%q and %q: %v", c.want, c.got, got)
		}
	}
}
