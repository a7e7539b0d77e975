package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// What closes a channel closes it once, on whichever way the program takes.

// closes are the operations that close the object and that something may come to.
func (r *repairer) closes(o object) []*operation {
	return slices.DeleteFunc(r.on(o, "close"), (*operation).uncalled)
}

// closesTwice tells whether the channel of that name there may be one that the program closes already, on another way.
func (r *repairer) closesTwice(o object, name string, fn *function, pos token.Pos) bool {
	var known []owned
	for _, op := range r.closes(o) {
		if op.fn != nil && op.expression != nil {
			known = append(known, owned{op.fn, r.root(op.expression)})
		}
	}
	if len(known) == 0 {
		return false
	}
	first, _, _ := strings.Cut(name, ".")
	here, there := r.seenFrom([]owned{{fn, r.variableNamed(first, pos)}}), r.seenFrom(known)
	apart := false
	for fn, roots := range here {
		for _, root := range roots {
			if slices.Contains(there[fn], root) {
				return true
			}
		}
		apart = apart || len(there[fn]) > 0
	}
	return !apart // where both are never seen side by side, nothing tells them apart
}

// draftClosing is a draft that adds a close: none where the program may then close the channel twice.
func (r *repairer) draftClosing(o object, name string, fn *function, pos token.Pos) *draft {
	d := r.draft()
	d.broken = r.closesTwice(o, name, fn, pos)
	return d
}

// An owned is what begins the name of a channel in a function.
type owned struct {
	fn   *function
	root *types.Var
}

// seenFrom is what these channels begin with in their functions and in all that lead there.
func (r *repairer) seenFrom(queue []owned) map[*function][]*types.Var {
	seen := map[*function][]*types.Var{}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if next.fn == nil || next.root == nil || slices.Contains(seen[next.fn], next.root) {
			continue
		}
		seen[next.fn] = append(seen[next.fn], next.root)
		if next.fn.outer != nil && !within(next.fn.node, next.root) {
			queue = append(queue, owned{next.fn.outer, next.root})
		}
		for _, caller := range next.fn.sites {
			_, root := r.translated(next.root.Name(), next.root, next.fn, site{caller.call, caller.path, caller.fn})
			queue = append(queue, owned{caller.fn, root})
		}
	}
	return seen
}

// within tells whether the variable is declared inside of the node.
func within(node ast.Node, v *types.Var) bool { return node.Pos() <= v.Pos() && v.Pos() < node.End() }

// isOnce tells whether the program comes to the operation once at most for each such channel.
func (r *repairer) isOnce(op *operation, o object) bool { return r.bound([]*operation{op}, o) == "1" }

// isRunOnce tells whether the function may close the channel of the event when it ends: nothing runs it again for the same
// one, nor is it a method that is there to send one value at a time.
func (r *repairer) isRunOnce(fn *function, last event, o object) bool {
	if r.isPerValue(fn, last.root, last.path) || slices.ContainsFunc(r.starts[fn], func(start *launching) bool {
		loop := innermostLoop(start.path)
		return loop != nil && (o.made == nil || o.made.node.Pos() < loop.Pos() || loop.End() <= o.made.node.Pos())
	}) {
		return false
	}
	if o.made == nil {
		return true
	}
	products, known := r.timesOf(fn, nil, last.root, o, nil)
	return !known || len(products) == 1 && len(products[0]) == 0
}

// isPerValue tells whether the function is a method that is there to send one value at a time on its receiver's channel.
func (f *flow) isPerValue(fn *function, root *types.Var, path walkPath) bool {
	decl, ok := fn.node.(*ast.FuncDecl)
	return ok && decl.Recv != nil && root != nil && slices.Contains(f.fields(decl.Recv), root) && !fn.isLaunched() && !path.inLoop()
}

// deferClose closes on every way out what a function closes only on its usual one.
type deferClose struct{}

const everyWayWhy = "A way out passes by the close, and whoever receives waits on: the channel has to be closed on every way out."

func (deferClose) propose(r *repairer, w *blocked) {
	for _, use := range r.received(w) {
		closes := r.closes(use.object)
		if len(closes) == 0 || use.made == nil || slices.ContainsFunc(closes, func(op *operation) bool {
			return op.fn == nil || op.fn != closes[0].fn || op.isDeferred() || op.path.inLoop() || !r.isOnce(op, use.object)
		}) {
			continue
		}
		r.closeOnEveryWay(use, closes)
	}
}

