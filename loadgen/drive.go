package loadgen

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/scimproof/scimproof/internal/scim"
	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// Config says how a plan is driven.
type Config struct {
	Client  *wire.Client
	Plan    Plan
	Part    Shard   // of the arrival; the plan knows its own part itself
	Arrival Arrival // zero = Together(8)
	// Workers caps the requests that are under way at once; 0 = as many as flows, or 64 in the open model. There is no
	// way to lift the cap: without one a slow target makes a generator that drowns itself.
	Workers int
	Warmup  time.Duration // what is sent in this time is not counted
	Drain   time.Duration // how long requests under way are waited for when the run is cut short; 0 = 5 s
	// Throttle is the policy for 429, "" = PerRequest.
	Throttle string
	// MaxErrors is the share of errors within ten seconds above which the run is aborted; 0 = never.
	MaxErrors float64
	// MaxRate caps the requests per second, whatever the arrival asks for; 0 = no cap.
	MaxRate float64
	// MaxTime ends the load early, as if the plan had no more flows; 0 = never.
	MaxTime    time.Duration
	Head       *JournalHead // written first into Journal
	Journal    io.Writer    // gets a line per second; nil = none
	OnProgress func(Progress)

	alarm func(call func()) alarm // replaces the timer in tests
}

// Progress is how far a load is.
type Progress struct {
	Share    float64 // done, 0 to 1
	Phase    string
	Requests int64
	Failed   int64
	Every    float64 // requests per second, lately
	Elapsed  time.Duration
}

