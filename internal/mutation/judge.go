package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed schemata.go.txt
var schemata string

// judge runs the checks against mutants, one process for each: a mutant may hang, or fill the memory.
type judge struct {
	dir, binary string
	limit       time.Duration
	rounds      []*round
}

// newJudge compiles the mutants and judges the clean target, which tells which mutants are reached at all.
func newJudge(ctx context.Context, root, dir string, code *mutated) (*judge, error) {
	j := &judge{dir: dir, binary: filepath.Join(dir, "judge"), limit: 5 * time.Minute}
	if err := j.compile(ctx, root, code); err != nil {
		return nil, err
	}
	start := time.Now()
	for _, r := range rounds() {
		if err := j.learn(ctx, r); err != nil {
			return nil, err
		}
		j.rounds = append(j.rounds, r)
		for _, m := range code.mutants {
			_, there := r.reachedBy[m.n]
			m.reached = m.reached || there
		}
	}
	j.limit = max(time.Minute, 5*time.Since(start))
	return j, nil
}

// compile makes one binary with all mutants in it.
func (j *judge) compile(ctx context.Context, root string, code *mutated) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	put := func(name string, src []byte) error {
		at := filepath.Join(j.dir, name)
		overlay.Replace[filepath.Join(root, targetDir, name)] = at
		return os.WriteFile(at, src, 0o600)
	}
	for name, src := range code.files {
		if err := put(name, src); err != nil {
			return err
		}
	}
	last := 0
	for _, m := range code.mutants {
		last = max(last, m.n)
	}
	if err := put("schemata.go", []byte(schemata+fmt.Sprintf("\nconst mutantCount = %d\n", last+1))); err != nil {
		return err
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	name := filepath.Join(j.dir, "overlay.json")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-tags", "mutants", "-overlay", name, "-o", j.binary, "./internal/mutation/judge")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutants cannot be compiled: %w\n%s", err, out)
	}
	return nil
}

// run starts the judge once and returns what it says.
func (j *judge) run(ctx context.Context, r *round, only []string, env ...string) string {
	ctx, cancel := context.WithTimeout(ctx, j.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.binary)
	cmd.Env = append(os.Environ(), append(env, "SCIMPROOF_CLEAN="+r.clean, "SCIMPROOF_VARIANTS="+strings.Join(r.variants, ","),
		"SCIMPROOF_ONLY="+strings.Join(only, ","), "SCIMPROOF_PASSWORD="+strconv.FormatBool(r.password), "GOGC=400", "GOMEMLIMIT=1GiB")...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	last := strings.TrimSpace(out.String())
	if i := strings.LastIndexByte(last, '\n'); i >= 0 {
		last = last[i+1:]
	}
	switch {
	case ctx.Err() != nil:
		return "noticed: hangs"
	case err != nil:
		return "noticed: crashes: " + shorten(last)
	}
	return last
}

// try judges one mutant in each round that comes by it, until one notices it.
func (j *judge) try(ctx context.Context, m *mutant) string {
	for _, r := range j.rounds {
		if _, there := r.reachedBy[m.n]; !there {
			continue
		}
		if said := j.run(ctx, r, j.onlyFor(ctx, r, m), "SCIMPROOF_MUTANT="+strconv.Itoa(m.n)); said != "survived" {
			return said
		}
	}
	return "survived"
}

// tryAll tries the mutants and tells about each as it is done. Those that the checks never reach survive without trial, and
// those that are explained too unless explanations are doubted.
func (j *judge) tryAll(ctx context.Context, list []*mutant, workers int, doubt bool, tell func(m *mutant)) {
	queue := make(chan *mutant)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range workers {
		wg.Go(func() {
			for m := range queue {
				said := "survived"
				if m.why == nil || doubt {
					said = j.try(ctx, m)
				}
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				m.judge(said)
				tell(m)
				mu.Unlock()
			}
		})
	}
	for _, m := range list {
		select {
		case queue <- m:
		case <-ctx.Done():
		}
	}
	close(queue)
	wg.Wait()
}

func (m *mutant) judge(said string) {
	switch by, ok := strings.CutPrefix(said, "noticed: "); {
	case ok:
		m.fate, m.by = noticed, by
	case m.why != nil:
		m.fate = explained
	default:
		m.fate = survived
	}
}

// teller prints survivors at once, and with verbose the others too; otherwise it counts.
func teller(out, progress io.Writer, all int, verbose bool) func(m *mutant) {
	done := 0
	return func(m *mutant) {
		done++
		switch where := ""; {
		case m.fate == survived:
			if !m.reached {
				where = " [not reached]"
			}
			_, _ = fmt.Fprintf(out, "SURVIVED%s %s\n", where, m)
		case verbose:
			_, _ = fmt.Fprintf(out, "%s %s %s\n", m.fate, m.by, m)
		}
		if done%50 == 0 {
			_, _ = fmt.Fprintf(progress, "%d of %d\n", done, all)
		}
	}
}
