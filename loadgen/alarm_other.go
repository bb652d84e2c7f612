//go:build !linux

package loadgen

// newAlarm makes the most precise alarm there is.
func newAlarm(call func()) alarm { return newGoAlarm(call) }
