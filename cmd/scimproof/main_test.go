package main

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"scimproof":             main,
		"scimproof-crashes":     func() { crashing(func(id string) bool { return id == "" }) },
		"scimproof-crashes-mid": func() { crashing(func(id string) bool { return id != "" }) },
	})
}

// crashing is the program with a bug: it panics when at says so, and its message holds a secret.
func crashing(at func(checkID string) bool) {
	m := &Main{Args: os.Args[1:], Env: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	m.Panic = func(id string) {
		if at(id) {
			panic("planted bug with " + os.Getenv("TOKEN"))
		}
	}
	os.Exit(m.Run(context.Background()))
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Setup: setup, Cmds: commands, RequireExplicitExec: true, RequireUniqueNames: true,
	})
}

// setup gives a script an environment of its own, in which nothing of the machine shows.
func setup(env *testscript.Env) error {
	for _, dir := range []string{"cache", "home", "tmp"} {
		if err := os.MkdirAll(env.WorkDir+"/"+dir, 0o755); err != nil {
			return err
		}
	}
	env.Setenv("HOME", env.WorkDir+"/home")
	env.Setenv("XDG_CACHE_HOME", env.WorkDir+"/cache")
	env.Setenv("TMPDIR", env.WorkDir+"/tmp")
	env.Setenv("LANG", "C.UTF-8")
	env.Setenv("TOKEN", token)
	env.Values[stateKey{}] = &state{env: env}
	return nil
}
