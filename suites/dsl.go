package suites

import (
	"sync/atomic"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// The words of Ginkgo that the specs use. They are not dot-imported, since Describe is this package's own entry point.
var (
	it        = ginkgo.It
	beforeAll = ginkgo.BeforeAll
)

// place numbers the containers in the order in which they are registered.
var place atomic.Int64

// about opens a container whose BeforeAll makes the exchanges and whose Its judge one thing each.
//
// Ginkgo runs containers in the order of file and line, which would be that of the titles here, so that each container
// gets a line of its own.
func about(subject string, body func()) bool {
	at := types.CodeLocation{FileName: "suites", LineNumber: int(place.Add(1))}
	return ginkgo.Describe(subject, ginkgo.Ordered, ginkgo.ContinueOnFailure, at, body)
}
