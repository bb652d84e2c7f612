package loadgen

import (
	"encoding/hex"
)

// IDs is a table of resource ids by index. A UUID, or an id of up to 15 bytes, takes 17 bytes and no pointer, so that a
// million of them neither weigh much nor cost the garbage collector anything. The zero value is empty.
type IDs struct {
	cells [][16]byte
	kinds []uint8
	long  map[int]string
}

// What a cell holds: nothing, a UUID, a short id with its length (shortID + n), or nothing because the id is in long.
const (
	noID = iota
	uuidID
	longID
	shortID
)

// Set keeps the id of index i; "" forgets it.
func (t *IDs) Set(i int, id string) {
	for len(t.kinds) <= i {
		t.kinds, t.cells = append(t.kinds, noID), append(t.cells, [16]byte{})
	}
	if t.kinds[i] == longID {
		delete(t.long, i)
	}
	cell, isUUID := parseUUID(id)
	switch {
	case id == "":
		t.kinds[i] = noID
	case isUUID:
		t.kinds[i], t.cells[i] = uuidID, cell
	case len(id) < 16:
		t.kinds[i] = shortID + uint8(len(id))
		copy(t.cells[i][:], id)
	default:
		if t.long == nil {
			t.long = map[int]string{}
		}
		t.kinds[i], t.long[i] = longID, id
	}
}

// Get returns the id of index i, or "".
func (t *IDs) Get(i int) string {
	if i >= len(t.kinds) {
		return ""
	}
	switch kind := t.kinds[i]; kind {
	case noID:
		return ""
	case uuidID:
		return formatUUID(t.cells[i])
	case longID:
		return t.long[i]
	default:
		return string(t.cells[i][:kind-shortID])
	}
}

// Has tells whether index i has an id.
func (t *IDs) Has(i int) bool { return i < len(t.kinds) && t.kinds[i] != noID }

// parseUUID reads the canonical form in lower case, and only that, so that it can be written again as it was.
func parseUUID(s string) (cell [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return cell, false
	}
	var digits [32]byte
	n := 0
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return cell, false
		}
		digits[n] = c
		n++
	}
	_, err := hex.Decode(cell[:], digits[:])
	return cell, err == nil
}

func formatUUID(cell [16]byte) string {
	var b [36]byte
	hex.Encode(b[:8], cell[:4])
	hex.Encode(b[9:13], cell[4:6])
	hex.Encode(b[14:18], cell[6:8])
	hex.Encode(b[19:23], cell[8:10])
	hex.Encode(b[24:], cell[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// Bits is a growing set of small numbers. The zero value is empty.
type Bits struct{ words []uint64 }

// Set puts i in, or takes it out.
func (b *Bits) Set(i int, in bool) {
	for len(b.words) <= i/64 {
		b.words = append(b.words, 0)
	}
	if in {
		b.words[i/64] |= 1 << (i % 64)
	} else {
		b.words[i/64] &^= 1 << (i % 64)
	}
}

// Has tells whether i is in.
func (b *Bits) Has(i int) bool { return i/64 < len(b.words) && b.words[i/64]&(1<<(i%64)) != 0 }

// Fingerprint is a hash of a text that is the same in every process (FNV-1a).
func Fingerprint(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	// The finaliser of splitmix64: FNV alone leaves the upper bits of short texts alike.
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
