package suites

import (
	"net/http"
	"slices"
	"time"

	"github.com/scimproof/scimproof/internal/scim"
)

// tooLate tells whether the target may have refused a page of the running check for no other reason than its cursor
// being older than the announced cursorTimeout (RFC 9865 §4), since the way to the target, or this machine, is slow.
func (s *session) tooLate() (age time.Duration, yes bool) {
	timeout := time.Duration(s.learned.limit("pagination.cursorTimeout")) * time.Second
	if timeout == 0 || s.cur.waited {
		return 0, false
	}
	for i, x := range s.exchanges {
		if x.Status != http.StatusBadRequest || !slices.Contains(s.cur.exchanges, x.ID) || ScimType(scim.ExpiredCursor, scim.InvalidCursor)(x) != nil {
			continue
		}
		at := asked(x, "cursor")
		if at == "" {
			continue
		}
		for _, from := range slices.Backward(s.exchanges[:i]) {
			if nextCursor(from) == at || previousCursor(from) == at {
				age = x.Started.Add(x.Duration).Sub(from.Started)
				break
			}
		}
		if age >= timeout {
			return age, true
		}
	}
	return 0, false
}

// unlessLate skips a check that is about to fail for that.
func (s *session) unlessLate() {
	if age, late := s.tooLate(); late {
		s.skip("a cursor was refused %v after the page that carried it, and the announced cursorTimeout is %d s", age.Round(time.Millisecond), s.learned.limit("pagination.cursorTimeout"))
	}
}
