//go:build !unix

package loadgen

import "time"

// usage is the CPU time of this process so far, and the most memory that it had; 0 = not known.
func usage() (cpu time.Duration, memory int64) { return 0, 0 }
