package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// puttable tells whether what the operation gives back may be given back as late as its function ends: nothing that may
// wait runs there after it, nor is put off until then, and nothing gives back the same on the same way.
func (r *reporter) puttable(op *operation) bool {
	if op.fn == nil || op.fn.body == nil || op.isDeferred() || op.path.inLoop() {
		return false
	}
	for _, other := range op.at.root().ops {
		if other != op && other.fn == op.fn && other.kind == op.kind && !areExclusive(op, other) {
			return false
		}
	}
	safe := true
	r.walk(op.fn.body, func(node ast.Node, path []ast.Node) {
		if !safe || r.enclosing(path) != nil || launched(path) {
			return
		}
		deferred := len(path) > 0 && isDefer(path[len(path)-1])
		safe = !((deferred || node.Pos() > op.node.End()) && r.mayWait(node))
	})
	return safe
}

// first tells whether the goroutine in which the Done stands may put it off as its first statement.
func (r *reporter) first(op *operation) bool {
	counts := slices.ContainsFunc(op.at.root().ops, func(other *operation) bool { return other.kind == "add" && other.fn == op.fn })
	return op.fn.isLaunched() && !counts && r.isOuter(op) && r.puttable(op)
}

// isOuter tells whether all that the operation's place is called by is known where its function begins.
func (r *reporter) isOuter(op *operation) bool {
	if op.fn == nil || op.fn.body == nil || op.expression == nil {
		return false
	}
	outer := true
	ast.Inspect(op.expression, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Ident:
			if v, ok := r.info.Uses[node].(*types.Var); ok && op.fn.body.Pos() <= v.Pos() && v.Pos() < op.fn.body.End() {
				outer = false
			}
		case *ast.CallExpr:
			outer = false
		}
		return outer
	})
	return outer
}

// startOf is the go statement below the Add, among the same statements, that starts a goroutine that counts itself down, and
// where the function leaves between the two; nil where there is none.
func (f *flow) startOf(add *operation) (*ast.GoStmt, []token.Pos) {
	stmt, list := inBlock(add.node, add.path)
	counts := func(fn *function) bool {
		return slices.ContainsFunc(add.at.root().ops, func(op *operation) bool {
			return op.kind == "done" && op.fn != nil && op.fn.within(fn)
		})
	}
	var found []token.Pos
	for _, below := range list[slices.Index(list, stmt)+1:] {
		if start, ok := below.(*ast.GoStmt); ok && slices.ContainsFunc(f.reaches(f.targetsOf(start.Call)), counts) {
			return start, found
		}
		for _, op := range add.at.root().ops {
			if op.kind != "wait" && below.Pos() <= op.node.Pos() && op.node.End() <= below.End() {
				return nil, nil // it is counted, or counted down, in another way
			}
		}
		found = append(found, f.waysOut(below)...)
	}
	return nil, nil
}

// waysOut are the statements within that one by which the statements that follow it are passed by.
func (f *flow) waysOut(stmt ast.Stmt) (found []token.Pos) {
	f.walk(stmt, func(node ast.Node, path []ast.Node) {
		if f.enclosing(path) != nil {
			return
		}
		switch node := node.(type) {
		case *ast.ReturnStmt:
			found = append(found, node.Pos())
		case *ast.BranchStmt:
			within := slices.ContainsFunc(path, func(around ast.Node) bool {
				switch around.(type) {
				case *ast.ForStmt, *ast.RangeStmt:
					return true
				case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
					return node.Tok == token.BREAK
				}
				return false
			})
			if node.Label == nil && !within && (node.Tok == token.BREAK || node.Tok == token.CONTINUE) {
				found = append(found, node.Pos())
			}
		}
	})
	return found
}

// returnsBelow tells whether the statements end with a return to which the one always comes.
func (f *flow) returnsBelow(child ast.Node, list []ast.Stmt) bool {
	at := slices.IndexFunc(list, func(stmt ast.Stmt) bool { return ast.Node(stmt) == child })
	if at < 0 {
		return false
	}
	last := len(list) - 1
	_, returns := list[last].(*ast.ReturnStmt)
	return returns && at < last && !slices.ContainsFunc(list[at+1:last], func(stmt ast.Stmt) bool { return len(f.waysOut(stmt)) > 0 })
}

// leavesAfter tells whether the function always returns after the statement, before a loop around it could come to it again.
func (f *flow) leavesAfter(stmt ast.Node, path walkPath) bool {
	child := stmt
	for _, around := range slices.Backward(path) {
		switch around.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.FuncLit, *ast.FuncDecl:
			return false
		}
		if f.returnsBelow(child, listIn(around)) {
			return true
		}
		child = around
	}
	return false
}
