// Package churn is a load of whole lives: users and groups are created, found, read, changed and deleted, and every step is
// held against the one before. A share of them meets conflicts on purpose: duplicates, equal creations at once, and
// updates that race.
package churn

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// Config says what is churned.
type Config struct {
	Directory fixtures.Directory // how many users, groups and memberships, and their names
	Target    *loadgen.Target
	Part      loadgen.Shard
	// Duplicates is the share of users that are created a second time afterwards, Equals that of those created twice at once,
	// and Races that of those changed twice at once; 0 to 1.
	Duplicates, Equals, Races float64
	// AuditLimit replaces loadgen.AuditLimit where it is positive.
	AuditLimit int
}

// DefaultShare is how many users meet each kind of conflict unless something else is said.
const DefaultShare = 0.05

// Check refuses what makes no sense.
func (c Config) Check() error {
	for _, share := range []float64{c.Duplicates, c.Equals, c.Races} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("a share of conflicts lies between 0 and 1, not %v", share)
		}
	}
	return nil
}

// Plan is a loadgen.Plan.
type Plan struct {
	cfg          Config
	attrs        []loadgen.Attribute
	raced        []loadgen.Attribute // what racing updates change: two, or there are no races
	users        int
	groups       int
	roster       *fixtures.Roster
	phase        phase
	at           int
	open         int // flows under way
	left         int
	stopped      bool
	walks        int
	ids          loadgen.IDs
	groupIDs     loadgen.IDs
	deleted      loadgen.Bits
	denials      loadgen.Denials
	unsure       loadgen.Bits
	unsureGroups loadgen.Bits
	gone         loadgen.Bits // groups whose deletion was acknowledged
	made         int
	findings     loadgen.Findings
}

type phase int

const (
	phaseUsers phase = iota
	phaseGroups
	phaseDelete
	phaseDone
)

var phaseNames = [...]string{"users", "groups", "deletions", "done"}

// New plans the churn.
func New(cfg Config) (*Plan, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	cfg.Directory = cfg.Target.Suit(cfg.Directory)
	p := &Plan{cfg: cfg, users: cfg.Part.Count(cfg.Directory.Users), groups: cfg.Part.Count(cfg.Directory.Groups)}
	p.attrs, _ = cfg.Target.Attributes()
	p.raced = raceable(cfg.Target, p.attrs)
	local := cfg.Directory
	local.Seed += int64(cfg.Part.I)
	local.Users, local.Groups, local.Memberships = p.users, p.groups, cfg.Part.Count(cfg.Directory.Memberships)
	p.roster = local.Roster()
	p.left = 2*p.users + p.groups
	return p, nil
}

// raceable picks the two attributes that racing updates change.
func raceable(t *loadgen.Target, attrs []loadgen.Attribute) []loadgen.Attribute {
	var out []loadgen.Attribute
	for _, a := range []loadgen.Attribute{{Root: "displayName"}, {Root: "name", Sub: "familyName"}, {Root: "title"}, {Root: "userType"}} {
		if len(out) < 2 && slices.Contains(attrs, a) && t.Free(a) {
			out = append(out, a)
		}
	}
	return out
}

// drawn tells whether user i meets a kind of conflict.
func (p *Plan) drawn(kind string, i int, share float64) bool {
	d := p.cfg.Directory
	return float64(loadgen.Fingerprint(fmt.Sprint(kind, d.Seed, p.cfg.Part.Nth(i)))%10_000) < share*10_000
}

func (p *Plan) duplicated(i int) bool { return p.drawn("duplicate", i, p.cfg.Duplicates) }
func (p *Plan) equal(i int) bool      { return p.drawn("equal", i, p.cfg.Equals) }
func (p *Plan) races(i int) bool {
	return len(p.raced) == 2 && p.drawn("race", i, p.cfg.Races) && !p.cfg.Target.NoPatch
}

// deactivates tells whether the target has accounts that are active or not.
func (p *Plan) deactivates() bool { return slices.Contains(p.attrs, loadgen.Attribute{Root: "active"}) }

