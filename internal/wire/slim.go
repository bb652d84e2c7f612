package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"hash/maphash"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
)

// slim is the memory of a ledger that may hold a million creations: a hash for each, and whole entries only while
// their outcome is unknown. The file has the rest.
type slim struct {
	seed    maphash.Seed
	owned   map[uint64]struct{}
	gone    map[uint64]struct{}
	deleted map[uint64]struct{} // a DELETE was sent, so a 404 means gone
	open    map[int]*Entry
	created int
	tail    []byte // lines that need not be on disk before the next request leaves
}

// Slim makes the ledger forget what it can read again from its file: about 30 bytes are kept per creation. It also no
// longer waits for the disk before a creation is sent, only for the operating system: a killed process loses nothing, a
// machine that loses power may lose what Sync has not been called for. A ledger without a file stays as it is.
func (l *Ledger) Slim() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == "" || l.slim != nil {
		return
	}
	s := &slim{
		seed: maphash.MakeSeed(), owned: map[uint64]struct{}{}, gone: map[uint64]struct{}{}, deleted: map[uint64]struct{}{}, open: map[int]*Entry{},
	}
	for _, e := range l.entries {
		for i, k := range keyNames {
			e.values[i] = e.Keys[k]
		}
		switch {
		case e.ID != "":
			s.created++
			h := s.hash(e.Endpoint, e.ID)
			s.owned[h] = struct{}{}
			if e.Gone {
				s.gone[h] = struct{}{}
			}
		case e.live():
			s.open[e.N] = e
		}
	}
	l.slim, l.entries, l.byNum, l.byID = s, nil, nil, nil
}

func (s *slim) hash(endpoint, id string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	_, _ = h.WriteString(strings.ToLower(strings.Trim(endpoint, "/")))
	_ = h.WriteByte('/')
	_, _ = h.WriteString(id)
	return h.Sum64()
}

func (s *slim) owns(endpoint, id string) bool {
	_, ok := s.owned[s.hash(endpoint, id)]
	return ok
}

// intend is Ledger.intend; the caller holds mu.
func (s *slim) intend(l *Ledger, list []intent) ([]*Entry, error) {
	out := make([]*Entry, 0, len(list))
	for _, in := range list {
		l.next++
		e := &Entry{N: l.next, Endpoint: cleanEndpoint(in.endpoint), values: in.values}
		for i, k := range keyNames {
			if in.keys != nil {
				e.values[i] = in.keys[k]
			}
		}
		s.open[e.N] = e
		out = append(out, e)
		s.tail = append(s.tail, `{"n":`...)
		s.tail = strconv.AppendInt(s.tail, int64(e.N), 10)
		s.tail = append(s.tail, `,"intent":`...)
		s.tail = appendText(s.tail, e.Endpoint)
		mark := `,"keys":{`
		for i, k := range keyNames {
			if v := e.values[i]; v != "" {
				s.tail = append(s.tail, mark...)
				s.tail = append(append(append(s.tail, '"'), k...), `":`...)
				s.tail = appendText(s.tail, v)
				mark = ","
			}
		}
		if mark == "," {
			s.tail = append(s.tail, '}')
		}
		s.tail = append(s.tail, "}\n"...)
	}
	return out, l.drain()
}

func (s *slim) made(e *Entry, id string) {
	delete(s.open, e.N)
	s.created++
	e.ID = id
	h := s.hash(e.Endpoint, id)
	s.owned[h] = struct{}{}
	delete(s.gone, h)
	s.tail = append(s.tail, `{"n":`...)
	s.tail = strconv.AppendInt(s.tail, int64(e.N), 10)
	s.tail = append(s.tail, `,"id":`...)
	s.tail = appendText(s.tail, id)
	s.tail = append(s.tail, `,"at":`...)
	s.tail = appendText(s.tail, e.Endpoint)
	s.tail = append(s.tail, "}\n"...)
}

func (s *slim) failed(e *Entry, status int) {
	delete(s.open, e.N)
	e.Failed = status
	s.tail = append(s.tail, `{"n":`...)
	s.tail = strconv.AppendInt(s.tail, int64(e.N), 10)
	s.tail = append(s.tail, `,"failed":`...)
	s.tail = strconv.AppendInt(s.tail, int64(status), 10)
	s.tail = append(s.tail, "}\n"...)
}

