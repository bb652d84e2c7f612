package loadgen

import (
	"net/url"
	"strconv"
)

// Pager walks through a list by startIndex, or by cursor where the target offers nothing else or counts nothing (RFC 9865).
type Pager struct {
	cursors bool
	start   int // 1-based
	cursor  string
}

// Pages begins a walk through one of the target's lists.
func (t *Target) Pages() Pager { return Pager{cursors: t.CursorOnly, start: 1} }

// Query is the query string of the page that comes next, of size resources.
func (p *Pager) Query(size int) string {
	if p.cursors {
		return "cursor=" + url.QueryEscape(p.cursor) + "&count=" + strconv.Itoa(size)
	}
	return "startIndex=" + strconv.Itoa(p.start) + "&count=" + strconv.Itoa(size)
}

// Took takes note of a page that held count resources of total (-1 = not told), and of its nextCursor; it tells whether a
// page follows. The next one begins where this one ended, however long it was (RFC 7644 §3.4.2.4).
func (p *Pager) Took(count, total int, next string) (more bool) {
	p.start += count
	p.cursors = p.cursors || total < 0 && next != ""
	p.cursor = next
	if p.cursors {
		return next != ""
	}
	return count > 0 && (total < 0 || p.start <= total)
}
