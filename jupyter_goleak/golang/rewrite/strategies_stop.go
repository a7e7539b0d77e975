package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// deferCancel calls what ends a context, or whatever else a call gave to end what it started.
type deferCancel struct{}

const cancelWhy = "Whoever makes a context must end it: a deferred cancel does, on every way out, and all who wait for its `Done` go on."

func (deferCancel) propose(r *repairer, w *blocked) {
	relevant := r.contexts(w)
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			assign, ok := node.(*ast.AssignStmt)
			if !ok || len(assign.Rhs) != 1 || len(path) == 0 {
				return
			}
			call, ok := ast.Unparen(assign.Rhs[0]).(*ast.CallExpr)
			list := listOf(path[len(path)-1])
			if !ok || !slices.Contains(list, ast.Stmt(assign)) {
				return
			}
			for i, t := range resultTypes(r.info.TypeOf(call)) {
				if i >= len(assign.Lhs) || !isStopper(t) {
					continue
				}
				object := r.callee(call)
				context := object != nil && makesContext(object)
				if object != nil && object.Pkg() != nil && object.Pkg().Path() == "iter" {
					continue // iterStop's
				}
				cost := 15
				if context && slices.Contains(relevant, ast.Node(call)) || len(relevant) > 0 && !context && i > 0 {
					cost = 8
				} else if len(relevant) == 0 && !context {
					cost = 11
				}
				r.deferCall(assign, list, i, "cancel", cost, "defer-cancel", cancelWhy)
			}
		})
	}
	r.cancelOfField(w)
}

// contexts are the calls that made the contexts which the goroutine waits for, and their parents.
func (r *repairer) contexts(w *blocked) []ast.Node {
	var found []ast.Node
	seen := map[object]bool{}
	var add func(o object)
	add = func(o object) {
		if seen[o] || o.made == nil {
			return
		}
		seen[o] = true
		found = append(found, o.made.node)
		for _, parent := range o.made.parents {
			objects, _ := r.objects(parent)
			for _, o := range objects {
				add(o)
			}
		}
	}
	for _, use := range r.received(w) {
		if use.owner != nil && use.via == "Done" {
			add(*use.owner)
		}
	}
	return found
}

// isStopper tells functions without parameters and results: to call one is all that can be done with it.
func isStopper(t types.Type) bool {
	signature, ok := t.Underlying().(*types.Signature)
	return ok && signature.Params().Len() == 0 && signature.Results().Len() == 0
}

// deferCall defers a call of the i-th of the assigned functions.
func (r *repairer) deferCall(assign *ast.AssignStmt, list []ast.Stmt, i int, fresh string, cost int, strategy, why string) {
	d := r.draft()
	name := ""
	switch left := assign.Lhs[i].(type) {
	case *ast.Ident:
		if left.Name == "_" {
			if assign.Tok != token.DEFINE && !slices.ContainsFunc(assign.Lhs, func(e ast.Expr) bool {
				ident, ok := e.(*ast.Ident)
				return ok && ident.Name == "_"
			}) {
				return
			}
			name = r.unused(assign.Pos(), fresh, "stop", "end")
			d.replace(left, name)
			if assign.Tok == token.ASSIGN {
				kind, ok := r.typeText(resultTypes(r.info.TypeOf(assign.Rhs[0]))[i], assign.Pos())
				if !ok {
					return
				}
				d.before(assign, "var "+name+" "+kind)
			}
			break
		}
		name = left.Name
		v := r.info.ObjectOf(left)
		if v == nil || r.deferred(v) {
			return
		}
		r.dropBlank(d, v)
	default:
		return
	}
	d.after(r.checked(assign, list), "defer "+name+"()")
	d.offer(strategy, cost, "`defer "+name+"()` right after it is made", why)
}

// deferred tells whether a call of the variable is deferred already.
func (r *repairer) deferred(v types.Object) bool {
	found := false
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if stmt, ok := node.(*ast.DeferStmt); ok {
				if name, ok := stmt.Call.Fun.(*ast.Ident); ok && r.info.Uses[name] == v {
					found = true
				}
			}
			return !found
		})
	}
	return found
}