// guarded tells whether the racing updates of user i carry If-Match; the others change different attributes.
func (p *Plan) guarded(i int) bool { return p.cfg.Target.ETag && p.drawn("guarded", i, 0.5) }

// Left counts users twice, since they are made and deleted, and groups once.
func (p *Plan) Left() int {
	if p.stopped {
		return 0
	}
	return p.left + p.walkers()
}

// walkers is how many walks are under way.
func (p *Plan) walkers() int {
	if p.walks < 0 {
		return 1
	}
	return 0
}

// Phase names what the plan is at.
func (p *Plan) Phase() string { return phaseNames[p.phase] }

// Next starts the next life, or the next death.
func (p *Plan) Next() (loadgen.Op, bool) {
	for !p.stopped && p.phase != phaseDone {
		if op, ok := p.startWalk(); ok {
			p.open++
			return op, true
		}
		for p.at < p.end() {
			n := p.at
			p.at++
			if f := p.start(n); f != nil {
				p.open++
				return f.ops[0], true
			}
			p.left--
		}
		if p.open > 0 {
			break
		}
		p.phase, p.at = p.phase+1, 0
	}
	return loadgen.Op{}, false
}

func (p *Plan) end() int {
	switch p.phase {
	case phaseUsers, phaseDelete:
		return p.users
	case phaseGroups:
		return p.groups
	}
	return 0
}

// Answer goes on with the life that the operation belongs to.
func (p *Plan) Answer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	if p.denials.Lasting(out.Status == http.StatusUnauthorized, out.OK()) {
		if !p.stopped {
			p.findings.Answered(out, loadgen.Finding{
				Kind: "unauthorized", Word: reports.Fail, Message: "the target stopped accepting the credentials; from there on nothing was sent",
				Expected: "an answer to " + op.Name, Got: strconv.Itoa(out.Status), Of: p.left,
			})
		}
		p.stopped = true
	}
	var next []loadgen.Op
	over := false
	switch f := op.Data.(type) {
	case *walk:
		if next = p.walked(f, out); len(next) == 0 {
			p.open--
			p.walks = -p.walks
		}
		return next
	case *flow:
		f.open--
		next = f.answer(op, out)
		f.open += len(next)
		over = f.open == 0
	}
	if p.stopped {
		next = nil
	}
	if over {
		p.open--
		p.left--
		if p.open == 0 {
			p.skip()
		}
	}
	return next
}

// skip passes by what needs nothing to be sent, so that Left is 0 only when nothing is left.
func (p *Plan) skip() {
	for p.phase != phaseDone {
		for p.at < p.end() && !p.needed(p.at) {
			p.at++
			p.left--
		}
		if p.at < p.end() {
			return
		}
		p.phase, p.at = p.phase+1, 0
	}
}

// needed tells whether there is anything to do for the nth of the phase.
func (p *Plan) needed(n int) bool { return p.phase != phaseDelete || p.ids.Has(n) && !p.deleted.Has(n) }

// fault looks at an operation that did not do what it should, and tells whether the target may have done it nevertheless.
// What kinds of answers came, and how many, is the driver's to report; only a success that is of no use is told here.
func (p *Plan) fault(op loadgen.Op, out *loadgen.Outcome) (unsure bool) {
	switch out.Class {
	case loadgen.ServerError, loadgen.Transport:
		return true
	case loadgen.OK, loadgen.WantedConflict:
		p.findings.Answered(out, loadgen.Finding{
			Kind: "unusable-answer", Word: reports.Fail, Message: op.Name + ": the answer reports success, but lacks what is needed to go on", Got: strconv.Itoa(out.Status),
		})
		return true
	}
	return false
}

