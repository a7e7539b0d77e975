package main

import (
	"go/ast"
	"go/types"
)

// callee is the function or method object that a call names, if it names one.
func (f *flow) callee(call *ast.CallExpr) *types.Func {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		object, _ := f.info.Uses[fun].(*types.Func)
		return object
	case *ast.SelectorExpr:
		object, _ := f.info.Uses[fun.Sel].(*types.Func)
		return object
	}
	return nil
}

// targetsOf are the program's functions that a call may reach.
func (f *flow) targetsOf(call *ast.CallExpr) []*function {
	if f.isConversion(call) || f.builtin(call) != "" {
		return nil
	}
	if object := f.callee(call); object != nil {
		return f.functionsOf(object)
	}
	if p := f.at(call.Fun); p != nil {
		return p.root().targets
	}
	return nil
}

// functionsOf are the program's functions that the name of a function or method stands for.
func (f *flow) functionsOf(object *types.Func) (found []*function) {
	if fn := f.byObject[object.Origin()]; fn != nil {
		return []*function{fn}
	}
	for _, each := range f.implementations(object) {
		if fn := f.byObject[each.object]; fn != nil {
			found = append(found, fn)
		}
	}
	return found
}
