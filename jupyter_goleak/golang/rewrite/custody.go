package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// A custody follows through one function what holds a value.
type custody struct {
	*flow
	fn      *function
	made    ast.Expr
	holds   map[*types.Var]bool // the value, or something that leads to it
	outside map[*types.Var]bool // local variables that lead to what others have as well
	out     bool
	grown   bool
}

// handsOut tells whether the function returns the value, or puts it where it may be found after the return.
func (f *flow) handsOut(fn *function, made ast.Expr, variables ...*types.Var) bool {
	c := &custody{flow: f, fn: fn, made: made, holds: map[*types.Var]bool{}, outside: map[*types.Var]bool{}}
	for _, v := range variables {
		c.holds[v] = true
	}
	for c.grown = true; c.grown && !c.out; {
		c.grown = false
		f.walk(fn.body, c.visit)
	}
	return c.out
}

func (c *custody) visit(node ast.Node, path []ast.Node) {
	switch node := node.(type) {
	case *ast.ReturnStmt:
		c.out = c.out || c.enclosing(path) == nil && slices.ContainsFunc(node.Results, c.has)
	case *ast.AssignStmt:
		for i, left := range node.Lhs {
			c.put(left, node.Rhs[min(i, len(node.Rhs)-1)])
		}
	case *ast.ValueSpec:
		for i, name := range node.Names {
			if len(node.Values) > 0 {
				c.put(name, node.Values[min(i, len(node.Values)-1)])
			}
		}
	case *ast.RangeStmt:
		if node.Value != nil {
			c.put(node.Value, node.X)
		}
	case *ast.SendStmt:
		if c.has(node.Value) {
			c.keep(node.Chan)
		}
	case *ast.CallExpr:
		if _, started := path[len(path)-1].(*ast.GoStmt); !started {
			c.call(node)
		}
	}
}

// put follows what is assigned to the expression, or sent to it.
func (c *custody) put(to, from ast.Expr) {
	v := c.root(to)
	_, plain := ast.Unparen(to).(*ast.Ident)
	if v == nil || plain && v.Name() == "_" || !c.leads(c.info.TypeOf(to)) {
		return
	}
	own := c.fn.declares(v) || plain && slices.Contains(c.fields(c.fn.typ.Params), v)
	if plain && own && !c.outside[v] && c.isOutside(from) {
		c.outside[v], c.grown = true, true
	}
	if !c.has(from) {
		return
	}
	switch {
	case !own, !plain && c.outside[v]:
		c.out = true
	case !c.holds[v]:
		c.holds[v], c.grown = true, true
	}
}

// call follows what is given to a function that may keep it.
func (c *custody) call(call *ast.CallExpr) {
	if c.isConversion(call) || c.builtin(call) != "" || !slices.ContainsFunc(call.Args, c.has) {
		return
	}
	var receiver ast.Expr
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && c.info.Selections[selector] != nil {
		receiver = selector.X
	}
	targets := c.targetsOf(call)
	keeps := len(targets) == 0 && receiver != nil && !isContext(c.info.TypeOf(receiver))
	for _, target := range targets {
		parameters := c.fields(target.typ.Params)
		for i, argument := range call.Args {
			if i := min(i, len(parameters)-1); i >= 0 && parameters[i] != nil && c.has(argument) {
				keeps = keeps || c.keeps(target, parameters[i])
			}
		}
	}
	if !keeps {
		return
	}
	c.keep(receiver)
}

// keep notes that the value is put into what the expression stands for.
func (c *custody) keep(in ast.Expr) {
	v := c.root(in)
	switch {
	case v == nil, !c.fn.declares(v), c.outside[v]:
		c.out = true
	case !c.holds[v]:
		c.holds[v], c.grown = true, true
	}
}

// keeps tells whether the function puts what it is given somewhere; what it returns, its caller has.
func (f *flow) keeps(fn *function, parameter *types.Var) bool {
	if known, ok := f.keeping[parameter]; ok || fn.body == nil {
		return known
	}
	f.keeping[parameter] = false // and so it stays where it calls itself
	f.keeping[parameter] = f.putsAway(fn, parameter)
	return f.keeping[parameter]
}

// putsAway tells whether the function puts what the variable holds where it may be found, other than by returning it.
func (f *flow) putsAway(fn *function, v *types.Var) bool {
	c := &custody{flow: f, fn: fn, holds: map[*types.Var]bool{v: true}, outside: map[*types.Var]bool{}}
	for c.grown = true; c.grown && !c.out; {
		c.grown = false
		f.walk(fn.body, func(node ast.Node, path []ast.Node) {
			if _, ok := node.(*ast.ReturnStmt); !ok {
				c.visit(node, path)
			}
		})
	}
	return c.out
}

