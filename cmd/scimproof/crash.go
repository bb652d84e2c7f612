package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/scimproof/scimproof/reports"
)

// crash writes what is known of a bug in this program to a file, without secrets, and returns the exit code.
func (m *Main) crash(what string, stack []byte) int {
	text := fmt.Sprintf("scimproof %s, %s %s/%s\n\n%s\n\n%s", versionInfo().Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, what, stack)
	fmt.Fprintf(m.err, "scimproof: this is a bug in scimproof: %s\n", what)
	f, err := os.CreateTemp("", "scimproof-crash-*.txt")
	if err == nil {
		_, err = f.WriteString(m.secrets.Mask(text))
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		fmt.Fprintf(m.err, "the details could not be written to a file (%v):\n%s\n", err, text)
		return reports.ExitBug
	}
	fmt.Fprintf(m.err, "hint: please report it with the file %s, which holds no credentials\n", f.Name())
	return reports.ExitBug
}
