package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// How often a method comes to one value: once where each place that calls it has made a value of its own.

// runsOnceForEach tells whether the method is called at one place only, once for each value of its type that is made there.
func (r *repairer) runsOnceForEach(method *function, named *types.Named) bool {
	return len(method.sites) == 1 && !r.mayRunTwice(method, named)
}

// mayRunTwice tells whether the method may be called a second time on a value, as far as the text tells: each place has made its
// own, and calls the method once. What is called with something is about that, and not about the whole.
func (r *repairer) mayRunTwice(method *function, named *types.Named) bool {
	if r.values[method] || method.typ.Params.NumFields() > 0 && len(method.sites) != 1 {
		return true
	}
	var known []*types.Var
	return slices.ContainsFunc(method.sites, func(site callSite) bool {
		selector, ok := ast.Unparen(site.call.Fun).(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name, ok := ast.Unparen(selector.X).(*ast.Ident)
		if !ok {
			return true
		}
		v, _ := r.info.Uses[name].(*types.Var)
		if v == nil || slices.Contains(known, v) || !r.isFreshly(v, named) || r.isRepeated(site.call, v) {
			return true
		}
		known = append(known, v)
		return false
	})
}

// isRepeated tells whether the program may come to the node several times for one value of the variable.
func (r *repairer) isRepeated(node ast.Node, v *types.Var) bool {
	path := r.pathTo(node)
	for i, around := range path {
		if around.Pos() <= v.Pos() {
			if fn := r.functions[around]; fn != nil && fn.body != nil && jumps(fn.body) {
				return true
			}
			continue // every round, or call, makes another one
		}
		switch around.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		case *ast.FuncLit:
			if at, ok := path[i-1].(*ast.CallExpr); !ok || at.Fun != around {
				return true
			}
		}
	}
	return false
}

// isFreshly tells whether the local variable is always one value of the type that nobody else has made: a literal, or what a
// function returns that makes one.
func (r *repairer) isFreshly(v *types.Var, named *types.Named) bool {
	const calls = 3 // deep
	return r.isFreshWithin(v, named, calls)
}

func (r *repairer) isFreshWithin(v *types.Var, named *types.Named, depth int) bool {
	if v == nil || v.IsField() || isGlobal(v) || r.isSetAfter(v, v.Pos()) {
		return false
	}
	fresh := false
	define := func(names []*ast.Ident, values []ast.Expr) {
		for i, name := range names {
			if name != nil && r.info.Defs[name] == v && len(values) > 0 {
				fresh = r.makesFresh(values[min(i, len(values)-1)], named, depth) && (len(names) == len(values) || i == 0)
			}
		}
	}
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				var names []*ast.Ident
				for _, left := range node.Lhs {
					name, _ := left.(*ast.Ident)
					names = append(names, name)
				}
				define(names, node.Rhs)
			case *ast.ValueSpec:
				define(node.Names, node.Values)
				for _, name := range node.Names {
					fresh = fresh || r.info.Defs[name] == v && len(node.Values) == 0 && namedOf(v.Type()) == named && !isPointer(v.Type())
				}
			}
			return !fresh
		})
	}
	return fresh
}

// makesFresh tells whether the expression is a new value of the type, or a call of functions that give nothing else and keep none.
func (r *repairer) makesFresh(e ast.Expr, named *types.Named, depth int) bool {
	if r.makesValue(e) {
		return namedOf(r.info.TypeOf(e)) == named
	}
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	targets := []*function(nil)
	if ok {
		targets = r.targetsOf(call)
	}
	return depth > 0 && len(targets) > 0 && !slices.ContainsFunc(targets, func(fn *function) bool {
		return fn.body == nil || !r.returnsFresh(fn, named, depth-1)
	})
}

func (r *repairer) returnsFresh(fn *function, named *types.Named, depth int) bool {
	made, other := false, false
	r.walk(fn.body, func(node ast.Node, path []ast.Node) {
		stmt, ok := node.(*ast.ReturnStmt)
		if !ok || r.enclosing(path) != nil {
			return
		}
		if len(stmt.Results) == 0 {
			other = true
			return
		}
		result := ast.Unparen(stmt.Results[0])
		name, isName := result.(*ast.Ident)
		switch {
		case r.info.Types[result].IsNil():
		case r.makesFresh(result, named, depth):
			made = true
		case isName:
			v, _ := r.info.Uses[name].(*types.Var)
			made = made || r.isFreshWithin(v, named, depth) && fn.declares(v) && !r.putsAway(fn, v)
			other = other || !made
		default:
			other = true
		}
	})
	return made && !other
}
