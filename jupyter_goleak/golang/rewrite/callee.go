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
		object = object.Origin()
		if fn := f.byObject[object]; fn != nil {
			return []*function{fn}
		}
		if iface := receiverInterface(object); iface != nil {
			return f.implementations(iface, object.Name())
		}
		return nil
	}
	if p := f.at(call.Fun); p != nil {
		return p.root().targets
	}
	return nil
}

type implementation struct {
	iface  *types.Interface
	method string
}

func receiverInterface(object *types.Func) *types.Interface {
	signature, ok := object.Type().(*types.Signature)
	if !ok || signature.Recv() == nil {
		return nil
	}
	iface, _ := signature.Recv().Type().Underlying().(*types.Interface)
	return iface
}

func (f *flow) implementations(iface *types.Interface, method string) []*function {
	key := implementation{iface, method}
	found, known := f.implementing[key]
	if known {
		return found
	}
	defer func() { f.implementing[key] = found }()
	for _, named := range f.named {
		if types.IsInterface(named) || named.TypeParams().Len() > 0 || !types.Implements(types.NewPointer(named), iface) {
			continue
		}
		object, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, named.Obj().Pkg(), method)
		if object, ok := object.(*types.Func); ok {
			if fn := f.byObject[object.Origin()]; fn != nil {
				found = append(found, fn)
			}
		}
	}
	return found
}
