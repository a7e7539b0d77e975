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
			changes = append(changes, r.change(stmt))
		}
	}
	return changes
}

// taken tells where the function that waits takes away itself what the loop around the Wait asks for, where every Signal tells
// of one such thing: for each of them there is one to be woken.
func (r *reporter) taken(cond *place, path walkPath) []Change {
	changes := []Change{}
	loop, ok := innermostLoop(path).(*ast.ForStmt)
	fn := r.enclosing(path)
	if !ok || loop.Cond == nil || cond == nil || fn == nil {
		return changes
	}
	asked := r.asked(loop)
	for _, op := range cond.root().ops {
		if op.kind != "signal" {
			continue
		}
		if op.fn == nil || op.path.inLoop() {
			return changes
		}
		if given := r.changes(op.fn, asked); len(given) != 1 || !r.addsOne(given[0], op.fn) {
			return changes
		}
	}
	for _, stmt := range r.changes(fn, asked) {
		if stmt.Pos() > loop.End() {
			changes = append(changes, r.change(stmt))
		}
	}
	return changes
}

// addsOne tells whether the statement adds one and no more, each time that its function runs.
func (r *reporter) addsOne(stmt ast.Stmt, fn *function) bool {
	looped := false
	r.walk(fn.body, func(node ast.Node, path []ast.Node) {
		looped = looped || node == stmt && walkPath(path).inLoop()
	})
	switch stmt := stmt.(type) {
	case *ast.IncDecStmt:
		return !looped && stmt.Tok == token.INC
	case *ast.AssignStmt:
		if len(stmt.Rhs) != 1 {
			return false
		}
		call, ok := ast.Unparen(stmt.Rhs[0]).(*ast.CallExpr)
		return ok && !looped && r.builtin(call) == "append" && len(call.Args) == 2 && !call.Ellipsis.IsValid()
	}
	return false
}

func (r *reporter) change(stmt ast.Stmt) Change {
	change := Change{Text: shorten(r.text(stmt))}
	change.File, change.Line = r.position(stmt.Pos())
	return change
}
