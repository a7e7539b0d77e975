package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// calm are packages of the standard library whose functions never wait, nor call the program back.
var calm = []string{"bytes", "errors", "math", "math/bits", "strconv", "strings", "sync/atomic", "unicode", "unicode/utf8"}

// deferrable tells whether the function that takes the lock may keep it until its end: nothing that may wait, or take a
// lock, runs there while the lock is free.
func (r *reporter) deferrable(op *operation) bool {
	if !op.locks() || op.fn == nil || op.path.inLoop() {
		return false
	}
	free := op.fn.body.End()
	for _, other := range op.at.root().ops {
		if other.frees() && other.fn != op.fn && other.fn.within(op.fn) {
			return false // a literal frees it, too
		}
		if other.fn == op.fn && other.frees() && !other.isDeferred() && other.node.Pos() > op.node.Pos() {
			free = min(free, other.node.Pos())
		}
	}
	keeps := func(node ast.Node) bool {
		return slices.ContainsFunc(r.holding[node], func(e ast.Expr) bool {
			selector, ok := e.(*ast.SelectorExpr)
			if !ok {
				return false
			}
			lock, _ := r.lockMethod(selector)
			return lock != nil && lock.root() == op.at.root()
		})
	}
	safe := true
	r.walk(op.fn.body, func(node ast.Node, path []ast.Node) {
		if !safe || node.Pos() < op.node.End() || r.enclosing(path) != nil || launched(path) {
			return
		}
		if call, ok := node.(*ast.CallExpr); ok && r.freesFor(call, op.at) {
			safe = false // it would be freed twice
			return
		}
		deferred := len(path) > 0 && isDefer(path[len(path)-1])
		if (deferred || node.Pos() > free && !keeps(node)) && r.mayWait(node) {
			safe = false
		}
	})
	return safe
}

// freesFor tells whether the call leads to a function that frees the lock for the one that has taken it.
func (f *flow) freesFor(call *ast.CallExpr, lock *place) bool {
	return slices.ContainsFunc(f.reaches(f.targetsOf(call)), func(fn *function) bool { return freesForOthers(fn, lock) })
}

func isDefer(node ast.Node) bool {
	_, ok := node.(*ast.DeferStmt)
	return ok
}

// launched tells whether it is the call of a go statement, which does not wait for it.
func launched(path []ast.Node) bool {
	if len(path) == 0 {
		return false
	}
	_, ok := path[len(path)-1].(*ast.GoStmt)
	return ok
}

// mayWait tells whether a goroutine may have to wait at the node itself, for a lock or anything else, an iterator included.
func (f *flow) mayWait(node ast.Node) bool {
	if loop, ok := node.(*ast.RangeStmt); ok {
		if _, iterates := f.typeOf(loop.X).(*types.Signature); iterates {
			return true
		}
	}
	return f.waitsAt(node, f.callMayWait)
}

// waitsAt tells whether a goroutine may have to wait at the node itself, where of calls the given function tells it.
func (f *flow) waitsAt(node ast.Node, callWaits func(*ast.CallExpr) bool) bool {
	switch node := node.(type) {
	case *ast.SendStmt, *ast.SelectStmt:
		return true
	case *ast.UnaryExpr:
		return node.Op == token.ARROW
	case *ast.RangeStmt:
		return isChannel(f.info.TypeOf(node.X))
	case *ast.CallExpr:
		return callWaits(node)
	}
	return false
}

func (f *flow) callMayWait(call *ast.CallExpr) bool {
	if f.isConversion(call) || f.builtin(call) != "" {
		return false
	}
	targets := f.targetsOf(call)
	for _, fn := range f.reaches(targets) {
		if fn.body == nil || f.waitsItself(fn) {
			return true
		}
	}
	return len(targets) == 0 && !f.isCalm(call)
}

// waitsItself tells whether the function may wait in its own statements, what it calls of the program's left aside.
func (f *flow) waitsItself(fn *function) bool {
	found := false
	f.walk(fn.body, func(node ast.Node, path []ast.Node) {
		if call, ok := node.(*ast.CallExpr); ok && len(f.targetsOf(call)) > 0 {
			return
		}
		found = found || f.enclosing(path) == nil && f.mayWait(node)
	})
	return found
}

// isCalm tells whether the call is of a library's function that waits for nobody.
func (f *flow) isCalm(call *ast.CallExpr) bool {
	object := f.callee(call)
	if object == nil || object.Pkg() == nil {
		return false
	}
	switch object.Pkg().Path() {
	case "fmt":
		// It asks its arguments for their text, where they know better.
		return !slices.ContainsFunc(call.Args, func(e ast.Expr) bool {
			_, basic := types.Unalias(f.info.TypeOf(e)).(*types.Basic)
			return !basic
		})
	case "sync":
		return object.Name() == "Unlock" || object.Name() == "RUnlock"
	}
	return slices.Contains(calm, object.Pkg().Path())
}
