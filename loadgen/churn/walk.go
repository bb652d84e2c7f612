package churn

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// Walks through all pages go on while others are created. Nobody is deleted meanwhile, so whoever was there when a walk began
// must be seen by it, in any stable order.
const (
	walkPage  = 20
	walkMost  = 20_000 // users above which no walk is made: it would outweigh the load
	walkLeast = 100
)

// walk is one of them.
type walk struct {
	pages loadgen.Pager
	seen  map[string]bool
	known []int // who was there when it began
}

// startWalk begins a walk when a quarter, and again when the half of the users is made. While walks is negative one is under way.
func (p *Plan) startWalk() (loadgen.Op, bool) {
	if p.phase != phaseUsers || p.walks < 0 || p.walks > 1 || p.users < walkLeast || p.users > walkMost || p.made < p.users*(1+p.walks)/4 {
		return loadgen.Op{}, false
	}
	p.walks = -(p.walks + 1)
	w := &walk{pages: p.cfg.Target.Pages(), seen: map[string]bool{}}
	for i := range p.users {
		if p.ids.Has(i) {
			w.known = append(w.known, i)
		}
	}
	return p.page(w), true
}

// page asks for the next page. How many there are depends on the pace, so they are not counted with the load.
func (p *Plan) page(w *walk) loadgen.Op {
	return loadgen.Op{
		Name: loadgen.List, Method: http.MethodGet, Path: p.cfg.Target.Users, Data: w, Silent: true, Digest: idsOf,
		RawQuery: w.pages.Query(walkPage),
	}
}

func idsOf(out *loadgen.Outcome) any {
	var list struct{ Resources []struct{ ID string } }
	if json.Unmarshal(out.Body, &list) != nil {
		return nil
	}
	ids := make([]string, 0, len(list.Resources))
	for _, r := range list.Resources {
		ids = append(ids, r.ID)
	}
	return ids
}

// walked takes a page; without another one the walk is over.
func (p *Plan) walked(w *walk, out *loadgen.Outcome) []loadgen.Op {
	ids, ok := out.Digest.([]string)
	if !out.OK() || !ok {
		p.fault(loadgen.Op{Name: loadgen.List}, out)
		return nil
	}
	for _, id := range ids {
		w.seen[id] = true
	}
	if w.pages.Took(len(ids), out.Total, out.Next) && !p.stopped {
		return []loadgen.Op{p.page(w)}
	}
	missed, first := 0, ""
	for _, i := range w.known {
		// A user whose record turned out to be lost is no longer known.
		if id := p.ids.Get(i); id != "" && !w.seen[id] {
			if missed++; first == "" {
				first = id
			}
		}
	}
	if missed > 0 {
		p.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadSkippedPage, Word: reports.Warn, Count: missed, Of: len(w.known),
			Message:  "a walk through the pages misses users that were there all the time, while others are created (RFC 7644 §3.4.2.4 warns of it; an import would take them for deleted)",
			Expected: "user " + first + " on some page", Got: fmt.Sprintf("%d of %d users that were there when the walk began", len(w.known)-missed, len(w.known)),
		})
	}
	return nil
}
