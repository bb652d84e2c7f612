package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
)

// flawFile tells whether a file holds defects and legal choices, or what only these use.
func flawFile(name string) bool {
	return slices.ContainsFunc(flawFiles, func(g string) bool { ok, _ := path.Match(g, name); return ok })
}

// servesFlaws finds the functions that are called by flaws and variants alone, from their files, from what a quirk decides,
// or by one another. They are part of the flaws, and not of the service that is under test.
func (p *pkg) servesFlaws(quirks map[string][][2]token.Pos) map[types.Object]bool {
	callers := map[types.Object][]types.Object{} // nil stands for the service itself
	flaw := &types.Label{}                       // stands for flaws
	note := func(name string, from types.Object, n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			f, ok := p.info.Uses[id].(*types.Func)
			if !ok || f.Pkg() != p.types || f.Exported() || f == from {
				return true
			}
			by := from
			if flawFile(name) || slices.ContainsFunc(quirks[name], func(r [2]token.Pos) bool { return r[0] <= id.Pos() && id.Pos() < r[1] }) {
				by = flaw
			}
			callers[f] = append(callers[f], by)
			return true
		})
	}
	for name, file := range p.files {
		for _, d := range file.Decls {
			var from types.Object
			if fn, ok := d.(*ast.FuncDecl); ok {
				from = p.info.Defs[fn.Name]
			}
			note(name, from, d)
		}
	}
	out := map[types.Object]bool{}
	for again := true; again; {
		again = false
		for f, by := range callers {
			if !out[f] && !slices.ContainsFunc(by, func(o types.Object) bool { return o != flaw && !out[o] }) {
				out[f], again = true, true
			}
		}
	}
	return out
}