// saw is Ledger.saw; the caller holds mu.
func (s *slim) saw(endpoint, id, method string, status int) {
	h := s.hash(endpoint, id)
	if _, ours := s.owned[h]; !ours {
		return
	}
	_, gone := s.gone[h]
	ok, missing := status >= 200 && status < 300, status == 404 || status == 410
	if method == "DELETE" && !ok && !gone {
		s.deleted[h] = struct{}{}
	}
	_, deleting := s.deleted[h]
	word := ""
	switch {
	case !gone && (method == "DELETE" && ok || (method == "DELETE" || method == "GET") && missing && deleting):
		word = "gone"
		s.gone[h] = struct{}{}
		delete(s.deleted, h)
	case gone && method == "GET" && ok:
		word = "back"
		delete(s.gone, h)
		s.deleted[h] = struct{}{}
	default:
		return
	}
	s.tail = append(append(append(s.tail, `{"`...), word...), `":`...)
	s.tail = appendText(s.tail, id)
	s.tail = append(s.tail, `,"at":`...)
	s.tail = appendText(s.tail, cleanEndpoint(endpoint))
	s.tail = append(s.tail, "}\n"...)
}

// drain hands the tail to the operating system; the caller holds mu.
func (l *Ledger) drain() error {
	if l.slim == nil || len(l.slim.tail) == 0 {
		return nil
	}
	if err := l.open(); err != nil {
		l.err = err
		return err
	}
	n, err := l.file.Write(l.slim.tail)
	l.written += int64(n)
	l.size = l.written
	l.slim.tail = l.slim.tail[:0]
	if err != nil {
		l.err = &LedgerError{Path: l.path, Why: "a line could not be written: " + err.Error(), Hint: "is the disk full?", Err: err}
	}
	return l.err
}

// Sync puts everything that is known onto the disk.
func (l *Ledger) Sync() error {
	l.mu.Lock()
	err := l.drain()
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.flush()
}

// appendText appends s as a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if ch := s[i]; ch < ' ' || ch >= 0x7f || ch == '"' || ch == '\\' {
			q, _ := json.Marshal(s)
			return append(b, q...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// stored reads the living resources with an id from the file of a slim ledger, those of one kind only.
func (l *Ledger) stored(groups bool) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		if err := l.Sync(); err != nil {
			return
		}
		f, err := os.Open(l.path)
		if err != nil {
			return
		}
		defer func() { _ = f.Close() }()
		intents := map[int]Entry{}
		r := bufio.NewReaderSize(f, 1<<16)
		for {
			line, err := r.ReadBytes('\n')
			var in ledgerLine
			if len(bytes.TrimSpace(line)) > 0 && json.Unmarshal(line, &in) == nil {
				switch {
				case in.Intent != "":
					intents[in.N] = Entry{N: in.N, Endpoint: cleanEndpoint(in.Intent), Keys: in.Keys}
				case in.Gone != "" || in.Back != "":
				case in.Failed != 0:
					delete(intents, in.N)
				case in.ID != "":
					e := intents[in.N]
					delete(intents, in.N)
					e.ID, e.Location = in.ID, in.Location
					if isGroup(e) == groups && l.remains(e) && !yield(e) {
						return
					}
				}
			}
			if err == io.EOF || err != nil {
				return
			}
		}
	}
}

func (l *Ledger) remains(e Entry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, gone := l.slim.gone[l.slim.hash(e.Endpoint, e.ID)]
	return !gone
}

// unknown lists the creations of unknown outcome of a slim ledger.
func (l *Ledger) unknown() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Entry
	for _, e := range l.slim.open {
		c := *e
		c.Keys = e.values.keys()
		out = append(out, c)
	}
	return out
}

// Remaining counts what Live lists.
func (l *Ledger) Remaining() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slim != nil {
		return len(l.slim.owned) - len(l.slim.gone) + len(l.slim.open)
	}
	n := 0
	for _, e := range l.entries {
		if e.live() {
			n++
		}
	}
	return n
}
