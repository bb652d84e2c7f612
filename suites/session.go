package suites

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/onsi/gomega"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// engine is what all lanes of one run share.
type engine struct {
	ctx     context.Context
	cfg     Config
	learned *learned
	root    *session // that learned what the target is
	lanes   []*lane
	reg     *registry
	// tell is the host's observer of exchanges.
	tell    func(*reports.Exchange)
	telling sync.Mutex
	// inline makes Ginkgo's own goroutine run the bodies, one at a time: the tree belongs to another suite.
	inline bool
	// world is held for writing by what must be alone with the target, and for reading by every other body.
	world sync.RWMutex

	results []reports.Result

	mu    sync.Mutex // guards what follows
	cut   *reports.Cut
	crash string
}

// session is what the bodies of one lane work with: the client, what the target declared, and what the running check
// has found.
type session struct {
	*engine
	client *wire.Client
	at     *lane
	open   *block // that is being registered
	cur    *current

	names      int
	numbers    int
	labelled   *bool // whether the target keeps the display of e-mail addresses; nil = not known yet
	exchanges  []*reports.Exchange
	behaviours []reports.Behaviour

	// population is what filter and sort query; nil until they need it.
	population *crowd
	fleetMade  *fleet // the records that the query areas share

	// put and memberless are what this lane has found out about the forms of PUT and of new groups that the target takes:
	// memberless is set once it has refused a group with members that it takes without.
	put        putForm
	memberless bool
	// wrote is when the lane last changed something.
	wrote time.Time
	// alwaysThere are the attributes that a narrowed answer holds although nobody asked for them; nil if not looked up yet.
	alwaysThere []string
}

// current is what is known of the check that runs now.
type current struct {
	check     *CheckInfo
	findings  []reports.Finding
	notes     []string
	exchanges []string
	skip      string
	blockedBy string
	unjudged  string
	waited    bool // for a cursor to grow old
	failed    bool
	said      string
}

// judge runs checks against an exchange and records every violation. It ends the spec only for a FAIL, after all
// checks have been run.
func (s *session) judge(x *reports.Exchange, checks ...Check) {
	gomega.NewGomega(func(said string, _ ...int) { s.fail(said) }).Expect(x).To(&satisfy{s: s, checks: checks})
}

// judgeErr records what was found over several exchanges, which are kept as evidence.
func (s *session) judgeErr(err error, evidence ...*reports.Exchange) {
	x := &reports.Exchange{}
	for _, e := range evidence {
		s.see(e)
		x = e
	}
	s.judge(x, func(*reports.Exchange) error { return err })
}

// satisfy is the one matcher: it runs checks and lists every violation, and never prints a header or a body.
type satisfy struct {
	s      *session
	checks []Check
	said   string
}

// Match implements gomega's matcher.
func (m *satisfy) Match(actual any) (bool, error) {
	x, ok := actual.(*reports.Exchange)
	if !ok {
		return false, fmt.Errorf("want an exchange, got %T", actual)
	}
	m.s.see(x)
	if err := x.Err(); err != nil {
		kind, yes := m.s.hungUp(x)
		if !yes {
			m.s.cannotJudge(err)
		}
		got := map[string]string{"closed": "the connection was closed", "garbled": "something that breaks the grammar of HTTP"}[kind]
		f := m.s.weigh(wrong("answer", text("an HTTP answer"), text(got+", twice, on this request alone")))
		m.s.cur.findings, m.said = append(m.s.cur.findings, f), f.Message
		return f.Word != reports.Fail, nil
	}
	worst := reports.Pass
	for _, check := range m.checks {
		for _, err := range flatten(check(x)) {
			f := m.s.weigh(err)
			f.Exchange = x.ID
			if rank(f.Word) >= rank(reports.Warn) {
				m.s.unlessLate()
			}
			m.s.cur.findings = append(m.s.cur.findings, f)
			if rank(f.Word) > rank(worst) {
				worst = f.Word
			}
			m.said += f.Message + "\n"
		}
	}
	return worst != reports.Fail, nil
}

