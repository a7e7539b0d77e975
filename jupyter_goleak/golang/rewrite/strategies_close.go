package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// closeAfterLastSend closes a channel where the one who sends has sent all.
type closeAfterLastSend struct{}

func (closeAfterLastSend) propose(r *repairer, w *blocked) {
	for _, use := range r.received(w) {
		if _, signal := r.onlySignal(use.object); signal {
			continue
		}
		doubt := use.doubt
		if r.ended(use.object) {
			doubt += 4
		}
		events := r.events(r.on(use.object, "send"))
		for level := 0; level < 4 && events != nil; level++ {
			if fn := together(events); fn != nil && r.isRunOnce(fn, events[len(events)-1], use.object) {
				r.closeIn(use, fn, events, doubt+level)
			}
			events = r.lifted(events)
		}
		r.closeRemoved(use, 8+doubt)
	}
}

// closeRemoved closes a channel where it is taken out of the map that its senders find it in.
func (r *repairer) closeRemoved(use channelUse, cost int) {
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			stmt, ok := node.(*ast.ExprStmt)
			if !ok {
				return
			}
			call, ok := stmt.X.(*ast.CallExpr)
			if !ok || r.builtin(call) != "delete" || len(call.Args) != 2 || !simple(call.Args[1]) {
				return
			}
			kept := r.at(call.Args[0])
			if kept == nil {
				return
			}
			if objects, _ := r.objectsAt(kept.kid("element")); !slices.Contains(objects, use.object) {
				return
			}
			name, m, key := r.unused(stmt.Pos(), "removed", "ch"), r.raw(call.Args[0]), r.raw(call.Args[1])
			d := r.draftClosing(use.object, m, r.enclosing(path), stmt.Pos())
			d.before(stmt, "if "+name+", ok := "+m+"["+key+"]; ok {\n\tclose("+name+")\n}")
			d.offer("close-after-last-send", cost, "close what is deleted from `"+m+"`",
				"Whoever takes a channel out of the map ends all sending to it, and closing it tells its receivers so.")
		})
	}
}

// closeIn proposes to close the channel in the function that all events happen in.
func (r *repairer) closeIn(use channelUse, fn *function, events []event, doubt int) {
	last := events[len(events)-1]
	own := last.root != nil && fn.body != nil && fn.body.Pos() <= last.root.Pos() && last.root.Pos() < fn.body.End()
	deferred, after := 14, 10
	if fn.isLaunched() {
		deferred, after = 10, 12
		if fn.repeated || len(fn.launches) > 1 {
			deferred, after = 13, 15
		}
	}
	if !own && fn.body != nil && (fn.isLaunched() || fn.outer != nil) {
		d := r.draftClosing(use.object, last.channel, fn, last.node.Pos())
		d.first(fn.body, "defer close("+last.channel+")")
		d.offer("defer-close", deferred+doubt, "defer `close("+last.channel+")` in "+describe(fn)+", the only sender",
			"The sender alone knows when nothing more will come; a deferred close says so on every way out, and whoever ranges over the channel leaves the loop.")
	}
	stmt := hoisted(last.node, last.path, last.root)
	if stmt == nil || endless(stmt) {
		return
	}
	if _, leaves := stmt.(*ast.ReturnStmt); leaves {
		return
	}
	r.closeEach(use, fn, hoisted(last.node, last.path, nil), after-1+doubt)
	d := r.draftClosing(use.object, last.channel, fn, last.node.Pos())
	d.after(stmt, "close("+last.channel+")")
	d.offer("close-after-last-send", after+doubt, "close `"+last.channel+"` after the last send",
		"Closing the channel tells its receivers that nothing more will come: they take what is left, leave their loops and end.")
}

// closeEach closes all channels of a slice or map after the last send to any of them.
func (r *repairer) closeEach(use channelUse, fn *function, stmt ast.Stmt, cost int) {
	for _, reached := range r.reachable(stmt.End()) {
		if reached.field == nil {
			continue
		}
		var element types.Type
		switch t := reached.t.Underlying().(type) {
		case *types.Slice:
			element = t.Elem()
		case *types.Array:
			element = t.Elem()
		case *types.Map:
			element = t.Elem()
		default:
			continue
		}
		if channel, ok := element.Underlying().(*types.Chan); !ok || channel.Dir() == types.RecvOnly {
			continue
		}
		if objects, _ := r.objectsAt(r.variable(reached.field).kid("element")); !slices.Contains(objects, use.object) {
			continue
		}
		name := r.unused(stmt.End(), "ch", "each", "channel")
		d := r.draftClosing(use.object, reached.code, fn, stmt.End())
		d.after(stmt, "for _, "+name+" := range "+reached.code+" {\n\tclose("+name+")\n}")
		d.offer("close-after-last-send", cost, "close each of `"+reached.code+"` after the last send",
			"Closing a channel tells its receivers that nothing more will come; each of these has its own.")
	}
}

