package main

import (
	"go/ast"
	"go/types"
)

// Functions of the standard library that hold values for the program and give them to nobody else: what is put into a list, a
// sync.Map or a context, what goes through the functions of slices and maps. Values of any type are followed by what they are
// asserted to be (see box), the others from the arguments to the results.

// holds tells whether the call is of such a function.
func (f *flow) holds(call *ast.CallExpr) bool {
	object := f.callee(call)
	if object == nil || object.Pkg() == nil {
		return false
	}
	switch object.Pkg().Path() {
	case "container/heap", "container/list", "container/ring", "maps", "slices", "sync/atomic":
		return true
	case "sync":
		receiver := object.Signature().Recv()
		return receiver != nil && isType(receiver.Type(), "sync", "Map", "Pool")
	case "context":
		return object.Name() == "WithValue" || object.Name() == "Value"
	}
	return false
}

// passesOn follows what goes through a function of slices or maps, and what an atomic.Pointer holds.
func (f *flow) passesOn(call *ast.CallExpr) {
	object := f.callee(call)
	if object == nil || object.Pkg() == nil {
		return
	}
	elements := elementsOf
	var inside *place
	switch object.Pkg().Path() {
	case "maps", "slices":
		inside = f.fresh(call)
	case "iter":
		inside = f.result(call, 0).kid("element") // of what is called for the next one
	case "sync/atomic":
		selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok || f.info.Selections[selector] == nil || f.receiver(selector) == nil {
			return
		}
		inside = f.receiver(selector).kid("element")
		elements = func(p *place, _ types.Type) []*place { return []*place{p} }
	default:
		return
	}
	for i, argument := range call.Args {
		t := f.info.TypeOf(argument)
		if !f.tracked(t) || isCallback(t) {
			continue
		}
		for _, element := range elements(f.at(argument), t) {
			unify(inside, element)
			if i == 0 {
				unify(element, inside)
			}
		}
	}
	for i, t := range resultTypes(f.info.TypeOf(call)) {
		if f.tracked(t) && !isCallback(t) {
			for _, element := range elements(f.result(call, i), t) {
				unify(element, inside)
			}
		}
	}
}

// elementsOf are what a value of that type holds: the elements and keys of a collection, or of what an iterator gives; any
// other value is one itself.
func elementsOf(p *place, t types.Type) []*place {
	if p == nil {
		return nil
	}
	switch t.Underlying().(type) {
	case *types.Slice, *types.Signature:
		return []*place{p.kid("element")}
	case *types.Map:
		return []*place{p.kid("element"), p.kid("key")}
	}
	return []*place{p}
}

// isCallback tells whether a value of that type is a function, and no iterator.
func isCallback(t types.Type) bool {
	_, function := t.Underlying().(*types.Signature)
	return function && !isType(t, "iter", "Seq", "Seq2")
}

// bindCallbacks follows what a function of slices or maps calls its arguments with, and what the function that iter.Pull gives
// comes back with.
func (f *flow) bindCallbacks(call *ast.CallExpr) (learnt bool) {
	if p := f.at(call.Fun); p != nil && f.callee(call) == nil && p.root().kids["element"] != nil {
		for i := range resultTypes(f.info.TypeOf(call)) {
			learnt = unify(f.result(call, i), p.kid("element")) || learnt
		}
	}
	if object := f.callee(call); object == nil || object.Pkg() == nil || object.Pkg().Path() != "slices" && object.Pkg().Path() != "maps" {
		return false
	}
	for _, argument := range call.Args {
		p := f.at(argument)
		if t := f.info.TypeOf(argument); p == nil || !isCallback(t) {
			continue
		}
		for _, target := range p.root().targets {
			for _, v := range f.fields(target.typ.Params) {
				if v != nil && f.tracked(v.Type()) {
					target.bound = true
					learnt = unify(f.variable(v), f.fresh(call)) || learnt
				}
			}
		}
	}
	return learnt
}