// hungUp tells whether the target closes the connection, or answers what is no HTTP, on just this request: a crash in its
// handler, which is a finding and not a fault of the network; kind is "closed" or "garbled" then. Only requests that
// change nothing are sent again to find out.
func (s *session) hungUp(x *reports.Exchange) (kind string, yes bool) {
	var te *wire.TransportError
	if x.Method != http.MethodGet || !errors.As(x.Err(), &te) || te.Kind != "closed" && te.Kind != "garbled" || s.ctx.Err() != nil {
		return "", false
	}
	kind = te.Kind
	again := s.do(wire.Request{Method: x.Method, Path: x.URL})
	s.see(again)
	control := s.get("/ServiceProviderConfig")
	return kind, errors.As(again.Err(), &te) && te.Kind == kind && control.Err() == nil
}

// FailureMessage implements gomega's matcher.
func (m *satisfy) FailureMessage(any) string { return m.said }

// NegatedFailureMessage implements gomega's matcher.
func (m *satisfy) NegatedFailureMessage(any) string { return "not used" }

// weigh turns a violation into a finding whose word is the lighter of the requirement's and the check's.
func (s *session) weigh(err error) reports.Finding {
	word := reports.Fail
	if s.cur.check != nil {
		word = s.cur.check.weight
	}
	f := reports.Finding{Word: word, Message: err.Error()}
	var v *violation
	if errors.As(err, &v) {
		f.Message, f.Expected, f.Got = v.what, v.want, v.got
		if v.word != "" && rank(v.word) < rank(word) {
			f.Word = v.word
		}
	}
	return f
}

// cannotJudge handles an exchange without an answer: safety rails become SKIP or end the run, the rest is ERROR.
func (s *session) cannotJudge(err error) {
	var (
		readOnly *wire.ReadOnlyError
		writeCap *wire.WriteCapError
		guard    *wire.GuardError
	)
	switch {
	case errors.As(err, &readOnly):
		s.skip("read-only run: this check has to write")
	case errors.As(err, &writeCap):
		s.stop(&reports.Cut{Kind: reports.CutWriteCap, Why: err.Error(), Hint: "raise --max-writes, or narrow the run with --only"})
		s.skip("the write cap was hit")
	case errors.As(err, &guard) && guard.Unclean:
		// Such an id is the target's doing.
		s.cur.unjudged = "nothing is written at " + guard.Path + ", since servers could take that for another path"
		s.fail("no answer: " + s.cur.unjudged)
	case errors.As(err, &guard):
		s.bug(err.Error(), err.Error())
		s.skip("stopped by the write guard")
	case s.ctx.Err() != nil:
		s.stop(&reports.Cut{Kind: reports.CutInterrupted, Why: "interrupted"})
		s.skip("interrupted")
	}
	s.cur.unjudged = err.Error()
	s.fail("no answer: " + err.Error())
}

// fail ends the running check as failed; what was found says why.
func (s *session) fail(said string) {
	s.cur.failed, s.cur.said = true, said
	panic(stopped{})
}

// stop notes why the run ends early; the first reason wins.
func (e *engine) stop(c *reports.Cut) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cut == nil {
		e.cut = c
	}
}

// bug ends the run because scimproof itself is wrong.
func (e *engine) bug(crash, why string) {
	e.mu.Lock()
	if e.crash == "" {
		e.crash = crash
	}
	e.mu.Unlock()
	e.stop(&reports.Cut{Kind: reports.CutBug, Why: why})
}

