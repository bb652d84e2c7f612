package suites

import (
	"errors"
	"regexp"
	"time"
)

var creationDateTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)

// creationInstant reads an xsd:dateTime (RFC 7643 §2.3.5); one without a zone is taken as UTC.
func creationInstant(s string) (t time.Time, zone bool, err error) {
	m := creationDateTime.FindStringSubmatch(s)
	if m == nil {
		return t, false, errors.New("no xsd:dateTime")
	}
	if m[2] == "" {
		s += "Z"
	}
	t, err = time.Parse(time.RFC3339Nano, s)
	return t, m[2] != "", err
}
