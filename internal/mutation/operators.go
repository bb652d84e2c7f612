package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

func (w *walker) negate(n ast.Expr, operator string) {
	id := w.add(n.Pos(), operator, shorten(w.text(n))+" is negated")
	w.wrap(n, "((", fmt.Sprintf(") != mutated(%d))", id))
}

// bare negates a condition that is no comparison, since those have mutants of their own.
func (w *walker) bare(e ast.Expr) {
	if tv := w.p.info.Types[e]; tv.Type == nil || tv.IsType() || tv.Value != nil || !isBasic(tv.Type, types.IsBoolean) || w.quirky(e) {
		return
	}
	switch e.(type) {
	case *ast.Ident, *ast.CallExpr, *ast.SelectorExpr, *ast.IndexExpr:
		w.negate(e, "condition negated")
	}
}

func (w *walker) binary(n *ast.BinaryExpr) {
	op := n.Op.String()
	call := func(f string, id int) {
		w.wrap(n, fmt.Sprintf("%s(%d, %q, ", f, id, op), ")")
		w.edits.replace(w.offset(n.OpPos), w.offset(n.OpPos)+len(op), ",")
	}
	switch n.Op {
	case token.EQL, token.NEQ:
		if w.quirky(n) {
			return
		}
		w.equality(n)
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		if w.quirky(n) {
			return
		}
		boundary := map[string]string{"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[op]
		id := w.add(n.OpPos, "boundary", op+" becomes "+boundary)
		w.add(n.OpPos, "comparison negated", shorten(w.text(n))+" is negated")
		w.ordered[n.X], w.ordered[n.Y] = true, true
		call("mutantOrder", id)
	case token.LAND, token.LOR:
		if w.quirky(n) || guard(n.X) || guard(n.Y) {
			return
		}
		id := w.add(n.OpPos, "logic swapped", op+" becomes the other")
		w.add(n.X.Pos(), "operand dropped", shorten(w.text(n.X))+" is left out")
		w.add(n.Y.Pos(), "operand dropped", shorten(w.text(n.Y))+" is left out")
		call("mutantLogic", id)
		w.wrap(n.Y, "func() bool { return ", " }")
	case token.ADD, token.SUB:
		if isBasic(w.p.info.Types[n].Type, types.IsNumeric) {
			call("mutantSum", w.add(n.OpPos, "arithmetic", op+" becomes the other"))
		}
	}
}

// guard is true for a condition that keeps the rest from looking at nothing: `ok`, or a comparison with nil. What remains
// of `ok && x` without it is mostly the same, since zero values are like nothing; its negation is a mutant of its own.
func guard(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return true
	case *ast.UnaryExpr:
		return guard(e.X)
	case *ast.BinaryExpr:
		id, ok := e.Y.(*ast.Ident)
		return ok && id.Name == "nil"
	}
	return false
}

// moot tells whether n is false on the clean target whatever else stands in it: a conjunction with a quirk.
func (w *walker) moot(n ast.Node) bool {
	b, ok := n.(*ast.BinaryExpr)
	if !ok {
		e, isExpr := n.(ast.Expr)
		return isExpr && w.quirky(e) && !negated(e)
	}
	switch b.Op {
	case token.LAND:
		return w.moot(unparen(b.X)) || w.moot(unparen(b.Y))
	case token.LOR:
		return w.moot(unparen(b.X)) && w.moot(unparen(b.Y))
	}
	return w.quirky(b)
}

func negated(e ast.Expr) bool {
	u, ok := e.(*ast.UnaryExpr)
	return ok && u.Op == token.NOT
}

func unparen(e ast.Expr) ast.Expr {
	if p, ok := e.(*ast.ParenExpr); ok {
		return unparen(p.X)
	}
	return e
}

func (w *walker) equality(n *ast.BinaryExpr) {
	w.ordered[n.X], w.ordered[n.Y] = true, true
	w.negate(n, "comparison negated")
}

