package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Ledger is the record of everything that a run made on a target: an intent before each creating request, the id after it.
// On disk it is NDJSON that survives the death of the process, so that Cleanup can finish the job. It is safe for
// concurrent use.
type Ledger struct {
	mu      sync.Mutex
	path    string
	file    *os.File
	run     string
	base    string
	started time.Time
	entries []*Entry
	byNum   map[int]*Entry
	byID    map[string][]*Entry
	next    int
	err     error
	written int64 // bytes of whole lines
	size    int64 // bytes of the file when it was last seen: more than written means a torn tail
	slim    *slim // nil unless Slim was called

	syncMu sync.Mutex
	synced int64
}

// Entry is one creation. While ID is "" and Failed is 0 its outcome is unknown: the resource may exist.
type Entry struct {
	N        int
	Endpoint string            // such as "/Users"
	Keys     map[string]string // userName, externalId, displayName as sent
	ID       string
	Location string
	Failed   int // the status that says nothing was made
	Gone     bool
	deleting bool      // a DELETE was sent, so a 404 means gone
	values   keyValues // in a slim ledger, instead of Keys
}

func (e *Entry) live() bool { return e.Failed == 0 && !e.Gone }

// ledgerLine is any line of the file.
type ledgerLine struct {
	Run      string            `json:"run,omitempty"`
	Base     string            `json:"base,omitempty"`
	Started  *time.Time        `json:"started,omitempty"`
	N        int               `json:"n,omitempty"`
	Intent   string            `json:"intent,omitempty"`
	Keys     map[string]string `json:"keys,omitempty"`
	ID       string            `json:"id,omitempty"`
	Location string            `json:"location,omitempty"`
	Failed   int               `json:"failed,omitempty"`
	Gone     string            `json:"gone,omitempty"`
	Back     string            `json:"back,omitempty"`
	At       string            `json:"at,omitempty"` // endpoint of gone and back
}

// LedgerError tells what is wrong with a ledger and where.
type LedgerError struct {
	Path      string
	Line      int // 0 = the file as a whole
	Why, Hint string
	Err       error
}

// Error names the file, the line and what to do.
func (e *LedgerError) Error() string {
	at := e.Path
	if at == "" {
		at = "the ledger"
	}
	if e.Line > 0 {
		at = fmt.Sprintf("%s, line %d", at, e.Line)
	}
	return fmt.Sprintf("%s: %s (%s)", at, e.Why, e.Hint)
}

// Unwrap returns the cause.
func (e *LedgerError) Unwrap() error { return e.Err }

// NewLedger makes a ledger that is kept in memory only. base is the target's base URL.
func NewLedger(runID, base string) *Ledger {
	return &Ledger{run: runID, base: strings.TrimRight(base, "/"), started: time.Now().UTC(), byNum: map[int]*Entry{}, byID: map[string][]*Entry{}}
}

// OpenLedger creates the ledger file of a run, or continues the file of the same run against the same base.
// Errors are *LedgerError.
func OpenLedger(path, runID, base string) (*Ledger, error) {
	l, err := ReadLedger(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	// Where the first line is torn, nothing was ever sent: start anew.
	if err != nil || l.run == "" {
		torn := int64(0)
		if err == nil {
			torn = l.size
		}
		l = NewLedger(runID, base)
		l.path, l.size = path, torn
		if err := l.open(); err != nil {
			return nil, err
		}
		if err := l.write(ledgerLine{Run: l.run, Base: l.base, Started: &l.started}); err != nil {
			return nil, err
		}
		return l, l.flush()
	}
	if l.run != runID || l.base != strings.TrimRight(base, "/") {
		return nil, &LedgerError{
			Path: path, Why: fmt.Sprintf("it belongs to run %q against %s", l.run, l.base),
			Hint: "choose another file, or clean that run up first",
		}
	}
	return l, l.open()
}

// ReadLedger reads the ledger of an earlier run. A torn last line, which a crash leaves, is ignored; any other
// damage is a *LedgerError with the line's number. What is learned afterwards is appended to the same file.
func ReadLedger(path string) (*Ledger, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &LedgerError{Path: path, Why: "it cannot be read: " + err.Error(), Hint: "check the path and its permissions", Err: err}
	}
	l := NewLedger("", "")
	l.path, l.size = path, int64(len(data))
	for n := 1; len(data) > 0; n++ {
		line, rest, whole := bytes.Cut(data, []byte{'\n'})
		if len(bytes.TrimSpace(line)) > 0 {
			var in ledgerLine
			if err := json.Unmarshal(line, &in); err != nil {
				if !whole && (n > 1 || headStart(line)) {
					break
				}
				return nil, &LedgerError{path, n, "not a JSON object", "ledgers are written by scimproof only; restore or repair this line", err}
			}
			if why := l.apply(in, n == 1); why != "" {
				return nil, &LedgerError{path, n, why, "ledgers are written by scimproof only; restore or repair this line", nil}
			}
		}
		l.written += int64(len(line))
		if whole {
			l.written++
		}
		data = rest
	}
	return l, nil
}