func endless(stmt ast.Stmt) bool {
	loop, ok := stmt.(*ast.ForStmt)
	return ok && loop.Cond == nil && !breaks(loop.Body)
}

// closeAfterSenders closes a channel that several goroutines send to, once all of them are done.
type closeAfterSenders struct{}

const senderWhy = "While one of several senders may still send, none of them may close; the one who has waited for them all may."

func (closeAfterSenders) propose(r *repairer, w *blocked) {
	for _, use := range r.received(w) {
		doubt := use.doubt
		if r.ended(use.object) {
			doubt += 4
		}
		senders := map[*function]bool{}
		for _, op := range r.on(use.object, "send") {
			for fn := op.fn; fn != nil; fn = fn.outer {
				senders[fn] = true
				if fn.isLaunched() {
					break
				}
			}
		}
		counted := r.counting(senders)
		for _, o := range counted {
			waits := r.on(o, "wait")
			for _, wait := range waits {
				r.closeAfterWait(w, use, wait, doubt)
			}
			if len(waits) == 0 {
				r.waitAndClose(use, o, senders, doubt)
			}
		}
		if len(counted) == 0 {
			r.countSenders(use, senders, doubt)
		}
	}
}

// counting are the WaitGroups on which these functions are counted.
func (r *repairer) counting(senders map[*function]bool) []object {
	var found []object
	add := func(op *operation) {
		for _, o := range r.objectsOf(op) {
			if !slices.Contains(found, o) && kindOf(r.typeOfObject(o)) == "waitgroup" {
				found = append(found, o)
			}
		}
	}
	for _, op := range r.allOperations("done") {
		for fn := op.fn; fn != nil; fn = fn.outer {
			if senders[fn] {
				add(op)
				break
			}
			if fn.isLaunched() {
				break
			}
		}
	}
	for _, op := range r.allOperations("go") {
		if call, ok := op.node.(*ast.CallExpr); ok && len(call.Args) == 1 {
			if p := r.at(call.Args[0]); p != nil && slices.ContainsFunc(p.root().targets, func(fn *function) bool { return senders[fn] }) {
				add(op)
			}
		}
	}
	return found
}

func (r *repairer) typeOfObject(o object) types.Type {
	if o.self != nil {
		return o.self.Type()
	}
	if o.made != nil {
		return resultTypes(r.info.TypeOf(o.made.expression))[o.made.result]
	}
	for _, v := range r.variablesOf(o) {
		return v.Type()
	}
	return nil
}

func (r *repairer) closeAfterWait(w *blocked, use channelUse, wait *operation, doubt int) {
	stmt, _ := wait.stmt()
	name := r.nameOf(use.object, wait.node.Pos())
	if stmt == nil || name == "" || wait.isDeferred() {
		return
	}
	here, apart := 10, 11
	if r.isUnbuffered(use.object) && w.fn == wait.fn && w.node.Pos() > wait.node.Pos() {
		here, apart = 12, 9
	}
	d := r.draftClosing(use.object, name, wait.fn, wait.node.Pos())
	d.after(stmt, "close("+name+")")
	d.offer("close-after-last-send", here+doubt, "close `"+name+"` after `"+r.text(wait.node)+"`", senderWhy)
	if !wait.inGoroutine() {
		d = r.draftClosing(use.object, name, wait.fn, wait.node.Pos())
		d.replace(stmt, indented("go func() {\n\t"+r.raw(stmt)+"\n\tclose("+name+")\n}()", r.indent(stmt.Pos())))
		d.offer("close-after-last-send", apart+doubt, "wait in a goroutine of its own, then close `"+name+"`", senderWhy)
	}
}

func (r *repairer) isUnbuffered(o object) bool {
	if o.made == nil {
		return false
	}
	size, known := r.bufferSize(o.made)
	return known && size == 0
}

// waitAndClose adds the goroutine that waits for senders which are counted, though nobody waits for them.
func (r *repairer) waitAndClose(use channelUse, group object, senders map[*function]bool, doubt int) {
	for fn := range senders {
		for _, start := range r.starts[fn] {
			stmt := hoisted(start.stmt, start.path, nil)
			if stmt == nil {
				continue
			}
			name, counter := r.nameOf(use.object, stmt.End()), r.nameOf(group, stmt.End())
			if name == "" || counter == "" {
				continue
			}
			d := r.draftClosing(use.object, name, start.fn, stmt.End())
			d.after(stmt, "go func() {\n\t"+counter+".Wait()\n\tclose("+name+")\n}()")
			d.offer("close-after-last-send", 12+doubt, "wait for `"+counter+"`, then close `"+name+"`", senderWhy)
		}
	}
}