// constant changes the largest constant expression around a literal.
func (w *walker) constant(e ast.Expr, tv types.TypeAndValue) {
	t, ok := types.Default(tv.Type).(*types.Basic)
	if !ok {
		return
	}
	switch {
	case t.Info()&types.IsBoolean != 0:
		w.negate(e, "truth value")
	case t.Kind() == types.String:
		s := constant.StringVal(tv.Value)
		if s == "" || strings.Contains(s, " ") && !strings.Contains(s, "urn:") {
			return // text for people
		}
		id := w.add(e.Pos(), "text emptied", shorten(w.text(e))+` becomes ""`)
		w.wrap(e, fmt.Sprintf("mutantText(%d, ", id), ")")
	case t.Info()&types.IsInteger != 0 && t.Kind() != types.UntypedRune && t.Name() != "rune" && t.Name() != "byte" && t.Name() != "uintptr":
		if w.ordered[e] && !isStatus(e) {
			return // as good as a boundary
		}
		id := w.add(e.Pos(), "number", shorten(w.text(e))+" plus 1")
		w.add(e.Pos(), "number", shorten(w.text(e))+" minus 1")
		w.wrap(e, fmt.Sprintf("mutantNumber(%d, %s(", id, t.Name()), "))")
	}
}

func isStatus(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	return ok && strings.HasPrefix(sel.Sel.Name, "Status")
}

// statements lets each statement that has an effect of its own be left out.
func (w *walker) statements(list []ast.Stmt) {
	for _, st := range list {
		switch st := st.(type) {
		case *ast.ExprStmt:
			call, ok := st.X.(*ast.CallExpr)
			if !ok || neverRemoved(call) {
				continue
			}
		case *ast.AssignStmt:
			if st.Tok == token.DEFINE || w.quirky(st.Lhs[0]) {
				continue
			}
			if id, ok := st.Lhs[0].(*ast.Ident); ok && id.Name == "_" && len(st.Lhs) == 1 {
				continue
			}
		case *ast.IncDecStmt:
		case *ast.BranchStmt:
			if st.Tok != token.CONTINUE && st.Tok != token.BREAK {
				continue
			}
		default:
			continue
		}
		id := w.add(st.Pos(), "statement removed", shorten(w.text(st))+" is left out")
		w.wrap(st, fmt.Sprintf("if !mutated(%d) { ", id), " }")
	}
}

// neverRemoved is true for locks, whose absence no client can see but in a race, and for panics.
func neverRemoved(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name == "panic"
	case *ast.SelectorExpr:
		switch f.Sel.Name {
		case "Lock", "Unlock", "RLock", "RUnlock":
			return true
		}
	}
	return false
}

// returned lets a function return a zero value or the opposite.
func (w *walker) returned(n *ast.ReturnStmt) {
	want := w.results[len(w.results)-1]
	if len(n.Results) != len(want) {
		return
	}
	for i, e := range n.Results {
		tv := w.p.info.Types[e]
		if tv.Value != nil || tv.IsNil() || i < len(n.Results)-1 && w.unsuccessful(n.Results[len(n.Results)-1]) {
			continue
		}
		if lit, ok := e.(*ast.CompositeLit); ok && len(lit.Elts) == 0 {
			continue
		}
		if _, ok := e.(*ast.FuncLit); ok {
			continue
		}
		if isBasic(tv.Type, types.IsBoolean) {
			w.bare(e)
			continue
		}
		if w.shadowed(want[i], e.Pos()) {
			continue
		}
		id := w.add(e.Pos(), "zero returned", shorten(w.text(e))+" becomes the zero value")
		w.wrap(e, fmt.Sprintf("mutantZero[%s](%d, ", w.text(want[i]), id), ")")
	}
}

// shadowed tells whether a name in the type means something else at the given place.
func (w *walker) shadowed(t ast.Expr, at token.Pos) (found bool) {
	ast.Inspect(t, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && w.p.info.Uses[id] != nil {
			if scope := w.p.types.Scope().Innermost(at); scope != nil {
				_, o := scope.LookupParent(id.Name, at)
				found = found || o != nil && o != w.p.info.Uses[id]
			}
		}
		return !found
	})
	return found
}

// unsuccessful tells whether the last result says that the others mean nothing.
func (w *walker) unsuccessful(last ast.Expr) bool {
	tv := w.p.info.Types[last]
	if tv.Value != nil && tv.Value.Kind() == constant.Bool {
		return !constant.BoolVal(tv.Value)
	}
	ptr, ok := tv.Type.(*types.Pointer)
	if !ok || tv.IsNil() {
		return false
	}
	named, ok := ptr.Elem().(*types.Named)
	return ok && named.Obj().Name() == "fault"
}

func isBasic(t types.Type, info types.BasicInfo) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&info != 0
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}