// interrupted tells whether the run is cut short.
func (e *engine) interrupted() bool {
	if e.ctx.Err() != nil {
		e.stop(&reports.Cut{Kind: reports.CutInterrupted, Why: "interrupted", Hint: "what was created has been deleted; run again for a verdict"})
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cut != nil
}

// see keeps an exchange as evidence of the running check.
func (s *session) see(x *reports.Exchange) {
	if x == nil || x.ID == "" {
		return
	}
	for _, id := range s.cur.exchanges {
		if id == x.ID {
			return
		}
	}
	s.cur.exchanges = append(s.cur.exchanges, x.ID)
}

// note records which legal behaviour was seen.
func (s *session) note(format string, args ...any) {
	s.cur.notes = append(s.cur.notes, fmt.Sprintf(format, args...))
}

// observe records the choice that the target made at a contested point of ambiguities.md, such as "A05".
func (s *session) observe(id, question, choice string) {
	s.note("%s: %s", question, choice)
	for _, b := range s.behaviours {
		if b.ID == id && b.Question == question {
			return
		}
	}
	s.behaviours = append(s.behaviours, reports.Behaviour{ID: id, Question: question, Choice: choice})
}

// skip ends the running check, or all checks of the container when called from its BeforeAll, as not applicable.
func (s *session) skip(format string, args ...any) {
	s.cur.skip = fmt.Sprintf(format, args...)
	panic(stopped{})
}

// block is skip for a precondition that failed, which the check called by reports.
func (s *session) block(by, format string, args ...any) {
	s.cur.blockedBy = by
	s.skip("blocked by "+by+": "+format, args...)
}

// requires skips unless the feature may be exercised: it is claimed, or nothing was claimed about it, or it was
// forced by the configuration.
func (s *session) requires(f Feature) {
	if !s.offers(f) {
		s.skip("ServiceProviderConfig says %s.supported is false", f)
	}
}

// offers tells whether the feature may be exercised, for checks that can do without; see requires.
func (s *session) offers(f Feature) bool {
	c := s.learned.claim(f)
	return c == nil || *c || s.cfg.Force[f]
}

// needsWrites skips in a run that may not write.
func (s *session) needsWrites() {
	if s.cfg.Wire.ReadOnly {
		s.skip(readOnlyRun)
	}
}

// readOnlyRun is why a run that may not write skips a check.
const readOnlyRun = "read-only run: this check has to write"

// needs skips unless the type has the attributes (in standard notation), by its schema or, where no schema was published,
// by what a first record kept; and unless clients may write and see them as far as RFC 7643 lets them.
func (s *session) needs(typ string, paths ...string) {
	t := s.needsType(typ)
	for _, p := range paths {
		if t.attribute(p) == nil {
			s.skip("the target's schema for %s has no attribute %s", typ, p)
		}
		if t.onRequest(p) {
			s.skip("the target's schema for %s says that %s is returned on request only", typ, p)
		}
		s.granted(t, p)
	}
}

// granted skips unless clients may write and see an attribute, on request at least, where RFC 7643 lets them.
func (s *session) granted(t *resourceType, path string) {
	if how := t.closed(path); how != "" {
		s.skip("the target's schema for %s says that %s is %s", t.Name, path, how)
	}
}

// needsType skips unless the target has the resource type.
func (s *session) needsType(typ string) *resourceType {
	t := s.learned.typ(typ)
	if t == nil {
		s.skip("the target has no resource type %s", typ)
	}
	if line := s.learned.asked[t]; line != "" {
		s.skip("%s", line)
	}
	return t
}

// do sends a request. The exchange is never nil; a missing answer is judged by whoever looks at it.
func (s *session) do(r wire.Request) *reports.Exchange {
	s.settle(r)
	return s.follow(s.client, r)
}

// follow sends a request through c, and a GET to where the target sends it; how /Me does so is judged where /Me is.
func (s *session) follow(c *wire.Client, r wire.Request) *reports.Exchange {
	if strings.HasPrefix(r.Path, "/Me") {
		return c.Do(s.ctx, r)
	}
	return wire.Follow(s.ctx, c, r)
}

// get reads a path relative to the base, with query parameters as alternating names and values.
func (s *session) get(path string, params ...string) *reports.Exchange {
	return s.do(wire.Request{Method: http.MethodGet, Path: path, RawQuery: query(s.fit(params)...)})
}

// post sends a body to a path; creates names the endpoint whose resource comes into being, or is "".
func (s *session) post(path, creates string, body any) *reports.Exchange {
	return s.do(wire.Request{Method: http.MethodPost, Path: path, Body: encode(body), Creates: creates})
}

// query encodes parameters with %20 for blanks (RFC 7644 §1.2, ambiguity A62).
func query(params ...string) string {
	var parts []string
	for i := 0; i+1 < len(params); i += 2 {
		parts = append(parts, url.QueryEscape(params[i])+"="+strings.ReplaceAll(url.QueryEscape(params[i+1]), "+", "%20"))
	}
	return strings.Join(parts, "&")
}

// encode writes a request body; raw bytes pass as they are.
func encode(body any) []byte {
	switch b := body.(type) {
	case nil:
		return nil
	case []byte:
		return b
	case json.RawMessage:
		return b
	}
	b, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("a request body cannot be encoded: %v", err))
	}
	return b
}

// object shortens the many literal bodies of the specs.
type object = scim.Object
