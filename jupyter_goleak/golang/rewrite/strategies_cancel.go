package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
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
			list := listIn(path[len(path)-1])
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
				r.deferCall(r.enclosing(path), assign, list, i, "cancel", cost, "defer-cancel", cancelWhy)
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
func (r *repairer) deferCall(fn *function, assign *ast.AssignStmt, list []ast.Stmt, i int, fresh string, cost int, strategy, why string) {
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
		if v == nil {
			return
		}
		if late := r.deferredCall(v); late != nil {
			if fn == nil || !r.leavesBetween(fn, assign, late) {
				return
			}
			d.remove(late)
		}
		r.dropBlank(d, v)
	default:
		return
	}
	if !r.mayCall(fn, assign, i) {
		return
	}
	d.after(r.checked(assign, list), "defer "+name+"()")
	d.offer(strategy, cost, "`defer "+name+"()` right after it is made", why)
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
				if r.makesLiteral(holder.fn, named) || !r.mayEnd(holder.fn, nil, holder.v) {
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
