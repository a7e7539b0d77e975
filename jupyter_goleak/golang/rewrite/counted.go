package main

import (
	"go/ast"
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
