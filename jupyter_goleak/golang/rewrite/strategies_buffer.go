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
		for _, size := range r.sizes(w, use) {
			d := r.draft()
			text := "make(" + r.raw(call.Args[0]) + ", " + size.text + ")"
			d.replace(call, text)
			d.offer("buffer", size.cost+use.doubt, "give `"+r.channelName(use)+"` a buffer for every send: `"+text+"`", bufferWhy)
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
					done[o] = true
					names = append(names, r.channelName(channelUse{object: o, expression: receive}))
					d.replace(call, "make("+r.raw(call.Args[0])+", 1)")
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

type bufferSize struct {
	text string
	cost int
}

// sizes are the buffers worth trying, as the place where the channel is made can write them.
func (r *repairer) sizes(w *blocked, use channelUse) []bufferSize {
	at := use.made.node.Pos()
	old, known := r.bufferSize(use.made)
	var found []bufferSize
	add := func(text string, cost int) {
		if text == "" || known && text == strconv.FormatInt(old, 10) || use.made.buffer != nil && text == r.raw(use.made.buffer) {
			return
		}
		if !slices.ContainsFunc(found, func(size bufferSize) bool { return size.text == text }) {
			found = append(found, bufferSize{text, cost})
		}
	}
	sends := r.on(use.object, "send")
	fixed, repeated, waiting := 0, []string{}, 0
	if use.made.buffer != nil && isSignal(r.info.TypeOf(use.made.expression)) {
		waiting = 6 // its size may be a limit that is meant
	}
	for _, op := range sends {
		if op.fn == nil || op.inSelect() != nil && len(op.inSelect().Body.List) > 1 {
			continue
		}
		inner := r.repetitions(op.path, op.fn, at, op.fn == use.made.fn)
		if op.path.inLoop() && !(op.fn == use.made.fn && len(inner) == 0) {
			waiting += 6 // who sends on and on needs to be told, not to be given room
		}
		starts := r.starts[op.fn]
		if len(starts) == 0 && op.fn.outer != nil {
			starts = r.starts[op.fn.outer]
		}
		outer := []string{}
		times := max(1, len(starts))
		for _, start := range starts {
			if start.fn == use.made.fn {
				outer = append(outer, r.repetitions(start.path, start.fn, at, true)...)
			}
		}
		if len(starts) == 0 {
			// The function may be called in a loop where the channel is made.
			for _, caller := range r.callers[op.fn] {
				if caller.fn == use.made.fn {
					outer = append(outer, r.repetitions(caller.path, caller.fn, at, true)...)
				}
			}
		}
		switch {
		case len(outer) == 0 && len(inner) == 0:
			fixed += times
		default:
			all := append(outer, inner...)
			if slices.Contains(all, "") {
				continue
			}
			repeated = append(repeated, strings.Join(all, "*"))
		}
	}
	slices.Sort(repeated)
	repeated = slices.Compact(repeated)
	if len(repeated) > 0 {
		text := strings.Join(repeated, "+")
		add(text, 10+waiting)
		if fixed > 0 {
			add(text+"+"+strconv.Itoa(fixed), 12+waiting)
		}
		add("1", 14+waiting)
	} else if fixed > 0 {
		// Of what several may send, the ones that are received need no room.
		if fixed > 1 {
			add("1", 11+waiting)
		}
		add(strconv.Itoa(fixed), 10+waiting)
	}
	if !known {
		// What counts that was not seen here is added to the size that somebody chose.
		found = found[:0]
		calls := 0
		for _, op := range sends {
			calls += max(1, len(r.callers[op.fn]))
		}
		if size := use.made.buffer; simple(size) {
			add(r.raw(size)+"+1", 14+waiting)
			add(r.raw(size)+"+"+strconv.Itoa(calls), 15+waiting)
		}
	}
	if known && len(repeated) == 0 {
		add(strconv.FormatInt(max(16, 2*old), 10), 19+waiting)
	}
	return found
}

// repetitions are how often the loops around a node run, as the place at may write it; "" where it cannot. Loops that
// make a channel of their own in every round do not count.
func (r *repairer) repetitions(path walkPath, fn *function, at token.Pos, stop bool) []string {
	var found []string
	child := ast.Node(nil)
	for _, node := range slices.Backward(path) {
		if node == fn.node {
			break
		}
		if stop && node.Pos() <= at && at < node.End() {
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
				known = known && r.isVisible(v, r.scope(at), at)
			}
		case *ast.CompositeLit, *ast.FuncLit:
			known = false
		}
		return known
	})
	return known
}
