package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// bufferForSenders gives a channel room for all that may be sent, so that nobody waits for a receiver who is gone.
type bufferForSenders struct{}

const bufferWhy = "With a place in the buffer for every value, a sender goes on even when its receiver has left."

func (bufferForSenders) propose(r *repairer, w *blocked) {
	for _, use := range r.sent(w) {
		if use.made == nil {
			continue
		}
		call, ok := use.made.node.(*ast.CallExpr)
		if !ok || r.builtin(call) != "make" {
			continue
		}
		if size, cost := r.size(use); size != "" {
			d := r.draft()
			text := "make(" + r.raw(call.Args[0]) + ", " + size + ")"
			d.replace(call, text)
			d.offer("buffer", cost+use.doubt, "give `"+r.channelName(use)+"` a buffer for every send: `"+text+"`", bufferWhy)
		}
		r.bufferTogether(use)
	}
}

// bufferTogether gives a buffer to all channels that are received from in one select: its receiver leaves them all at
// once, and who sends to which may be decided by chance.
func (r *repairer) bufferTogether(use channelUse) {
	for _, op := range r.on(use.object, "receive") {
		choice := op.inSelect()
		if choice == nil || op.path.inLoop() {
			continue
		}
		d := r.draft()
		var names []string
		done := map[object]bool{}
		for _, clause := range choice.Body.List {
			_, receive := communication(clause)
			if receive == nil {
				continue
			}
			objects, _ := r.objects(receive)
			for _, o := range objects {
				if o.made == nil || done[o] || !r.isUnbuffered(o) || len(r.on(o, "send")) == 0 || o.made.fn != use.made.fn {
					continue
				}
				if call, ok := o.made.node.(*ast.CallExpr); ok && r.builtin(call) == "make" {
					size := r.bound(r.on(o, "send"), o)
					if size == "" {
						continue
					}
					done[o] = true
					names = append(names, r.channelName(channelUse{object: o, expression: receive}))
					d.replace(call, "make("+r.raw(call.Args[0])+", "+size+")")
				}
			}
		}
		if len(names) > 1 && done[use.object] {
			d.offer("buffer", 9+use.doubt, "give `"+strings.Join(names, ", ")+"` a buffer each", bufferWhy)
		}
	}
}

func (r *repairer) channelName(use channelUse) string {
	if v := r.madeAs(use.object); v != nil && v.Name() != "_" {
		return v.Name()
	}
	return r.text(use.expression)
}

// size is the buffer that holds all that is ever sent on one such channel, as the place where it is made can write it, and
// what it costs to want it; "" where the text does not tell how much that is.
func (r *repairer) size(use channelUse) (string, int) {
	sends := r.on(use.object, "send")
	size := r.bound(sends, use.object)
	old, known := r.bufferSize(use.made)
	if most, err := strconv.ParseInt(size, 10, 64); err == nil && known && most <= old {
		return "", 0
	}
	cost := 10
	if use.made.buffer != nil {
		if size == r.raw(use.made.buffer) || isSignal(r.info.TypeOf(use.made.expression)) {
			return "", 0 // the size of a semaphore is the limit that is meant
		}
	}
	if slices.ContainsFunc(sends, func(op *operation) bool {
		at := use.made.node.Pos()
		if root := r.root(op.expression); op.fn != use.made.fn && r.isReceived(root, op.fn) {
			at = root.Pos()
		}
		return op.fn != nil && len(r.repetitions(op.steps(), op.fn, at, true)) > 0
	}) {
		cost += 6 // who sends on and on needs to be told, not to be given room
	}
	return size, cost
}

// repetitions are how often the loops around a node run, as the place at may write it; "" where it cannot. Loops that
// make a channel of their own in every round do not count, nor do those that a return below the node leaves.
func (r *repairer) repetitions(path walkPath, fn *function, at token.Pos, stop bool) []string {
	var found []string
	child := ast.Node(nil)
	for _, node := range slices.Backward(path) {
		if node == fn.node {
			break
		}
		if stop && node.Pos() <= at && at < node.End() || r.returnsBelow(child, listIn(node)) {
			break
		}
		switch node := node.(type) {
		case *ast.RangeStmt:
			if child == node.Body {
				found = append(found, r.rangeCount(node, at))
			}
		case *ast.ForStmt:
			if child == node.Body {
				found = append(found, r.forCount(node, at))
			}
		}
		child = node
	}
	return found
}

func (r *repairer) rangeCount(loop *ast.RangeStmt, at token.Pos) string {
	if !r.knownAt(loop.X, at) {
		return ""
	}
	switch t := r.typeOf(loop.X).(type) {
	case *types.Basic:
		if t.Info()&types.IsInteger != 0 {
			return r.raw(loop.X)
		}
	case *types.Slice, *types.Array, *types.Map, *types.Pointer:
		return "len(" + r.raw(loop.X) + ")"
	}
	return ""
}

// forCount reads the usual head of a counting loop.
func (r *repairer) forCount(loop *ast.ForStmt, at token.Pos) string {
	condition, ok := loop.Cond.(*ast.BinaryExpr)
	start, counts := loop.Init.(*ast.AssignStmt)
	if !ok || !counts || len(start.Rhs) != 1 || !r.knownAt(condition.Y, at) {
		return ""
	}
	first := r.raw(start.Rhs[0])
	limit := r.raw(condition.Y)
	switch condition.Op {
	case token.LSS:
		if first == "0" {
			return limit
		}
	case token.LEQ:
		if first == "1" {
			return limit
		}
		if first == "0" {
			return "(" + limit + "+1)"
		}
	}
	return ""
}

// knownAt tells whether the expression means the same there.
func (r *repairer) knownAt(e ast.Expr, at token.Pos) bool {
	known := true
	ast.Inspect(e, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			name := r.builtin(node)
			known = known && (name == "len" || name == "cap" || r.isConversion(node))
		case *ast.Ident:
			if v, ok := r.info.Uses[node].(*types.Var); ok && !v.IsField() {
				known = known && r.isVisible(v, r.scope(at), at) && !r.isSetAfter(v, at)
			}
		case *ast.CompositeLit, *ast.FuncLit:
			known = false
		}
		return known
	})
	return known
}

// isSetAfter tells whether the variable may get another value after that place.
func (r *reporter) isSetAfter(v *types.Var, at token.Pos) bool {
	found := false
	is := func(e ast.Expr) bool {
		ident, ok := ast.Unparen(e).(*ast.Ident)
		return ok && r.info.Uses[ident] == v
	}
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				found = found || node.Pos() > at && slices.ContainsFunc(node.Lhs, is)
			case *ast.IncDecStmt:
				found = found || node.Pos() > at && is(node.X)
			case *ast.UnaryExpr:
				found = found || node.Op == token.AND && is(node.X)
			}
			return !found
		})
	}
	return found
}
