package provisioning

import (
	"github.com/scimproof/scimproof/fixtures"
	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/loadgen"
)

// Source is the directory that is provisioned from, by index. A source may be asked for any object at any time.
type Source interface {
	// Users and Groups are how many there are; those that have left keep their index.
	Users() int
	Groups() int
	// User is where a user stands now.
	User(i int) State
	// UserName, Manager, GroupName, Size and Member are the same for ever, but for managers, which a revision may change.
	UserName(i int) string
	Manager(i, revision int) (int, bool)
	GroupName(k int) string
	Size(k int) int
	Member(k, j int) int
	// First numbers the memberships of all groups through: it is the number of the first one of group k.
	First(k int) int
	// Object is a user in one of its revisions, mapped to a SCIM resource without references; AppendObject is the same as JSON.
	Object(i int, s State) scim.Object
	AppendObject(b []byte, i int, s State) []byte
	Group(k int) scim.Object
	// Changes lists the users that have changed after a position of the change feed, each once, and the position now.
	Changes(since int) (users []int, now int)
}

// Status is how far a user has gone.
type Status uint8

// The ways in which a user stands in the source.
const (
	Enabled  Status = iota
	Disabled        // blocked, or soft-deleted: to be deactivated
	Purged          // deleted for good: to be deleted
)

// State is where a user stands: its status, and how often its attributes have changed.
type State struct {
	Status   Status
	Revision uint8
}

// Company is a synthetic Source with a change feed. Its part of a sharded plan is a company of its own: managers and
// members are of the same part, so that no part ever waits for another.
type Company struct {
	d      fixtures.Directory
	part   loadgen.Shard
	users  int
	groups int
	roster *fixtures.Roster
	states map[int]State // of those that have changed
	feed   []int
}

// NewCompany makes the part of a directory that belongs to a shard.
func NewCompany(d fixtures.Directory, part loadgen.Shard) *Company {
	c := &Company{d: d, part: part, users: part.Count(d.Users), groups: part.Count(d.Groups), states: map[int]State{}}
	local := d
	local.Users, local.Groups, local.Memberships = c.users, c.groups, part.Count(d.Memberships)
	local.Seed = d.Seed + int64(part.I)
	c.roster = local.Roster()
	return c
}

// Users is how many users there are.
func (c *Company) Users() int { return c.users }

// Groups is how many groups there are.
func (c *Company) Groups() int { return c.groups }

// User is where user i stands now.
func (c *Company) User(i int) State { return c.states[i] }

// UserName is what user i is matched by.
func (c *Company) UserName(i int) string { return c.d.UserName(c.part.Nth(i)) }

// Manager is the manager of user i, of the same part.
func (c *Company) Manager(i, revision int) (int, bool) { return c.d.Manager(i, revision) }

// GroupName is what group k is matched by.
func (c *Company) GroupName(k int) string { return c.d.GroupName(c.part.Nth(k)) }

// Size is how many members group k has.
func (c *Company) Size(k int) int { return c.roster.Size(k) }

// Member is the jth member of group k.
func (c *Company) Member(k, j int) int { return c.roster.Member(k, j) }

// First is the number of the first membership of group k.
func (c *Company) First(k int) int { return c.roster.First(k) }

// Object is user i as a SCIM resource.
func (c *Company) Object(i int, s State) scim.Object {
	return c.d.Account(c.part.Nth(i), int(s.Revision), s.Status == Enabled)
}

// AppendObject appends user i as JSON.
func (c *Company) AppendObject(b []byte, i int, s State) []byte {
	return c.d.AppendUser(b, c.part.Nth(i), int(s.Revision), s.Status == Enabled)
}

// Group is group k as a SCIM resource without members.
func (c *Company) Group(k int) scim.Object { return c.d.Group(c.part.Nth(k)) }

// Changes reads the change feed.
func (c *Company) Changes(since int) (users []int, now int) {
	seen := map[int]bool{}
	for _, i := range c.feed[min(since, len(c.feed)):] {
		if !seen[i] {
			seen[i] = true
			users = append(users, i)
		}
	}
	return users, len(c.feed)
}

// Join hires n users, who are in no group, and returns the index of the first.
func (c *Company) Join(n int) int {
	first := c.users
	for i := range n {
		c.users++
		c.feed = append(c.feed, first+i)
	}
	return first
}

// Move changes title, department, cost centre and manager of a user.
func (c *Company) Move(i int) {
	s := c.states[i]
	s.Revision++
	c.set(i, s)
}

// Leave disables a user.
func (c *Company) Leave(i int) { c.status(i, Disabled) }

// Return enables a user again.
func (c *Company) Return(i int) { c.status(i, Enabled) }

// Purge deletes a user for good.
func (c *Company) Purge(i int) { c.status(i, Purged) }

func (c *Company) status(i int, to Status) {
	s := c.states[i]
	s.Status = to
	c.set(i, s)
}

func (c *Company) set(i int, s State) {
	c.states[i] = s
	c.feed = append(c.feed, i)
}

// Turnover is what happens between two cycles.
type Turnover struct{ Joiners, Movers, Leavers, Purged int }

// Apply makes the turnover happen, spread evenly over the company; nobody is hit twice, which n users must suffice for.
func (c *Company) Apply(t Turnover) {
	hit := t.Movers + t.Leavers + t.Purged
	if hit > c.users {
		hit = c.users
	}
	n := c.users
	for k := range hit {
		i := k * n / hit
		switch {
		case k < t.Movers:
			c.Move(i)
		case k < t.Movers+t.Leavers:
			c.Leave(i)
		default:
			c.Purge(i)
		}
	}
	c.Join(t.Joiners)
}
