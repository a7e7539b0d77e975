package main

import (
	"go/ast"
	"slices"
)

// returnAfterSend adds the return that was forgotten behind a send, where the function goes on to send once more.
type returnAfterSend struct{}

func (returnAfterSend) propose(r *repairer, w *blocked) {
	for _, use := range r.sent(w) {
		sends := r.on(use.object, "send")
		for _, op := range sends {
			stmt, list := op.stmt()
			if stmt == nil || op.fn == nil || next(stmt, list) != nil || !op.path.conditional() || op.inSelect() != nil {
				continue
			}
			later := slices.ContainsFunc(sends, func(other *operation) bool {
				return other.fn == op.fn && other.node.Pos() > stmt.End() && !areExclusive(op, other)
			})
			again := op.path.inLoop()
			if !later && !again {
				continue
			}
			code, ok := r.zeros(op.fn)
			if !ok {
				continue
			}
			cost := 7
			if !later {
				cost = 13
			}
			d := r.draft()
			d.after(stmt, code)
			d.offer("return-after-send", cost+use.doubt, "`return` after `"+shorten(r.text(stmt))+"`",
				"Without the return the function goes on and sends a second time, when its receiver has taken one value and left.")
			if again {
				d = r.draft()
				d.after(stmt, "continue")
				d.offer("return-after-send", cost+3+use.doubt, "`continue` after `"+shorten(r.text(stmt))+"`",
					"Without it the same round goes on and sends a second time.")
			}
		}
	}
}

// drain takes what is left where a receiver leaves its loop early.
type drain struct{}

func (drain) propose(r *repairer, w *blocked) {
	for _, use := range r.sent(w) {
		if len(r.on(use.object, "close")) == 0 {
			continue // it would never end
		}
		for _, op := range r.on(use.object, "range") {
			loop, ok := op.node.(*ast.RangeStmt)
			if !ok || !simple(loop.X) || !r.isOnce(op, use.object) || !r.isClosedOnEveryWay(use.object) {
				continue
			}
			channel := r.raw(loop.X)
			d := r.draft()
			after := false
			for _, pos := range leaves(loop.Body) {
				var leaving ast.Stmt
				ast.Inspect(loop.Body, func(node ast.Node) bool {
					if stmt, ok := node.(ast.Stmt); ok && node.Pos() == pos {
						leaving = stmt
					}
					return leaving == nil
				})
				switch leaving.(type) {
				case *ast.ReturnStmt:
					d.before(leaving, "for range "+channel+" {\n}")
				case *ast.BranchStmt:
					after = true
				}
			}
			if after {
				d.after(loop, "for range "+channel+" {\n}")
			}
			d.offer("drain", 12+use.doubt, "take what is left in `"+channel+"` before leaving",
				"Who leaves the loop early leaves a sender behind; reading on until the channel is closed lets it finish.")
		}
	}
}

// isClosedOnEveryWay tells whether no function that closes the channel may leave without that.
func (r *repairer) isClosedOnEveryWay(o object) bool {
	return !slices.ContainsFunc(r.closes(o), func(op *operation) bool {
		return op.fn == nil || !op.isDeferred() && (op.path.conditional() || len(r.returnsWithout(op.fn, []*operation{op}, op.fn.body.Pos())) > 0)
	})
}

// simple tells whether an expression may be written a second time.
func simple(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		return simple(e.X)
	}
	return false
}
