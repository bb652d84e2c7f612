package main

import (
	"github.com/spf13/pflag"

	"github.com/scimproof/scimproof/suites"
)

// otherTokens holds the flags for tokens beside that of the run, which show what one credential cannot.
type otherTokens struct{ restricted, expired, otherDomain string }

func (o *otherTokens) flags(fs *pflag.FlagSet) {
	fs.StringVar(&o.restricted, "restricted-token", "", "a token that may read and must not write, by `REF`erence: proves that writes with it are refused")
	fs.StringVar(&o.expired, "expired-token", "", "a token that has expired, by `REF`erence: proves that it is refused")
	fs.StringVar(&o.otherDomain, "other-domain-token", "", "a token of another tenant or client, by `REF`erence: proves that externalIds are kept apart; it only reads")
}

// resolve looks the references up; nothing is sent.
func (o *otherTokens) resolve(m *Main) (suites.Others, error) {
	var out suites.Others
	for _, t := range []struct {
		flag, ref string
		to        *string
	}{
		{"--restricted-token", o.restricted, &out.Restricted},
		{"--expired-token", o.expired, &out.Expired},
		{"--other-domain-token", o.otherDomain, &out.OtherDomain},
	} {
		if t.ref == "" {
			continue
		}
		v, err := m.secret(t.flag, t.ref)
		if err != nil {
			return out, err
		}
		*t.to = v
	}
	return out, nil
}