// countSenders counts goroutines that nobody counts yet, so that the channel can be closed after the last.
func (r *repairer) countSenders(use channelUse, senders map[*function]bool, doubt int) {
	d := r.draft()
	var outer ast.Stmt
	var within *function
	counter := ""
	for _, fn := range r.ordered {
		if !senders[fn] || !fn.isLaunched() {
			continue
		}
		for _, start := range r.starts[fn] {
			stmt := hoisted(start.stmt, start.path, nil)
			if stmt == nil || within != nil && start.fn != within {
				return
			}
			if counter == "" {
				within = start.fn
				counter = r.unused(stmt.Pos(), "wg", "senders")
				d.before(stmt, "var "+counter+" "+d.importing(stmt.Pos(), "sync")+".WaitGroup")
			}
			outer = stmt
			d.before(start.stmt, counter+".Add(1)")
			if literal, ok := fn.node.(*ast.FuncLit); ok {
				d.first(literal.Body, "defer "+counter+".Done()")
			} else {
				d.replace(start.stmt.Call, "func() {\n\tdefer "+counter+".Done()\n\t"+r.raw(start.stmt.Call)+"\n}()")
			}
		}
	}
	if outer == nil {
		return
	}
	name := r.nameOf(use.object, outer.End())
	if name == "" || r.closesTwice(use.object, name, within, outer.End()) {
		return
	}
	d.after(outer, "go func() {\n\t"+counter+".Wait()\n\tclose("+name+")\n}()")
	d.offer("close-after-last-send", 15+doubt, "count the senders, and close `"+name+"` after the last of them", senderWhy)
}

// closeByOwner closes a channel when the function that made it, or that has what holds it, returns.
type closeByOwner struct{}

const ownerWhy = "Whoever made the channel knows when it is no longer wanted; a deferred close wakes all who wait for it, on every way out."

func (closeByOwner) propose(r *repairer, w *blocked) {
	for _, use := range r.received(w) {
		cost := 18 + use.doubt
		if len(r.on(use.object, "send")) == 0 {
			cost = 10 + use.doubt
		}
		if r.ended(use.object) {
			cost += 4
		}
		if use.made == nil || use.made.kind != "make" {
			continue
		}
		if v := r.madeAs(use.object); v != nil && !v.IsField() && !isGlobal(v) {
			if stmt, _ := use.made.stmt(); stmt != nil && r.mayEnd(use.made.fn, use.made.expression, v) {
				d := r.draftClosing(use.object, v.Name(), use.made.fn, stmt.End())
				d.after(stmt, "defer close("+v.Name()+")")
				d.offer("defer-close", cost, "defer `close("+v.Name()+")` where it is made", ownerWhy)
			}
		}
		r.closeByStarter(w, use, cost+2)
		for _, v := range r.variablesOf(use.object) {
			if !v.IsField() {
				continue
			}
			for _, holder := range r.holders(r.ownerOf(v)) {
				if holder.fn == use.made.fn || !r.isFreshly(holder.v, r.ownerOf(v)) || !r.mayEnd(holder.fn, nil, holder.v) {
					continue
				}
				name := holder.name + "." + v.Name()
				d := r.draftClosing(use.object, name, holder.fn, holder.stmt.End())
				d.after(holder.stmt, "defer close("+name+")")
				d.offer("defer-close", cost+1, "defer `close("+name+")` in "+describe(holder.fn), ownerWhy)
			}
		}
	}
}

// closeByStarter closes it where the function returns that started the goroutine, and that can name it through fields.
func (r *repairer) closeByStarter(w *blocked, use channelUse, cost int) {
	if w.launch == nil || w.launch.fn == nil || r.ended(use.object) {
		return
	}
	stmt := hoisted(w.launch.stmt, w.launch.path, nil)
	if stmt == nil {
		return
	}
	if name := r.nameThrough(use.object, stmt.Pos()); name != "" && r.mayEnd(w.launch.fn, nil, r.handedOver(w.launch.fn, w.launch.stmt.Call)...) {
		d := r.draftClosing(use.object, name, w.launch.fn, stmt.Pos())
		d.before(stmt, "defer close("+name+")")
		d.offer("defer-close", cost, "defer `close("+name+")` in "+describe(w.launch.fn), ownerWhy)
	}
}
