package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// Which functions of the program a library comes to: those that it was given, and methods of the values that it was given.

// hooks are the methods that the standard library looks for in values of any type.
var hooks = strings.Fields(`
AppendBinary AppendText As Error Format GoString GobDecode GobEncode Is LogValue MarshalBinary MarshalJSON MarshalJSONTo
MarshalText MarshalXML MarshalXMLAttr ReadFrom Scan String UnmarshalBinary UnmarshalJSON UnmarshalJSONFrom UnmarshalText
UnmarshalXML UnmarshalXMLAttr Unwrap Value WriteString WriteTo
`)

// reflecting packages call whatever method or function in a field they are told to.
var reflecting = map[string]bool{"html/template": true, "reflect": true, "text/template": true}

// calledBack leads from each call of a library to the functions that it was given and may call in it: those that its package
// has, the methods that it looks for in what the call hands over, and where that leads anywhere, those that any library may
// call.
func (f *flow) calledBack() {
	byPackage := f.givenTo()
	f.setByReflection(byPackage["reflect"])
	known := map[hookKey][]*function{}
	f.libraryCalls(func(call *ast.CallExpr, callee *types.Func, path []ast.Node) {
		around, pkg, way := f.enclosing(path), callee.Pkg().Path(), slices.Clone(path)
		lead := func(functions []*function) {
			for _, fn := range functions {
				around.leads(step{fn, call, way, true})
			}
		}
		lead(byPackage[pkg])
		for _, argument := range call.Args {
			key := hookKey{pointedTo(f.info.TypeOf(argument)), reflecting[pkg]}
			found, ok := known[key]
			if !ok {
				found = f.hooksOf(key.of, key.every)
				known[key] = found
			}
			for _, fn := range found {
				fn.calls++
				fn.anyTimes = true
			}
			lead(found)
		}
		if pkg == "sync" || !slices.ContainsFunc(operands(call), func(e ast.Expr) bool { return f.mayHaveMethods(f.info.TypeOf(e)) }) {
			return
		}
		lead(f.dispatch)
	})
}

// setByReflection leads from each call of a variable to which the text gives no function to those that reflection was given.
func (f *flow) setByReflection(given []*function) {
	if len(given) == 0 {
		return
	}
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			call, ok := node.(*ast.CallExpr)
			if !ok || f.callee(call) != nil || f.isConversion(call) || f.builtin(call) != "" || len(f.targetsOf(call)) > 0 {
				return
			}
			for _, fn := range given {
				f.enclosing(path).leads(step{fn, call, slices.Clone(path), true})
			}
		})
	}
}

// mayHaveMethods tells whether a value of that type may be, or lead to, one of the program's whose methods a library calls.
func (f *flow) mayHaveMethods(t types.Type) bool {
	if t == nil {
		return false
	}
	if named := namedOf(t); named != nil && named.Obj().Pkg() != nil && f.own[named.Obj().Pkg()] {
		return named.NumMethods() > 0 || f.leads(t)
	}
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return true
	case *types.Slice:
		return f.mayHaveMethods(t.Elem())
	}
	_, isInterface := t.Underlying().(*types.Interface)
	return isInterface && !isContext(t) && !isError(t)
}

// dispatched counts the methods that a library may call: those of its interfaces, of the types whose values it is given.
func (f *flow) dispatched() {
	f.conversions(func(value ast.Expr, _ *types.Interface) {
		t := f.info.TypeOf(value)
		known := slices.ContainsFunc(f.converted, func(known types.Type) bool { return types.Identical(known, t) })
		if !known && len(f.hooksOf(t, true)) > 0 {
			f.converted = append(f.converted, t)
		}
	})
	f.handedAsInterfaces(func(_ ast.Expr, method *types.Func, fn *function) {
		fn.calls++
		if !slices.Contains(f.dispatch, fn) {
			f.dispatch = append(f.dispatch, fn)
		}
		if method.Pkg() != nil {
			fn.give(method.Pkg().Path())
		} else {
			fn.anyTimes = true
		}
	})
	f.registered()
}

// keepers begin the names of functions by which a package is given what it calls whenever it is called itself.
var keepers = []string{"Handle", "Register", "Set"}

// registered gives packages the methods of what is registered with them, or is a value of reflection.
func (f *flow) registered() {
	f.libraryCalls(func(call *ast.CallExpr, callee *types.Func, _ []ast.Node) {
		kept := slices.ContainsFunc(keepers, func(name string) bool { return strings.HasPrefix(callee.Name(), name) })
		if !kept && callee.FullName() != "reflect.ValueOf" {
			return
		}
		for _, argument := range call.Args {
			for _, fn := range f.hooksOf(f.info.TypeOf(argument), true) {
				fn.calls++
				fn.give(callee.Pkg().Path())
			}
		}
	})
}

