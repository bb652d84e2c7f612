package loadgen

import (
	"net/http"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
)

// classify sorts an answer by what the operation wanted.
func classify(want Want, a *wire.Answer, now time.Time) (class Class, conflict Conflict, after time.Duration) {
	if want == 0 {
		want = WantOK
	}
	if a.Err != nil || a.Status == 0 {
		return Transport, NoConflict, 0
	}
	if after, ok := wire.Throttled(a.Status, a.Header, now); ok {
		return Throttled, NoConflict, after
	}
	switch {
	case a.Status >= 200 && a.Status < 300:
		switch {
		case want&WantOK != 0:
			if len(a.Body) > 0 && !a.JSON {
				return Refused, NoConflict, 0 // such as a login page
			}
			return OK, NoConflict, 0
		case want&WantConflict != 0:
			return UnwantedConflict, DuplicateAccepted, 0
		case want&WantPrecondition != 0:
			return UnwantedConflict, LostUpdate, 0
		}
		return Refused, NoConflict, 0
	case a.Status == http.StatusConflict:
		switch {
		case want&WantConflict != 0:
			return WantedConflict, Uniqueness, 0
		case want&WantPrecondition != 0: // RFC 7644 §3.12 Table 8 has it for versions that do not match, too
			return WantedConflict, Precondition, 0
		}
		return UnwantedConflict, Uniqueness, 0
	case a.Status == http.StatusPreconditionFailed:
		if want&WantPrecondition != 0 {
			return WantedConflict, Precondition, 0
		}
		return UnwantedConflict, Precondition, 0
	case a.Status == http.StatusNotFound && want&WantMissing != 0:
		return OK, NoConflict, 0
	case a.Status >= 500:
		return ServerError, NoConflict, 0
	}
	return Refused, NoConflict, 0
}
