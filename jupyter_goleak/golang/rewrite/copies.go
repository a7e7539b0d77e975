package main

import (
	"go/ast"
	"go/types"
)

// copied is the receiver, parameter or loop variable that the operation works on a copy by: a struct handed over by its value,
// which holds what the operation is done on; nil where it works on the one and only.
func (f *flow) copied(op *operation) *Copy {
	if op.method == nil || f.throughPointer(op.method) {
		return nil
	}
	e := ast.Unparen(op.method.X)
	for {
		selector, ok := e.(*ast.SelectorExpr)
		if !ok {
			break
		}
		if f.throughPointer(selector) {
			return nil
		}
		e = ast.Unparen(selector.X)
	}
	ident, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := f.info.Uses[ident].(*types.Var)
	if !ok {
		return nil
	}
	if _, structure := v.Type().Underlying().(*types.Struct); !structure || isValueOf(v.Type(), "WaitGroup", "Mutex", "RWMutex") {
		return nil
	}
	out := &Copy{Type: types.TypeString(v.Type(), func(*types.Package) string { return "" })}
	out.File, out.Line = f.position(v.Pos())
	for _, around := range op.path {
		if loop, ok := around.(*ast.RangeStmt); ok && loop.Value != nil && f.info.Defs[identOf(loop.Value)] == v {
			if _, slice := f.typeOf(loop.X).(*types.Slice); !slice {
				return nil // elements of a map have no address
			}
			return out
		}
	}
	for fn := op.fn; fn != nil; fn = fn.outer {
		decl, declared := fn.node.(*ast.FuncDecl)
		receives := declared && decl.Recv != nil && decl.Recv.Pos() <= v.Pos() && v.Pos() < decl.Recv.End()
		if receives || fn.typ.Params.Pos() <= v.Pos() && v.Pos() < fn.typ.Params.End() {
			out.Function, out.Receiver = fn.name, receives
			return out
		}
	}
	return nil
}

func identOf(e ast.Expr) *ast.Ident {
	ident, _ := e.(*ast.Ident)
	return ident
}

// throughPointer tells whether the selector leads through a pointer, so that what it names is no part of a copy.
func (f *flow) throughPointer(selector *ast.SelectorExpr) bool {
	selection := f.info.Selections[selector]
	if selection == nil {
		return true // a variable of another package
	}
	t := selection.Recv()
	index := selection.Index()
	if selection.Kind() != types.FieldVal {
		index = index[:len(index)-1] // what the method is called on
		if len(index) == 0 {
			return isPointer(t)
		}
	}
	for _, i := range index {
		if isPointer(t) {
			return true
		}
		structure, ok := t.Underlying().(*types.Struct)
		if !ok {
			return true
		}
		t = structure.Field(i).Type()
	}
	return selection.Kind() != types.FieldVal && isPointer(t)
}
