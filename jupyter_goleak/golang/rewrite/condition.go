package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// asked are the variables that the head of a loop asks for, as far as others may change them.
func (r *reporter) asked(loop *ast.ForStmt) map[*types.Var]bool {
	asked := map[*types.Var]bool{}
	ast.Inspect(loop.Cond, func(node ast.Node) bool {
		if e, ok := node.(ast.Expr); ok {
			if v := r.variableOf(e); v != nil && (v.IsField() || !r.parameters[v]) {
				asked[v] = true
			}
		}
		return true
	})
	return asked
}

// changes are the statements of a function that assign to one of the variables.
func (r *reporter) changes(fn *function, variables map[*types.Var]bool) []ast.Stmt {
	var found []ast.Stmt
	ast.Inspect(fn.body, func(node ast.Node) bool {
		var left []ast.Expr
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.AssignStmt:
			if node.Tok != token.DEFINE {
				left = node.Lhs
			}
		case *ast.IncDecStmt:
			left = []ast.Expr{node.X}
		}
		if slices.ContainsFunc(left, func(e ast.Expr) bool { v := r.variableOf(e); return v != nil && variables[v] && e.Pos().IsValid() }) {
			found = append(found, node.(ast.Stmt))
		}
		return true
	})
	return found
}

// silent tells where the program changes what the loop around a Wait asks for, and neither that function, nor one that it
// calls or is called by, wakes who waits. Whoever waits himself changes what he has waited for.
func (r *reporter) silent(cond *place, path walkPath) []Change {
	changes := []Change{}
	loop, ok := innermostLoop(path).(*ast.ForStmt)
	if !ok || loop.Cond == nil || cond == nil {
		return changes
	}
	var waking, waiting []*function
	for _, op := range cond.root().ops {
		switch {
		case op.fn == nil:
		case op.kind == "wait":
			waiting = append(waiting, op.fn)
		case strings.HasPrefix(op.kind, "signal"), strings.HasPrefix(op.kind, "broadcast"):
			waking = append(waking, op.fn)
		}
	}
	wakes := func(fn *function) bool { return slices.Contains(waking, fn) }
	told := r.reaches(waking)
	asked := r.asked(loop)
	for _, fn := range r.ordered {
		if fn.body == nil || slices.Contains(waiting, fn) || slices.Contains(told, fn) || slices.ContainsFunc(r.reaches([]*function{fn}), wakes) {
			continue
		}
		for _, stmt := range r.changes(fn, asked) {
			change := Change{Text: shorten(r.text(stmt))}
			change.File, change.Line = r.position(stmt.Pos())
			changes = append(changes, change)
		}
	}
	return changes
}
