package suites

import (
	"sync/atomic"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// The words of Ginkgo that the specs use are methods of the session, which thereby knows every body before it runs.

// place numbers the containers in the order in which they are registered.
var place atomic.Int64

// about opens a container whose BeforeAll makes the exchanges and whose Its judge one thing each.
//
// Ginkgo runs containers in the order of file and line, which would be that of the titles here, so that each container
// gets a line of its own.
func (s *session) about(subject string, body func()) {
	at := types.CodeLocation{FileName: "suites", LineNumber: int(place.Add(1))}
	ginkgo.Describe(subject, ginkgo.Ordered, ginkgo.ContinueOnFailure, at, body)
}

// beforeAll makes the exchanges that the checks of a container judge.
func (s *session) beforeAll(body func()) { ginkgo.BeforeAll(body) }

// it is one check; args are its ID, Requires, Explain and last its body.
func (s *session) it(title string, args ...any) { ginkgo.It(title, args...) }
