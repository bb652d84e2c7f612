package loadgen

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// fdAlarm is an alarm by a timerfd that is read through Go's poller: late by about 25 us, since the poller's own time-out
// counts in whole milliseconds but a ready file descriptor wakes it at once.
type fdAlarm struct{ file *os.File }

// newAlarm makes the most precise alarm there is.
func newAlarm(call func()) alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return newGoAlarm(call)
	}
	a := &fdAlarm{os.NewFile(uintptr(fd), "timerfd")}
	go func() {
		var expirations [8]byte
		for {
			if _, err := a.file.Read(expirations[:]); err != nil {
				return
			}
			call()
		}
	}()
	return a
}

func (a *fdAlarm) set(at time.Time) {
	var spec unix.ItimerSpec // zero disarms
	if !at.IsZero() {
		spec.Value = unix.NsecToTimespec(max(int64(time.Until(at)), 1))
	}
	if raw, err := a.file.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.TimerfdSettime(int(fd), 0, &spec, nil) })
	}
}

func (a *fdAlarm) close() { _ = a.file.Close() }

func (a *fdAlarm) name() string { return "timerfd" }
