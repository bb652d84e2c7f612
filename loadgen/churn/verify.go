package churn

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/loadgen"
	"github.com/scimproof/scimproof/reports"
)

// createdAgain wants a duplicate to be refused.
func (f *flow) createdAgain(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	if out.Status >= 200 && out.Status < 300 {
		out.Class, out.Conflict = loadgen.UnwantedConflict, loadgen.DuplicateAccepted
		f.suspect(out, loadgen.Finding{
			Kind: reports.LoadDuplicate, Word: reports.Fail, Message: "a second creation with a userName that is taken succeeds",
			Expected: "409 for " + f.p.userName(f.i), Got: fmt.Sprintf("%d, with id %s", out.Status, out.ID),
		})
		if out.ID != "" && out.ID != f.id {
			f.wins = append(f.wins, win{id: out.ID})
			f.steps = append([]step{stray}, f.steps...)
		}
		return f.next()
	}
	if !out.OK() {
		f.p.fault(op, out)
	}
	return f.next()
}

// suspect keeps a finding until the user has been read.
func (f *flow) suspect(out *loadgen.Outcome, x loadgen.Finding) {
	if f.p.findings.Wants(x.Kind, x.Message) {
		x.Evidence = append(x.Evidence, out.Evidence())
	}
	f.suspects = append(f.suspects, x)
}

// again repeats the present step once, after a moment.
func (f *flow) again() []loadgen.Op {
	f.tries++
	ops := f.operations()
	for n := range ops {
		ops[n].After = patience
	}
	return ops
}

// found wants a look-up to find exactly the user that was created.
func (f *flow) found(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	s, ok := out.Digest.(sight)
	switch {
	case !out.OK() || !ok:
		f.p.fault(op, out)
	case s.hits > 1:
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadDuplicate, Word: reports.Fail, Message: "a look-up finds two users with one userName",
			Expected: "one " + f.p.userName(f.i), Got: strconv.Itoa(s.hits),
		})
	case s.hits == 0 && f.tries == 0:
		return f.again()
	case s.hits == 0 && len(f.wins) > 1:
		// There were two, and deleting one has confused the index: that is told already.
	case s.hits == 0:
		f.suspect(out, loadgen.Finding{
			Kind: "lookup-misses", Word: reports.Fail, Message: "a look-up does not find a user whose creation was acknowledged",
			Expected: "one " + f.p.userName(f.i), Got: "none, twice",
		})
	case s.hits == 1 && f.tries > 0:
		f.stale(out, "a look-up")
	}
	return f.next()
}

// stale notes that something was right only on the second look.
func (f *flow) stale(out *loadgen.Outcome, what string) {
	f.p.findings.Answered(out, loadgen.Finding{
		Kind: "stale", Word: reports.Warn, Message: what + " shows an acknowledged change only a moment later", Got: "right after " + patience.String(),
	})
}

// readBack holds what was acknowledged against what is there.
func (f *flow) readBack(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	if out.Status == 404 || out.Status == 410 {
		if f.tries == 0 {
			return f.again()
		}
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadLostWrite, Word: reports.Fail, Message: "a user is gone, although its creation was acknowledged",
			Expected: "200 for " + f.p.userName(f.i), Got: strconv.Itoa(out.Status) + ", twice",
		})
		f.p.ids.Set(f.i, "") // the audit need not find the same again
		return nil
	}
	s, ok := out.Digest.(sight)
	if !out.OK() || !ok {
		f.p.fault(op, out)
		return f.next()
	}
	f.version = out.Version
	for _, x := range f.suspects {
		x.Evidence = append(x.Evidence, out.Evidence())
		f.p.findings.Add(x)
	}
	f.suspects = nil
	switch {
	case len(s.differences) > 0 && f.tries == 0:
		return f.again()
	case len(s.differences) > 0:
		f.wrong(s, out)
		// What comes later is held against what is there.
		f.want = f.after(s.differences)
	case f.tries > 0:
		f.stale(out, "a user")
	}
	return f.next()
}

