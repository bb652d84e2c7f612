package suites

import (
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// featureAreas are the areas whose checks exercise a feature, for runs that leave out the check of the claim.
var featureAreas = map[Feature]string{
	Patch: "patch", Bulk: "bulk", Filter: "filter", Sort: "sort", ETag: "etag", Cursor: "cursor", Index: "paging",
}

// features lists what was claimed, what was forced and what was observed: by the check that tries the feature, or where
// that did not run by any check of its area that passed or failed.
func (s *session) features() []reports.Feature {
	if s.learned == nil || s.learned.config == nil {
		return nil
	}
	var out []reports.Feature
	for _, f := range Features() {
		rf := reports.Feature{Name: string(f), Claimed: s.learned.claim(f), Forced: s.cfg.Force[f]}
		for _, r := range s.results {
			if r.Area == featureAreas[f] && (r.Word == reports.Pass || r.Word == reports.Fail) {
				works := r.Word == reports.Pass || rf.Observed != nil && *rf.Observed
				rf.Observed = &works
			}
		}
		if works, tried := s.learned.tried[f]; tried {
			rf.Observed = &works
		}
		out = append(out, rf)
	}
	return out
}

// claimed holds what was seen of a feature against what ServiceProviderConfig says of it: claimed and broken is wrong,
// not claimed and working is worth knowing.
func (s *session) claimed(f Feature, works bool, evidence ...*reports.Exchange) {
	if s.learned.tried == nil {
		s.learned.tried = map[Feature]bool{}
	}
	s.learned.tried[f] = works
	path := string(f) + ".supported"
	if f == Cursor || f == Index {
		path = string(f)
	}
	said := s.learned.claim(f)
	if said == nil {
		for _, x := range evidence {
			s.see(x)
		}
		s.skip("ServiceProviderConfig says nothing of %s; it %s", f, map[bool]string{true: "works", false: "does not work"}[works])
	}
	var err error
	switch {
	case *said && !works:
		err = wrong(path, text("what was seen: it does not work"), scim.Get(s.learned.config.Object(), path))
	case !*said && works:
		err = soften(reports.Info, wrong(path, text("what was seen: it works"), scim.Get(s.learned.config.Object(), path)))
	}
	s.judgeErr(err, append([]*reports.Exchange{s.learned.config}, evidence...)...)
}
