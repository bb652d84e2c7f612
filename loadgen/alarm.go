package loadgen

import "time"

// alarm calls back at a time. set replaces what was set before; the zero time means never.
type alarm interface {
	set(at time.Time)
	close()
	name() string
}

// goAlarm is an alarm by Go's timers, which are late by about half a millisecond in an idle process.
type goAlarm struct {
	timer *time.Timer
	call  func()
}

func newGoAlarm(call func()) alarm { return &goAlarm{call: call} }

func (a *goAlarm) set(at time.Time) {
	if a.timer != nil {
		a.timer.Stop()
	}
	if !at.IsZero() {
		a.timer = time.AfterFunc(time.Until(at), a.call)
	}
}

func (a *goAlarm) close() { a.set(time.Time{}) }

func (a *goAlarm) name() string { return "Go timer, late by up to 1 ms" }
