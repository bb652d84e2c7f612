package scim

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unsafe"
)

// Peeked is what a message says of itself at the top. Strings are copies; what is missing is "" or -1.
type Peeked struct {
	ID, UserName, ExternalID, DisplayName string
	Version, Location                     string // of meta
	Total                                 int    // totalResults
	Next                                  string // nextCursor
	// Resources tells whether there is a list, and Shown how many elements it has; FirstID and FirstVersion are of the first.
	Resources             bool
	Shown                 int
	FirstID, FirstVersion string
}

// Peek reads the few members that a load needs of a resource or a ListResponse, without decoding the rest: at 20,000
// answers a second that is most of the work. Names fold their letter case as Lookup does; where one occurs twice the
// last one counts, as with encoding/json. False means that the body is not one whole JSON object.
func Peek(body []byte) (Peeked, bool) {
	p := Peeked{Total: -1}
	s := peeker{in: body}
	ok := s.object(func(name []byte) bool {
		switch {
		case is(name, "id"):
			return s.text(&p.ID)
		case is(name, "userName"):
			return s.text(&p.UserName)
		case is(name, "externalId"):
			return s.text(&p.ExternalID)
		case is(name, "displayName"):
			return s.text(&p.DisplayName)
		case is(name, "totalResults"):
			return s.number(&p.Total)
		case is(name, "nextCursor"):
			return s.text(&p.Next)
		case is(name, "meta"):
			return s.members(map2{"version", &p.Version}, map2{"location", &p.Location})
		case is(name, "Resources"):
			return s.first(&p)
		}
		return s.skip()
	})
	s.space()
	return p, ok && s.pos == len(s.in)
}

type map2 struct {
	name string
	into *string
}

func is(name []byte, want string) bool {
	return len(name) == len(want) && bytes.EqualFold(name, unsafe.Slice(unsafe.StringData(want), len(want)))
}

// peeker walks over JSON. Its methods return false where the text is not JSON.
type peeker struct {
	in    []byte
	pos   int
	depth int
}

// deepest is where it gives up; no SCIM message comes near it.
const deepest = 200

func (s *peeker) space() {
	for s.pos < len(s.in) {
		switch s.in[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// next returns the next byte that is not white space, 0 at the end.
func (s *peeker) next() byte {
	s.space()
	if s.pos < len(s.in) {
		return s.in[s.pos]
	}
	return 0
}

func (s *peeker) object(member func(name []byte) bool) bool {
	if s.next() != '{' || s.depth > deepest {
		return false
	}
	s.depth++
	defer func() { s.depth-- }()
	s.pos++
	if s.next() == '}' {
		s.pos++
		return true
	}
	for {
		if s.next() != '"' {
			return false
		}
		name, ok := s.str()
		if !ok || s.next() != ':' {
			return false
		}
		s.pos++
		if !member(name) {
			return false
		}
		switch s.next() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return true
		default:
			return false
		}
	}
}

func (s *peeker) array(element func(i int) bool) bool {
	if s.next() != '[' || s.depth > deepest {
		return false
	}
	s.depth++
	defer func() { s.depth-- }()
	s.pos++
	if s.next() == ']' {
		s.pos++
		return true
	}
	for i := 0; ; i++ {
		if !element(i) {
			return false
		}
		switch s.next() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return true
		default:
			return false
		}
	}
}

// str returns the text between the quotes, escapes as they are.
func (s *peeker) str() ([]byte, bool) {
	start := s.pos + 1
	for i := start; i < len(s.in); {
		// IndexByte is far faster than looking at each byte.
		q := bytes.IndexByte(s.in[i:], '"')
		if q < 0 {
			return nil, false
		}
		q += i
		back := 0
		for back < q-start && s.in[q-1-back] == '\\' {
			back++
		}
		if back%2 == 0 {
			s.pos = q + 1
			return s.in[start:q], true
		}
		i = q + 1
	}
	return nil, false
}

// text reads a string or a number into out; other values leave it empty.
func (s *peeker) text(out *string) bool {
	start := s.next()
	from := s.pos
	if start == '"' {
		raw, ok := s.str()
		if !ok {
			return false
		}
		if bytes.IndexByte(raw, '\\') < 0 {
			*out = string(raw)
			return true
		}
		var decoded string // Unmarshal's argument goes to the heap, and with it all that was peeked at
		if json.Unmarshal(s.in[from:s.pos], &decoded) != nil {
			return false
		}
		*out = decoded
		return true
	}
	if !s.skip() {
		return false
	}
	*out = ""
	if start == '-' || start >= '0' && start <= '9' {
		*out = string(s.in[from:s.pos])
	}
	return true
}

func (s *peeker) number(out *int) bool {
	s.space()
	from := s.pos
	if !s.skip() {
		return false
	}
	n, err := strconv.Atoi(string(s.in[from:s.pos]))
	if err != nil {
		n = -1
	}
	*out = n
	return true
}

// members reads some members of an object; another value is skipped.
func (s *peeker) members(want ...map2) bool {
	if s.next() != '{' {
		return s.skip()
	}
	return s.object(func(name []byte) bool {
		for _, w := range want {
			if is(name, w.name) {
				return s.text(w.into)
			}
		}
		return s.skip()
	})
}

// first reads the first element of Resources and skips the others.
func (s *peeker) first(p *Peeked) bool {
	if s.next() != '[' {
		return s.skip()
	}
	p.Resources, p.Shown = true, 0
	return s.array(func(i int) bool {
		p.Shown++
		if i > 0 || s.next() != '{' {
			return s.skip()
		}
		return s.object(func(name []byte) bool {
			switch {
			case is(name, "id"):
				return s.text(&p.FirstID)
			case is(name, "meta"):
				return s.members(map2{"version", &p.FirstVersion})
			}
			return s.skip()
		})
	})
}

func (s *peeker) skip() bool {
	switch ch := s.next(); {
	case ch == '"':
		_, ok := s.str()
		return ok
	case ch == '{':
		return s.object(func([]byte) bool { return s.skip() })
	case ch == '[':
		return s.array(func(int) bool { return s.skip() })
	case ch == 't':
		return s.word("true")
	case ch == 'f':
		return s.word("false")
	case ch == 'n':
		return s.word("null")
	case ch == '-' || ch >= '0' && ch <= '9':
		for s.pos < len(s.in) {
			switch ch := s.in[s.pos]; {
			case ch >= '0' && ch <= '9', ch == '-', ch == '+', ch == '.', ch == 'e', ch == 'E':
				s.pos++
			default:
				return true
			}
		}
		return true
	}
	return false
}

func (s *peeker) word(w string) bool {
	if len(s.in)-s.pos < len(w) || string(s.in[s.pos:s.pos+len(w)]) != w {
		return false
	}
	s.pos += len(w)
	return true
}