// declares tells whether the variable is the function's own, and no parameter.
func (fn *function) declares(v *types.Var) bool {
	return !v.IsField() && fn.body.Pos() <= v.Pos() && v.Pos() < fn.body.End()
}

// isOutside tells whether the expression leads to something that the function did not make.
func (c *custody) isOutside(e ast.Expr) bool {
	e = ast.Unparen(e)
	if call, ok := e.(*ast.CallExpr); ok {
		selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok || c.info.Selections[selector] == nil || isContext(c.info.TypeOf(selector.X)) {
			return false
		}
		e = selector.X
	}
	v := c.root(e)
	return v != nil && (!c.fn.declares(v) || c.outside[v])
}

// has tells whether the value can be reached through that of the expression.
func (c *custody) has(e ast.Expr) bool {
	e = ast.Unparen(e)
	if literal, ok := e.(*ast.FuncLit); ok {
		found := false
		ast.Inspect(literal, func(node ast.Node) bool {
			name, ok := node.(*ast.Ident)
			if ok {
				v, _ := c.info.Uses[name].(*types.Var)
				found = found || v != nil && c.holds[v]
			}
			return !found
		})
		return found
	}
	t := c.info.TypeOf(e)
	if tuple, ok := t.(*types.Tuple); ok {
		if !slices.ContainsFunc(resultTypes(tuple), c.leads) {
			return false
		}
	} else if pair, ok := e.(*ast.KeyValueExpr); ok {
		return c.has(pair.Value)
	} else if !c.leads(t) {
		return false
	}
	if e == c.made {
		return true
	}
	switch e := e.(type) {
	case *ast.Ident:
		v, _ := c.info.ObjectOf(e).(*types.Var)
		return v != nil && c.holds[v]
	case *ast.SelectorExpr:
		return c.info.Selections[e] != nil && c.has(e.X)
	case *ast.StarExpr:
		return c.has(e.X)
	case *ast.UnaryExpr:
		return c.has(e.X)
	case *ast.IndexExpr:
		return c.has(e.X)
	case *ast.SliceExpr:
		return c.has(e.X)
	case *ast.TypeAssertExpr:
		return c.has(e.X)
	case *ast.CompositeLit:
		return slices.ContainsFunc(e.Elts, c.has)
	case *ast.CallExpr:
		if selector, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok && c.info.Selections[selector] != nil && c.has(selector.X) {
			return true
		}
		return slices.ContainsFunc(e.Args, c.has)
	}
	return false
}

// leads tells whether through a value of that type something can be reached that wakes or ends goroutines.
func (f *flow) leads(t types.Type) bool { return f.leadsTo(t, 6) }

func (f *flow) leadsTo(t types.Type, depth int) bool {
	if t == nil || depth == 0 || isError(t) {
		return false
	}
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		if named, ok := types.Unalias(t.Elem()).(*types.Named); ok && named.Obj().Pkg() != nil && !f.own[named.Obj().Pkg()] {
			return true
		}
		return f.leadsTo(t.Elem(), depth-1)
	case *types.Named:
		if _, structure := t.Underlying().(*types.Struct); structure && t.Obj().Pkg() != nil && !f.own[t.Obj().Pkg()] {
			return kindOf(t) != "value"
		}
		return f.leadsTo(t.Underlying(), depth-1)
	case *types.Chan, *types.Signature, *types.Interface, *types.TypeParam:
		return true
	case *types.Slice:
		return f.leadsTo(t.Elem(), depth-1)
	case *types.Array:
		return f.leadsTo(t.Elem(), depth-1)
	case *types.Map:
		return f.leadsTo(t.Elem(), depth-1) || f.leadsTo(t.Key(), depth-1)
	case *types.Struct:
		for i := range t.NumFields() {
			if f.leadsTo(t.Field(i).Type(), depth-1) {
				return true
			}
		}
	}
	return false
}

// root is the variable that an expression such as a.b.c begins with.
func (f *flow) root(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := f.info.ObjectOf(e).(*types.Var)
		return v
	case *ast.SelectorExpr:
		if f.info.Selections[e] == nil {
			v, _ := f.info.Uses[e.Sel].(*types.Var)
			return v
		}
		return f.root(e.X)
	case *ast.StarExpr:
		return f.root(e.X)
	case *ast.IndexExpr:
		return f.root(e.X)
	}
	return nil
}
