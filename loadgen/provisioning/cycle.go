package provisioning

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// Cycle is one run over the source. It is a loadgen.Plan.
type Cycle struct {
	*Job
	incremental bool
	again       bool // an earlier cycle has provisioned everything already
	phase       phase
	at, end     int // position in the phase
	todo        []int
	upTo        int // users of the batches that may be worked on
	group       int // whose members are added now
	started     bool
	open        int // flows under way
	left        int
	stopped     string
	denials     loadgen.Denials
	walked      *walk
	pending     []uint64 // fingerprints of the managers that matched users have
	delayed     int      // references that wait, since one side is not linked
	writes      int
	// ready is the operation that Next returns: found ahead when nothing is under way, so that Left knows whether anything is
	// left at all.
	ready *loadgen.Op
}

// phase is what a cycle is at. Each begins when all flows of the one before have ended.
type phase int

const (
	phaseUserList phase = iota
	phaseUsers
	phaseGroupList
	phaseGroups
	phaseManagers
	phaseMembers
	phaseDone
)

var phaseNames = [...]string{"list of users", "users", "list of groups", "groups", "managers", "members", "done"}

// step is what an operation of a flow is for.
const (
	stepList = iota
	stepLookup
	stepCreate
	stepPatch
	stepDelete
	stepGroupList
	stepGroupLookup
	stepGroupCreate
	stepGroupRead
	stepManager
	stepMembers
)

// begin makes a cycle that knows its first operation.
func begin(j *Job, incremental bool) *Cycle {
	c := newCycle(j, incremental)
	c.settle()
	return c
}

func newCycle(j *Job, incremental bool) *Cycle {
	c := &Cycle{Job: j, incremental: incremental, phase: -1}
	users, now := j.source.Changes(j.watermark)
	if incremental {
		c.todo = users
		for i := range j.links.escrow {
			if !slices.Contains(c.todo, i) {
				c.todo = append(c.todo, i)
			}
		}
		slices.Sort(c.todo)
	}
	for i := 0; i < j.source.Users() && !c.again && !incremental; i++ {
		c.again = j.links.Linked(i)
	}
	// What fails from here on is in escrow, so the feed need not be read again.
	j.watermark = now
	c.left = c.estimate()
	return c
}

// considered is how many users the cycle looks at.
func (c *Cycle) considered() int {
	if c.incremental {
		return len(c.todo)
	}
	return c.source.Users()
}

// user is the nth user that the cycle looks at.
func (c *Cycle) user(n int) int {
	if c.incremental {
		return c.todo[n]
	}
	return n
}

// estimate is the number of objects and references to come.
func (c *Cycle) estimate() int {
	n := c.considered()
	if c.managers {
		n *= 2
	}
	if !c.incremental {
		n += c.source.Groups()
	}
	for k := range c.source.Groups() {
		n += c.chunks(c.source.Size(k))
	}
	return n
}

// Left is how many objects and references are left.
func (c *Cycle) Left() int {
	if c.stopped != "" {
		return 0
	}
	if c.phase == phaseDone && c.open == 0 {
		return 0
	}
	return max(1, c.left)
}

// Phase names what the cycle is at.
func (c *Cycle) Phase() string {
	if c.phase < 0 {
		return ""
	}
	name := phaseNames[c.phase]
	if c.incremental {
		return "changed " + name
	}
	return name
}

// Writes is how many requests that change something the cycle has made.
func (c *Cycle) Writes() int { return c.writes }

// Stopped tells why the cycle gave up, or is empty.
func (c *Cycle) Stopped() string { return c.stopped }

// Next starts the next user, group or reference.
func (c *Cycle) Next() (loadgen.Op, bool) {
	op, ok := c.find()
	if ok {
		c.open++
		if op.Method != http.MethodGet {
			c.writes++
		}
	}
	return op, ok
}

// settle looks ahead when nothing is under way.
func (c *Cycle) settle() {
	if c.open > 0 {
		return
	}
	if op, ok := c.find(); ok {
		c.ready = &op
	}
}

// find goes on to the next operation that starts a flow.
func (c *Cycle) find() (op loadgen.Op, ok bool) {
	if c.stopped != "" {
		return op, false
	}
	if c.ready != nil {
		op, c.ready = *c.ready, nil
		return op, true
	}
	if c.phase < 0 {
		c.enter(phaseUserList)
	}
	for {
		op, ok, wait := c.step()
		if ok || wait || c.phase == phaseDone {
			return op, ok
		}
		c.enter(c.phase + 1)
	}
}

// enter begins a phase.
func (c *Cycle) enter(p phase) {
	c.phase, c.at, c.end, c.group, c.started = p, 0, 0, 0, false
	switch p {
	case phaseUsers:
		c.end = c.considered()
		c.upTo = c.end
		if c.cfg.Match == MatchList && !c.incremental {
			c.upTo = min(c.end, c.cfg.Batch)
		}
	case phaseGroups:
		if !c.incremental {
			c.end = c.source.Groups()
		}
	case phaseManagers:
		if c.managers {
			c.end = c.considered()
		}
	}
}