// Predict is how many requests of each kind the plan sends to a target that makes no mistakes. The walks through the pages are
// left out: how many pages they meet depends on how fast users are made meanwhile.
func (p *Plan) Predict(part loadgen.Shard) map[string]int {
	cfg := p.cfg
	cfg.Part = part
	whole, err := New(cfg)
	if err != nil {
		return nil
	}
	n := map[string]int{}
	for i := range whole.users {
		for name, times := range map[string]int{loadgen.Lookup: 2, loadgen.Create: 1, loadgen.Read: 4, loadgen.Put: 1, loadgen.Delete: 1} {
			n[name] += times
		}
		if whole.deactivates() {
			n[loadgen.Deactivate]++
			n[loadgen.Read]++
		}
		if cfg.Target.NoPatch {
			n[loadgen.Put]++
		} else if d, nth := whole.cfg.Directory, part.Nth(i); len(loadgen.Compare(whole.attrs, d.Account(nth, 1, true), d.Account(nth, 0, true))) > 0 {
			n[loadgen.Patch]++
		}
		if whole.equal(i) {
			n[loadgen.Create]++
		}
		if whole.duplicated(i) {
			n[loadgen.Create]++
		}
		if whole.races(i) {
			n[loadgen.Patch] += 2
			n[loadgen.Read]++
		}
	}
	for k := range whole.groups {
		n[loadgen.GroupCreate]++
		n[loadgen.GroupDelete]++
		if cfg.Target.NoPatch {
			continue
		}
		if !cfg.Target.NoRename {
			n[loadgen.GroupPatch]++
		}
		n[loadgen.GroupRead] += 2
		n[loadgen.MemberAdd] += whole.roster.Size(k)
		n[loadgen.MemberRemove] += min(1, whole.roster.Size(k))
	}
	for name, times := range n {
		if times == 0 {
			delete(n, name)
		}
	}
	return n
}

// Audit reads back that nothing is left of what was deleted, and nothing there that was never acknowledged.
func (p *Plan) Audit(ctx context.Context, c loadgen.Client) []loadgen.Finding {
	a := loadgen.Audit{Client: c, Target: p.cfg.Target, Tag: p.cfg.Directory.Tag, Shared: p.cfg.Part.N > 1, Limit: p.cfg.AuditLimit, Findings: &p.findings}
	a.Users(ctx, lives{p})
	if p.groups > 0 {
		a.Groups(ctx, circles{p})
	}
	a.Foreign(ctx)
	a.LeftOut()
	return p.findings.List()
}

// lives is what the audit knows of users.
type lives struct{ *Plan }

// Len is how many users there were.
func (l lives) Len() int { return l.users }

// Expect tells what must be there of a user.
func (l lives) Expect(i int) loadgen.Expected {
	return loadgen.Expected{Name: l.userName(i), ID: l.ids.Get(i), Deleted: l.deleted.Has(i), Unsure: l.unsure.Has(i)}
}

// circles is what the audit knows of groups.
type circles struct{ *Plan }

// Len is how many groups there were.
func (c circles) Len() int { return c.groups }

// Expect tells what must be there of a group. Who was in it was read while it lived.
func (c circles) Expect(k int) loadgen.Expected {
	e := loadgen.Expected{Name: c.groupName(k), Alias: c.renamed(k), ID: c.groupIDs.Get(k), Deleted: c.gone.Has(k), MaybeMembers: map[string]bool{}, Unsure: !c.groupIDs.Has(k) || c.unsureGroups.Has(k)}
	for j := range c.roster.Size(k) {
		e.MaybeMembers[c.ids.Get(c.roster.Member(k, j))] = true
	}
	return e
}

func (p *Plan) userName(i int) string { return p.cfg.Directory.UserName(p.cfg.Part.Nth(i)) }

func (p *Plan) groupName(k int) string { return p.cfg.Directory.GroupName(p.cfg.Part.Nth(k)) }

// renamed is what a group is called in its second half.
func (p *Plan) renamed(k int) string { return p.groupName(k) + " (renamed)" }

func (p *Plan) userPath(id string) string { return wire.ResourcePath(p.cfg.Target.Users, id) }
