package suites

import "github.com/onsi/ginkgo/v2"

// The words of Ginkgo that the specs use. They are not dot-imported, since Describe is this package's own entry point.
var (
	it        = ginkgo.It
	beforeAll = ginkgo.BeforeAll
	afterAll  = ginkgo.AfterAll
)

// about opens a container whose BeforeAll makes the exchanges and whose Its judge one thing each.
func about(subject string, body func()) bool {
	return ginkgo.Describe(subject, ginkgo.Ordered, ginkgo.ContinueOnFailure, body)
}
