//go:build unix

package loadgen

import (
	"runtime"
	"syscall"
	"time"
)

// usage is the CPU time of this process so far, and the most memory that it had; 0 = not known.
func usage() (cpu time.Duration, memory int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	memory = u.Maxrss
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		memory *= 1024
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), memory
}
