package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// selectOnNew makes a done channel, hands it to the goroutine, and closes it when the one who wants the goroutine's work
// returns.
func (r *repairer) selectOnNew(w *blocked) {
	starts := r.starts[w.fn]
	if len(starts) == 0 || len(r.callers[w.fn]) > 0 {
		return
	}
	for _, start := range starts {
		if start.fn == nil {
			return
		}
	}
	r.doneWhereStopped(w, starts)
	generator := r.isGenerator(starts[0].fn)
	local, callers := 12, 16
	if generator {
		local, callers = 17, 12
	}
	r.doneInStarter(w, starts, local)
	r.doneInCallers(w, starts, callers)
}

// isGenerator tells whether the function hands out what its goroutines work on.
func (r *repairer) isGenerator(fn *function) bool {
	if fn.typ.Results == nil {
		return false
	}
	return slices.ContainsFunc(fn.typ.Results.List, func(field *ast.Field) bool {
		t := r.typeOf(field.Type)
		if pointer, ok := t.(*types.Pointer); ok {
			t = pointer.Elem().Underlying()
		}
		switch t.(type) {
		case *types.Chan, *types.Struct, *types.Signature, *types.Slice, *types.Interface:
			return !isError(r.info.TypeOf(field.Type))
		}
		return false
	})
}

// hand gives the goroutine's function the channel: a literal sees it, a declared function gets a parameter.
func (r *repairer) hand(d *draft, w *blocked, starts []*launching, name string) bool {
	if !r.wrap(d, w, name) {
		return false
	}
	if clock := r.clock(w); clock != nil && clock.made != nil && clock.made.fn == w.fn && len(r.on(*clock, "stop")) == 0 {
		if stmt, _ := clock.made.stmt(); stmt != nil {
			if v := r.madeAs(*clock); v != nil {
				d.after(stmt, "defer "+v.Name()+".Stop()")
			}
		}
	}
	decl, declared := w.fn.node.(*ast.FuncDecl)
	if !declared {
		return len(starts) == 1
	}
	if r.values[w.fn] {
		return false
	}
	r.addParameter(d, decl.Type, name+" <-chan struct{}")
	for _, start := range starts {
		r.addArgument(d, start.stmt.Call, decl.Type, name)
	}
	return true
}

// addParameter adds a parameter at the end, or before a variadic one.
func (r *repairer) addParameter(d *draft, typ *ast.FuncType, parameter string) {
	list := typ.Params.List
	if len(list) == 0 {
		d.insert(typ.Params.Closing, parameter)
		return
	}
	last := list[len(list)-1]
	if _, variadic := last.Type.(*ast.Ellipsis); variadic {
		d.insert(last.Pos(), parameter+", ")
		return
	}
	d.insert(last.End(), ", "+parameter)
}

func (r *repairer) addArgument(d *draft, call *ast.CallExpr, typ *ast.FuncType, argument string) {
	list := typ.Params.List
	if len(call.Args) == 0 {
		d.insert(call.Rparen, argument)
		return
	}
	if len(list) > 0 {
		if _, variadic := list[len(list)-1].Type.(*ast.Ellipsis); variadic {
			if i := len(r.fields(typ.Params)) - 1; i < len(call.Args) {
				d.insert(call.Args[i].Pos(), argument+", ")
				return
			}
		}
	}
	d.insert(call.Args[len(call.Args)-1].End(), ", "+argument)
}

// doneWhereStopped closes the new channel where the program already stops the timer or ticker.
func (r *repairer) doneWhereStopped(w *blocked, starts []*launching) {
	clock := r.clock(w)
	if clock == nil || len(starts) != 1 {
		return
	}
	start := starts[0]
	name := r.unused(start.stmt.Pos(), "done", "stopped", "quit")
	d := r.draft()
	stops := r.on(*clock, "stop")
	outer := hoisted(start.stmt, start.path, nil)
	if len(stops) == 0 || outer == nil || !r.hand(d, w, starts, name) {
		return
	}
	d.before(outer, name+" := make(chan struct{})")
	for _, op := range stops {
		within := false
		for fn := op.fn; fn != nil; fn = fn.outer {
			within = within || fn == start.fn
		}
		stmt, _ := op.stmt()
		if !within || stmt == nil || op.fn == w.fn {
			return
		}
		if op.isDeferred() {
			d.after(stmt, "defer close("+name+")")
		} else {
			d.after(stmt, "close("+name+")")
		}
	}
	d.offer(r.doneStrategy(w), 11, "`select` on a new channel `"+name+"`, closed where the clock is stopped",
		"A stopped timer or ticker neither sends nor closes its channel, so the goroutine has to be told in another way.")
}