// headStart tells whether a torn first line is that of a ledger, and not some other file.
func headStart(line []byte) bool {
	head := []byte(`{"run":`)
	return bytes.HasPrefix(line, head) || bytes.HasPrefix(head, line)
}

// apply takes a line of the file in; it returns what is wrong with it, or "".
func (l *Ledger) apply(in ledgerLine, first bool) string {
	if first != (in.Run != "" || in.Base != "") {
		return "the first line, and only that, must name run and base"
	}
	switch {
	case first:
		if in.Run == "" || in.Base == "" {
			return "the first line must name run and base"
		}
		l.run, l.base = in.Run, in.Base
		if in.Started != nil {
			l.started = *in.Started
		}
	case in.Intent != "":
		if in.N <= 0 || l.byNum[in.N] != nil {
			return "an intent needs a number of its own"
		}
		l.add(&Entry{N: in.N, Endpoint: cleanEndpoint(in.Intent), Keys: in.Keys})
	case in.Gone != "":
		l.mark(in.At, in.Gone, true)
	case in.Back != "":
		l.mark(in.At, in.Back, false)
	case in.ID != "" || in.Failed != 0:
		e := l.byNum[in.N]
		if e == nil {
			return fmt.Sprintf("an outcome of %d, of which there is no intent", in.N)
		}
		e.Failed = in.Failed
		if in.ID != "" {
			l.identify(e, in.ID, in.Location)
		}
	default:
		return "neither an intent nor an outcome"
	}
	return ""
}

func (l *Ledger) add(e *Entry) {
	l.entries = append(l.entries, e)
	l.byNum[e.N] = e
	l.next = max(l.next, e.N)
}

func (l *Ledger) identify(e *Entry, id, location string) {
	e.ID, e.Location, e.Failed = id, location, 0
	l.byID[id] = append(l.byID[id], e)
}

func (l *Ledger) mark(endpoint, id string, gone bool) {
	for _, e := range l.byID[id] {
		if endpoint == "" || strings.EqualFold(e.Endpoint, endpoint) {
			e.Gone = gone
		}
	}
}

// open opens the file for appending behind its last whole line.
func (l *Ledger) open() error {
	if l.path == "" || l.file != nil {
		return nil
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		err = l.mend(f)
	}
	if err != nil {
		if f != nil {
			_ = f.Close()
		}
		return &LedgerError{Path: l.path, Why: "it cannot be written: " + err.Error(), Hint: "choose a place that can be written to, and wait for the run that uses it", Err: err}
	}
	l.file = f
	return nil
}

// mend cuts a torn tail off, or ends a last line that lacks only its newline. A file that has grown since it was read
// belongs to a run that is still going: it is left alone.
func (l *Ledger) mend(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != l.size {
		return errors.New("it has changed since it was read")
	}
	if l.size > l.written {
		if err := f.Truncate(l.written); err != nil {
			return err
		}
	}
	if l.written > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, l.written-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			if _, err := f.WriteString("\n"); err != nil {
				return err
			}
			l.written++
		}
	}
	l.size = l.written
	return nil
}

// write appends a line; the caller holds mu (or owns l alone).
func (l *Ledger) write(line ledgerLine) error {
	if l.path == "" {
		return nil
	}
	if err := l.open(); err != nil {
		l.err = err
		return err
	}
	b, err := json.Marshal(line)
	if err == nil {
		_, err = l.file.Write(append(b, '\n'))
	}
	if err != nil {
		l.err = &LedgerError{Path: l.path, Why: "a line could not be written: " + err.Error(), Hint: "is the disk full?", Err: err}
		return l.err
	}
	l.written += int64(len(b)) + 1
	l.size = l.written
	return nil
}

// flush waits until everything written so far is on disk. Callers that wait together share one sync.
func (l *Ledger) flush() error {
	l.mu.Lock()
	mine, file := l.written, l.file
	l.mu.Unlock()
	if file == nil {
		return nil
	}
	l.syncMu.Lock()
	defer l.syncMu.Unlock()
	if l.synced >= mine {
		return nil
	}
	l.mu.Lock()
	upTo := l.written
	l.mu.Unlock()
	if err := file.Sync(); err != nil {
		return &LedgerError{Path: l.path, Why: "it could not be flushed: " + err.Error(), Hint: "is the disk full?", Err: err}
	}
	l.synced = upTo
	return nil
}

// intend records creations that are about to be asked for, and returns when they are on disk.
func (l *Ledger) intend(list []intent) ([]*Entry, error) {
	if len(list) == 0 {
		return nil, nil
	}
	l.mu.Lock()
	if l.slim != nil {
		defer l.mu.Unlock()
		return l.slim.intend(l, list)
	}
	var out []*Entry
	var err error
	for _, in := range list {
		e := &Entry{N: l.next + 1, Endpoint: cleanEndpoint(in.endpoint), Keys: in.allKeys()}
		if err = l.write(ledgerLine{N: e.N, Intent: e.Endpoint, Keys: e.Keys}); err != nil {
			break
		}
		l.add(e)
		out = append(out, e)
	}
	l.mu.Unlock()
	if err == nil {
		err = l.flush()
	}
	return out, err
}

