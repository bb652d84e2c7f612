// Mutation asks what `scimproof check` would not notice. It changes the embedded target in one small place at a time, such
// as < to <= or && to ||, runs the checks against each mutant, and lists the mutants that no check tells from the clean
// target. A survivor is a rule that no check judges, unless explained.txt says why it cannot be seen from outside.
//
//	go run ./internal/mutation -sample 300 -seed 1
//	go run ./internal/mutation -files 'sort*.go'
//
// All mutants are compiled into one binary (mutant schemata): each mutable place asks at run time whether it is the one that
// is wrong. The work tree is not touched; the compiler is told to read the changed files by -overlay.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var (
		sample  = flag.Int("sample", 0, "try this many mutants, drawn by -seed; 0 tries all")
		seed    = flag.Uint64("seed", 1, "draws the sample")
		files   = flag.String("files", "*.go", "mutate the files of the target whose name matches this glob")
		workers = flag.Int("workers", runtime.NumCPU(), "mutants tried at once")
		root    = flag.String("root", ".", "root of the repository")
		verbose = flag.Bool("v", false, "list the mutants that were noticed too, and by which check")
		doubt   = flag.Bool("doubt", false, "try the explained mutants alone, and fail where one of them is noticed after all")
		list    = flag.Bool("list", false, "list the mutants and try none")
	)
	flag.Parse()
	reasons, err := readReasons(*root)
	if err != nil {
		return err
	}
	code, err := mutate(*root, *files)
	if err != nil {
		return err
	}
	reasons.apply(code.mutants)
	if *list {
		for _, m := range code.mutants {
			fmt.Println(m)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "scimproof-mutation-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	j, err := newJudge(ctx, *root, dir, code)
	if err != nil {
		return err
	}
	tried := slices.DeleteFunc(slices.Clone(code.mutants), func(m *mutant) bool { return m.flawOnly() || *doubt && m.why == nil })
	all := len(tried)
	if *sample > 0 && *sample < len(tried) {
		tried = draw(tried, *sample, *seed)
	}
	start := time.Now()
	j.tryAll(ctx, tried, *workers, *doubt, teller(os.Stdout, os.Stderr, len(tried), *verbose || *doubt))
	report(os.Stdout, tried, all, time.Since(start))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if n := count(tried, noticed); n > 0 && *doubt {
		return fmt.Errorf("%d mutants are noticed, and need no explanation", n)
	}
	if n := count(tried, survived); n > 0 {
		return fmt.Errorf("%d mutants survived and are not explained", n)
	}
	return nil
}
