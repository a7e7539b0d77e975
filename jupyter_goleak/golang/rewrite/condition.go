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
			if !r.prolongs(stmt, loop.Cond, false) {
				changes = append(changes, r.change(stmt))
			}
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

// addsOne tells whether the statement adds one and no more, each time that its function runs, or sets what is one thing.
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
		if looped || stmt.Tok != token.ASSIGN {
			return false
		}
		switch t := r.typeOf(stmt.Lhs[0]).(type) {
		case *types.Pointer:
			return true
		case *types.Basic:
			return t.Info()&(types.IsBoolean|types.IsString) != 0
		}
		call, ok := ast.Unparen(stmt.Rhs[0]).(*ast.CallExpr)
		return ok && r.builtin(call) == "append" && len(call.Args) == 2 && !call.Ellipsis.IsValid()
	}
	return false
}

func (r *reporter) change(stmt ast.Stmt) Change {
	change := Change{Text: shorten(r.text(stmt))}
	change.File, change.Line = r.position(stmt.Pos())
	return change
}

// prolongs tells whether the change can only make the condition hold for longer: it sets true what has to be true for it, or
// counts what has to be small down. Negated tells that the condition stands behind a `!`.
func (r *reporter) prolongs(stmt ast.Stmt, condition ast.Expr, negated bool) bool {
	left, change := r.direction(stmt)
	if change == "" {
		return false
	}
	asks := func(e ast.Expr) bool { v := r.variableOf(e); return v != nil && v == r.variableOf(left) }
	switch e := ast.Unparen(condition).(type) {
	case *ast.UnaryExpr:
		return e.Op == token.NOT && r.prolongs(stmt, e.X, !negated)
	case *ast.BinaryExpr:
		if e.Op == token.LAND || e.Op == token.LOR {
			one, other := r.mentionsAny(e.X, asks), r.mentionsAny(e.Y, asks)
			return (one || other) && (!one || r.prolongs(stmt, e.X, negated)) && (!other || r.prolongs(stmt, e.Y, negated))
		}
		size, ok := ast.Unparen(e.X).(*ast.CallExpr)
		measured := asks(e.X) || ok && r.builtin(size) == "len" && len(size.Args) == 1 && asks(size.Args[0])
		if !measured || r.mentionsAny(e.Y, asks) {
			return false
		}
		switch e.Op {
		case token.GTR, token.GEQ:
			return change == "more" && !negated || change == "less" && negated
		case token.LSS, token.LEQ:
			return change == "less" && !negated || change == "more" && negated
		case token.EQL:
			zero := r.info.Types[e.Y].Value != nil && r.info.Types[e.Y].Value.ExactString() == "0"
			return ok && zero && change == "less" && !negated
		}
		return false
	default:
		return asks(e) && (change == "true" && !negated || change == "false" && negated)
	}
}

// direction is what the statement changes, and how: to "true" or "false", to "more" or "less"; "" where that is not known.
func (r *reporter) direction(stmt ast.Stmt) (ast.Expr, string) {
	switch stmt := stmt.(type) {
	case *ast.IncDecStmt:
		if stmt.Tok == token.INC {
			return stmt.X, "more"
		}
		return stmt.X, "less"
	case *ast.AssignStmt:
		if len(stmt.Lhs) != 1 || len(stmt.Rhs) != 1 {
			break
		}
		switch value := ast.Unparen(stmt.Rhs[0]).(type) {
		case *ast.Ident:
			if r.info.Types[value].Value != nil && (value.Name == "true" || value.Name == "false") {
				return stmt.Lhs[0], value.Name
			}
		case *ast.CallExpr:
			if r.builtin(value) == "append" && r.variableOf(value.Args[0]) == r.variableOf(stmt.Lhs[0]) {
				return stmt.Lhs[0], "more"
			}
		case *ast.SliceExpr:
			if value.High == nil && r.variableOf(value.X) == r.variableOf(stmt.Lhs[0]) {
				return stmt.Lhs[0], "less"
			}
		}
	}
	return nil, ""
}

func (r *reporter) mentionsAny(e ast.Expr, asks func(ast.Expr) bool) (found bool) {
	ast.Inspect(e, func(node ast.Node) bool {
		if inner, ok := node.(ast.Expr); ok {
			found = found || asks(inner)
		}
		return !found
	})
	return found
}
