package main

import (
	"go/ast"
	"go/types"
	"slices"
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
	for _, argument := range call.Args {
		if t := f.info.TypeOf(argument); f.tracked(t) {
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

// contextIn is the place that a struct of the program's, which is a context, stands for: the context that is embedded in it,
// or else what its own Done gives. It is nil for other types.
func (f *flow) contextIn(t types.Type) *place {
	way := f.contextType(t)
	if way == nil {
		return nil
	}
	if way.field == nil {
		return way.done.results[0]
	}
	if p := f.contextIn(way.field.Type()); p != nil {
		return p
	}
	return f.variable(way.field)
}

// isOwnContext tells whether a type of the program's, a struct or an interface, is a context.
func (f *flow) isOwnContext(t types.Type) bool {
	named := namedOf(t)
	return named != nil && f.own[named.Obj().Pkg()] && (types.IsInterface(named) && isContextual(named) || f.contextType(named) != nil)
}

// isContextual tells whether the type has the methods of a context.
func isContextual(t types.Type) bool {
	return !slices.ContainsFunc([]string{"Deadline", "Done", "Err", "Value"}, func(name string) bool {
		object, _, _ := types.LookupFieldOrMethod(t, true, nil, name)
		_, method := object.(*types.Func)
		return !method
	})
}

// A wayToDone leads to the Done of a struct that is a context: through a field, or to a method of its own.
type wayToDone struct {
	field *types.Var
	done  *function
}

// contextType is that of the type, nil where it is none.
func (f *flow) contextType(t types.Type) *wayToDone {
	named := namedOf(t)
	if named == nil || !f.own[named.Obj().Pkg()] {
		return nil
	}
	if _, structure := named.Underlying().(*types.Struct); !structure {
		return nil
	}
	way, known := f.contexts[named]
	if !known {
		if pointer := types.NewPointer(named); isContextual(pointer) {
			object, index, _ := types.LookupFieldOrMethod(pointer, true, nil, "Done")
			way = &wayToDone{embedded(named, index), f.byObject[object.(*types.Func).Origin()]}
			if way.field == nil && (way.done == nil || len(way.done.results) != 1) {
				way = nil
			}
		}
		f.contexts[named] = way
	}
	return way
}
