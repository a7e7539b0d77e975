package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

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
		if end == "" {
			continue
		}
		if deferred := r.deferredEnds(o, kind); len(deferred) > 0 {
			r.deferSooner(o, deferred, strategy, end, why, base)
			continue
		}
		cost := base
		if kind == "pipe" && w.fn != nil && w.fn.body != nil && r.usedIn(w.fn, o) != "" {
			cost += 4 // whoever waits at this end wants to be told by the other one
		}
		r.deferEnd(w, o, kind, strategy, end, why, cost)
		r.endInUsers(o, strategy, end, why, cost+3)
		r.endInCallers(o, strategy, end, why, cost+1)
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

// deferredEnds are the calls that end the resource and are deferred already.
func (r *repairer) deferredEnds(o object, kind string) []*operation {
	if kind == "response" {
		o = object{owner: r.intern(o), via: ".Body"}
	}
	return slices.DeleteFunc(r.on(o, "close", "stop", "closewitherror"), func(op *operation) bool { return !op.isDeferred() })
}

// deferSooner moves the one deferred call up to where the resource is opened, past the ways out between the two.
func (r *repairer) deferSooner(o object, deferred []*operation, strategy, end, why string, cost int) {
	late, ok := deferred[0].path[len(deferred[0].path)-1].(*ast.DeferStmt)
	if len(deferred) > 1 || !ok || deferred[0].fn != o.made.fn {
		return
	}
	opened, list := site{path: o.made.path}.assigned()
	if opened == nil || !slices.Contains(list, ast.Stmt(late)) {
		return
	}
	checked := r.checked(opened, list)
	for _, between := range list[slices.Index(list, ast.Stmt(opened))+1 : slices.Index(list, ast.Stmt(late))] {
		if between != checked && len(r.waysOut(between)) > 0 {
			d := r.draft()
			d.remove(late)
			d.after(checked, r.raw(late))
			d.offer(strategy, cost, "`"+r.text(late)+"` right after it is opened", why)
			return
		}
	}
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
		list := listIn(o.made.path[i-1])
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
		} else if v, ok := r.info.ObjectOf(left).(*types.Var); ok {
			fn := r.enclosing(r.pathTo(assign))
			if fn != nil && r.isKept(v, fn) {
				return
			}
			r.dropBlank(d, v)
			if fn != nil && r.isHandedOver(v, fn) {
				cost += 2
			}
		}
		d.after(r.checked(assign, list), "defer "+name+end)
		d.offer(strategy, cost, "`defer "+name+end+"` right after it is opened", why)
		return
	}
}

// isKept tells whether the function puts the value into something that others have as well, and that somebody looks into.
func (r *repairer) isKept(v *types.Var, fn *function) bool {
	stores := map[*types.Var]ast.Stmt{}
	ast.Inspect(fn.body, func(node ast.Node) bool {
		assign, ok := node.(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != len(assign.Rhs) {
			return true
		}
		for i, left := range assign.Lhs {
			if index, ok := ast.Unparen(left).(*ast.IndexExpr); ok {
				left = index.X
			}
			root, store := r.root(left), r.variableOf(left)
			if root != nil && store != nil && store != v && !fn.declares(root) && r.mentions(assign.Rhs[i], v) {
				stores[store] = assign
			}
		}
		return true
	})
	return slices.ContainsFunc(r.files, func(f *typedFile) bool {
		looks := false
		r.walk(f.syntax, func(node ast.Node, path []ast.Node) {
			name, ok := node.(*ast.Ident)
			store, _ := r.info.Uses[name].(*types.Var)
			if ok && stores[store] != nil && !slices.Contains(path, ast.Node(stores[store])) {
				_, fills := path[len(path)-1].(*ast.KeyValueExpr)
				looks = looks || !fills
			}
		})
		return looks
	})
}

// isHandedOver tells whether a goroutine gets the value, or the function returns it.
func (r *repairer) isHandedOver(v *types.Var, fn *function) bool {
	found := false
	ast.Inspect(fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			found = found || r.mentions(node, v)
		case *ast.ReturnStmt:
			found = found || r.mentions(node, v)
		}
		return !found
	})
	return found
}

// endInCallers closes the resource in the functions that got it as a result. A result that only reads or only writes is
// declared to be closed as well.
func (r *repairer) endInCallers(o object, strategy, end, why string, cost int) {
	for _, fn := range r.ordered {
		decl, ok := fn.node.(*ast.FuncDecl)
		if !ok || decl.Type.Results == nil || r.values[fn] {
			continue
		}
		for i, result := range fn.results {
			objects, _ := r.objectsAt(result)
			if !slices.Contains(objects, o) || len(decl.Type.Results.List) <= i {
				continue
			}
			d := r.draft()
			name := ""
			for _, caller := range r.callers[fn] {
				assign, list := caller.assigned()
				if assign == nil || i >= len(assign.Lhs) || caller.fn == fn {
					d.broken = true
					break
				}
				left, ok := assign.Lhs[i].(*ast.Ident)
				if !ok || left.Name == "_" {
					d.broken = true
					break
				}
				name = left.Name
				d.after(r.checked(assign, list), "defer "+name+end)
			}
			if named := decl.Type.Results.List[i].Type; end == ".Close()" {
				for _, kind := range []string{"Reader", "Writer"} {
					if isType(r.info.TypeOf(named), "io", kind) {
						d.replace(named, strings.Replace(r.raw(named), kind, strings.TrimSuffix(kind, "er")+"Closer", 1))
					}
				}
			}
			if name != "" {
				d.offer(strategy, cost, "`defer "+name+end+"` where it is used", why)
			}
		}
	}
}

// assigned is the assignment whose one value the call is, with the statements around it.
func (s site) assigned() (*ast.AssignStmt, []ast.Stmt) {
	if len(s.path) < 2 {
		return nil, nil
	}
	assign, ok := s.path[len(s.path)-1].(*ast.AssignStmt)
	list := listIn(s.path[len(s.path)-2])
	if !ok || len(assign.Rhs) != 1 || !slices.Contains(list, ast.Stmt(assign)) {
		return nil, nil
	}
	return assign, list
}

// endInUsers closes the resource in the goroutine that works with it.
func (r *repairer) endInUsers(o object, strategy, end, why string, cost int) {
	for _, fn := range r.ordered {
		if !fn.isLaunched() || fn.body == nil {
			continue
		}
		name := r.usedIn(fn, o)
		if name == "" {
			continue
		}
		d := r.draft()
		d.first(fn.body, "defer "+name+end)
		d.offer(strategy, cost, "`defer "+name+end+"` in "+describe(fn), why)
	}
}

// usedIn is the name by which the function uses a resource that was opened outside of it, "" where it does not.
func (r *repairer) usedIn(fn *function, o object) (name string) {
	for _, v := range r.variablesOf(o) {
		if v.IsField() || isGlobal(v) {
			continue
		}
		own := slices.Contains(r.fields(fn.typ.Params), v)
		if r.mentions(fn.body, v) && (own || v.Pos() < fn.body.Pos()) && kindOf(v.Type()) != "value" {
			name = v.Name()
		}
	}
	return name
}
