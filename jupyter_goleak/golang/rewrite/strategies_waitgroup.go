package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// deferDone counts a goroutine down on every way out.
type deferDone struct{}

const doneWhy = "A deferred `Done` runs on every way out, so that `Wait` is not left waiting for a goroutine that has long gone."

func (deferDone) propose(r *repairer, w *blocked) {
	for _, o := range r.waitedFor(w, "waitgroup") {
		dones := r.on(o, "done")
		byFunction := map[*function][]*operation{}
		for _, op := range dones {
			if op.fn != nil && op.fn.body != nil {
				byFunction[op.fn] = append(byFunction[op.fn], op)
			}
		}
		for _, fn := range r.ordered {
			ops := byFunction[fn]
			if len(ops) == 0 || slices.ContainsFunc(ops, func(op *operation) bool {
				return op.isDeferred() || op.path.inLoop() || slices.ContainsFunc(ops, func(other *operation) bool { return other != op && !areExclusive(op, other) })
			}) {
				continue // one deferred call counts down once
			}
			cost := 12
			d := r.draft()
			d.first(fn.body, "defer "+r.raw(ops[0].node))
			for _, op := range ops {
				if stmt, _ := op.stmt(); stmt != nil {
					d.remove(stmt)
				}
				if op.path.conditional() || len(r.exits(op)) > 0 {
					cost = 8
				}
			}
			d.offer("defer-done", cost, "`defer "+r.text(ops[0].node)+"` first of all in "+describe(fn), doneWhy)
		}
		r.addDone(o, byFunction)
		r.addAtStart(o)
		r.correctAdd(o)
	}
}

// addDone lets goroutines count down that are counted and never do.
func (r *repairer) addDone(o object, counted map[*function][]*operation) {
	for _, add := range r.on(o, "add") {
		for _, fn := range r.ordered {
			for _, start := range r.starts[fn] {
				if start.fn != add.fn || start.stmt.Pos() < add.node.Pos() {
					continue
				}
				if slices.ContainsFunc(r.reaches([]*function{fn}), func(called *function) bool {
					return counted[called] != nil || slices.ContainsFunc(r.on(o, "wait"), func(op *operation) bool { return op.fn == called })
				}) {
					continue // it counts down already, or waits for those that do
				}
				d := r.draft()
				if literal, ok := fn.node.(*ast.FuncLit); ok {
					name := r.nameOf(o, literal.Body.Lbrace+1)
					if name == "" {
						continue
					}
					d.first(literal.Body, "defer "+name+".Done()")
					d.offer("defer-done", 9, "`defer "+name+".Done()` in the goroutine that is counted", doneWhy)
					continue
				}
				if name := r.nameOf(o, fn.body.Lbrace+1); name != "" {
					d.first(fn.body, "defer "+name+".Done()")
					d.offer("defer-done", 9, "`defer "+name+".Done()` in "+describe(fn), doneWhy)
					continue
				}
				if name := r.nameOf(o, start.stmt.Pos()); name != "" {
					call := r.raw(start.stmt.Call)
					d.replace(start.stmt.Call, indented("func() {\n\tdefer "+name+".Done()\n\t"+call+"\n}()", r.indent(start.stmt.Pos())))
					d.offer("defer-done", 11, "`defer "+name+".Done()` in the goroutine that is counted", doneWhy)
				}
			}
		}
	}
}

// addAtStart counts a goroutine only where it is started, and not on the ways out before that.
func (r *repairer) addAtStart(o object) {
	for _, add := range r.on(o, "add") {
		stmt, _ := add.stmt()
		start, exits := r.startOf(add)
		if _, plain := stmt.(*ast.ExprStmt); !plain || len(exits) == 0 {
			continue
		}
		d := r.draft()
		d.remove(stmt)
		d.before(start, r.raw(stmt))
		d.offer("add-before-go", 6, "`"+r.text(add.node)+"` right before the `go` statement",
			"Who is counted and then never started never calls `Done`.")
	}
}

// counts tells whether the goroutine that the function runs counts itself down.
func (r *repairer) counts(o object, fn *function) bool {
	return slices.ContainsFunc(r.on(o, "done"), func(op *operation) bool {
		for inner := op.fn; inner != nil; inner = inner.outer {
			if inner == fn {
				return true
			}
		}
		return false
	})
}

// passPointer hands a WaitGroup or a lock on by its address, where a function got a copy of its own.
type passPointer struct{}