// dropBlank takes away the `_ = v` that kept the compiler quiet.
func (r *repairer) dropBlank(d *draft, v types.Object) {
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			assign, ok := node.(*ast.AssignStmt)
			if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
				return true
			}
			left, isName := assign.Lhs[0].(*ast.Ident)
			right, alsoName := assign.Rhs[0].(*ast.Ident)
			if isName && alsoName && left.Name == "_" && r.info.Uses[right] == v {
				d.remove(assign)
			}
			return true
		})
	}
}

// cancelOfField calls the cancel function that a struct keeps, where the struct was asked for.
func (r *repairer) cancelOfField(w *blocked) {
	for _, named := range r.named {
		structure, ok := named.Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range structure.NumFields() {
			field := structure.Field(i)
			if !isStopper(field.Type()) {
				continue
			}
			d := r.draft()
			for _, holder := range r.holders(named) {
				if r.makesLiteral(holder.fn, named) {
					continue
				}
				d.after(holder.stmt, "defer "+holder.name+"."+field.Name()+"()")
			}
			d.offer("defer-cancel", 12, "`defer` the `"+field.Name()+"` of what was started", cancelWhy)
		}
	}
}

// passContext passes the caller's context on, where a new one without an end was made.
type passContext struct{}

func (passContext) propose(r *repairer, w *blocked) {
	relevant := r.contexts(w)
	all := r.draft()
	count := 0
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return
			}
			object := r.callee(call)
			if object == nil || object.Pkg() == nil || object.Pkg().Path() != "context" || object.Name() != "Background" && object.Name() != "TODO" {
				return
			}
			for _, v := range r.visible(call.Pos()) {
				if !isContext(v.Type()) || isGlobal(v) {
					continue
				}
				cost := 9
				if slices.Contains(relevant, ast.Node(call)) {
					cost = 7
				}
				d := r.draft()
				d.replace(call, v.Name())
				all.replace(call, v.Name())
				count++
				d.offer("pass-ctx", cost, "pass `"+v.Name()+"` on instead of `"+r.text(call)+"`",
					"A background context never ends; with the caller's context its cancel reaches the goroutine too.")
				break
			}
		})
	}
	if count > 1 {
		all.offer("pass-ctx", 10, "pass the caller's context on everywhere",
			"A background context never ends; with the caller's context its cancel reaches all goroutines.")
	}
}

// callStop calls the method or function that ends the goroutine, which the program has and does not call.
type callStop struct{}

func (callStop) propose(r *repairer, w *blocked) {
	enders := r.enders(w)
	for _, fn := range r.ordered {
		decl, ok := fn.node.(*ast.FuncDecl)
		if !ok || decl.Body == nil || fn.isLaunched() {
			continue
		}
		cost := 14
		if enders[fn] {
			cost = 8
		} else if !isEnding(decl.Name.Name) {
			continue
		}
		if decl.Recv != nil {
			r.stopHolders(fn, decl, cost)
		} else if enders[fn] && fn.calls == 0 {
			r.stopPair(fn, decl, w)
		}
	}
}

// enders are the functions that close, cancel or stop what the goroutine waits for.
func (r *repairer) enders(w *blocked) map[*function]bool {
	found := map[*function]bool{}
	add := func(o object) {
		for _, op := range r.on(o, "close", "call", "stop", "cancel") {
			if op.fn != nil {
				found[op.fn.named()] = true
			}
		}
	}
	for _, use := range append(r.received(w), r.sent(w)...) {
		add(use.object)
		if use.owner != nil {
			add(*use.owner)
			if use.owner.made != nil && use.owner.made.cancel != nil {
				add(object{made: use.owner.made.cancel})
			}
		}
		// A signal on the way to the select that it waits in may be closed as well.
		for _, op := range r.on(use.object, "send") {
			if op.fn != nil && isEnding(op.fn.named().name) {
				found[op.fn.named()] = true
			}
		}
	}
	return found
}

const stopWhy = "Whoever starts something with a method to end it must call that; deferred, it is called on every way out."

