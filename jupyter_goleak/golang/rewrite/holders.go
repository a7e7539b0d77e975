package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// A holder is a local variable that got its value from a call: where it is declared, or its error checked.
type holder struct {
	name string
	v    *types.Var
	stmt ast.Stmt
	path walkPath
	fn   *function
}

// holders are the local variables of that type.
func (r *repairer) holders(named *types.Named) []holder {
	if named == nil {
		return nil
	}
	return r.holdersWhere(func(t types.Type, _ ast.Expr) bool { return namedOf(t) == named.Origin() })
}

// holdersWhere are the local variables that a call or literal gives a value, by their type and that expression.
func (r *repairer) holdersWhere(is func(t types.Type, value ast.Expr) bool) []holder {
	var found []holder
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			assign, ok := node.(*ast.AssignStmt)
			if !ok || len(path) == 0 {
				return
			}
			list := listIn(path[len(path)-1])
			if !slices.Contains(list, ast.Stmt(assign)) {
				return
			}
			for i, left := range assign.Lhs {
				name, ok := left.(*ast.Ident)
				if !ok || name.Name == "_" {
					continue
				}
				v, _ := r.info.Defs[name].(*types.Var)
				value := assign.Rhs[min(i, len(assign.Rhs)-1)]
				if address, ok := ast.Unparen(value).(*ast.UnaryExpr); ok {
					value = address.X
				}
				if value = ast.Unparen(value); v == nil || !is(v.Type(), value) {
					continue
				}
				switch value.(type) {
				case *ast.CallExpr, *ast.CompositeLit:
					found = append(found, holder{name.Name, v, r.checked(assign, list), slices.Clone(path), r.enclosing(path)})
				}
			}
		})
	}
	return found
}
