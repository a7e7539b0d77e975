package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Giving a lock back before the function ends.

// leaving puts code that gives a lock back in front of a return, whose results are still found under the lock.
func (d *draft) leaving(stmt *ast.ReturnStmt, code string) {
	var shared []ast.Expr
	for _, result := range stmt.Results {
		if !d.r.isOwn(result) {
			shared = append(shared, result)
		}
	}
	if len(shared) == 0 {
		d.before(stmt, code)
		return
	}
	if _, several := d.r.info.TypeOf(shared[0]).(*types.Tuple); several || len(shared) > 1 {
		d.broken = true
		return
	}
	name := d.r.unused(stmt.Pos(), "value", "result", "found")
	d.before(stmt, name+" := "+d.r.raw(shared[0])+"\n"+code)
	d.replace(shared[0], name)
}

// undefer gives a lock back above a statement, and no more at the end of its function: each way out that does not come
// there gives it back for itself. The draft is broken where that cannot be said.
func (d *draft) undefer(l locking, stmt ast.Stmt) {
	fn := l.op.fn
	op := l.deferred()
	path := d.r.pathTo(stmt)
	_, list := inBlock(stmt, path)
	deferred, _ := op.path[len(op.path)-1].(*ast.DeferStmt)
	if deferred == nil || len(l.unlocks) != 1 || len(list) == 0 || !slices.Contains(fn.body.List, l.stmt) ||
		!slices.Contains(fn.body.List, ast.Stmt(deferred)) || walkPath(path).inLoop() || d.r.enclosing(path) != fn {
		d.broken = true
		return
	}
	last := list[len(list)-1]
	_, returns := last.(*ast.ReturnStmt)
	nested := !slices.Contains(fn.body.List, stmt)
	if nested && !returns || d.r.panics(l.stmt.End(), stmt.Pos(), fn) {
		d.broken = true
		return
	}
	d.remove(deferred)
	d.before(stmt, l.code())
	ast.Inspect(fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BranchStmt:
			d.broken = d.broken || node.Tok == token.GOTO
		case *ast.ReturnStmt:
			if node.Pos() > l.stmt.End() && (node.Pos() < stmt.Pos() || last.End() <= node.Pos()) {
				d.leaving(node, l.code())
			}
		}
		return true
	})
	if end := fn.body.List[len(fn.body.List)-1]; nested && fn.typ.Results == nil {
		if _, returns := end.(*ast.ReturnStmt); !returns {
			d.last(fn.body, l.code())
		}
	}
}

// panics tells whether a deferred call may be what keeps order in that stretch, which somebody may survive.
func (r *repairer) panics(from, to token.Pos, fn *function) bool {
	found := r.sharing().recovers
	ast.Inspect(fn.body, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok && from <= call.Pos() && call.Pos() < to {
			callee := r.callee(call)
			found = found || r.builtin(call) == "panic" || callee != nil && strings.HasSuffix(callee.FullName(), "runtime.Goexit")
		}
		return !found
	})
	return found
}
