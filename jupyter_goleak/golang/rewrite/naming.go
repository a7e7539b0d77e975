package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// What an object is called: as the program calls it where it is made.

// name calls the object what the program calls it where it is made.
func (r *reporter) name(v *Variable, o object, variables []*types.Var) {
	if o.owner != nil {
		owner := Variable{}
		r.name(&owner, *o.owner, r.variablesOf(*o.owner))
		v.Scope, v.File, v.Line = "value", owner.File, owner.Line
		v.Name = owner.Name + o.via
		if o.via == "Done" {
			v.Name = owner.Name + ".Done()"
		}
		return
	}
	if o.made != nil {
		if variable := r.madeAs(o); variable != nil && variable.Name() != "_" {
			r.declare(v, variable)
			return
		}
	}
	if len(variables) > 0 && variables[0].Name() != "_" {
		// A parameter tells less than the variable that is passed for it.
		r.declare(v, variables[max(0, slices.IndexFunc(variables, func(v *types.Var) bool { return !r.parameters[v] }))])
		return
	}
	v.Scope = "value"
	if o.made != nil {
		v.Name = shorten(r.text(o.made.node))
		v.File, v.Line = r.position(o.made.node.Pos())
	}
}

// madeAs is the variable that the object is first put into.
func (r *reporter) madeAs(o object) *types.Var {
	for _, node := range slices.Backward(o.made.path) {
		var names []ast.Expr
		switch node := node.(type) {
		case *ast.AssignStmt:
			names = node.Lhs
		case *ast.ValueSpec:
			for _, name := range node.Names {
				names = append(names, name)
			}
		case *ast.KeyValueExpr:
			names = []ast.Expr{node.Key}
		case ast.Expr:
			continue
		}
		for _, name := range names {
			if v := r.variableOf(name); v != nil {
				if objects, _ := r.objectsAt(r.variableAt(v, name.Pos())); slices.Contains(objects, o) {
					return v
				}
			}
		}
		return nil
	}
	return nil
}

func (r *reporter) variableOf(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := r.info.ObjectOf(e).(*types.Var)
		return v
	case *ast.SelectorExpr:
		v, _ := r.info.Uses[e.Sel].(*types.Var)
		return v
	case *ast.IndexExpr:
		return r.variableOf(e.X)
	}
	return nil
}

func (r *reporter) declare(v *Variable, variable *types.Var) {
	v.Name = variable.Name()
	v.File, v.Line = r.position(variable.Pos())
	switch {
	case variable.IsField():
		v.Scope = "field"
		v.Struct = r.structOf(variable)
	case isGlobal(variable):
		v.Scope = "global"
	case r.parameters[variable]:
		v.Scope = "parameter"
	default:
		v.Scope = "local"
	}
}

func (r *reporter) structOf(field *types.Var) string {
	if named := r.ownerOf(field); named != nil {
		return named.Obj().Name()
	}
	return ""
}

func (r *reporter) ownerOf(field *types.Var) *types.Named {
	for _, named := range r.named {
		if structure, ok := named.Underlying().(*types.Struct); ok {
			for i := range structure.NumFields() {
				if structure.Field(i) == field {
					return named
				}
			}
		}
	}
	return nil
}
