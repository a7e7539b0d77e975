package main

import (
	"go/ast"
	"go/types"
	"strings"
)

// Values that the standard library or another module makes.

// made records the values that a call of the standard library or another module gives. What they are made from is told
// by the receiver and the arguments: a context by its parent, a scanner by its reader, a connection by its listener.
func (f *flow) made(call *ast.CallExpr, object *types.Func, pkg, name string, path []ast.Node) {
	if pkg == "context" && name == "Done" || pkg == "sync" && name == "RLocker" {
		return
	}
	if pkg == "sync" && name == "NewCond" && len(call.Args) == 1 {
		unify(f.result(call, 0).kid(".L"), f.at(call.Args[0]))
	}
	var parents []ast.Expr
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.info.Selections[selector] != nil && f.tracked(f.info.TypeOf(selector.X)) {
		parents = append(parents, selector.X)
	}
	unseen := false
	for _, argument := range call.Args {
		t := f.info.TypeOf(argument)
		unseen = unseen || pkg == "context" && f.isOwnContext(t)
		if f.tracked(t) {
			if _, function := t.Underlying().(*types.Signature); !function {
				parents = append(parents, argument)
			}
		}
	}
	var first *operation
	for i, t := range resultTypes(f.info.TypeOf(call)) {
		if !f.tracked(t) {
			continue
		}
		kind := "result"
		if creates(pkg, name) || isType(t, "net/http", "Response") || isType(t, "net", "Conn") {
			kind = "make"
		}
		op := f.note(kind, call, f.result(call, i), call, path)
		op.parents, op.result = parents, i
		if pkg == "iter" && len(call.Args) > 0 {
			if p := f.at(call.Args[0]); p != nil {
				op.tasks = p.root().targets
			}
		}
		op.at.unknown = op.at.unknown || unseen
		if i == 0 {
			first = op
		} else if first != nil && makesContext(object) {
			first.cancel = op
			op.parents = nil
		}
	}
}

func resultTypes(t types.Type) []types.Type {
	tuple, ok := t.(*types.Tuple)
	if !ok {
		return []types.Type{t}
	}
	all := make([]types.Type, tuple.Len())
	for i := range all {
		all[i] = tuple.At(i).Type()
	}
	return all
}

// around tells whether the package's values stand around others, which they read from or write to.
func around(pkg string) bool {
	return pkg == "bufio" || pkg == "io" || strings.HasPrefix(pkg, "encoding/") || strings.HasPrefix(pkg, "compress/")
}

// creates tells whether the function's result is the caller's alone.
func creates(pkg, name string) bool {
	switch pkg {
	case "context", "sync", "iter":
		return true
	case "time":
		return name == "NewTimer" || name == "NewTicker" || name == "After" || name == "Tick" || name == "AfterFunc"
	case "os":
		return name == "Pipe"
	case "net":
		return name == "Pipe" || strings.HasPrefix(name, "Dial") || strings.HasPrefix(name, "Listen")
	case "os/signal":
		return name == "NotifyContext"
	}
	return around(pkg)
}

// makesContext tells whether the function gives a context and the function that cancels it.
func makesContext(object *types.Func) bool {
	if object.Pkg() == nil {
		return false
	}
	switch object.Pkg().Path() + "." + object.Name() {
	case "context.WithCancel", "context.WithCancelCause", "context.WithTimeout", "context.WithTimeoutCause",
		"context.WithDeadline", "context.WithDeadlineCause", "os/signal.NotifyContext":
		return true
	}
	return false
}

// contextIn is the context that is embedded in a struct of the program's, which is a context by that one's Done.
func (f *flow) contextIn(t types.Type) *types.Var {
	if named, index := f.contextType(t); named != nil {
		return embedded(named, index)
	}
	return nil
}

// isOwnContext tells whether a type of the program's is a context by a Done of its own.
func (f *flow) isOwnContext(t types.Type) bool {
	named, index := f.contextType(t)
	return named != nil && len(index) == 1
}

// contextType is such a type, with the way to its Done.
func (f *flow) contextType(t types.Type) (*types.Named, []int) {
	named := namedOf(t)
	if named == nil || !f.own[named.Obj().Pkg()] || types.IsInterface(named) {
		return nil, nil
	}
	index, known := f.contexts[named]
	if !known {
		for _, name := range []string{"Deadline", "Done", "Err", "Value"} {
			object, path, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, nil, name)
			if _, ok := object.(*types.Func); !ok {
				index = nil
				break
			}
			if name == "Done" {
				index = path
			}
		}
		f.contexts[named] = index
	}
	if index == nil {
		return nil, nil
	}
	return named, index
}
