package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// holdsSame tells whether the lock that a goroutine waits for is one that it holds itself, and not the same field of
// another value: both are followed outwards, from call to call, until they are written alike.
func (r *reporter) holdsSame(node ast.Node, wait Wait) bool {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return false
	}
	wanted, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	lock := wanted.X
	var held []ast.Expr
	for i, frame := range wait.Frames {
		var at ast.Node = call
		if i > 0 {
			at, _ = r.blocking(wait.State, frame)
			fn := r.bodyOf(wait.Frames[i-1])
			if lock = r.seenFrom(at, fn, lock); lock == nil {
				return false
			}
			for j := range held {
				held[j] = r.seenFrom(at, fn, held[j])
			}
		}
		for _, written := range r.holding[at] {
			if selector, ok := written.(*ast.SelectorExpr); ok {
				held = append(held, selector.X)
			}
		}
		if slices.ContainsFunc(held, func(e ast.Expr) bool { return e != nil && r.sameValue(e, lock) }) {
			return true
		}
	}
	return false
}

// sameValue tells whether two expressions are written alike and begin with the same variable.
func (r *reporter) sameValue(a, b ast.Expr) bool {
	return types.ExprString(a) == types.ExprString(b) && r.rootOf(a) != nil && r.rootOf(a) == r.rootOf(b)
}

// rootOf is the variable that a chain of fields begins with, nil for any other expression.
func (r *reporter) rootOf(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := r.info.ObjectOf(e).(*types.Var)
		return v
	case *ast.SelectorExpr:
		if r.info.Selections[e] == nil { // a variable of another package
			v, _ := r.info.Uses[e.Sel].(*types.Var)
			return v
		}
		return r.rootOf(e.X)
	case *ast.StarExpr:
		return r.rootOf(e.X)
	case *ast.UnaryExpr:
		return r.rootOf(e.X)
	}
	return nil
}

// seenFrom is the expression as the caller of its function would write it, nil where that cannot be told.
func (r *reporter) seenFrom(caller ast.Node, fn *function, e ast.Expr) ast.Expr {
	if e == nil || fn == nil || r.rootOf(e) == nil {
		return nil
	}
	root := r.rootOf(e)
	if !r.parameters[root] && !slices.Contains(r.receivers(fn), root) {
		return e // a global, or a variable of the function around a literal
	}
	call, ok := caller.(*ast.CallExpr)
	if !ok {
		return nil
	}
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && slices.Contains(r.receivers(fn), root) {
		return r.replaceRoot(e, selector.X)
	}
	if i := slices.Index(r.fields(fn.typ.Params), root); i >= 0 && i < len(call.Args) {
		return r.replaceRoot(e, call.Args[i])
	}
	return nil
}

func (r *reporter) receivers(fn *function) []*types.Var {
	if decl, ok := fn.node.(*ast.FuncDecl); ok {
		return r.fields(decl.Recv)
	}
	return nil
}

// replaceRoot writes the chain of fields with another beginning; of a pointer's target it is the same chain.
func (r *reporter) replaceRoot(e, root ast.Expr) ast.Expr {
	if address, ok := ast.Unparen(root).(*ast.UnaryExpr); ok {
		root = address.X
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return root
	case *ast.SelectorExpr:
		outer := &ast.SelectorExpr{X: r.replaceRoot(e.X, root), Sel: e.Sel}
		r.info.Selections[outer] = r.info.Selections[e]
		return outer
	case *ast.StarExpr:
		return r.replaceRoot(e.X, root)
	}
	return nil
}