// libraryCalls gives each call of a function that is none of the program's, with it and the way to the call.
func (f *flow) libraryCalls(give func(call *ast.CallExpr, callee *types.Func, path []ast.Node)) {
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return
			}
			if callee := f.callee(call); callee != nil && callee.Pkg() != nil && !f.own[callee.Pkg()] {
				give(call, callee, path)
			}
		})
	}
}

// handedAsInterfaces gives each value that becomes an interface of a library's, with its methods that are then called by that.
func (f *flow) handedAsInterfaces(give func(value ast.Expr, method *types.Func, fn *function)) {
	f.conversions(func(value ast.Expr, to *types.Interface) {
		for i := range to.NumMethods() {
			method := to.Method(i)
			if method.Pkg() != nil && f.own[method.Pkg()] {
				continue
			}
			object, _, _ := types.LookupFieldOrMethod(f.info.TypeOf(value), true, method.Pkg(), method.Name())
			if object, ok := object.(*types.Func); ok {
				if fn := f.byObject[object.Origin()]; fn != nil {
					give(value, method, fn)
				}
			}
		}
	})
}

// A hookKey is what hooksOf is asked for.
type hookKey struct {
	of    types.Type
	every bool
}

// hooksOf are the methods that a library may come to in what a value of that type leads to: those that it looks for, or, with
// `every`, all that are exported, and functions in fields and interfaces.
func (f *flow) hooksOf(t types.Type, every bool) (found []*function) {
	// Whatever is recursive comes by a name again, or by an interface.
	seen := map[*types.TypeName][]types.Type{}
	first := func(name *types.TypeName, t types.Type) bool {
		if slices.ContainsFunc(seen[name], func(known types.Type) bool { return types.Identical(known, t) }) {
			return false
		}
		seen[name] = append(seen[name], t)
		return true
	}
	var look func(t types.Type)
	within := func(iface *types.Interface) {
		f.eachConverted(iface, look)
		if every && iface.Empty() {
			found = append(found, f.boxedFunctions()...)
		}
	}
	look = func(t types.Type) {
		switch t := types.Unalias(t).(type) {
		case *types.Named:
			if !first(t.Obj(), t) {
				return
			}
			if iface, ok := t.Underlying().(*types.Interface); ok {
				within(iface)
			} else if f.own[t.Obj().Pkg()] {
				found = append(found, f.hooksIn(t, every)...)
				look(t.Underlying())
			}
		case *types.Interface:
			if first(nil, t) {
				within(t)
			}
		case *types.Struct:
			for i := range t.NumFields() {
				field := t.Field(i)
				if _, function := field.Type().Underlying().(*types.Signature); function && every {
					found = append(found, f.variable(field).root().targets...)
				}
				look(field.Type())
			}
		case *types.Map:
			look(t.Key())
			look(t.Elem())
		case *types.Chan, *types.Tuple:
		case interface{ Elem() types.Type }:
			look(t.Elem())
		}
	}
	look(t)
	return found
}

// boxedFunctions are those that are in interfaces themselves.
func (f *flow) boxedFunctions() (found []*function) {
	for t, box := range f.boxes {
		if _, function := t.Underlying().(*types.Signature); function {
			found = append(found, box.root().targets...)
		}
	}
	slices.SortFunc(found, func(a, b *function) int { return a.index - b.index })
	return slices.Compact(found)
}

// pointedTo is what a pointer of that type points to, or the type itself.
func pointedTo(t types.Type) types.Type {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		return pointer.Elem()
	}
	return t
}

// hooksIn are such methods of a type of the program's.
func (f *flow) hooksIn(t *types.Named, every bool) (found []*function) {
	methods := types.NewMethodSet(types.NewPointer(t))
	for i := range methods.Len() {
		method, ok := methods.At(i).Obj().(*types.Func)
		if !ok || !method.Exported() || !every && !slices.Contains(hooks, method.Name()) {
			continue
		}
		if fn := f.byObject[method.Origin()]; fn != nil {
			found = append(found, fn)
		}
	}
	return found
}

// eachConverted gives the types whose values became interfaces and may be in that one.
func (f *flow) eachConverted(iface *types.Interface, give func(t types.Type)) {
	for _, t := range f.converted {
		if types.Implements(t, iface) || types.Implements(types.NewPointer(t), iface) {
			give(t)
		}
	}
}