func (passPointer) propose(r *repairer, w *blocked) {
	if len(r.subjects(w, "Wait", "Lock", "RLock")) == 0 {
		return
	}
	r.pointerReceivers()
	d := r.draft()
	copies := map[*types.Var]bool{}
	name := ""
	for _, fn := range r.ordered {
		for _, field := range fn.typ.Params.List {
			if isValueOf(r.info.TypeOf(field.Type), "WaitGroup", "Mutex", "RWMutex") {
				d.insert(field.Type.Pos(), "*")
				for _, ident := range field.Names {
					if v, ok := r.info.Defs[ident].(*types.Var); ok {
						copies[v] = true
						name = v.Name()
					}
				}
			}
		}
	}
	if len(copies) == 0 {
		return
	}
	pass := func(fn *function, call *ast.CallExpr) {
		for i, v := range r.fields(fn.typ.Params) {
			if copies[v] && i < len(call.Args) && !copies[r.root(call.Args[i])] {
				d.insert(call.Args[i].Pos(), "&")
			}
		}
	}
	for _, fn := range r.ordered {
		for _, caller := range r.callers[fn] {
			pass(fn, caller.call)
		}
		for _, start := range r.starts[fn] {
			pass(fn, start.stmt.Call)
		}
	}
	d.offer("pass-pointer", 5, "pass `"+name+"` by its address",
		"What is passed by value is a copy: the function counts or locks one of its own, and the other side waits for ever.")
}

// pointerReceivers lets methods work on the value that they are called on, where they counted or locked a copy.
func (r *repairer) pointerReceivers() {
	copying := map[*function]bool{}
	for _, op := range r.allOperations("done", "wait", "unlock", "runlock") {
		if by := r.copied(op); by != nil && by.Receiver {
			fn := op.fn.named()
			copying[fn] = true
		}
	}
	for _, fn := range r.ordered {
		if decl, ok := fn.node.(*ast.FuncDecl); ok && copying[fn] && len(decl.Recv.List) == 1 {
			d := r.draft()
			d.insert(decl.Recv.List[0].Type.Pos(), "*")
			d.offer("pass-pointer", 5, "give `"+fn.name+"` a pointer receiver",
				"A method with a value receiver works on a copy: it counts or locks one of its own, and the other side waits for ever.")
		}
	}
}

// correctAdd counts as many goroutines as there are.
func (r *repairer) correctAdd(o object) {
	for _, op := range r.on(o, "add") {
		call, ok := op.node.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 || op.path.inLoop() || op.fn == nil {
			continue
		}
		fixed := 0
		var repeated []string
		for _, fn := range r.ordered {
			for _, start := range r.starts[fn] {
				if start.fn != op.fn || start.stmt.Pos() < op.node.Pos() || !r.counts(o, fn) {
					continue
				}
				times := r.repetitions(start.path, start.fn, op.node.Pos(), true)
				switch {
				case slices.Contains(times, ""):
					return
				case len(times) == 0:
					fixed++
				default:
					repeated = append(repeated, strings.Join(times, "*"))
				}
			}
		}
		text := strings.Join(repeated, "+")
		if fixed > 0 || text == "" {
			if text != "" {
				text += "+"
			}
			text += string(rune('0' + min(fixed, 9)))
		}
		if text == r.raw(call.Args[0]) || text == "0" {
			continue
		}
		d := r.draft()
		d.replace(call.Args[0], text)
		d.offer("add-count", 11, "add as many as are started: `"+r.raw(call.Fun)+"("+text+")`",
			"`Wait` returns when as many have called `Done` as were added; more will never come.")
	}
}

// addBeforeGo counts a goroutine before it starts.
type addBeforeGo struct{}

func (addBeforeGo) propose(r *repairer, w *blocked) {
	for _, op := range r.allOperations("add") {
		stmt, _ := op.stmt()
		if op.fn == nil || !op.fn.isLaunched() || stmt == nil || kindOf(r.typeOfOperation(op)) != "waitgroup" {
			continue
		}
		call := op.node.(*ast.CallExpr)
		d := r.draft()
		d.remove(stmt)
		for _, start := range r.starts[op.fn] {
			objects := r.objectsOf(op)
			if len(objects) == 0 || len(call.Args) != 1 {
				return
			}
			name := r.nameOf(objects[0], start.stmt.Pos())
			if name == "" {
				d.broken = true
				break
			}
			d.before(start.stmt, name+".Add("+r.raw(call.Args[0])+")")
		}
		d.offer("add-before-go", 7, "`"+r.text(op.node)+"` before the `go` statement",
			"A goroutine that counts itself may come too late: `Wait` has then already returned, and goes on without it.")
	}
}

