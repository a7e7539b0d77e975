package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// holds tells whether the lock that a goroutine waits for is one that it holds itself, and not the same field of another
// value: both are followed outwards, from call to call, until they are written alike. Where they never are, it tells
// whether they are apart for certain, since what they are fields of was made at different places.
func (r *reporter) holds(node ast.Node, wait Wait) (same, apart bool) {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return false, false
	}
	wanted, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false, false
	}
	lock := wanted.X
	var held []ast.Expr
	outwards := func(caller ast.Node, fn *function) {
		lock = r.seenFrom(caller, fn, lock)
		for i := range held {
			held[i] = r.seenFrom(caller, fn, held[i])
		}
	}
	alike := func() bool {
		return slices.ContainsFunc(held, func(e ast.Expr) bool { return e != nil && lock != nil && r.sameValue(e, lock) })
	}
	for i, frame := range wait.Frames {
		var at ast.Node = call
		if i > 0 {
			at, _ = r.blocking(wait.State, frame)
			outwards(at, r.bodyOf(wait.Frames[i-1]))
		}
		for _, written := range r.holding[at] {
			if selector, ok := written.(*ast.SelectorExpr); ok {
				held = append(held, selector.X)
			}
		}
		if alike() {
			return true, false
		}
	}
	if launch, ok := r.launched.(*ast.GoStmt); ok {
		outwards(launch.Call, r.bodyOf(wait.Frames[len(wait.Frames)-1]))
	}
	return alike(), len(held) > 0 && !slices.ContainsFunc(held, func(e ast.Expr) bool { return !r.apart(e, lock) })
}

// apart tells whether two chains of fields begin with variables that never stand for the same value.
func (r *reporter) apart(a, b ast.Expr) bool {
	if a == nil || b == nil {
		return false
	}
	one, other := r.rootOf(a), r.rootOf(b)
	return one != nil && other != nil && one != other && r.isAlone(one) && r.isAlone(other)
}

// isAlone tells whether the variable holds a value for itself, or points to one that was made for it, and to no other.
func (r *reporter) isAlone(v *types.Var) bool {
	if _, ok := v.Type().Underlying().(*types.Struct); ok {
		return !v.IsField()
	}
	made := false
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if assign, ok := node.(*ast.AssignStmt); ok && len(assign.Lhs) == len(assign.Rhs) {
				for i, left := range assign.Lhs {
					name, ok := left.(*ast.Ident)
					made = made || ok && r.info.Defs[name] == v && r.makesValue(assign.Rhs[i])
				}
			}
			return !made
		})
	}
	return made && isPointer(v.Type()) && !r.isSetAfter(v, v.Pos())
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
		if fn.node.Pos() <= root.Pos() && root.Pos() < fn.node.End() {
			return nil // each call has its own
		}
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
