package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const targetDir = "fixtures/target"

// flawFiles hold defects and legal choices, or what only these use.
var flawFiles = []string{"devices.go", "flaw.go", "flawed_*.go", "flaws_*.go", "variants*.go", "rewrite.go", "wire.go"}

// pkg is the target, parsed and type-checked.
type pkg struct {
	root  string
	fset  *token.FileSet
	files map[string]*ast.File // by base name
	src   map[string][]byte
	info  *types.Info
	types *types.Package
}

// load parses and checks the target. Types of imports come from the compiler's export data.
func load(root string) (*pkg, error) {
	exports, err := exportData(root)
	if err != nil {
		return nil, err
	}
	p := &pkg{root: root, fset: token.NewFileSet(), files: map[string]*ast.File{}, src: map[string][]byte{}, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}}
	names, err := filepath.Glob(filepath.Join(root, targetDir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []*ast.File
	for _, name := range names {
		base := filepath.Base(name)
		if strings.HasSuffix(base, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(p.fset, base, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files[base], p.src[base] = f, src
		all = append(all, f)
	}
	conf := types.Config{Importer: importer.ForCompiler(p.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data for %s", path)
		}
		return os.Open(exports[path])
	})}
	p.types, err = conf.Check("target", p.fset, all, p.info)
	return p, err
}

// exportData finds the files that hold the types of all that the target imports.
func exportData(root string) (map[string]string, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "./"+targetDir)
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := map[string]string{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return exports, nil
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
	}
}