func (r *repairer) closeOnEveryWay(use channelUse, closes []*operation) {
	fn, last, cost := closes[0].fn, closes[len(closes)-1], 6+use.doubt
	if sends := r.on(use.object, "send"); len(sends) == 0 {
		cost += 3 // what it tells may not be true on every way
	} else if !r.happenIn(fn, sends) {
		return
	}
	root, ok := ast.Unparen(last.expression).(*ast.Ident)
	if !ok {
		return // of a field, a way out may ask first whether it is closed already
	}
	var statements []ast.Stmt
	for _, op := range closes {
		stmt, list := op.stmt()
		if _, plain := stmt.(*ast.ExprStmt); !plain || op.path.conditional() && !endsInReturn(list) {
			return
		}
		statements = append(statements, stmt)
	}
	from := fn.body.Pos()
	own := within(fn.node, r.root(root)) && !slices.Contains(r.fields(fn.typ.Params), r.root(root))
	if own {
		if use.made.fn != fn || use.made.path.inLoop() {
			return
		}
		from = use.made.node.End()
	}
	missing := r.returnsWithout(fn, closes, from)
	if len(missing) == 0 {
		return
	}
	code := "close(" + root.Name + ")"
	if r.mayWaitAfter(fn, statements) {
		d := r.draft()
		for _, way := range missing {
			d.before(way, code)
		}
		d.offer("close-before-return", cost, "`"+code+"` before the early return", everyWayWhy)
		return
	}
	d := r.draft()
	for _, stmt := range statements {
		d.remove(stmt)
	}
	if !own {
		d.first(fn.body, "defer "+code)
		d.offer("defer-close", cost, "`defer "+code+"` first of all in "+describe(fn), everyWayWhy)
		return
	}
	if made, _ := use.made.stmt(); made != nil {
		d.after(made, "defer "+code)
		d.offer("defer-close", cost, "`defer "+code+"` right after it is made", everyWayWhy)
	}
}

func endsInReturn(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	_, ok := list[len(list)-1].(*ast.ReturnStmt)
	return ok
}

// returnsWithout are the returns of the function, after that place, that come after none of the closes.
func (r *repairer) returnsWithout(fn *function, closes []*operation, from token.Pos) []ast.Stmt {
	var found []ast.Stmt
	r.walk(fn.body, func(node ast.Node, path []ast.Node) {
		way, ok := node.(*ast.ReturnStmt)
		if !ok || r.enclosing(path) != nil || way.Pos() < from {
			return
		}
		if !slices.ContainsFunc(closes, func(op *operation) bool {
			stmt, list := op.stmt()
			return stmt.End() <= way.Pos() && (!op.path.conditional() || list[0].Pos() <= way.Pos() && way.End() <= list[len(list)-1].End())
		}) {
			found = append(found, way)
		}
	})
	return found
}

// mayWaitAfter tells whether the function may wait for somebody once it has come to one of these, or in what it defers.
func (r *repairer) mayWaitAfter(fn *function, statements []ast.Stmt) bool {
	found := false
	r.walk(fn.body, func(node ast.Node, path []ast.Node) {
		later := slices.ContainsFunc(statements, func(stmt ast.Stmt) bool { return stmt.End() <= node.Pos() })
		deferred := slices.ContainsFunc(path, func(around ast.Node) bool {
			_, ok := around.(*ast.DeferStmt)
			return ok
		})
		found = found || (later || deferred) && r.waitsAt(node, r.callWaits)
	})
	return found
}

// callWaits tells whether the function may wait for somebody in the call: in anything of the program's, or in package sync.
func (r *repairer) callWaits(call *ast.CallExpr) bool {
	if r.builtin(call) != "" || r.isConversion(call) {
		return false
	}
	callee := r.callee(call)
	if len(r.targetsOf(call)) > 0 || callee == nil {
		return true
	}
	return callee.Pkg() != nil && callee.Pkg().Path() == "sync" && callee.Name() != "Done" && callee.Name() != "Unlock" && callee.Name() != "RUnlock"
}

// happenIn tells whether all of these are done by the function itself, or by what it calls and waits for.
func (r *repairer) happenIn(fn *function, ops []*operation) bool {
	events := r.events(ops)
	for level := 0; level < 4 && events != nil; level++ {
		if together(events) == fn {
			return true
		}
		events = r.lifted(events)
	}
	return false
}
