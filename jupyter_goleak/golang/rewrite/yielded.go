package main

import (
	"go/ast"
	"go/types"
)

// Values that an iterator gives to the body of a loop.

// argumentNames are what a function's variable leads to that it is called with.
var argumentNames = [...]string{"argument 0", "argument 1"}

// calledVariable is the variable whose function is called.
func (f *flow) calledVariable(call *ast.CallExpr) *types.Var {
	name, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := f.info.Uses[name].(*types.Var)
	return v
}

// bindYielded follows what an iterator gives to the body of a loop over it: one of the program's to its parameter, one of the
// library's the elements of what it was made from.
func (f *flow) bindYielded(loop *ast.RangeStmt) bool {
	if _, ok := f.typeOf(loop.X).(*types.Signature); !ok {
		return false
	}
	learnt := false
	into := []ast.Expr{loop.Key, loop.Value}
	if p := f.at(loop.X); p != nil {
		for _, target := range p.root().targets {
			yield := f.fields(target.typ.Params)
			for i, name := range into {
				if len(yield) > 0 && yield[0] != nil && name != nil && f.tracked(f.info.TypeOf(name)) {
					learnt = unify(f.at(name), f.variable(yield[0]).kid(argumentNames[i])) || learnt
				}
			}
		}
	}
	call, ok := ast.Unparen(loop.X).(*ast.CallExpr)
	from := f.at(loop.X)
	if ok && len(f.targetsOf(call)) == 0 && len(call.Args) > 0 && !f.holds(call) {
		from = f.at(call.Args[0])
	}
	for _, name := range into {
		if from != nil && name != nil && f.tracked(f.info.TypeOf(name)) {
			learnt = unify(f.at(name), from.kid("element")) || learnt
		}
	}
	return learnt
}
