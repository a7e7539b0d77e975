package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// Fields that values of a struct are made without. Such a channel is nil, and so never ready.

// An inventory tells of the whole program where variables are set and values of types are made.
type inventory struct {
	values map[*types.Var][]ast.Expr      // what they are set to
	set    map[*types.Var]bool            // fields of values that are made already, or that others have the address of
	made   map[*types.TypeName][]ast.Expr // literals and calls that give such a value, or its address
}

// inventoried is the program's inventory, made when first asked for.
func (r *reporter) inventoried() *inventory {
	if r.inventory != nil {
		return r.inventory
	}
	all := &inventory{map[*types.Var][]ast.Expr{}, map[*types.Var]bool{}, map[*types.TypeName][]ast.Expr{}}
	r.inventory = all
	set := func(name, value ast.Expr) {
		if v := r.variableOf(name); v != nil {
			all.values[v] = append(all.values[v], value)
		}
	}
	each := func(names, values []ast.Expr) {
		for i, name := range names {
			switch {
			case len(names) == len(values):
				set(name, values[i])
			case i == 0 && len(values) == 1:
				set(name, values[0])
			default:
				set(name, &ast.BadExpr{})
			}
		}
	}
	field := func(e ast.Expr) {
		if selector, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
			if v, ok := r.info.Uses[selector.Sel].(*types.Var); ok {
				all.set[v.Origin()] = true
			}
		}
	}
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				each(node.Lhs, node.Rhs)
				for _, name := range node.Lhs {
					field(name)
				}
			case *ast.ValueSpec:
				each(declared(node), node.Values)
			case *ast.RangeStmt:
				each([]ast.Expr{node.Key, node.Value}, nil)
			case *ast.UnaryExpr:
				if node.Op == token.AND {
					field(node.X)
				}
			case *ast.CompositeLit, *ast.CallExpr:
				e := node.(ast.Expr)
				t := r.info.TypeOf(e)
				if pointer, ok := t.(*types.Pointer); ok {
					t = pointer.Elem()
				}
				if named, ok := types.Unalias(t).(*types.Named); ok {
					all.made[named.Obj()] = append(all.made[named.Obj()], e)
				}
			}
			return true
		})
	}
	return all
}

// leftOut tells whether some values of the field's struct are made without it, and nothing sets it later.
func (r *reporter) leftOut(field *types.Var) bool {
	owner := r.ownerOf(field.Origin())
	if !field.IsField() || owner == nil || r.isSet(field) {
		return false
	}
	return slices.ContainsFunc(r.inventoried().made[owner.Obj()], func(e ast.Expr) bool { return r.lacks(e, field, 0) })
}

// isSet tells whether the program sets the field of a value that is made already, or gives its address away.
func (r *reporter) isSet(field *types.Var) bool { return r.inventoried().set[field.Origin()] }

// lacks tells whether the expression surely stands for a value that was made without the field.
func (r *reporter) lacks(e ast.Expr, field *types.Var, depth int) bool {
	if depth > 8 {
		return false
	}
	all := func(values []ast.Expr) bool {
		return len(values) > 0 && !slices.ContainsFunc(values, func(value ast.Expr) bool { return !r.lacks(value, field, depth+1) })
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return r.lacks(e.X, field, depth+1)
	case *ast.CompositeLit:
		for _, element := range e.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if !ok {
				return false
			}
			key, ok := pair.Key.(*ast.Ident)
			if v, isVar := r.info.Uses[key].(*types.Var); !ok || isVar && v.Origin() == field.Origin() {
				return ok && r.info.Types[pair.Value].IsNil()
			}
		}
		return true
	case *ast.CallExpr:
		if r.builtin(e) == "new" {
			return true
		}
		targets := r.targetsOf(e)
		return len(targets) == 1 && all(r.returns(targets[0]))
	case *ast.Ident:
		v, ok := r.info.ObjectOf(e).(*types.Var)
		return ok && !v.IsField() && !r.parameters[v] && all(r.valuesOf(v))
	}
	return false
}

// returns are the values that the function may return first.
func (r *reporter) returns(fn *function) (all []ast.Expr) {
	r.walk(fn.body, func(node ast.Node, path []ast.Node) {
		if back, ok := node.(*ast.ReturnStmt); ok && r.enclosing(path) == nil {
			if len(back.Results) == 0 {
				all = append(all, &ast.BadExpr{})
			} else {
				all = append(all, back.Results[0])
			}
		}
	})
	return all
}

// valuesOf are what the variable is set to.
func (r *reporter) valuesOf(v *types.Var) []ast.Expr { return r.inventoried().values[v] }

// isUnset tells whether the channel of a case is a field that the value in question was made without: the expression is
// followed outwards, from call to call, to the statement that started the goroutine.
func (r *reporter) isUnset(channel ast.Expr) bool {
	for i, frame := range r.wait.Frames {
		var at ast.Node
		if i+1 < len(r.wait.Frames) {
			at, _ = r.blocking(r.wait.State, r.wait.Frames[i+1])
		} else if launch, ok := r.launched.(*ast.GoStmt); ok {
			at = launch.Call
		}
		if channel = r.seenFrom(at, r.bodyOf(frame), channel); channel == nil {
			return false
		}
	}
	selector, ok := channel.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	selection := r.info.Selections[selector]
	if selection == nil || len(selection.Index()) != 1 {
		return false
	}
	field, ok := selection.Obj().(*types.Var)
	return ok && !r.isSet(field) && r.lacks(selector.X, field, 0)
}