// doneInStarter closes it when the function that starts the goroutine returns.
func (r *repairer) doneInStarter(w *blocked, starts []*launching, cost int) {
	if starts[0].fn.isEntry() && starts[0].fn.name == "init" {
		r.doneInMain(w, starts, cost)
		return
	}
	d := r.draft()
	name := r.unused(starts[0].stmt.Pos(), "done", "quit", "stop")
	if name != r.unused(w.node.Pos(), name) || !r.hand(d, w, starts, name) {
		return
	}
	made := map[*function]bool{}
	for _, start := range starts {
		if made[start.fn] {
			continue
		}
		made[start.fn] = true
		outer := hoisted(start.stmt, start.path, nil)
		if outer == nil || !r.mayEnd(start.fn, nil, r.handedOver(start.fn, start.stmt.Call)...) {
			return
		}
		d.before(outer, name+" := make(chan struct{})\ndefer close("+name+")")
	}
	d.offer(r.doneStrategy(w), cost, "`select` on a new channel `"+name+"`, which "+describe(starts[0].fn)+" closes when it returns", doneSignalWhy)
}

// doneInMain closes it when main returns, for goroutines that an init function starts.
func (r *repairer) doneInMain(w *blocked, starts []*launching, cost int) {
	d := r.draft()
	name := r.unusedAnywhere("done", "quit", "stop")
	main := slices.IndexFunc(r.ordered, func(fn *function) bool { return fn.isEntry() && fn.name == "main" })
	if main < 0 || !r.hand(d, w, starts, name) {
		return
	}
	d.global(starts[0].fn, "var "+name+" = make(chan struct{})")
	d.first(r.ordered[main].body, "defer close("+name+")")
	d.offer(r.doneStrategy(w), cost, "`select` on a new channel `"+name+"`, which `main` closes when it returns", doneSignalWhy)
}

// doneInCallers closes it when the one who asked for the goroutine's work returns.
func (r *repairer) doneInCallers(w *blocked, starts []*launching, cost int) {
	starter := starts[0].fn
	decl, declared := starter.node.(*ast.FuncDecl)
	callers := r.callers[starter]
	if !declared || len(callers) == 0 || len(r.starts[starter]) > 0 || r.values[starter] {
		return
	}
	for _, start := range starts {
		if start.fn != starter {
			return
		}
	}
	d := r.draft()
	name := r.unused(starts[0].stmt.Pos(), "done", "quit", "stop")
	for _, caller := range callers {
		name = r.unused(caller.call.Pos(), name, "done", "quit", "stop")
	}
	if !r.hand(d, w, starts, name) {
		return
	}
	r.addParameter(d, decl.Type, name+" <-chan struct{}")
	made := map[*function]bool{}
	for _, caller := range callers {
		if caller.fn == nil || caller.fn == starter || !r.mayEnd(caller.fn, caller.call, r.handedOver(caller.fn, caller.call)...) {
			return
		}
		r.addArgument(d, caller.call, decl.Type, name)
		if made[caller.fn] {
			continue
		}
		made[caller.fn] = true
		stmt := hoisted(caller.call, caller.path, nil)
		if stmt == nil {
			return
		}
		d.before(stmt, name+" := make(chan struct{})\ndefer close("+name+")")
	}
	d.offer(r.doneStrategy(w), cost, "`select` on a new channel `"+name+"`, which "+describe(callers[0].fn)+" closes when it returns", doneSignalWhy)
}

// receiverOf is the type that the function is a method of, and what the method calls its receiver.
func (r *repairer) receiverOf(fn *function) (*types.Named, string) {
	decl, ok := fn.node.(*ast.FuncDecl)
	if !ok || decl.Recv == nil || len(decl.Recv.List) != 1 || len(decl.Recv.List[0].Names) != 1 {
		return nil, ""
	}
	name := decl.Recv.List[0].Names[0]
	v := r.info.Defs[name]
	if v == nil || name.Name == "_" {
		return nil, ""
	}
	return namedOf(v.Type()), name.Name
}

// isEnding tells whether a method of that name usually ends what its type does.
func isEnding(name string) bool {
	switch strings.ToLower(name) {
	case "stop", "close", "shutdown", "cancel", "quit", "finish", "terminate", "kill", "halt", "end", "release", "dispose", "unsubscribe", "exit", "teardown", "destroy":
		return true
	}
	return false
}