// Drive drives the plan until it is finished, the context is over, or a rule ends it, and returns what was measured; the
// cut tells why it ended early. The audit is the caller's.
func Drive(ctx context.Context, cfg Config) (*reports.Load, *reports.Cut, error) {
	d, err := newDriver(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	return d.run()
}

// driver is both Pacer and Targeter of a vegeta attack, and the RoundTripper behind it: the Pacer owns the queue and waits
// there, the Targeter never does, and the RoundTripper sends, times and hands the answer to the plan.
type driver struct {
	cfg     Config
	ctx     context.Context // the caller's
	sending context.Context // of requests; outlives ctx while draining
	cancel  context.CancelFunc
	rec     *recorder
	alarm   alarm
	kick    chan struct{} // wakes the Pacer
	jobs    chan *job     // released by the Pacer, taken by the workers; one each per tick
	idle    chan *worker  // what a worker needs again and again

	mu        sync.Mutex // of the plan and everything below
	ready     queue
	alone     []*job
	late      later
	began     time.Time
	base      time.Time // of the schedule; moves when time stands still
	due       func() time.Duration
	nextDue   time.Time   // of the next flow, zero = not drawn yet
	freed     []time.Time // closed model: since when there is room for a flow
	active    int
	started   int64
	flying    int
	starved   bool      // the plan has no flow to start until an answer comes
	hungry    bool      // it had none when it was asked last
	noMore    bool      // no flow starts any more
	waiting   bool      // the Pacer is
	armed     time.Time // when the alarm wakes it, zero = never
	full      time.Time // since when all workers are busy while work is due
	fullFor   time.Duration
	roomAt    time.Time // when a worker last became free after all were busy
	hold      time.Time // PauseAll: nothing leaves before
	pace      pace
	quiet     time.Time // since when Alone holds everything back
	quietFor  time.Duration
	waited    time.Duration
	throttled int64
	warm      int64
	total     int // Plan.Left at the start
	stop      bool
	cut       *reports.Cut
	oks       int64
	denials   Denials
	proofs    [classes][]*reports.Exchange // the first exchanges of each class that is not as wanted
	lastAt    time.Duration                // when the last flow started, pauses left out
	last      [10]struct{ second, all, failed int64 }
	stopped   time.Time
	crash     any
	stack     []byte
}

// job is one operation on its way.
type job struct {
	op     Op
	flow   *flow
	due    time.Time
	before time.Time // it could not leave earlier, whoever is to blame for that but the generator
	tries  int
}

// flow counts what is under way of it; it has ended when nothing is.
type flow struct{ open int }

const (
	defaultFlows   = 8
	defaultWorkers = 64
	maxWorkers     = 4096
)

func newDriver(ctx context.Context, cfg Config) (*driver, error) {
	if cfg.Arrival.Model == "" {
		cfg.Arrival = Together(defaultFlows)
	}
	if cfg.Workers == 0 {
		cfg.Workers = cmp.Or(cfg.Arrival.Flows, defaultWorkers)
	}
	if cfg.Workers < 1 || cfg.Workers > maxWorkers {
		return nil, fmt.Errorf("the number of workers must be between 1 and %d", maxWorkers)
	}
	cfg.Throttle = cmp.Or(cfg.Throttle, PerRequest)
	if cfg.Arrival.Model == Adaptive {
		cfg.Throttle = AdaptRate
	}
	if err := CheckThrottle(cfg.Throttle); err != nil {
		return nil, err
	}
	cfg.Drain = cmp.Or(cfg.Drain, 5*time.Second)
	if cfg.alarm == nil {
		cfg.alarm = newAlarm
	}
	d := &driver{cfg: cfg, ctx: ctx, kick: make(chan struct{}, 1), jobs: make(chan *job, cfg.Workers)}
	d.idle = make(chan *worker, cfg.Workers)
	d.pace.most = cfg.MaxRate
	d.sending, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return d, nil
}

func (d *driver) run() (*reports.Load, *reports.Cut, error) {
	defer d.cancel()
	d.alarm = d.cfg.alarm(d.wake)
	defer d.alarm.close()
	d.began = time.Now()
	d.base = d.began
	d.rec = newRecorder(d.began.Add(d.cfg.Warmup))
	d.total = d.cfg.Plan.Left()
	if d.cfg.Journal != nil {
		if d.cfg.Head != nil {
			head := *d.cfg.Head
			head.Began = d.began.Add(d.cfg.Warmup)
			if err := writeLine(d.cfg.Journal, head); err != nil {
				return nil, nil, fmt.Errorf("the journal cannot be written: %w", err)
			}
		}
		d.rec.journal = d.cfg.Journal
	}
	if d.cfg.Arrival.schedule != nil {
		d.due = d.cfg.Arrival.schedule(d.cfg.Part)
	} else {
		for range d.cfg.Arrival.Flows {
			d.freed = append(d.freed, d.began)
		}
	}
	cpu, _ := usage()

	over := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() { d.watch(over) })
	others.Go(func() { d.tick(over) })

	client := &http.Client{
		Transport:     (*sender)(d),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	attacker := vegeta.NewAttacker(vegeta.Client(client), vegeta.Workers(uint64(d.cfg.Workers)), vegeta.MaxWorkers(uint64(d.cfg.Workers)))
	for range attacker.Attack(d.target, (*pacer)(d), 0, "") {
	}
	ended := time.Now()
	close(over)
	others.Wait()
	cpuEnd, memory := usage()

	d.mu.Lock()
	defer d.mu.Unlock()
	if d.crash != nil {
		panic(fmt.Sprintf("%v\n%s", d.crash, d.stack))
	}
	d.countFull(ended)
	err := d.rec.finish()
	if err != nil && d.cut == nil {
		d.cut = &reports.Cut{Kind: reports.CutAborted, Why: "the journal could not be written: " + err.Error(), Hint: "is the disk full?"}
	}
	return d.report(ended, cpuEnd-cpu, memory), d.cut, nil
}

// watch ends the run when its context or its time is over, and what is still under way some time later.
func (d *driver) watch(over chan struct{}) {
	var most <-chan time.Time
	if d.cfg.MaxTime > 0 {
		t := time.NewTimer(d.cfg.MaxTime)
		defer t.Stop()
		most = t.C
	}
	for {
		select {
		case <-over:
			return
		case <-most:
			d.mu.Lock()
			d.noMore = true
			d.mu.Unlock()
			d.wake()
			most = nil
			continue
		case <-d.ctx.Done():
			d.end(&reports.Cut{Kind: reports.CutInterrupted, Why: "the load was interrupted", Hint: "the numbers are of what was sent until then"})
		}
		break
	}
	drain := time.NewTimer(d.cfg.Drain)
	defer drain.Stop()
	select {
	case <-over:
	case <-drain.C:
		d.cancel()
	}
}

// end stops the load; the first reason counts.
func (d *driver) end(cut *reports.Cut) {
	d.mu.Lock()
	d.endLocked(cut)
	d.mu.Unlock()
	d.wake()
}

func (d *driver) endLocked(cut *reports.Cut) {
	if d.stop {
		return
	}
	d.stop, d.stopped = true, time.Now()
	d.cut = cut
	// What is under way may take as long as Drain, and no longer; watch does the same for an interruption.
	time.AfterFunc(d.cfg.Drain, d.cancel)
}

// tick closes windows, syncs the ledger and reports progress once a second.
func (d *driver) tick(over chan struct{}) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var before int64
	for {
		select {
		case <-over:
			return
		case <-t.C:
		}
		now := time.Now()
		d.rec.tick(now)
		if err := d.cfg.Client.Ledger().Sync(); err != nil {
			d.end(&reports.Cut{Kind: reports.CutAborted, Why: "the ledger could not be written: " + err.Error(), Hint: "is the disk full?"})
		}
		all, failed := d.rec.failures()
		if d.cfg.OnProgress != nil {
			d.mu.Lock()
			p := Progress{Share: d.share(), Requests: all, Failed: failed, Every: float64(all - before), Elapsed: now.Sub(d.began)}
			if ph, ok := d.cfg.Plan.(Phased); ok {
				p.Phase = ph.Phase()
			}
			d.mu.Unlock()
			d.cfg.OnProgress(p)
		}
		before = all
	}
}