// made records the id of a creation.
func (l *Ledger) made(e *Entry, id, location string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		l.slim.made(e, id)
		return
	}
	l.identify(e, id, location)
	_ = l.write(ledgerLine{N: e.N, ID: id, Location: location})
}

// failed records that nothing was made: the status of the refusal, or 404 where a search found nothing.
func (l *Ledger) failed(e *Entry, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		l.slim.failed(e, status)
		return
	}
	e.Failed = status
	_ = l.write(ledgerLine{N: e.N, Failed: status})
}

// Own registers a resource that belongs to this run although its creation did not tell its id, such as one found by search.
func (l *Ledger) Own(endpoint, id, location string) {
	if id == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		if !l.slim.owns(endpoint, id) {
			list, _ := l.slim.intend(l, []intent{{endpoint: endpoint}})
			l.slim.made(list[0], id)
		}
		return
	}
	if l.owned(endpoint, id) != nil {
		return
	}
	e := &Entry{N: l.next + 1, Endpoint: cleanEndpoint(endpoint)}
	l.add(e)
	l.identify(e, id, location)
	_ = l.write(ledgerLine{N: e.N, Intent: e.Endpoint})
	_ = l.write(ledgerLine{N: e.N, ID: id, Location: location})
}

// Owns tells whether the run created a resource with this id, whether or not it still exists.
func (l *Ledger) Owns(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		return l.slim.owns("/Users", id) || l.slim.owns("/Groups", id)
	}
	return len(l.byID[id]) > 0
}

// ownsAt is Owns for one endpoint: where ids are counted per type, /Groups/1 is not ours because /Users/1 is.
func (l *Ledger) ownsAt(endpoint, id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		return l.slim.owns(endpoint, id)
	}
	return l.owned(endpoint, id) != nil
}

// owned returns the entry of an id, the living one first; the caller holds mu.
func (l *Ledger) owned(endpoint, id string) *Entry {
	var found *Entry
	for _, e := range l.byID[id] {
		if strings.EqualFold(e.Endpoint, cleanEndpoint(endpoint)) && (found == nil || found.Gone) {
			found = e
		}
	}
	return found
}

// saw takes in what an answer says of a resource. A 404 means gone only after a DELETE was sent: right after a
// creation it may just not be readable yet, and a resource that is forgotten here would be left behind.
func (l *Ledger) saw(endpoint, id, method string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		l.slim.saw(endpoint, id, method, status)
		return
	}
	e := l.owned(endpoint, id)
	if e == nil {
		return
	}
	if method == "DELETE" {
		e.deleting = true
	}
	ok := status >= 200 && status < 300
	missing := status == 404 || status == 410
	switch {
	case !e.Gone && (method == "DELETE" && ok || (method == "DELETE" || method == "GET") && missing && e.deleting):
		e.Gone = true
		_ = l.write(ledgerLine{Gone: id, At: e.Endpoint})
	case e.Gone && method == "GET" && ok:
		e.Gone = false
		_ = l.write(ledgerLine{Back: id, At: e.Endpoint})
	}
}

// Created counts the resources that are known to have been made.
func (l *Ledger) Created() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		return l.slim.created
	}
	n := 0
	for _, e := range l.entries {
		if e.ID != "" {
			n++
		}
	}
	return n
}

// Live lists what may still exist, newest first: resources that are not known to be gone, and creations whose
// outcome is unknown (their ID is "").
func (l *Ledger) Live() []Entry {
	if l.isSlim() {
		out := slices.AppendSeq(l.unknown(), l.stored(true))
		return slices.AppendSeq(out, l.stored(false))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Entry
	for i := len(l.entries) - 1; i >= 0; i-- {
		if e := l.entries[i]; e.live() {
			c := *e
			c.Keys = maps.Clone(e.Keys)
			out = append(out, c)
		}
	}
	return out
}

func (l *Ledger) isSlim() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slim != nil
}

// RunID is the id of the run that wrote the ledger.
func (l *Ledger) RunID() string { return l.run }

// Base is the base URL that the run was against, without a trailing slash.
func (l *Ledger) Base() string { return l.base }

// Err is the first failure to write the file, or nil.
func (l *Ledger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Close flushes and closes the file. The ledger stays readable.
func (l *Ledger) Close() error {
	err := l.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		if cerr := l.file.Close(); err == nil {
			err = cerr
		}
		l.file = nil
	}
	if err == nil {
		err = l.err
	}
	return err
}

func cleanEndpoint(s string) string { return "/" + strings.Trim(s, "/") }
