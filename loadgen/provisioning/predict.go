package provisioning

import "github.com/scimproof/scimproof/loadgen"

// PredictInitial is what the first cycle sends to an empty target that makes no mistakes: found by counting in the source,
// not by running the engine. managers and members tell whether these are sent at all. existing is how many users were there before, whom only MatchList meets.
func PredictInitial(cfg Config, s Source, managers, members bool, existing int) map[string]int {
	n := predictMatching(cfg, s, existing, 0)
	active := func(i int) bool { return s.User(i).Status == Enabled }
	for i := range s.Users() {
		if !active(i) {
			continue
		}
		n[loadgen.Create]++
		if m, has := s.Manager(i, int(s.User(i).Revision)); managers && has && active(m) {
			n[loadgen.Manager]++
		}
	}
	for k := range s.Groups() {
		n[loadgen.GroupCreate]++
		if !members {
			continue
		}
		there := 0
		for j := range s.Size(k) {
			if active(s.Member(k, j)) {
				there++
			}
		}
		n[loadgen.MemberAdd] += pagesOf(there, cfg.MembersPerRequest, 1)
	}
	return nonZero(n)
}

// PredictAgain is what a cycle over everything sends when nothing has changed: it reads, and writes nothing. users and groups are
// how many of them the target has in all.
func PredictAgain(cfg Config, s Source, users, groups int) map[string]int {
	return nonZero(predictMatching(cfg, s, users, groups))
}

// predictMatching is what finding out takes.
func predictMatching(cfg Config, s Source, users, groups int) map[string]int {
	n := map[string]int{}
	if cfg.Match == MatchList {
		n[loadgen.List] = max(1, pagesOf(users, cfg.PageSize, defaultPage))
		n[loadgen.GroupList] = max(1, pagesOf(groups, cfg.PageSize, defaultPage))
		return n
	}
	for i := range s.Users() {
		if s.User(i).Status != Purged {
			n[loadgen.Lookup]++
		}
	}
	n[loadgen.GroupLookup] = s.Groups()
	return n
}

// PredictTurnover is what an incremental cycle sends after Apply has made t happen to a company that was provisioned completely.
func PredictTurnover(c *Company, t Turnover, target *loadgen.Target, managers bool) map[string]int {
	n := map[string]int{loadgen.Lookup: t.Joiners, loadgen.Create: t.Joiners, loadgen.Delete: t.Purged}
	attrs, _ := target.Attributes()
	changed, _ := c.Changes(0)
	for _, i := range changed {
		s := c.User(i)
		if old := i < c.Users()-t.Joiners; old && s.Status != Purged {
			// Where a target does not declare what has changed, there is nothing to send.
			switch differs := loadgen.Compare(attrs, c.Object(i, s), c.Object(i, State{})); {
			case len(differs) == 0:
			case target.NoPatch:
				n[loadgen.Put]++
			case s.Status == Disabled && len(differs) == 1:
				n[loadgen.Deactivate]++
			default:
				n[loadgen.Patch]++
			}
		}
		m, has := c.Manager(i, int(s.Revision))
		if !managers || !has || s.Status == Purged || c.User(m).Status == Purged {
			continue
		}
		before, had := c.Manager(i, 0)
		if joined := i >= c.Users()-t.Joiners; joined || !had || before != m {
			n[loadgen.Manager]++
		}
	}
	return nonZero(n)
}

func pagesOf(n, size, otherwise int) int {
	if size <= 0 {
		size = otherwise
	}
	return (n + size - 1) / size
}

func nonZero(n map[string]int) map[string]int {
	for k, v := range n {
		if v == 0 {
			delete(n, k)
		}
	}
	return n
}