func (r *repairer) stopHolders(fn *function, decl *ast.FuncDecl, cost int) {
	if len(r.fields(decl.Type.Params)) > 1 || fn.object == nil {
		return
	}
	argument := ""
	if parameters := r.fields(decl.Type.Params); len(parameters) == 1 {
		if parameters[0] == nil || !isContext(parameters[0].Type()) {
			return
		}
		argument = "context.Background()"
	}
	signature := fn.object.Type().(*types.Signature)
	named := namedOf(signature.Recv().Type())
	if named == nil {
		return
	}
	all := r.draft()
	count := 0
	name := decl.Name.Name
	for _, holder := range r.holders(named) {
		if holder.fn == fn || r.makesLiteral(holder.fn, named) || r.callsMethod(holder, name) {
			continue
		}
		d := r.draft()
		for _, each := range []*draft{d, all} {
			call := argument
			if call != "" {
				call = each.importing(holder.stmt.Pos(), "context") + ".Background()"
			}
			each.after(holder.stmt, "defer "+holder.name+"."+name+"("+call+")")
		}
		count++
		d.offer("call-stop", cost+1, "`defer "+holder.name+"."+name+"()`", stopWhy)
	}
	if count > 1 {
		all.offer("call-stop", cost, "`defer` the `"+name+"` of every `"+named.Obj().Name()+"`", stopWhy)
	}
}

// callsMethod tells whether the function around the variable calls that method of it.
func (r *repairer) callsMethod(h holder, method string) bool {
	found := false
	if h.fn == nil {
		return true
	}
	ast.Inspect(h.fn.body, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok && selector.Sel.Name == method {
			if name, ok := selector.X.(*ast.Ident); ok && r.info.Uses[name] == h.v {
				found = true
			}
		}
		return !found
	})
	return found
}

// stopPair calls a function with what was given to its counterpart, the one that started the goroutine.
func (r *repairer) stopPair(fn *function, decl *ast.FuncDecl, w *blocked) {
	if w.launch == nil || w.launch.fn == nil {
		return
	}
	starter := w.launch.fn.named()
	given := r.fields(starter.typ.Params)
	d := r.draft()
	title := ""
	for _, caller := range r.callers[starter] {
		var arguments []string
		for _, parameter := range r.fields(decl.Type.Params) {
			i := slices.IndexFunc(given, func(v *types.Var) bool {
				return v != nil && parameter != nil && v.Name() == parameter.Name() && types.Identical(v.Type(), parameter.Type())
			})
			if i < 0 || i >= len(caller.call.Args) || !simple(caller.call.Args[i]) {
				return
			}
			arguments = append(arguments, r.raw(caller.call.Args[i]))
		}
		stmt, list := inBlock(caller.call, caller.path)
		if stmt == nil {
			return
		}
		call := decl.Name.Name + "(" + strings.Join(arguments, ", ") + ")"
		d.after(r.checked(stmt, list), "defer "+call)
		title = call
	}
	if title != "" {
		d.offer("call-stop", 8, "`defer "+title+"`, which nothing calls", stopWhy)
	}
}

// iterStop ends an iterator that is pulled from.
type iterStop struct{}

func (iterStop) propose(r *repairer, w *blocked) {
	if !strings.HasPrefix(w.State, "coroutine") {
		return
	}
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			assign, ok := node.(*ast.AssignStmt)
			if !ok || len(assign.Rhs) != 1 || len(assign.Lhs) != 2 || len(path) == 0 {
				return
			}
			call, ok := ast.Unparen(assign.Rhs[0]).(*ast.CallExpr)
			if !ok {
				return
			}
			object := r.callee(call)
			if object == nil || object.Pkg() == nil || object.Pkg().Path() != "iter" {
				return
			}
			r.deferCall(assign, listOf(path[len(path)-1]), 1, "stop", 6, "iter-stop",
				"`iter.Pull` runs the iterator as a coroutine, which waits for the next pull until `stop` tells that none will come.")
		})
	}
}

// closeResource closes what was opened: responses, pipes, connections, listeners, clocks.
type closeResource struct{}

func (closeResource) propose(r *repairer, w *blocked) {
	base := 16
	if _, call := w.node.(*ast.CallExpr); call || w.node == nil {
		base = 8
	}
	for _, o := range r.resources() {
		if o.made == nil || len(r.on(o, "go")) > 0 {
			continue
		}
		kind := kindOf(r.typeOfObject(o))
		if r.isPipe(o.made) {
			kind = "pipe"
		}
		strategy, end, why := resourceEnd(kind)
		if end == "" || r.closed(o, kind) {
			continue
		}
		r.deferEnd(w, o, kind, strategy, end, why, base)
		r.endInUsers(o, strategy, end, why, base+3)
	}
}

