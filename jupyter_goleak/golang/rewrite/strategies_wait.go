package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// groups are the WaitGroups that the goroutine waits for.
func (r *repairer) groups(w *blocked) []object {
	var found []object
	for _, o := range r.subjects(w, "Wait") {
		if kindOf(r.typeOfObject(o)) == "waitgroup" {
			found = append(found, o)
		}
	}
	return found
}

// deferDone counts a goroutine down on every way out.
type deferDone struct{}

const doneWhy = "A deferred `Done` runs on every way out, so that `Wait` is not left waiting for a goroutine that has long gone."

func (deferDone) propose(r *repairer, w *blocked) {
	for _, o := range r.groups(w) {
		dones := r.on(o, "done")
		byFunction := map[*function][]*operation{}
		for _, op := range dones {
			if op.fn != nil && op.fn.body != nil {
				byFunction[op.fn] = append(byFunction[op.fn], op)
			}
		}
		for _, fn := range r.ordered {
			ops := byFunction[fn]
			if len(ops) == 0 || slices.ContainsFunc(ops, (*operation).isDeferred) {
				continue
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
		r.correctAdd(o)
	}
}

// addDone lets goroutines count down that are counted and never do.
func (r *repairer) addDone(o object, counted map[*function][]*operation) {
	for _, add := range r.on(o, "add") {
		for _, fn := range r.ordered {
			for _, start := range r.starts[fn] {
				if start.fn != add.fn || start.stmt.Pos() < add.node.Pos() || counted[fn] != nil {
					continue
				}
				if slices.ContainsFunc(r.ordered, func(inner *function) bool { return inner.outer == fn && counted[inner] != nil }) {
					continue
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
				if start.fn != op.fn || start.stmt.Pos() < op.node.Pos() {
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
	if closing, ok := follows.(*ast.ExprStmt); ok {
		if call, ok := closing.X.(*ast.CallExpr); ok && r.builtin(call) == "close" {
			d := r.draft()
			d.remove(follows)
			d.replace(stmt, indented("go func() {\n\t"+code+"\n\t"+r.raw(follows)+"\n}()", r.indent(stmt.Pos())))
			d.offer("move-wait", 8, "wait in a goroutine of its own, then `"+r.text(follows)+"`", why)
			return
		}
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

// broadcast wakes all who wait for a condition.
type broadcast struct{}

func (broadcast) propose(r *repairer, w *blocked) {
	for _, o := range r.conditions(w) {
		d := r.draft()
		some := false
		for _, op := range r.on(o, "signal") {
			if op.method != nil {
				d.replace(op.method.Sel, "Broadcast")
				some = true
			}
		}
		cost := 7
		if !w.path.inLoop() {
			cost = 11
		}
		if some {
			d.offer("broadcast", cost, "`Broadcast` for `Signal`",
				"`Signal` wakes one of those who wait; `Broadcast` wakes them all, and each looks for itself.")
		}
	}
}

func (r *repairer) conditions(w *blocked) []object {
	var found []object
	for _, o := range r.subjects(w, "Wait") {
		if kindOf(r.typeOfObject(o)) == "cond" {
			found = append(found, o)
		}
	}
	return found
}

// loopOnPredicate waits only while what the signal tells is not yet true.
type loopOnPredicate struct{}

const predicateWhy = "A signal that nobody waits for is lost. What it tells stays true: whoever looks at that first, and waits in a loop only while it is not so, never misses it."

func (loopOnPredicate) propose(r *repairer, w *blocked) {
	objects := r.conditions(w)
	stmt, list := inBlock(w.node, w.path)
	if len(objects) == 0 || stmt == nil {
		return
	}
	for _, node := range slices.Backward(w.path) {
		if choice, ok := node.(*ast.IfStmt); ok && choice.Else == nil && choice.Init == nil && slices.Equal(choice.Body.List, list) {
			d := r.draft()
			d.substitute(choice.If, choice.If+2, "for")
			d.offer("loop-on-predicate", 6, "wait in a loop: `for "+r.text(choice.Cond)+"`", predicateWhy)
			return
		}
		if _, ok := node.(*ast.FuncDecl); ok {
			break
		}
	}
	if w.path.inLoop() {
		return
	}
	for i, predicate := range r.predicates(objects[0], w) {
		d := r.draft()
		d.replace(stmt, indented("for "+predicate+" {\n\t"+r.raw(stmt)+"\n}", r.indent(stmt.Pos())))
		d.offer("loop-on-predicate", 7+i, "wait in a loop: `for "+predicate+"`", predicateWhy)
	}
}

// predicates are what may be false while one has to wait: the opposite of what the signalling functions make true.
func (r *repairer) predicates(cond object, w *blocked) []string {
	var found []string
	add := func(left ast.Expr, form string) {
		v := r.variableOf(left)
		if v == nil {
			return
		}
		name := ""
		if v.IsField() {
			if named := r.ownerOf(v); named != nil {
				if holder := r.holderOf(named, w.node.Pos()); holder != "" {
					name = holder + "." + v.Name()
				}
			}
		} else if r.isVisible(v, r.scope(w.node.Pos()), w.node.Pos()) {
			name = v.Name()
		}
		if text := strings.ReplaceAll(form, "x", name); name != "" && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	for _, op := range r.on(cond, "signal", "broadcast") {
		if op.fn == nil {
			continue
		}
		ast.Inspect(op.fn.body, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				if len(node.Lhs) != 1 || len(node.Rhs) != 1 || node.Tok == token.DEFINE {
					break
				}
				switch value := ast.Unparen(node.Rhs[0]).(type) {
				case *ast.Ident:
					if value.Name == "true" {
						add(node.Lhs[0], "!x")
					} else if value.Name == "false" {
						add(node.Lhs[0], "x")
					}
				case *ast.CallExpr:
					if r.builtin(value) == "append" {
						add(node.Lhs[0], "len(x) == 0")
					}
				case *ast.BasicLit:
					if value.Kind == token.INT && value.Value != "0" {
						add(node.Lhs[0], "x == 0")
					}
				}
				if node.Tok == token.ADD_ASSIGN {
					add(node.Lhs[0], "x == 0")
				}
			case *ast.IncDecStmt:
				if node.Tok == token.INC {
					add(node.X, "x == 0")
				}
			}
			return true
		})
	}
	return found
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
