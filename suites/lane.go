package suites

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onsi/ginkgo/v2"

	"github.com/scimproof/scimproof/reports"
)

// A lane is a row of containers that run one after the other; lanes may run at once. What a check does depends on the
// lane that it stands in and on nothing in another: names, exchanges and shared records are the lane's own.
type lane struct {
	name   string
	letter byte // in the names of its records
	s      *session
	blocks []*block
	// first lanes need a directory that is small yet, and run one after the other before all others.
	first bool
	// last lanes look at the whole run and start, one after the other, when all others have ended.
	last bool
}

// block is a container of checks with what prepares them.
type block struct {
	setup []func()
	nodes []*node
	// prepared is nil until the setup has run, for the first check that needs it.
	prepared *node
}

// node is one check in the tree.
type node struct {
	current
	s        *session
	block    *block
	body     func()
	selected bool
	done     chan struct{}
	// ran is false where the run was cut short before; panicked is what a bug in the check said.
	ran      bool
	panicked string
	// unprepared tells that the setup of the container ended early in this check.
	unprepared bool
	took       time.Duration
}

// stopped is what a body panics with when it ends early for a reason that is in its node.
type stopped struct{}

// lane makes a lane of its own for the areas.
func (s *session) lane(name string, areas ...func(*session)) *lane {
	l := &lane{name: name, letter: 'a' + byte(len(s.engine.lanes)), s: &session{engine: s.engine, cur: &current{}}}
	l.s.at = l
	if s.client != nil {
		l.s.client = s.client.View(name+"-", l.s.record)
	}
	s.engine.lanes = append(s.engine.lanes, l)
	for _, area := range areas {
		area(l.s)
	}
	return l
}

// record keeps an exchange of the lane.
func (s *session) record(x *reports.Exchange) {
	if x.Method != http.MethodGet && x.Success() && !strings.HasSuffix(x.URL, "/.search") {
		s.wrote = x.Started.Add(x.Duration)
	}
	s.exchanges = append(s.exchanges, x)
	if s.tell != nil {
		s.telling.Lock()
		defer s.telling.Unlock()
		s.tell(x)
	}
}

// everything lists the exchanges of the run so far, in the order of the lanes; last lanes use it when the others have ended.
func (e *engine) everything() []*reports.Exchange {
	all := slices.Clone(e.root.exchanges)
	for _, l := range e.lanes {
		all = append(all, l.s.exchanges...)
	}
	return all
}

// alone runs a part of a body while no other lane sends anything, for what depends on the whole directory.
func (s *session) alone(part func()) {
	s.world.RUnlock()
	s.world.Lock()
	defer func() {
		s.world.Unlock()
		s.world.RLock()
	}()
	part()
}

// runLanes runs the selected bodies, up to width lanes at once, and returns when all have ended.
func (e *engine) runLanes(width int) {
	run := func(lanes []*lane) {
		queue := make(chan *lane, len(lanes))
		for _, l := range lanes {
			queue <- l
		}
		close(queue)
		var wg sync.WaitGroup
		for range max(width, 1) {
			wg.Go(func() {
				for l := range queue {
					for _, b := range l.blocks {
						for _, n := range b.nodes {
							n.run()
						}
					}
				}
			})
		}
		wg.Wait()
	}
	var first, between, last []*lane
	for _, l := range e.lanes {
		switch {
		case l.first:
			first = append(first, l)
		case l.last:
			last = append(last, l)
		default:
			between = append(between, l)
		}
	}
	inTurn := func(lanes []*lane) { // what these see depends on what there is, and so on one another
		for _, l := range lanes {
			run([]*lane{l})
		}
	}
	inTurn(first)
	run(between)
	inTurn(last)
}

// run runs the body of a check, and before it what its container prepares.
func (n *node) run() {
	if !n.selected || n.ran {
		return
	}
	defer close(n.done)
	s := n.s
	s.world.RLock()
	defer s.world.RUnlock()
	if s.interrupted() {
		return
	}
	n.ran = true
	start := time.Now()
	defer func() { n.took = time.Since(start) }()
	s.cur = &n.current
	if first := n.block.prepared; first == nil {
		n.block.prepared = n
		for _, setup := range n.block.setup {
			if !n.attempt(setup) {
				n.unprepared = true
				return
			}
		}
	} else if first.unprepared {
		n.inherit(first)
		return
	}
	n.attempt(n.body)
}

// inherit gives a check the reason why its container could not be prepared.
func (n *node) inherit(first *node) {
	n.skip, n.blockedBy = first.skip, first.blockedBy
	if n.skip == "" {
		n.skip = "blocked by " + first.check.ID + ": what this check looks at could not be set up"
		n.blockedBy = first.check.ID
	}
	n.exchanges = slices.Clone(first.exchanges)
}

// attempt runs a part of a body and tells whether it came to its end.
func (n *node) attempt(part func()) (ended bool) {
	defer func() {
		switch p := recover(); p.(type) {
		case nil:
		case stopped:
		default:
			n.panicked = fmt.Sprint(p)
			n.s.bug(fmt.Sprintf("%s: %s\n%s", n.check.ID, n.panicked, debug.Stack()), "a bug in scimproof: "+n.panicked)
		}
	}()
	part()
	return true
}

// deliver is the body that Ginkgo runs: it waits for the check to have run, and ends as that did.
func (n *node) deliver() {
	if n.s.inline {
		n.run()
	}
	<-n.done
	switch {
	case !n.ran:
		ginkgo.Skip("the run was cut short")
	case n.panicked != "":
		ginkgo.Fail("a bug in scimproof: " + n.panicked)
	case n.skip != "":
		ginkgo.Skip(n.skip)
	case n.failed:
		ginkgo.Fail(n.said)
	}
	if n.s.inline {
		for _, f := range n.findings {
			ginkgo.AddReportEntry(string(f.Word)+" "+f.Message, fmt.Sprintf("expected %s, got %s", f.Expected, f.Got))
		}
	}
}

// result is the outcome of a check that ran.
func (n *node) result() reports.Result {
	c := n.check
	res := reports.Result{
		ID: c.ID, Title: c.Title, Area: c.Area, Level: c.Level, Duration: n.took,
		Findings: n.findings, Notes: n.notes, Exchanges: n.exchanges,
	}
	for _, st := range c.Statements {
		res.Requirements = append(res.Requirements, st.Requirement())
	}
	word, message := reports.Worst(res.Findings)
	switch {
	case n.panicked != "":
		res.Word, res.Reason = reports.Error, "a bug in scimproof: "+n.panicked
	case n.skip != "":
		res.Word, res.Reason, res.BlockedBy = reports.Skip, n.skip, n.blockedBy
	case n.failed && word != reports.Fail:
		res.Word, res.Reason = reports.Error, n.unjudged
		if res.Reason == "" {
			res.Reason = n.said
		}
	default:
		res.Word, res.Message = word, message
	}
	if res.Word != reports.Pass && res.Word != reports.Skip {
		res.Why, res.Fix = oneLine(c.Explain.Why), oneLine(c.Explain.Fix)
	}
	return res
}

// oneLine takes the line breaks of the source code out of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