func resourceEnd(kind string) (strategy, end, why string) {
	switch kind {
	case "response":
		return "close-body", ".Body.Close()", "Until the body is closed, the connection and the goroutines that read and write it are kept for it."
	case "pipe":
		return "close-pipe", ".Close()", "Each end of a pipe waits for the other; when one is closed, the other is told so and goes on."
	case "connection", "listener":
		return "close-conn", ".Close()", "Whoever reads from a connection waits until it is closed on this side or the other."
	case "ticker":
		return "ticker-stop", ".Stop()", "A ticker ticks until it is stopped."
	}
	return "", "", ""
}

// closed tells whether something defers the end of the resource already.
func (r *repairer) closed(o object, kind string) bool {
	if kind == "response" {
		o = object{owner: r.intern(o), via: ".Body"}
	}
	return slices.ContainsFunc(r.on(o, "close", "stop", "closewitherror"), (*operation).isDeferred)
}

func (r *repairer) deferEnd(w *blocked, o object, kind, strategy, end, why string, cost int) {
	for i := len(o.made.path) - 1; i >= 0; i-- {
		assign, ok := o.made.path[i].(*ast.AssignStmt)
		if !ok {
			continue
		}
		if i == 0 || o.made.result >= len(assign.Lhs) {
			return
		}
		list := listOf(o.made.path[i-1])
		left, ok := assign.Lhs[o.made.result].(*ast.Ident)
		if !ok || !slices.Contains(list, ast.Stmt(assign)) || ast.Unparen(assign.Rhs[min(o.made.result, len(assign.Rhs)-1)]) != o.made.node {
			return
		}
		d := r.draft()
		name := left.Name
		if name == "_" {
			if assign.Tok != token.DEFINE && kind != "response" {
				return
			}
			name = r.unused(assign.Pos(), "response", "resp")
			d.replace(left, name)
			if assign.Tok == token.ASSIGN {
				return
			}
		} else if v := r.info.ObjectOf(left); v != nil {
			r.dropBlank(d, v)
			if r.isHandedOver(v, assign) {
				cost += 2
			}
		}
		d.after(r.checked(assign, list), "defer "+name+end)
		d.offer(strategy, cost, "`defer "+name+end+"` right after it is opened", why)
		return
	}
}

// isHandedOver tells whether a goroutine gets the value, or the function returns it.
func (r *repairer) isHandedOver(v types.Object, from ast.Node) bool {
	found := false
	fn := r.enclosing(r.pathTo(from))
	if fn == nil {
		return false
	}
	ast.Inspect(fn.body, func(node ast.Node) bool {
		var values []ast.Node
		switch node := node.(type) {
		case *ast.GoStmt:
			values = []ast.Node{node}
		case *ast.ReturnStmt:
			values = []ast.Node{node}
		}
		for _, value := range values {
			ast.Inspect(value, func(inner ast.Node) bool {
				name, ok := inner.(*ast.Ident)
				found = found || ok && r.info.Uses[name] == v
				return !found
			})
		}
		return !found
	})
	return found
}

// endInUsers closes the resource in the goroutine that works with it.
func (r *repairer) endInUsers(o object, strategy, end, why string, cost int) {
	for _, fn := range r.ordered {
		if !fn.isLaunched() || fn.body == nil {
			continue
		}
		name := ""
		for _, v := range r.variablesOf(o) {
			if v.IsField() || isGlobal(v) {
				continue
			}
			own := slices.Contains(r.fields(fn.typ.Params), v)
			used := false
			ast.Inspect(fn.body, func(node ast.Node) bool {
				ident, ok := node.(*ast.Ident)
				used = used || ok && r.info.Uses[ident] == v
				return !used
			})
			if used && (own || v.Pos() < fn.body.Pos()) && kindOf(v.Type()) != "value" {
				name = v.Name()
			}
		}
		if name == "" {
			continue
		}
		d := r.draft()
		d.first(fn.body, "defer "+name+end)
		d.offer(strategy, cost, "`defer "+name+end+"` in "+describe(fn), why)
	}
}