// wrong reports values that are not as acknowledged.
func (f *flow) wrong(s sight, out *loadgen.Outcome) {
	if s.stale {
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: reports.LoadLostUpdate, Word: reports.Fail, Message: "an acknowledged change has left no trace",
			Expected: s.differences[0].Attribute.Path() + " is " + s.differences[0].Want, Got: s.differences[0].Got,
		})
		return
	}
	for _, d := range s.differences {
		x := loadgen.Finding{
			Kind: reports.LoadWrongValue, Word: reports.Fail, Message: d.Attribute.Path() + " has another value than was acknowledged", Expected: d.Want, Got: d.Got,
		}
		if d.Got == "" && !f.p.cfg.Target.Published() {
			x.Word = reports.Warn // nothing says that the target has this attribute at all
		}
		f.p.findings.Answered(out, x)
	}
}

// after is what is wanted, with the differences as they are.
func (f *flow) after(differences []loadgen.Difference) scim.Object {
	var o scim.Object
	if json.Unmarshal(body(f.want), &o) != nil {
		return f.want
	}
	for _, d := range differences {
		d.Attribute.Set(o, d.Got)
	}
	return o
}

// racedAnswer waits for both updates of a race. Of two that name one version, the target must refuse one.
func (f *flow) racedAnswer(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	attribute, value := f.raced(op)
	switch {
	case out.Class == loadgen.OK:
		w := win{id: attribute, value: value, seen: out.Evidence()}
		if op.Header != nil && len(f.wins) == 1 {
			out.Class, out.Conflict = loadgen.UnwantedConflict, loadgen.LostUpdate
			f.p.findings.Add(loadgen.Finding{
				Kind: reports.LoadLostUpdate, Word: reports.Fail, Message: "two updates at the same time with one If-Match both succeed",
				Expected: "one 2xx and one 412", Got: "two 2xx", Evidence: []*reports.Exchange{f.wins[0].seen, w.seen},
			})
		}
		f.wins = append(f.wins, w)
	case out.Class != loadgen.WantedConflict:
		f.unclear = f.p.fault(op, out) || f.unclear
	}
	if f.open > 0 {
		return nil
	}
	if len(f.wins) == 0 && !f.unclear && out.Class == loadgen.WantedConflict {
		f.p.findings.Answered(out, loadgen.Finding{
			Kind: "both-refused", Word: reports.Warn, Message: "of two updates at the same time neither succeeds",
			Expected: "at least one 2xx", Got: "two refusals",
		})
	}
	return f.next()
}

// readAfterRace wants what the winners wrote.
func (f *flow) readAfterRace(op loadgen.Op, out *loadgen.Outcome) []loadgen.Op {
	s, ok := out.Digest.(sight)
	switch {
	case (!out.OK() || !ok) && f.tries == 0:
		return f.again()
	case !out.OK() || !ok:
		f.p.fault(op, out)
		return nil // nobody knows what the user looks like now
	}
	written := map[string][]string{}
	for _, w := range f.wins {
		written[w.id] = append(written[w.id], w.value)
	}
	for attribute, values := range written {
		if f.unclear {
			break // an update whose answer was lost may have come last
		}
		is := func(value string) bool { return loadgen.SameText(s.race[attribute], value) }
		if len(values) == 2 && is(values[0]) || is(values[len(values)-1]) {
			continue
		}
		if f.tries == 0 {
			return f.again()
		}
		evidence := []*reports.Exchange{out.Evidence()}
		for _, w := range f.wins {
			evidence = append(evidence, w.seen)
		}
		f.p.findings.Add(loadgen.Finding{
			Kind: reports.LoadLostUpdate, Word: reports.Fail, Message: "of two updates at the same time an acknowledged one is lost",
			Expected: fmt.Sprintf("%s is %s", attribute, values[len(values)-1]), Got: s.race[attribute], Evidence: evidence,
		})
	}
	// The next change overwrites neither of them; what it leaves alone is as it is now.
	for _, a := range f.p.raced {
		if a.Of(f.want) != "" {
			a.Set(f.want, s.race[a.Path()])
		}
	}
	return f.next()
}

func body(o scim.Object) []byte {
	b, err := json.Marshal(o)
	if err != nil {
		panic("a synthetic resource cannot be written as JSON: " + err.Error())
	}
	return b
}
