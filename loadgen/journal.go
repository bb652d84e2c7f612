package loadgen

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/scimproof/scimproof/reports"
)

// JournalVersion is the version of the journal's form.
const JournalVersion = 1

// Identity is what two journals must share to be of one load.
type Identity struct {
	Scenario string            `json:"scenario"`
	Plan     map[string]string `json:"plan"`
	Seed     int64             `json:"seed"`
	Target   string            `json:"target"`
	Model    string            `json:"model"`
	Tool     string            `json:"tool"` // version of scimproof
	Shards   int               `json:"shards"`
}

// JournalHead is the first line of a journal.
type JournalHead struct {
	Journal int `json:"journal"` // JournalVersion
	Identity
	Shard     int            `json:"shard"`
	Attempt   int            `json:"attempt"`
	RunID     string         `json:"runId"`
	Began     time.Time      `json:"began"`
	Predicted map[string]int `json:"predicted,omitempty"` // of the whole plan, all shards
	Workers   int            `json:"workers"`
	Asked     string         `json:"asked"`
	Rate      float64        `json:"askedPerSecond"` // of this shard
	Policy    string         `json:"policy"`
}

// JournalTail is the last line of a journal that was finished. A killed attempt has none.
type JournalTail struct {
	Wall      int64                 `json:"wallNanos"`
	Started   int64                 `json:"flowsStarted"`
	Waited    int64                 `json:"waitedNanos"`
	Saturated int64                 `json:"saturatedNanos,omitempty"`
	Left      float64               `json:"left"`
	Cut       *reports.Cut          `json:"cut,omitempty"`
	Findings  []reports.LoadFinding `json:"findings,omitempty"`
	Growth    []reports.Growth      `json:"growth,omitempty"`
	Generator reports.LoadGenerator `json:"generator"`
	Exchanges []*reports.Exchange   `json:"exchanges,omitempty"` // evidence
	Cleanup   reports.Cleanup       `json:"cleanup"`
	// AuditRequests is how many requests the audit sent, 0 = there was none.
	AuditRequests int `json:"auditRequests,omitempty"`
	// Requests, Writes and Retries are all that the process sent, audit and clean-up included.
	Requests int `json:"requests,omitempty"`
	Writes   int `json:"writes,omitempty"`
	Retries  int `json:"retries,omitempty"`
}

// journalWindow is the line of one second.
type journalWindow struct {
	T   int64                `json:"t"` // since Began
	Ops map[string]journalOp `json:"ops"`
}

type journalOp struct {
	Classes   map[string]journalClass `json:"classes"`
	Lag       string                  `json:"lag,omitempty"`
	Own       string                  `json:"own,omitempty"`
	Conflicts map[string]int64        `json:"conflicts,omitempty"`
	Wanted    map[string]int64        `json:"wantedConflicts,omitempty"`
	In        int64                   `json:"in,omitempty"`
	Out       int64                   `json:"out,omitempty"`
	Retries   int64                   `json:"retries,omitempty"`
}

type journalClass struct {
	N        int64            `json:"n"`
	Status   map[string]int64 `json:"status"`
	Service  string           `json:"service"`
	Response string           `json:"response"`
}

func (w *opWindow) line() journalOp {
	out := journalOp{Classes: map[string]journalClass{}, Lag: w.lag.encode(), Own: w.own.encode(), In: w.in, Out: w.out, Retries: w.retries}
	for c, cw := range w.classes {
		if cw == nil || cw.n == 0 {
			continue
		}
		jc := journalClass{N: cw.n, Status: map[string]int64{}, Service: cw.service.encode(), Response: cw.response.encode()}
		for status, n := range cw.status {
			jc.Status[strconv.Itoa(status)] = n
		}
		out.Classes[Class(c).String()] = jc
	}
	for key, n := range w.conflict {
		into := &out.Conflicts
		if key.wanted {
			into = &out.Wanted
		}
		if *into == nil {
			*into = map[string]int64{}
		}
		(*into)[key.kind.String()] = n
	}
	return out
}

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// replay takes a journal's window into the recorder; shift moves its second.
func (r *recorder) replay(w journalWindow, shift int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, jo := range w.Ops {
		o := r.op(name)
		o.in += jo.In
		o.out += jo.Out
		o.retries += jo.Retries
		counts, all := [classes]int64{}, sparse{}
		for cname, jc := range jo.Classes {
			c, ok := classNamed(cname)
			if !ok {
				return fmt.Errorf("there is no outcome class %q", cname)
			}
			service, err := decodeSparse(jc.Service)
			response, err2 := decodeSparse(jc.Response)
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			if service.total() != jc.N || response.total() != jc.N {
				return fmt.Errorf("%s %s: the histograms do not hold the %d answers that were counted", name, cname, jc.N)
			}
			rec := o.class(c)
			rec.n += jc.N
			service.into(rec.service)
			response.into(rec.response)
			for text, n := range jc.Status {
				status, err := strconv.Atoi(text)
				if err != nil {
					return err
				}
				rec.status[status] += n
			}
			counts[c] += jc.N
			all.merge(response)
		}
		for wanted, m := range map[bool]map[string]int64{false: jo.Conflicts, true: jo.Wanted} {
			for kname, n := range m {
				k, ok := conflictNamed(kname)
				if !ok {
					return fmt.Errorf("there is no kind of conflict %q", kname)
				}
				o.conflict[conflictKey{k, wanted}] += n
			}
		}
		lag, err := decodeSparse(jo.Lag)
		own, err2 := decodeSparse(jo.Own)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		lag.into(o.lag)
		own.into(r.own)
		r.series.add(w.T+shift, name, counts, all)
	}
	return nil
}

func classNamed(name string) (Class, bool) {
	for c, n := range classNames {
		if n == name {
			return Class(c), true
		}
	}
	return 0, false
}

func conflictNamed(name string) (Conflict, bool) {
	for c, n := range conflictNames {
		if n == name {
			return Conflict(c), true
		}
	}
	return 0, false
}

// journal is one that was read.
type journal struct {
	head    JournalHead
	windows []journalWindow
	tail    *JournalTail
	torn    bool // the last line is not whole: the attempt was killed
}

// readJournal reads a journal; a torn last line, which a killed attempt leaves, is ignored.
func readJournal(r io.Reader) (*journal, error) {
	j := &journal{}
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		last := err != nil
		if len(line) == 0 {
			break
		}
		if n == 1 {
			if err := json.Unmarshal(line, &j.head); err != nil || j.head.Journal == 0 {
				return nil, errors.New("it is not a journal of a load")
			}
			if j.head.Journal != JournalVersion {
				return nil, fmt.Errorf("it is a journal of version %d, and this scimproof reads %d", j.head.Journal, JournalVersion)
			}
			if last {
				break
			}
			continue
		}
		var any struct {
			journalWindow
			End *JournalTail `json:"end"`
		}
		if err := json.Unmarshal(line, &any); err != nil {
			if last {
				j.torn = true
				break
			}
			return nil, fmt.Errorf("line %d is damaged: %w", n, err)
		}
		if any.End != nil {
			j.tail = any.End
		} else {
			j.windows = append(j.windows, any.journalWindow)
		}
		if last {
			break
		}
	}
	if j.head.Journal == 0 {
		return nil, errors.New("it is empty")
	}
	return j, nil
}