func (r *repairer) typeOfOperation(op *operation) types.Type {
	if op.expression == nil {
		return nil
	}
	return r.info.TypeOf(op.expression)
}

// moveWait waits where all have been started, or where nobody needs the one who waits.
type moveWait struct{}

func (moveWait) propose(r *repairer, w *blocked) {
	for _, op := range r.allOperations("wait") {
		stmt, list := op.stmt()
		if _, plain := stmt.(*ast.ExprStmt); !plain || kindOf(r.typeOfOperation(op)) != "waitgroup" {
			continue
		}
		code := r.raw(stmt)
		if loop := innermostLoop(op.path); loop != nil {
			if v := r.root(op.expression); v == nil || v.Pos() < loop.Pos() {
				d := r.draft()
				d.remove(stmt)
				d.after(loop, code)
				d.offer("move-wait", 7, "move `"+code+"` behind the loop",
					"Inside of the loop the first round waits for goroutines that only later rounds would start.")
			}
			continue
		}
		r.waitAhead(w, stmt, list)
		if op.inGoroutine() {
			continue
		}
		r.waitApart(op, stmt, list, code)
	}
}

// waitApart lets a goroutine of its own wait, so that what is sent meanwhile is received.
func (r *repairer) waitApart(op *operation, stmt ast.Stmt, list []ast.Stmt, code string) {
	const why = "The senders cannot finish before somebody receives, and the one who should receive waits for them to finish."
	follows := next(stmt, list)
	if follows == nil {
		return
	}
	if r.isClose(follows) {
		d := r.draft()
		d.remove(follows)
		d.replace(stmt, r.apart(stmt, follows))
		d.offer("move-wait", 8, "wait in a goroutine of its own, then `"+r.text(follows)+"`", why)
		return
	}
	var last ast.Stmt
	for _, later := range list {
		if later.Pos() > stmt.End() && receivesIn(r, later) {
			last = later
		}
	}
	if last != nil {
		d := r.draft()
		d.remove(stmt)
		d.after(last, code)
		d.offer("move-wait", 11, "`"+code+"` after the results were received", why)
	}
}

// waitAhead lets a goroutine of its own wait and close, ahead of the loop that ends only when that is closed.
func (r *repairer) waitAhead(w *blocked, stmt ast.Stmt, list []ast.Stmt) {
	loop, ok := w.node.(*ast.RangeStmt)
	follows := next(stmt, list)
	if !ok || !slices.Contains(list, ast.Stmt(loop)) || loop.Pos() > stmt.Pos() || follows == nil || !r.isClose(follows) {
		return
	}
	d := r.draft()
	d.remove(stmt)
	d.remove(follows)
	d.before(loop, r.apart(stmt, follows))
	d.offer("move-wait", 7, "before the loop, wait in a goroutine of its own, then `"+r.text(follows)+"`",
		"The loop ends when the channel is closed, and whoever is to close it must not stand in the loop.")
}

// isClose tells whether the statement closes a channel, and does nothing else.
func (r *repairer) isClose(stmt ast.Stmt) bool {
	closing, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := closing.X.(*ast.CallExpr)
	return ok && r.builtin(call) == "close"
}

// apart is the code of a goroutine that does the two, one after the other.
func (r *repairer) apart(first, second ast.Stmt) string {
	return indented("go func() {\n\t"+r.raw(first)+"\n\t"+r.raw(second)+"\n}()", r.indent(first.Pos()))
}

func innermostLoop(path walkPath) ast.Stmt {
	for _, node := range slices.Backward(path) {
		switch node := node.(type) {
		case *ast.ForStmt:
			return node
		case *ast.RangeStmt:
			return node
		case *ast.FuncLit, *ast.FuncDecl:
			return nil
		}
	}
	return nil
}

// receivesIn tells whether the statement receives from a channel.
func receivesIn(r *repairer, stmt ast.Stmt) bool {
	found := false
	ast.Inspect(stmt, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.UnaryExpr:
			found = found || node.Op == token.ARROW
		case *ast.RangeStmt:
			_, channel := r.typeOf(node.X).(*types.Chan)
			found = found || channel
		}
		return !found
	})
	return found
}
