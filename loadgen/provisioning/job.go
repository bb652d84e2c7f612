// Package provisioning is a provisioning engine as identity providers run one: it matches the users and groups of a source
// against a target in cycles, creates what is missing, sends differences, and brings references up last.
package provisioning

import (
	"context"
	"fmt"

	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// Match is how an engine finds out what the target has already.
type Match string

// The ways of matching.
const (
	// MatchQuery asks for each user by a filter, as Entra does.
	MatchQuery Match = "query"
	// MatchList reads the whole target page by page and compares.
	MatchList Match = "list"
)

const (
	defaultPage  = 100
	mostPage     = 1000
	defaultBatch = 10_000
)

// Config says how an engine works. The zero value works as Entra does by default.
type Config struct {
	Match Match
	// PageSize is how many resources a list asks for at a time: 1 to 1,000, 0 means 100. A smaller cap of the target is honoured.
	PageSize int
	// Batch is how many users MatchList handles before the next ones; 0 means 10,000.
	Batch int
	// MembersPerRequest is how many members one PATCH adds; 0 means 1.
	MembersPerRequest int
	// NoManagers leaves managers out.
	NoManagers bool
	// Owned tells whether a resource found on the target may be changed because an earlier attempt of this run has created
	// it; nil means that none may.
	Owned func(id string) bool
	// AuditLimit replaces loadgen.AuditLimit where it is positive.
	AuditLimit int
}

// Check refuses what makes no sense.
func (c Config) Check() error {
	switch {
	case c.Match != "" && c.Match != MatchQuery && c.Match != MatchList:
		return fmt.Errorf("there is no way of matching %q: it is query or list", c.Match)
	case c.PageSize < 0 || c.PageSize > mostPage:
		return fmt.Errorf("a page has 1 to %d resources, not %d", mostPage, c.PageSize)
	case c.MembersPerRequest < 0 || c.Batch < 0:
		return fmt.Errorf("members per request and batch cannot be negative")
	}
	return nil
}

// Job is one connection of a source to a target. Its links and its place in the change feed outlast the cycles.
type Job struct {
	cfg       Config
	source    Source
	target    *loadgen.Target
	tag       string
	attrs     []loadgen.Attribute
	managers  bool
	shared    bool // other shards use the tag too
	links     Links
	watermark int
	findings  loadgen.Findings
	handled   map[string]int // how often each thing happened, for the summary of an audit
}

// NewJob connects a source with a target. tag is in the names of this run's objects, and in no others.
func NewJob(cfg Config, source Source, target *loadgen.Target, tag string) (*Job, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if cfg.Match == "" {
		cfg.Match = MatchQuery
	}
	if cfg.PageSize == 0 {
		cfg.PageSize = defaultPage
	}
	if cfg.Batch == 0 {
		cfg.Batch = defaultBatch
	}
	if cfg.MembersPerRequest == 0 {
		cfg.MembersPerRequest = 1
	}
	j := &Job{cfg: cfg, source: source, target: target, tag: tag, handled: map[string]int{}}
	j.attrs, _ = target.Attributes()
	j.managers = !cfg.NoManagers && !target.NoPatch && target.Managers()
	return j, nil
}

// Links is the connection store of the job.
func (j *Job) Links() *Links { return &j.links }

// Initial is a cycle over everything. A second one finds everything there, and writes nothing.
func (j *Job) Initial() *Cycle { return begin(j, false) }

// Incremental is a cycle over what has changed since the last one, and what has failed in it.
func (j *Job) Incremental() *Cycle { return begin(j, true) }

// mayChange tells whether a counterpart may be written to.
func (j *Job) mayChange(i int) bool {
	return j.links.made.Has(i) || j.cfg.Owned != nil && j.cfg.Owned(j.links.users.Get(i))
}

func (j *Job) mayChangeGroup(k int) bool {
	return j.links.madeGroups.Has(k) || j.cfg.Owned != nil && j.cfg.Owned(j.links.groups.Get(k))
}

// chunks is how many requests so many members take.
func (j *Job) chunks(members int) int {
	return (members + j.cfg.MembersPerRequest - 1) / j.cfg.MembersPerRequest
}

// Audit reads back everything that the job has ever had acknowledged.
func (j *Job) Audit(ctx context.Context, c loadgen.Client) []loadgen.Finding {
	a := loadgen.Audit{Client: c, Target: j.target, Tag: j.tag, Shared: j.shared, Limit: j.cfg.AuditLimit, Findings: &j.findings}
	a.Users(ctx, people{j})
	if j.source.Groups() > 0 {
		a.Groups(ctx, teams{j})
	}
	a.Foreign(ctx)
	a.LeftOut()
	if n := len(j.links.escrow); n > 0 {
		j.findings.Add(loadgen.Finding{
			Kind: "not-provisioned", Word: reports.Warn, Count: n, Of: j.source.Users(),
			Message: "users are not what they should be, because their last request failed; the next cycle would try again",
		})
	}
	return j.findings.List()
}

// people is what the audit knows of users.
type people struct{ *Job }

// Len is how many users the job has dealt with.
func (p people) Len() int { return p.source.Users() }

// Expect tells what the target must hold of a user. Matched records of others are audited as foreign ones.
func (p people) Expect(i int) loadgen.Expected {
	l := &p.links
	if l.users.Has(i) && !p.mayChange(i) {
		return loadgen.Expected{Name: p.source.UserName(i), Foreign: true}
	}
	e := loadgen.Expected{Name: p.source.UserName(i), ID: l.users.Get(i), Deleted: l.deleted.Has(i), Unsure: l.unsure.Has(i)}
	if e.ID == "" || e.Deleted {
		return e
	}
	if !l.unclear.Has(i) {
		e.Object = p.source.Object(i, l.exported[i])
	}
	if m := int(l.managers[i]); m > 0 && l.Linked(m-1) {
		e.Manager = l.users.Get(m - 1)
	}
	return e
}

// teams is what the audit knows of groups.
type teams struct{ *Job }

// Len is how many groups there are.
func (t teams) Len() int { return t.source.Groups() }

// Expect tells what the target must hold of a group.
func (t teams) Expect(k int) loadgen.Expected {
	l := &t.links
	if l.groups.Has(k) && !t.mayChangeGroup(k) {
		return loadgen.Expected{Name: t.source.GroupName(k), Foreign: true}
	}
	e := loadgen.Expected{Name: t.source.GroupName(k), ID: l.groups.Get(k), Unsure: l.unsureGroups.Has(k), Members: map[string]bool{}, MaybeMembers: map[string]bool{}}
	for j := range t.source.Size(k) {
		m := t.source.Member(k, j)
		number := t.source.First(k) + j
		switch {
		case !l.users.Has(m):
		case l.deleted.Has(m), l.maybe.Has(number):
			// Whether the deletion of a user takes it out of its groups is the target's choice.
			e.MaybeMembers[l.users.Get(m)] = true
		case l.members.Has(number):
			e.Members[l.users.Get(m)] = true
		}
	}
	return e
}

// NewCompanyFor makes the part of a directory that a shard provisions, as the target can take it.
func NewCompanyFor(d fixtures.Directory, target *loadgen.Target, part loadgen.Shard) *Company {
	return NewCompany(target.Suit(d), part)
}
