package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// mutated is the target with all mutants in it.
type mutated struct {
	mutants []*mutant
	files   map[string][]byte // base name → source
}

// mutate makes the mutants of the target's files that match the glob.
func mutate(root, glob string) (*mutated, error) {
	p, err := load(root)
	if err != nil {
		return nil, err
	}
	out := &mutated{files: map[string][]byte{}}
	names := make([]string, 0, len(p.files))
	for name := range p.files {
		names = append(names, name)
	}
	slices.Sort(names)
	next := 1
	quirks := map[string][][2]token.Pos{}
	for _, name := range names {
		if ok, err := path.Match(glob, name); err != nil {
			return nil, err
		} else if !ok || flawFile(name) {
			continue
		}
		w := &walker{p: p, name: name, src: p.src[name], next: next, skip: map[ast.Node]bool{}}
		w.file(p.files[name])
		next = w.next
		quirks[name] = w.quirks
		out.mutants = append(out.mutants, w.mutants...)
		out.files[name] = w.edits.apply(w.src)
	}
	serves := p.servesFlaws(quirks)
	for _, m := range out.mutants {
		m.quirk = m.quirk || m.in != nil && serves[m.in]
	}
	return out, nil
}

// walker finds the places of one file that can be wrong.
type walker struct {
	p       *pkg
	name    string
	src     []byte
	edits   edits
	mutants []*mutant
	next    int
	fn      string
	in      types.Object // the function around
	results [][]ast.Expr // types of the results of the functions around, innermost last
	quirks  [][2]token.Pos
	skip    map[ast.Node]bool
	ordered map[ast.Node]bool
}

func (w *walker) file(f *ast.File) {
	w.ordered = map[ast.Node]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			w.fn, w.in = d.Name.Name, w.p.info.Defs[d.Name]
			if d.Recv != nil {
				w.fn = strings.Trim(w.text(d.Recv.List[0].Type), "*") + "." + w.fn
			}
			if d.Body != nil {
				w.function(d.Type, d.Body)
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				v := spec.(*ast.ValueSpec)
				w.fn, w.in = v.Names[0].Name, nil
				for _, e := range v.Values {
					w.walk(e)
				}
			}
		}
	}
}

func (w *walker) function(t *ast.FuncType, body ast.Node) {
	var results []ast.Expr
	if t.Results != nil {
		for _, f := range t.Results.List {
			for range max(1, len(f.Names)) {
				results = append(results, f.Type)
			}
		}
	}
	w.results = append(w.results, results)
	w.walk(body)
	w.results = w.results[:len(w.results)-1]
}

func (w *walker) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil || w.skip[n] {
			return false
		}
		if lit, ok := n.(*ast.FuncLit); ok && n != root {
			w.function(lit.Type, lit.Body)
			return false
		}
		return w.visit(n)
	})
}

func (w *walker) visit(n ast.Node) bool {
	if e, ok := n.(*ast.BinaryExpr); ok && w.moot(e) {
		return false
	}
	if e, ok := n.(ast.Expr); ok {
		tv, known := w.p.info.Types[e]
		if known && tv.IsType() {
			return false
		}
		if known && tv.Value != nil {
			w.constant(e, tv)
			return false
		}
	}
	switch n := n.(type) {
	case *ast.CompositeLit:
		w.literal(n)
	case *ast.BlockStmt:
		w.statements(n.List)
	case *ast.CaseClause:
		if slices.ContainsFunc(n.List, func(e ast.Expr) bool { return w.quirky(e) }) {
			w.quirkRange(n)
		}
		for _, e := range n.List {
			w.bare(e)
		}
		w.statements(n.Body)
	case *ast.CommClause:
		w.statements(n.Body)
	case *ast.SwitchStmt:
		if n.Init != nil && w.quirky(n.Init) || n.Tag != nil && w.quirky(n.Tag) {
			w.quirkRange(n)
		}
	case *ast.IfStmt:
		if w.quirky(n.Cond) {
			w.quirkRange(n)
		}
		w.bare(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			w.bare(n.Cond)
		}
	case *ast.UnaryExpr:
		if n.Op == token.NOT && !w.quirky(n) {
			w.negate(n, "negation dropped")
		}
	case *ast.BinaryExpr:
		w.binary(n)
	case *ast.ReturnStmt:
		w.returned(n)
	}
	return true
}

// literal keeps keys that are no values from being mutated.
func (w *walker) literal(n *ast.CompositeLit) {
	if n.Type != nil {
		w.skip[n.Type] = true
	}
	_, isMap := w.p.info.Types[n].Type.Underlying().(*types.Map)
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && !isMap {
			w.skip[kv.Key] = true
		}
	}
}

// quirky tells whether a flaw or variant is asked for in n.
func (w *walker) quirky(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			t := w.p.info.Types[e].Type
			if id, ok := e.(*ast.Ident); ok && t == nil {
				if o := w.p.info.Uses[id]; o != nil {
					t = o.Type()
				}
			}
			if ptr, ok := t.(*types.Pointer); ok {
				t = ptr.Elem()
			}
			if named, ok := t.(*types.Named); ok && strings.HasSuffix(strings.ToLower(named.Obj().Name()), "quirks") {
				found = true
			}
		}
		return !found
	})
	return found
}

func (w *walker) quirkRange(n ast.Node) {
	w.quirks = append(w.quirks, [2]token.Pos{n.Pos(), n.End()})
}

func (w *walker) offset(p token.Pos) int { return w.p.fset.Position(p).Offset }

func (w *walker) text(n ast.Node) string {
	return string(w.src[w.offset(n.Pos()):w.offset(n.End())])
}

// add registers a mutant and returns its number.
func (w *walker) add(at token.Pos, operator, change string) int {
	pos := w.p.fset.Position(at)
	start := strings.LastIndexByte(string(w.src[:pos.Offset]), '\n') + 1
	line, _, _ := strings.Cut(string(w.src[start:]), "\n")
	m := &mutant{
		n: w.next, file: w.name, fn: w.fn, in: w.in, line: pos.Line, operator: operator, text: strings.TrimSpace(line), change: change, fate: untried,
		quirk: slices.ContainsFunc(w.quirks, func(r [2]token.Pos) bool { return r[0] <= at && at < r[1] }),
	}
	w.next++
	w.mutants = append(w.mutants, m)
	return m.n
}

func (w *walker) wrap(n ast.Node, before, after string) {
	w.edits.wrap(w.offset(n.Pos()), w.offset(n.End()), before, after)
}
