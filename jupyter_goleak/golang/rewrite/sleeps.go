package main

import (
	"go/ast"
	"go/constant"
	"go/types"
)

// A SleepsAnswer adds up what the program's text sleeps: each call of time.Sleep counts once, however often it is run.
type SleepsAnswer struct {
	Calls       int   `json:"calls"`
	Nanoseconds int64 `json:"nanoseconds"` // of those calls whose duration is a constant
}

func sleeps(request Program) SleepsAnswer {
	var answer SleepsAnswer
	program := load(request, "", nil)
	for _, file := range program.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || !program.isSleep(call.Fun) {
				return true
			}
			answer.Calls++
			if value := program.info.Types[call.Args[0]].Value; value != nil {
				nanoseconds, _ := constant.Int64Val(constant.ToInt(value))
				answer.Nanoseconds += nanoseconds
			}
			return true
		})
	}
	return answer
}

func (p *typed) isSleep(function ast.Expr) bool {
	selector, ok := ast.Unparen(function).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	called, ok := p.info.Uses[selector.Sel].(*types.Func)
	return ok && called.FullName() == "time.Sleep"
}
