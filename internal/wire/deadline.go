package wire

import (
	"context"
	"errors"
	"time"
)

// deadline is the time that a request may take, as a context that serves one request after the other: to make and to
// remove one for each costs a tenth of a request. The zero value is ready.
type deadline struct {
	parent, ctx context.Context
	cancel      context.CancelCauseFunc
	timer       *time.Timer
}

// begin gives the context of the next request.
func (d *deadline) begin(parent context.Context, limit time.Duration) context.Context {
	if d.ctx != nil && d.parent == parent && d.ctx.Err() == nil {
		d.timer.Reset(limit)
		return d.ctx
	}
	if d.ctx != nil {
		d.cancel(nil)
	}
	ctx, cancel := context.WithCancelCause(parent)
	d.parent, d.ctx, d.cancel = parent, ctx, cancel
	d.timer = time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })
	return ctx
}

// cause tells time that is over from a run that is.
func (d *deadline) cause(err error) error {
	if errors.Is(err, context.Canceled) && errors.Is(context.Cause(d.ctx), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

// end stops the clock. A context whose time is over, or is just running out, is not used again.
func (d *deadline) end() {
	if !d.timer.Stop() {
		d.cancel(nil)
		d.ctx = nil
	}
}
