package suites

import (
	"sync/atomic"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// The words of Ginkgo that the specs use are methods of the session, which thereby knows every body before it runs.

// place numbers the containers in the order in which they are registered.
var place atomic.Int64

// about opens a container whose setup makes the exchanges and whose checks judge one thing each.
//
// Ginkgo runs containers in the order of file and line, which would be that of the titles here, so that each container
// gets a line of its own.
func (s *session) about(subject string, body func()) {
	s.open = &block{}
	s.at.blocks = append(s.at.blocks, s.open)
	at := types.CodeLocation{FileName: "suites", LineNumber: int(place.Add(1))}
	ginkgo.Describe(subject, ginkgo.Ordered, ginkgo.ContinueOnFailure, at, body)
}

// beforeAll makes the exchanges that the checks of a container judge. It runs before the first of them.
func (s *session) beforeAll(body func()) { s.open.setup = append(s.open.setup, body) }

// it is one check; args are its ID, Requires, Explain and last its body.
func (s *session) it(title string, args ...any) {
	n := &node{s: s, block: s.open, body: args[len(args)-1].(func()), done: make(chan struct{})}
	s.open.nodes = append(s.open.nodes, n)
	ginkgo.It(title, append(args[:len(args)-1:len(args)-1], n, n.deliver)...)
}
