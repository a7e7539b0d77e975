package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// What a function does while it holds a lock, and what of that would be amiss without it.

// owner is what holds the lock: the struct value whose field it is, or which embeds it; nil where it stands alone.
func (l locking) owner(r *repairer) *types.Var {
	expression := ast.Unparen(l.op.expression)
	if isType(r.info.TypeOf(expression), "sync", "Mutex", "RWMutex") {
		selector, ok := expression.(*ast.SelectorExpr)
		if !ok || r.info.Selections[selector] == nil {
			return nil
		}
	}
	return r.root(expression)
}

// needed tells whether what the lock guards is used in [from, to) of the function that takes it, other than in `early`, which
// is read before. What belongs to `other` has its own lock there.
func (r *repairer) needed(l locking, from, to token.Pos, other *types.Var, early ast.Expr) bool {
	g := r.guarding(l)
	g.from, g.other, g.early = from, other, early
	body := l.op.fn.body
	late := func(node ast.Node) bool { return false }
	if to == body.End() {
		late = func(node ast.Node) bool { return l.isDeferredUnder(node, from) }
	}
	return g.uses(body, func(node ast.Node) bool { return from <= node.Pos() && node.Pos() < to || late(node) })
}

func (r *repairer) guarding(l locking) *guarding {
	g := &guarding{repairer: r, lock: l, owners: map[*types.Var]bool{}, seen: map[*function]bool{l.op.fn: true}}
	if owner := l.owner(r); owner != nil {
		g.owners[owner] = true
	}
	g.follow(l.op.fn.body)
	return g
}

// isDeferredUnder tells whether the node is in what is put off between the taking of the lock and that place: it runs at the end.
func (l locking) isDeferredUnder(node ast.Node, before token.Pos) bool {
	found := false
	ast.Inspect(l.op.fn.body, func(around ast.Node) bool {
		stmt, ok := around.(*ast.DeferStmt)
		found = found || ok && l.stmt.End() <= stmt.Pos() && stmt.Pos() < before && stmt.Pos() < node.Pos() && node.End() <= stmt.End()
		return !found
	})
	return found
}

type guarding struct {
	*repairer
	lock   locking
	from   token.Pos
	early  ast.Expr
	owners map[*types.Var]bool // what leads to the values that the lock guards
	other  *types.Var
	seen   map[*function]bool
}

// follow finds the variables in the body that lead to what an owner leads to, since they come from there or were put there.
func (g *guarding) follow(body ast.Node) {
	for grown := true; grown; {
		grown = false
		join := func(to, from ast.Expr) {
			a, b := g.root(to), g.root(source(from))
			if a == nil || b == nil || a == b || g.owners[a] == g.owners[b] || !leadsOn(g.info.TypeOf(to)) || guardsItself(g.info.TypeOf(to)) {
				return
			}
			if _, plain := ast.Unparen(to).(*ast.Ident); plain && !g.owners[b] {
				return // an owner that is set to something else
			}
			g.owners[a], g.owners[b], grown = true, true, true
		}
		ast.Inspect(body, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				for i, left := range node.Lhs {
					join(left, node.Rhs[min(i, len(node.Rhs)-1)])
				}
			case *ast.ValueSpec:
				for i, name := range node.Names {
					if len(node.Values) > 0 {
						join(name, node.Values[min(i, len(node.Values)-1)])
					}
				}
			case *ast.RangeStmt:
				if node.Value != nil {
					join(node.Value, node.X)
				}
			}
			return true
		})
	}
}

// source is what the expression takes its value from.
func source(e ast.Expr) ast.Expr {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return source(e.X)
	case *ast.SliceExpr:
		return source(e.X)
	case *ast.TypeAssertExpr:
		return source(e.X)
	case nil:
		return nil
	default:
		return e
	}
}

// leadsOn tells whether a copy of such a value leads to the same memory.
func leadsOn(t types.Type) bool {
	if t == nil {
		return false
	}
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Slice, *types.Interface:
		return !isError(t)
	}
	return false
}

func (g *guarding) uses(root ast.Node, within func(node ast.Node) bool) bool {
	found := false
	ast.Inspect(root, func(node ast.Node) bool {
		if node == nil || found || g.early != nil && node == ast.Node(g.early) {
			return false
		}
		if stmt, ok := node.(*ast.GoStmt); ok {
			_, literal := stmt.Call.Fun.(*ast.FuncLit)
			return !literal // it runs without the lock of this one anyway
		}
		if !within(node) {
			return true
		}
		switch node := node.(type) {
		case *ast.SelectorExpr:
			found = g.usesField(node)
		case *ast.Ident:
			v, _ := g.info.Uses[node].(*types.Var)
			if v != nil && !v.IsField() {
				found = g.owners[v] && isCollection(v.Type()) || !g.owners[v] && g.isShared(v) && !guardsItself(v.Type())
			}
		case *ast.CallExpr:
			targets := g.targetsOf(node)
			found = len(targets) == 0 && g.builtin(node) == "" && !g.isConversion(node) &&
				(slices.ContainsFunc(operands(node), g.wantsLock) || g.isPromotedFromLibrary(node))
			for _, target := range targets {
				found = found || g.usesInside(target, node)
			}
		}
		return !found
	})
	return found
}

