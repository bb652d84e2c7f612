package suites

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain trades memory for time: the matrix makes about a thousand runs, each of which is garbage when it is judged.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
