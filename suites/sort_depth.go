package suites

import (
	"regexp"
	"slices"
	"strings"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/reports"
)

var (
	runNames        = regexp.MustCompile(`^scimproof-[a-z0-9.-]+@[a-z0-9.-]+$`)
	notAlphanumeric = regexp.MustCompile(`[^a-z0-9]`)
)

// sortDepth: sorting away from the plain case (RFC 7644 §3.4.2.3).
func (s *session) sortDepth() {
	s.about("Sorting, further", func() {
		var p *crowd
		s.beforeAll(func() { p = s.sortCrowd() })

		s.it("letter case is ignored in descending order too", ID("sort.ignores-case-descending"), Requires("7644-3.4.2.3-08", "7644-3.4.2.3-06"), Explain{
			Why: "The descending list must be the ascending one reversed, or clients that page from the end miss records.",
			Fix: "Fold case in the sort key, whatever the order.",
		}, func() {
			p.has("name.familyName")
			if p.s.learned.typ("User").attribute("name.familyName").CaseExact {
				s.skip("the target publishes name.familyName as caseExact")
			}
			p.ordered(p.sorted("name.familyName", "sortOrder", "descending"), []string{"cyd"}, []string{"dan"}, []string{"ada"}, []string{"bea"})
		})

		s.it("sortBy=meta.lastModified puts the newest first when descending", ID("sort.last-modified-order"), Requires("7644-3.4.2.3-02"), Explain{
			Why: "Clients that read the newest changes first stop at the first one that they know.",
			Fix: "Sort by every attribute that is shown, those of meta included.",
		}, func() {
			want := slices.Clone(crowdTeam)
			slices.Reverse(want)
			var times []string
			for _, who := range crowdTeam {
				t, ok := parseInstant(scim.Get(p.people[who].stored, "meta.lastModified"))
				if !ok {
					s.skip("the target shows no meta.lastModified")
				}
				times = append(times, t.UTC().Format("2006-01-02T15:04:05.000000000"))
			}
			if !slices.IsSorted(times) || len(slices.Compact(slices.Clone(times))) != len(times) {
				s.skip("the timestamps of the records do not tell them apart")
			}
			p.ordered(p.sorted("meta.lastModified", "sortOrder", "descending"), single(want...)...)
		})

		s.it("totalResults of a sorted page counts all matches", ID("sort.total"), Requires("7644-3.4.2-05"), Explain{
			Why: "A client stops after the first page when the number says that there is no more.",
			Fix: "Count the matches before the page is cut out, sorted or not.",
		}, func() {
			s.judge(p.sorted("userName", "count", "2").first(), Status(200), s.counts(len(crowdTeam)))
		})

		s.it("a list without filter is sorted as well", ID("sort.plain"), Requires("7644-3.4.2.3-02"), Explain{
			Why: "Consoles show everybody, sorted by name; sorting that needs a filter leaves them in disorder.",
			Fix: "Apply sortBy to every list.",
		}, func() {
			typ := s.needsType("User")
			var errs error
			var seen []*reports.Exchange
			for _, order := range []string{"ascending", "descending"} {
				x := s.get(typ.Endpoint, "sortBy", "userName", "sortOrder", order, "count", "100")
				s.listed(x)
				seen = append(seen, x)
				// Names of others may have letters whose order is a matter of language: those of this run have not, apart
				// from punctuation, which some collations skip.
				var names, plain []string
				for _, o := range listItems(x) {
					if n := strings.ToLower(scim.String(o, "userName")); runNames.MatchString(n) {
						names, plain = append(names, n), append(plain, notAlphanumeric.ReplaceAllString(n, ""))
					}
				}
				if x.Status == 200 && len(names) < 3 {
					s.see(x)
					s.skip("the first page shows too few users of this run")
				}
				if order == "descending" {
					slices.Reverse(names)
					slices.Reverse(plain)
				}
				if err := Status(200)(x); err != nil {
					errs = err
				} else if !slices.IsSorted(names) && !slices.IsSorted(plain) && errs == nil {
					errs = wrong("userNames of this run, sortOrder "+order, text("in that order"), text("in disorder"))
				}
			}
			s.judgeErr(errs, seen...)
		})
	})
}