// step finds the next operation of the phase. Without one, wait tells that answers must come first, before the phase is over.
func (c *Cycle) step() (op loadgen.Op, ok, wait bool) {
	switch c.phase {
	case phaseUserList, phaseGroupList:
		if c.cfg.Match == MatchList && !c.incremental && !c.started && !(c.phase == phaseGroupList && c.target.NoGroups) {
			c.started = true
			c.walked = newWalk(c, c.phase == phaseGroupList)
			return c.walked.page(), true, false
		}
	case phaseUsers:
		return c.nextUser()
	case phaseGroups:
		for c.at < c.end {
			k := c.at
			c.at++
			if op, ok := c.startGroup(k); ok {
				return op, true, false
			}
			c.left--
		}
	case phaseManagers:
		for c.at < c.end {
			i := c.user(c.at)
			c.at++
			if op, ok := c.managerOf(i); ok {
				return op, true, false
			}
			c.left--
		}
	case phaseMembers:
		for c.group < c.source.Groups() {
			if op, ok := c.nextMembers(); ok {
				return op, true, false
			}
		}
	}
	return op, false, c.open > 0
}

func (c *Cycle) nextUser() (op loadgen.Op, ok, wait bool) {
	for c.at < c.end {
		if c.at == c.upTo {
			// The next batch begins when this one is done.
			if c.open > 0 {
				return op, false, true
			}
			c.upTo = min(c.end, c.upTo+c.cfg.Batch)
		}
		i := c.user(c.at)
		c.at++
		if op, ok := c.startUser(i); ok {
			return op, true, false
		}
		c.left--
	}
	return op, false, c.open > 0
}

// Answer goes on with the flow that the operation belongs to.
func (c *Cycle) Answer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	denied := out.Status == http.StatusUnauthorized || out.Status == http.StatusForbidden && op.Step <= stepLookup
	if c.denials.Lasting(denied, out.OK()) && denied {
		c.stop(op, out)
	}
	next, more := c.advance(op, out)
	if more && c.stopped == "" {
		if next.Method != http.MethodGet {
			c.writes++
		}
		return []loadgen.Op{next}
	}
	c.open--
	if op.Step != stepList && op.Step != stepGroupList {
		c.left--
	}
	c.settle()
	return nil
}

// stop ends the cycle: without valid credentials, each further write would only fail too.
func (c *Cycle) stop(op loadgen.Op, out *loadgen.Outcome) {
	first := c.stopped == ""
	c.stopped = strconv.Itoa(out.Status)
	if first {
		c.findings.Answered(out, loadgen.Finding{
			Kind: "unauthorized", Word: reports.Fail, Message: "the target stopped accepting the credentials in mid-cycle; from there on nothing was sent",
			Expected: "an answer to " + op.Name, Got: c.stopped, Of: c.left,
		})
	}
}

func (c *Cycle) advance(op loadgen.Op, out *loadgen.Outcome) (loadgen.Op, bool) {
	switch op.Step {
	case stepList, stepGroupList:
		return c.walked.answer(op, out)
	case stepLookup:
		return c.lookedUp(op.Index, out)
	case stepCreate:
		c.created(op.Index, op.Data.(State), out)
	case stepPatch:
		c.patched(op.Index, op.Data.(State), out)
	case stepDelete:
		c.removed(op.Index, out)
	case stepGroupLookup:
		return c.groupFound(op.Index, out)
	case stepGroupCreate:
		c.groupCreated(op.Index, out)
	case stepGroupRead:
		c.groupRead(op.Index, out)
	case stepManager:
		c.managerSet(op.Index, op.Data.(int), out)
	case stepMembers:
		c.membersAdded(op.Index, op.Data.([]int), out)
	}
	return loadgen.Op{}, false
}

// fault looks at an operation that did not do what it should, and tells whether the target may have done it nevertheless.
// What kinds of answers came, and how many, is the driver's to report; only a success that is of no use is told here.
func (c *Cycle) fault(op string, out *loadgen.Outcome) (unsure bool) {
	switch out.Class {
	case loadgen.ServerError, loadgen.Transport:
		return true
	case loadgen.OK, loadgen.WantedConflict:
		c.findings.Answered(out, loadgen.Finding{
			Kind: "unusable-answer", Word: reports.Fail, Message: op + ": the answer reports success, but lacks what is needed to go on", Got: strconv.Itoa(out.Status),
		})
		return true
	}
	return false
}

// userPath is where the counterpart of a user is.
func (c *Cycle) userPath(i int) string {
	return wire.ResourcePath(c.target.Users, c.links.users.Get(i))
}