// operands are what a call is given: its receiver, where it may have one, and its arguments.
func operands(call *ast.CallExpr) []ast.Expr {
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return append([]ast.Expr{selector.X}, call.Args...)
	}
	return call.Args
}

// wantsLock tells whether the expression is what the lock guards, of a library's type that only one goroutine may use at a time.
func (g *guarding) wantsLock(e ast.Expr) bool {
	v := g.root(source(e))
	return v != nil && (g.owners[v] || len(g.owners) == 0 && isGlobal(v)) && g.isForOne(g.info.TypeOf(e))
}

// isPromotedFromLibrary tells whether the call is of a method that what the lock guards has from a library's type for one goroutine.
func (g *guarding) isPromotedFromLibrary(call *ast.CallExpr) bool {
	selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || g.info.Selections[selector] == nil {
		return false
	}
	method, ok := g.info.Selections[selector].Obj().(*types.Func)
	v := g.root(selector.X)
	return ok && v != nil && g.owners[v] && method.Signature().Recv() != nil && g.isForOne(method.Signature().Recv().Type())
}

// isForOne tells whether the type is a library's, and not one of those that many goroutines may use at once.
func (g *guarding) isForOne(t types.Type) bool {
	named := namedOf(t)
	if named == nil || named.Obj().Pkg() == nil || g.own[named.Obj().Pkg()] || guardsItself(named) || isError(t) {
		return false
	}
	switch named.Underlying().(type) {
	case *types.Struct, *types.Interface:
		return !slices.Contains(forMany, named.Obj().Pkg().Path())
	}
	return false
}

// forMany are the packages whose types many goroutines may use at once.
var forMany = []string{
	"context", "crypto/tls", "database/sql", "errors", "log", "log/slog", "math/big", "net", "net/http", "net/netip", "net/url", "os", "os/exec",
	"reflect", "regexp", "sync", "sync/atomic", "testing", "time", "unique", "weak",
}

// isCollection tells whether elements can be read and written through a variable of that type.
func isCollection(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Map, *types.Slice:
		return true
	}
	return false
}

func (g *guarding) usesField(selector *ast.SelectorExpr) bool {
	selection := g.info.Selections[selector]
	if selection == nil || selection.Kind() != types.FieldVal {
		return false
	}
	field := selection.Obj().(*types.Var)
	_, isMap := field.Type().Underlying().(*types.Map)
	if guardsItself(field.Type()) || !isMap && !g.sharing().written[field.Origin()] {
		return false // elements of a map may be written under another name
	}
	v := g.root(selector)
	switch {
	case v == nil || g.owners[v]:
		return true
	case v == g.other:
		return false
	case isGlobal(v) || g.sharing().captured[v]:
		return true
	}
	// A pointer that was got under the lock leads to what the lock guards.
	return isPointer(v.Type()) && g.lock.stmt.End() <= v.Pos() && v.Pos() < g.from
}

// usesInside tells whether a function that is called meanwhile uses what the lock guards, and does not take it itself. What
// it is given of that it uses under other names.
func (g *guarding) usesInside(fn *function, call *ast.CallExpr) bool {
	if g.seen[fn] || fn.body == nil {
		return false
	}
	g.seen[fn] = true
	objects := g.objectsOf(g.lock.op)
	for _, o := range objects {
		for _, op := range g.on(o, "lock", "rlock") {
			if op.fn == fn {
				return false
			}
		}
	}
	inside := &guarding{repairer: g.repairer, lock: g.lock, owners: map[*types.Var]bool{}, seen: g.seen}
	receiver := g.receiver(fn)
	for owner := range g.owners {
		if named := namedOf(owner.Type()); named != nil && receiver != nil && namedOf(receiver.Type()) == named {
			inside.owners[receiver] = true
		}
	}
	given := func(parameter *types.Var, e ast.Expr) {
		v := g.root(source(e))
		if parameter == nil || v == nil || !g.owners[v] {
			return
		}
		if named := namedOf(parameter.Type()); !guardsItself(parameter.Type()) || named != nil && named == namedOf(v.Type()) {
			inside.owners[parameter] = true
		}
	}
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		given(receiver, selector.X)
	}
	for i, parameter := range g.fields(fn.typ.Params) {
		if i < len(call.Args) {
			given(parameter, call.Args[i])
		}
	}
	inside.follow(fn.body)
	return inside.uses(fn.body, func(ast.Node) bool { return true })
}
