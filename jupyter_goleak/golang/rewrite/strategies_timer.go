package main

import (
	"go/ast"
	"go/token"
	"slices"
)

// drainTimer takes what a stopped timer may have sent without waiting for it.
type drainTimer struct{}

func (drainTimer) propose(r *repairer, w *blocked) {
	clock := r.clock(w)
	receive, ok := w.node.(*ast.UnaryExpr)
	if clock == nil || !ok {
		return
	}
	stmt, list := inBlock(w.node, w.path)
	if alone, ok := stmt.(*ast.ExprStmt); !ok || alone.X != receive {
		return
	}
	for _, around := range slices.Backward(w.path) {
		choice, ok := around.(*ast.IfStmt)
		if !ok || !slices.Equal(choice.Body.List, list) {
			continue
		}
		not, ok := ast.Unparen(choice.Cond).(*ast.UnaryExpr)
		if !ok || not.Op != token.NOT {
			return
		}
		if !slices.ContainsFunc(r.on(*clock, "stop"), func(op *operation) bool { return op.node == ast.Unparen(not.X) }) {
			return
		}
		d := r.draft()
		d.replace(stmt, indented("select {\ncase "+r.raw(receive)+":\ndefault:\n}", r.indent(stmt.Pos())))
		d.offer("timer-drain", 5, "take what `"+r.text(receive.X)+"` holds without waiting",
			"Whether a timer that was stopped too late has still something to give depends on who took it before; waiting for it may wait for ever.")
		return
	}
}