// share is how much of the plan is done; the caller holds mu.
func (d *driver) share() float64 {
	if d.total <= 0 {
		return 1
	}
	return 1 - float64(d.cfg.Plan.Left())/float64(d.total)
}

// wake wakes the Pacer, or keeps it from falling asleep.
func (d *driver) wake() {
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

// target is the Targeter. It has nothing to do: the Pacer has put the job where the RoundTripper takes it.
func (d *driver) target(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodGet, "http://plan.invalid/"
	return nil
}

// pacer is the driver as vegeta's Pacer.
type pacer driver

// Rate is not known beforehand.
func (p *pacer) Rate(time.Duration) float64 { return p.cfg.Arrival.Rate }

// Pace returns when an operation is both ready and due and a worker is free; it has waited here, so that vegeta need not.
func (p *pacer) Pace(time.Duration, uint64) (wait time.Duration, stop bool) {
	d := (*driver)(p)
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() {
		if c := recover(); c != nil { // a plan's Next
			d.broke(c)
			stop = true
		}
	}()
	for {
		if d.stop || d.finished() {
			d.stop = true
			return 0, true
		}
		now := time.Now()
		j, at := d.next(now)
		if j != nil {
			d.flying++
			d.pace.took(now)
			d.jobs <- j
			return 0, false
		}
		if at.IsZero() && d.flying == 0 {
			d.endLocked(&reports.Cut{Kind: reports.CutBug, Why: fmt.Sprintf("the plan has %d left, but nothing to send", d.cfg.Plan.Left()), Hint: "please report it"})
			continue
		}
		d.sleep(at)
	}
}

// finished tells whether everything is done; the caller holds mu.
func (d *driver) finished() bool {
	if d.flying > 0 || d.ready.len() > 0 || len(d.alone) > 0 || len(d.late) > 0 {
		return false
	}
	return d.noMore || d.cfg.Plan.Left() == 0
}

// sleep waits for a kick or a time; the caller holds mu.
func (d *driver) sleep(at time.Time) {
	d.alarm.set(at)
	d.waiting, d.armed = true, at
	d.mu.Unlock()
	<-d.kick
	d.mu.Lock()
	d.waiting = false
}

// next takes the job that leaves now, or tells when to look again (zero = when an answer comes). The caller holds mu.
func (d *driver) next(now time.Time) (*job, time.Time) {
	for len(d.late) > 0 && !d.late[0].due.After(now) {
		d.queue(d.late.pop())
	}
	if len(d.alone) > 0 || !d.quiet.IsZero() {
		return d.nextAlone(now)
	}
	wake := d.late.first()
	if now.Before(d.hold) {
		return nil, d.hold
	}
	if at := d.pace.at(now); at.After(now) && (d.ready.len() > 0 || d.mayStart()) {
		return nil, earliest(at, wake)
	}
	if d.flying >= d.cfg.Workers {
		// Only where something is due are the workers too few.
		if d.full.IsZero() && (d.ready.len() > 0 || d.startDue(now)) {
			d.full = now
		}
		if d.due != nil && d.full.IsZero() && d.mayStart() {
			wake = earliest(wake, d.nextDue)
		}
		return nil, wake
	}
	d.countFull(now)
	if d.ready.len() > 0 {
		return d.release(d.ready.pop(), now), time.Time{}
	}
	if d.mayStart() {
		due, ok := d.arrival(now)
		if !ok {
			return nil, earliest(wake, due)
		}
		if op, ok := d.cfg.Plan.Next(); ok {
			if d.hungry {
				// The plan itself was not ready: the schedule waits for it, and nobody is late.
				if late := now.Sub(due); d.due != nil && late > 0 {
					d.base = d.base.Add(late)
				}
				for i := range d.freed {
					d.freed[i] = now
				}
				due, d.hungry = now, false
			}
			d.begin(now)
			j := &job{op: op, flow: &flow{open: 1}, due: due.Add(op.After)}
			if j.due.After(now) {
				d.late.push(j)
				return d.next(now)
			}
			if op.Alone {
				d.alone = append(d.alone, j)
				return d.nextAlone(now)
			}
			return d.release(j, now), time.Time{}
		}
		d.starved, d.hungry = true, true
	}
	return nil, wake
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// countFull ends a time in which all workers were busy.
func (d *driver) countFull(now time.Time) {
	if !d.full.IsZero() {
		d.fullFor += now.Sub(d.full)
		d.full = time.Time{}
	}
}

// release readies a job for leaving: from here on lag is the generator's own.
func (d *driver) release(j *job, now time.Time) *job {
	j.before = j.due
	for _, t := range [...]time.Time{d.roomAt, d.hold, d.pace.next} {
		if t.After(j.before) && !t.After(now) {
			j.before = t
		}
	}
	return j
}

// mayStart tells whether another flow may start as far as the model goes and the plan may have one.
func (d *driver) mayStart() bool {
	if d.noMore || d.starved {
		return false
	}
	return d.due != nil || d.active < d.cfg.Arrival.Flows
}

func (d *driver) startDue(now time.Time) bool {
	if !d.mayStart() {
		return false
	}
	_, ok := d.arrival(now)
	return ok
}

// arrival is when the next flow is due, and whether it is.
func (d *driver) arrival(now time.Time) (time.Time, bool) {
	if d.due == nil {
		return d.freed[0], true
	}
	if d.nextDue.IsZero() {
		d.nextDue = d.base.Add(d.due())
	}
	return d.nextDue, !d.nextDue.After(now)
}

// begin counts a flow that starts.
func (d *driver) begin(now time.Time) {
	d.active++
	d.started++
	d.lastAt = now.Sub(d.began) - d.quietFor
	d.nextDue = time.Time{}
	if d.due == nil {
		d.freed = d.freed[1:]
	}
}

// queue puts a job where it waits for its turn.
func (d *driver) queue(j *job) {
	if j.op.Alone {
		d.alone = append(d.alone, j)
		return
	}
	d.ready.push(j)
}

// nextAlone lets one operation pass at a time; the schedule of the others stands still.
func (d *driver) nextAlone(now time.Time) (*job, time.Time) {
	if d.flying > 0 {
		if d.quiet.IsZero() {
			d.quiet = now
		}
		return nil, time.Time{}
	}
	if d.quiet.IsZero() {
		d.quiet = now
	}
	if len(d.alone) > 0 {
		j := d.alone[0]
		d.alone = d.alone[1:]
		j.due = now // probes are measured by themselves
		return d.release(j, now), time.Time{}
	}
	// None is left. Those that are late wait on if they are Alone as well.
	pause := now.Sub(d.quiet)
	d.quietFor += pause
	d.quiet = time.Time{}
	d.base = d.base.Add(pause)
	if !d.nextDue.IsZero() {
		d.nextDue = d.nextDue.Add(pause)
	}
	d.ready.shift(pause)
	for _, j := range d.late {
		j.due = j.due.Add(pause)
	}
	for i := range d.freed {
		d.freed[i] = d.freed[i].Add(pause)
	}
	return d.next(now)
}

// sender is the driver as http.RoundTripper: vegeta's workers call it, one for each tick.
type sender driver

// RoundTrip takes a job, sends it and hands the answer to the plan, and goes on with what may leave by then: to pass each
// job through the Pacer and vegeta's channels costs as much as to send it. The request that vegeta made is never sent.
func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	d := (*driver)(s)
	var w *worker
	select {
	case w = <-d.idle:
	default:
		w = newWorker(d.cfg.Client)
	}
	for j := <-d.jobs; j != nil; {
		j = d.serve(j, w)
	}
	d.idle <- w
	return &http.Response{StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody, Request: r}, nil
}

// broke keeps a panic for the goroutine that runs the load; the caller holds mu.
func (d *driver) broke(c any) {
	if d.crash == nil {
		d.crash, d.stack = c, debug.Stack()
	}
	d.endLocked(&reports.Cut{Kind: reports.CutBug, Why: fmt.Sprint(c), Hint: "please report it"})
}

// worker is the memory of one request at a time.
type worker struct {
	req    wire.Request
	answer wire.Answer
	out    Outcome
	record func() *reports.Exchange
}

func newWorker(c *wire.Client) *worker {
	w := &worker{}
	w.record = func() *reports.Exchange { return c.Exchange(&w.req, &w.answer) }
	return w
}

// serve sends a job, and returns the next one that this worker may send at once, or nil.
func (d *driver) serve(j *job, w *worker) (onward *job) {
	held, flown := false, false
	defer func() {
		if c := recover(); c != nil {
			if !held {
				d.mu.Lock()
			}
			if !flown {
				d.flying--
			}
			d.broke(c)
			d.mu.Unlock()
			d.wake()
			onward = nil
		}
	}()
	op := &j.op
	a := &w.answer
	w.req = wire.Request{Method: op.Method, Path: op.Path, RawQuery: op.RawQuery, Header: op.Header, Body: op.Body}
	if op.Body == nil && op.Make != nil {
		w.req.Body = op.Make()
	}
	d.cfg.Client.Send(d.sending, &w.req, a)
	end := a.Sent.Add(a.Took)
	j.tries++
	w.out = Outcome{
		Status: a.Status, Err: a.Err, Header: a.Header, Body: a.Body, ID: a.Peek.ID, Version: a.Peek.Version, Total: -1,
		Sent: a.Sent, Service: a.Took, Tries: j.tries, exchange: w.record,
	}
	out := &w.out
	if a.JSON {
		out.Total, out.Next = a.Peek.Total, a.Peek.Next
		if out.Total < 0 && out.Next == "" && (a.Peek.Resources || bytes.Contains(a.Body, []byte(scim.ListResponseURN))) {
			out.Total = a.Peek.Shown
		}
		if a.Peek.Resources {
			out.ID, out.Version = a.Peek.FirstID, a.Peek.FirstVersion
		}
	}
	out.ID = cmp.Or(out.ID, a.Made)
	var after time.Duration
	out.Class, out.Conflict, after = classify(op.Want, a, end)
	unsent := a.Sent.IsZero() || d.sending.Err() != nil && a.Err != nil
	if !unsent && op.Digest != nil {
		out.Digest = op.Digest(out)
	}

	d.mu.Lock()
	held = true
	d.answer(j, a, out, after, end, unsent)
	if !unsent && !op.Silent {
		if a.Sent.Sub(d.began) >= d.cfg.Warmup {
			d.rec.add(end, sample{
				op: op.Name, class: out.Class, conflict: out.Conflict, status: a.Status,
				service: a.Took, response: end.Sub(j.due), lag: a.Sent.Sub(j.due), own: a.Sent.Sub(j.before), in: a.In, out: a.Out, retry: j.tries > 1,
			})
		} else {
			d.warm++
		}
	}
	d.flying--
	flown = true
	if d.flying == d.cfg.Workers-1 {
		d.roomAt = end
	}
	now := time.Now()
	onward = d.take(now)
	waiting := d.waiting && d.mustWake(now)
	d.mu.Unlock()
	held = false
	if waiting {
		d.wake()
	}
	return onward
}

// take takes the job that leaves now, nil if none does; the caller holds mu.
func (d *driver) take(now time.Time) *job {
	if d.stop || d.finished() {
		return nil
	}
	j, _ := d.next(now)
	if j != nil {
		d.flying++
		d.pace.took(now)
	}
	return j
}

// mustWake tells whether the sleeping Pacer has something to do, now or before its alarm; the caller holds mu.
func (d *driver) mustWake(now time.Time) bool {
	if d.stop || d.flying == 0 {
		return true
	}
	if len(d.alone) > 0 || !d.quiet.IsZero() {
		return false // what is Alone leaves when nothing is under way
	}
	if d.flying >= d.cfg.Workers {
		// Nothing can leave, and since when that is so must be known.
		if d.full.IsZero() && (d.ready.len() > 0 || d.startDue(now)) {
			d.full = now
		}
		return false
	}
	at := d.late.first()
	if d.ready.len() > 0 {
		at = now
	} else if d.mayStart() {
		due, _ := d.arrival(now)
		at = earliest(at, due)
	}
	if at.IsZero() {
		return false
	}
	for _, t := range [...]time.Time{d.hold, d.pace.at(now)} {
		if t.After(at) {
			at = t
		}
	}
	return d.armed.IsZero() || at.Before(d.armed)
}

// answer hands an outcome to the plan, or lets the request be repeated; the caller holds mu.
func (d *driver) answer(j *job, a *wire.Answer, out *Outcome, after time.Duration, end time.Time, unsent bool) {
	if unsent {
		d.refusedToSend(a.Err)
		d.ended(j, end)
		return
	}
	if out.Class == Throttled {
		d.throttled++
		d.prove(Throttled, out)
		if d.cfg.Throttle != IgnoreAfter {
			if d.cfg.Throttle == AdaptRate {
				d.pace.throttled(end)
			}
			if j.tries < maxTries {
				d.repeat(j, after, end)
				return
			}
		}
	}
	if out.Class != Throttled && d.cfg.Throttle == AdaptRate {
		d.pace.accepted(end)
	}
	next := d.cfg.Plan.Answer(j.op, out)
	if c := out.Class; c != OK && c != WantedConflict {
		d.prove(c, out)
	}
	d.judge(out, end)
	d.starved = false // the answer may have made others ready
	for _, op := range next {
		j.flow.open++
		n := &job{op: op, flow: j.flow, due: end.Add(op.After)}
		if op.After > 0 {
			d.late.push(n)
			continue
		}
		d.queue(n)
	}
	d.ended(j, end)
}

// proofs is how many exchanges of a class are kept.
const proofs = 3

// prove keeps the first exchanges of a class as evidence; the caller holds mu.
func (d *driver) prove(c Class, out *Outcome) {
	if len(d.proofs[c]) < proofs {
		d.proofs[c] = append(d.proofs[c], out.Evidence())
	}
}

// ended counts an operation of a flow out, and the flow when it was the last one.
func (d *driver) ended(j *job, end time.Time) {
	if j.flow.open--; j.flow.open == 0 {
		d.active--
		if d.due == nil {
			d.freed = append(d.freed, end)
		}
	}
}

// repeat lets a throttled request wait.
func (d *driver) repeat(j *job, after time.Duration, end time.Time) {
	wait := backoff(after, j.tries)
	d.waited += wait
	j.due = end.Add(wait)
	if d.cfg.Throttle == PauseAll && j.due.After(d.hold) {
		d.hold = j.due
	}
	d.late.push(j)
}

// refusedToSend takes in why a request never left.
func (d *driver) refusedToSend(err error) {
	var (
		over    *wire.WriteCapError
		ledger  *wire.LedgerError
		auth    *wire.AuthError
		guard   *wire.GuardError
		address *wire.URLError
	)
	switch {
	case d.stop:
	case errors.As(err, &over):
		d.endLocked(&reports.Cut{Kind: reports.CutWriteCap, Why: err.Error(), Hint: "raise --max-writes, or use fewer users"})
	case errors.As(err, &ledger):
		d.endLocked(&reports.Cut{Kind: reports.CutAborted, Why: err.Error(), Hint: ledger.Hint})
	case errors.As(err, &auth):
		d.endLocked(d.refusal(err.Error()))
	case errors.As(err, &guard), errors.As(err, &address):
		d.endLocked(&reports.Cut{Kind: reports.CutBug, Why: err.Error(), Hint: "please report it"})
	default:
		d.endLocked(&reports.Cut{Kind: reports.CutAborted, Why: fmt.Sprintf("a request could not be sent: %v", err)})
	}
}

// refusal is a cut because of the credential: no verdict if it was never accepted.
func (d *driver) refusal(why string) *reports.Cut {
	if d.oks == 0 {
		return &reports.Cut{Kind: reports.CutAuth, Why: why, Hint: "check the credential"}
	}
	return &reports.Cut{
		Kind: reports.CutAborted, Why: fmt.Sprintf("the credential was accepted %s and then no longer: %s; nothing more was written", plural(int(d.oks), "time"), why),
		Hint: "use a credential that outlives the run, or one that can be renewed, such as --oauth2-token-url",
	}
}

const (
	hopeless   = 20  // answers that must be missing before a target counts as unreachable
	enoughToGo = 200 // answers within the last seconds before their errors count
)

// judge applies the rules that end a load early; the caller holds mu.
func (d *driver) judge(out *Outcome, now time.Time) {
	if out.OK() {
		d.oks++
	}
	if denied := out.Status == http.StatusUnauthorized; d.denials.Lasting(denied, out.OK()) || denied && d.oks == 0 {
		d.endLocked(d.refusal("the target answered 401"))
		return
	}
	second := int64(now.Sub(d.began) / time.Second)
	l := &d.last[second%int64(len(d.last))]
	if l.second != second {
		l.second, l.all, l.failed = second, 0, 0
	}
	l.all++
	if !out.Class.Failed() {
		return
	}
	l.failed++
	var all, failed int64
	for _, l := range d.last {
		if second-l.second < int64(len(d.last)) {
			all += l.all
			failed += l.failed
		}
	}
	switch {
	case d.oks == 0 && out.Class == Transport && failed >= hopeless && failed == all:
		d.endLocked(&reports.Cut{Kind: reports.CutUnreachable, Why: fmt.Sprintf("no answer to any of %d requests: %v", failed, out.Err), Hint: "`scimproof doctor` tells which layer fails"})
	case d.cfg.MaxErrors > 0 && all >= enoughToGo && float64(failed) > d.cfg.MaxErrors*float64(all):
		d.endLocked(&reports.Cut{
			Kind: reports.CutAborted, Why: fmt.Sprintf("%d of the last %d answers were errors, more than %g %%", failed, all, d.cfg.MaxErrors*100),
			Hint: "look at the target's log; --abort-errors sets the limit",
		})
	}
}

// report words what was measured; the caller holds mu.
func (d *driver) report(ended time.Time, cpu time.Duration, memory int64) *reports.Load {
	a := d.cfg.Arrival
	wall := max(ended.Sub(d.began)-d.quietFor-d.cfg.Warmup, 0)
	l := &reports.Load{
		Model: a.Model, Asked: a.Text, Rate: a.of(d.cfg.Part), Wall: int64(wall), WarmedUp: d.warm, Workers: d.cfg.Workers,
		Saturated: int64(d.fullFor), Left: 1 - d.share(), Started: d.started,
	}
	var predicted map[string]int
	if p, ok := d.cfg.Plan.(Predicting); ok {
		predicted = p.Predict(d.cfg.Part)
	}
	l.Operations, l.Conflicts, l.Series = d.rec.operations(predicted), d.rec.conflictCounts(), d.rec.series.list()
	all := summarize(l)
	l.Throttling = reports.LoadThrottling{Policy: d.cfg.Throttle, Waited: int64(d.waited)}
	finish(l, all, d.started, wall)
	if d.due != nil && d.started > 1 && d.lastAt > 0 {
		// How fast the last answers came is no matter of when flows started.
		l.Flows = float64(d.started-1) / d.lastAt.Seconds()
	}
	l.Generator = reports.LoadGenerator{
		CPU: int64(cpu), Processors: runtime.GOMAXPROCS(0), Memory: memory, Timer: d.alarm.name(), Lag: quantiles(d.rec.own),
	}
	if total := ended.Sub(d.began).Seconds(); total > 0 {
		l.Generator.Busy = cpu.Seconds() / total / float64(l.Generator.Processors)
	}
	judgeGenerator(l, d.rec.responses().ValueAtPercentile(99))
	l.Findings = observations(l, d.proofs)
	return l
}

// summarize counts all requests.
func summarize(l *reports.Load) (all int64) {
	for _, o := range l.Operations {
		all += o.Sent
	}
	return all
}

// finish fills in what follows from the counts.
func finish(l *reports.Load, all, started int64, wall time.Duration) {
	l.Throttling.Count = 0
	for _, o := range l.Operations {
		for _, c := range o.Classes {
			if c.Class == Throttled.String() {
				l.Throttling.Count += c.Count
			}
		}
	}
	if all > 0 {
		l.Throttling.Share = float64(l.Throttling.Count) / float64(all)
	}
	if s := wall.Seconds(); s > 0 {
		l.Every = float64(all) / s
		l.Flows = float64(started) / s
		l.Throttling.Goodput = float64(all-l.Throttling.Count) / s
	}
}

// judgeGenerator tells whether the client itself was too slow. In the open model latencies count from the schedule, so a
// generator that runs behind it falsifies them; in the closed model there is no schedule, and the reader is warned.
func judgeGenerator(l *reports.Load, p99 int64) {
	g := &l.Generator
	limit := max(int64(time.Millisecond), p99/20)
	if g.Lag.Count < 100 || g.Lag.P99 <= limit {
		return
	}
	why := fmt.Sprintf("the generator itself was late: 1 %% of the requests left %s or more after they could have, with free workers; at most %s is tolerable", short(g.Lag.P99), short(limit))
	if l.Model == Open {
		g.Invalid = why + "; give it a faster or less busy machine, or a lower rate"
		return
	}
	g.Warning = why + "; service times are the better figures"
}

func short(nanos int64) string {
	d := time.Duration(nanos)
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
