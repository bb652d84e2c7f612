package suites

import (
	"errors"
	"net/url"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

// discoveryAlone: discovery documents one by one, and with parameters (RFC 7644 §4).
func (s *session) discoveryAlone() {
	s.about("discovery documents one by one", func() {
		// alone fetches each document of a list by itself and wants it to be the same in the named members.
		alone := func(list *reports.Exchange, path, key string, members ...string) {
			docs := scim.Objects(list.Object(), "Resources")
			if len(docs) == 0 {
				s.see(list)
				s.skip("GET %s lists nothing", path)
			}
			var errs []error
			seen := []*reports.Exchange{list}
			for _, want := range docs {
				name := scim.String(want, key)
				if name == "" {
					continue
				}
				x := s.get(path + "/" + strings.ReplaceAll(url.PathEscape(name), "%3A", ":"))
				seen = append(seen, x)
				if x.Status != 200 {
					continue // judged by discovery.type-single and discovery.schema-single
				}
				for _, m := range members {
					if got := scim.Get(x.Object(), m); !equalValue(got, scim.Get(want, m)) {
						errs = append(errs, wrong(m+" of "+name+", fetched alone", scim.Get(want, m), got))
					}
				}
			}
			s.judgeErr(errors.Join(errs...), seen...)
		}

		s.it("each resource type is the same alone as in the list", ID("discovery.types-alone"), Requires("7644-4-06"), Explain{
			Why: "A client that follows meta.location learns another endpoint or schema than one that reads the list.",
			Fix: "Answer with the resource type that the path names.",
		}, func() { alone(s.learned.types, "/ResourceTypes", "name", "name", "endpoint", "schema") })

		s.it("each schema is the same alone as in the list", ID("discovery.schemas-alone"), Requires("7644-4-04"), Explain{
			Why: "A client that fetches the one schema that it needs misses attributes, or learns other rules.",
			Fix: "Write both from the same definitions.",
		}, func() { alone(s.learned.schemas, "/Schemas", "id", "id", "attributes") })

		s.it("/ResourceTypes and /Schemas ignore attributes and sortBy", ID("discovery.parameters-ignored"), Requires("7644-4-08"), Explain{
			Why: "Clients that add the parameters they always add get definitions with holes, or an error.",
			Fix: "Ignore every query parameter of discovery endpoints but filter.",
		}, func() {
			listed := false
			for _, e := range []struct {
				path, member string
				list         *reports.Exchange
			}{{"/ResourceTypes", "endpoint", s.learned.types}, {"/Schemas", "attributes", s.learned.schemas}} {
				want := scim.Objects(e.list.Object(), "Resources")
				if len(want) == 0 {
					continue
				}
				listed = true
				x := s.get(e.path, "attributes", "name", "sortBy", "name", "sortOrder", "descending")
				s.judge(x, Status(200), func(x *reports.Exchange) error {
					got := scim.Objects(x.Object(), "Resources")
					for i, o := range want {
						if i >= len(got) || !scim.Assigned(got[i][e.member]) && scim.Assigned(o[e.member]) {
							// The text names sorting and paging, and means attributes with them.
							return soften(reports.Warn, wrong(e.path+" with attributes=name", text("as without"), text("without "+e.member)))
						}
					}
					return nil
				})
			}
			if !listed {
				s.block("discovery.types", "no discovery endpoint lists anything")
			}
		})
	})
}
