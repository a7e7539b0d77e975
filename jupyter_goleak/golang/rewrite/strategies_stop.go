package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// callStop calls the method or function that ends the goroutine, which the program has and does not call.
type callStop struct{}

func (callStop) propose(r *repairer, w *blocked) {
	enders := r.enders(w)
	for _, fn := range r.ordered {
		decl, ok := fn.node.(*ast.FuncDecl)
		if !ok || decl.Body == nil || fn.isLaunched() || fn.isEntry() || r.givesBack(fn) {
			continue
		}
		cost := 12
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
			if op.fn == nil {
				continue
			}
			if decl, ok := op.fn.named().node.(*ast.FuncDecl); ok && isEnding(decl.Name.Name) {
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
	for _, holder := range slices.Concat(r.holders(named), r.behindInterface(named, name)) {
		if holder.fn == fn || r.makesLiteral(holder.fn, named) || r.callsMethod(holder, name) || !r.mayEnd(holder.fn, nil, holder.v) {
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

// behindInterface are the variables that may hold such a value, given by the program's own functions, as an interface that
// has the method.
func (r *repairer) behindInterface(named *types.Named, method string) []holder {
	return r.holdersWhere(func(t types.Type, value ast.Expr) bool {
		iface, ok := t.Underlying().(*types.Interface)
		if !ok || !implements(named, iface) {
			return false
		}
		has, _, _ := types.LookupFieldOrMethod(t, false, named.Obj().Pkg(), method)
		call, ok := value.(*ast.CallExpr)
		return ok && has != nil && len(r.targetsOf(call)) > 0
	})
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
			r.deferCall(r.enclosing(path), assign, listIn(path[len(path)-1]), 1, "stop", 6, "iter-stop",
				"`iter.Pull` runs the iterator as a coroutine, which waits for the next pull until `stop` tells that none will come.")
		})
	}
}
