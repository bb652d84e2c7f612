// Command scimproof judges SCIM 2.0 endpoints. This file has the program's frame: streams, signals, panics and the exit
// code; each verb has a file of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// version and commit are set by the linker; see version.go for what stands in for them.
var version, commit string

// exitKilled is the exit code after a second ^C: nothing more was done, the ledger tells what is left.
const exitKilled = 130

func main() {
	m := &Main{Args: os.Args[1:], Env: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(m.Run(context.Background()))
}

// Main is the program, so that tests run what users run.
type Main struct {
	// Args are the arguments without the program's name.
	Args []string
	// Env looks up settings; credential references such as env:NAME always read the process's environment.
	Env            func(name string) (string, bool)
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Panic, if not nil, is called before a run with "" and then at every finished check, for tests of what a bug does.
	Panic func(checkID string)

	secrets  *wire.Secrets
	out, err io.Writer // Stdout and Stderr without secrets
	rearm    func()
	origins  map[string]string      // where the values of flags that were not given come from
	onSignal atomic.Pointer[string] // what to say at the first signal
}

// Run executes the program and returns its exit code.
func (m *Main) Run(ctx context.Context) (code int) {
	m.secrets = &wire.Secrets{}
	m.out, m.err = maskWriter{m.Stdout, m.secrets}, maskWriter{m.Stderr, m.secrets}
	ctx, disarm := m.arm(ctx)
	defer disarm()
	defer func() {
		if p := recover(); p != nil {
			code = m.crash(fmt.Sprint(p), debug.Stack())
		}
	}()
	root := m.root()
	root.SetArgs(m.Args)
	return m.exit(root.ExecuteContext(ctx))
}

// sameWish is how soon after the first a second signal is none of its own.
const sameWish = 100 * time.Millisecond

// arm makes the first SIGINT or SIGTERM end the context, and the second one the process.
func (m *Main) arm(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	m.rearm = func() { signal.Notify(signals, os.Interrupt, syscall.SIGTERM) }
	m.rearm()
	go func() {
		select {
		case <-signals:
		case <-done:
			return
		}
		if say := m.onSignal.Load(); say != nil {
			fmt.Fprintln(m.err, *say)
		}
		cancel()
		first := time.Now()
		for {
			select {
			case <-signals:
				// Programs such as timeout(1) signal a process and its group: that is one wish, heard twice.
				if time.Since(first) > sameWish {
					os.Exit(exitKilled)
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

// exitError ends the program with a code; what there was to say has been said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// hinted is an error with what to do about it.
type hinted struct {
	code int
	err  error
	hint string
}

func (e *hinted) Error() string { return e.err.Error() }
func (e *hinted) Unwrap() error { return e.err }

// usage is an error of the user's, found before anything was sent.
func usage(hint, format string, args ...any) error {
	return &hinted{reports.ExitUsage, fmt.Errorf(format, args...), hint}
}

// exit prints an error and returns its exit code. Errors that say nothing of it are of usage or configuration.
func (m *Main) exit(err error) int {
	var done exitError
	var h *hinted
	switch {
	case err == nil:
		return reports.ExitOK
	case errors.As(err, &done):
		return int(done)
	case errors.As(err, &h):
		fmt.Fprintf(m.err, "scimproof: %v\n", err)
		if h.hint != "" {
			fmt.Fprintf(m.err, "hint: %s\n", h.hint)
		}
		return h.code
	}
	fmt.Fprintf(m.err, "scimproof: %v\n", err)
	return reports.ExitUsage
}

// maskWriter hides registered secrets. A secret must not be spread over two writes.
type maskWriter struct {
	w       io.Writer
	secrets *wire.Secrets
}

func (w maskWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.w, w.secrets.Mask(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
