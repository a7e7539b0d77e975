package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// Methods that are not called by their name on the value itself: as function values, or through an interface.

// bindReceivers follows the receivers of the methods that a call may come to.
func (f *flow) bindReceivers(call *ast.CallExpr) bool {
	if object := f.callee(call); object != nil {
		selector, _ := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		return f.bindReceiver(selector, object)
	}
	learnt := false
	for _, selector := range f.methodsIn(f.at(call.Fun)) {
		object, _ := f.info.Uses[selector.Sel].(*types.Func)
		learnt = f.bindReceiver(selector, object) || learnt
	}
	return learnt
}

func (f *flow) bindReceiver(selector *ast.SelectorExpr, object *types.Func) bool {
	if selector == nil || f.info.Selections[selector] == nil {
		return false
	}
	learnt := false
	bind := func(method *types.Func, from *place) {
		if fn := f.byObject[method]; fn != nil {
			if decl, ok := fn.node.(*ast.FuncDecl); ok && decl.Recv != nil {
				if receivers := f.fields(decl.Recv); len(receivers) == 1 && receivers[0] != nil && f.tracked(receivers[0].Type()) {
					learnt = unify(f.variable(receivers[0]), from) || learnt
				}
			}
		}
	}
	bind(object.Origin(), f.receiver(selector))
	for _, each := range f.implementations(object) {
		bind(each.object, each.receiver)
	}
	return learnt
}

// methodsIn are the method values that may have come to the place.
func (f *flow) methodsIn(p *place) (found []*ast.SelectorExpr) {
	p.eachSource(func(source *place) {
		if selector := f.methodValues[source]; selector != nil {
			found = append(found, selector)
		}
	})
	slices.SortFunc(found, func(a, b *ast.SelectorExpr) int { return int(a.Pos() - b.Pos()) })
	return found
}

// calledBeneath records the methods of package sync that a call comes to without their name: through a function value, or
// through an interface of the program's.
func (f *flow) calledBeneath(call *ast.CallExpr, path []ast.Node) {
	note := func(method *types.Func, e ast.Expr, receiver *place) *operation {
		if method.Pkg() == nil || method.Pkg().Path() != "sync" {
			return nil
		}
		return f.note(strings.ToLower(method.Name())+"-call", e, receiver, call, path)
	}
	if object := f.callee(call); object != nil {
		for _, each := range f.implementations(object) {
			note(each.object, nil, each.receiver)
		}
		return
	}
	for _, selector := range f.methodsIn(f.at(call.Fun)) {
		object, _ := f.info.Uses[selector.Sel].(*types.Func)
		if op := note(object, selector.X, f.receiver(selector)); op != nil {
			op.method = selector
		}
		for _, each := range f.implementations(object) {
			note(each.object, nil, each.receiver)
		}
	}
}

// methodValue records that a method such as Unlock is handed on, to be called later; a timer may do so.
func (f *flow) methodValue(selector *ast.SelectorExpr, path []ast.Node) {
	if selection := f.info.Selections[selector]; selection == nil || selection.Kind() != types.MethodVal || len(path) == 0 {
		return
	}
	call, ok := path[len(path)-1].(*ast.CallExpr)
	if !ok || call.Fun != selector {
		f.handedOn(selector, selector, path, ok && f.isAfterFunc(call))
	}
}

func (f *flow) handedOn(selector *ast.SelectorExpr, at ast.Node, path []ast.Node, timed bool) {
	method := f.info.Selections[selector].Obj()
	if method.Pkg() == nil || method.Pkg().Path() != "sync" {
		return
	}
	if op := f.note(strings.ToLower(method.Name())+"-value", selector.X, f.receiver(selector), at, path); op != nil {
		op.timed = timed
	}
}

func (f *flow) isAfterFunc(call *ast.CallExpr) bool {
	object := f.callee(call)
	return object != nil && object.Pkg() != nil && object.Pkg().Path() == "time" && object.Name() == "AfterFunc"
}
