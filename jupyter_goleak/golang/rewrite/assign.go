package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// tracked tells whether a value of that type may wait, wake, or lead to what does. Structs of the program are no such
// values: their fields are followed one by one.
func (f *flow) tracked(t types.Type) bool { return f.trackedTo(t, 4) }

func (f *flow) trackedTo(t types.Type, depth int) bool {
	if t == nil || depth == 0 {
		return false
	}
	switch t := types.Unalias(t).(type) {
	case *types.Chan, *types.Signature, *types.TypeParam, *types.Tuple:
		return true
	case *types.Pointer:
		return f.trackedTo(t.Elem(), depth-1)
	case *types.Slice:
		return f.trackedTo(t.Elem(), depth-1)
	case *types.Array:
		return f.trackedTo(t.Elem(), depth-1)
	case *types.Map:
		return f.trackedTo(t.Elem(), depth-1) || f.trackedTo(t.Key(), depth-1)
	case *types.Named:
		pkg := t.Obj().Pkg()
		switch t.Underlying().(type) {
		case *types.Struct, *types.Interface:
			return pkg != nil && !f.own[pkg] || f.isOwnContext(t)
		}
		return f.trackedTo(t.Underlying(), depth-1)
	}
	return false
}

func (f *flow) join(to, from ast.Expr) {
	if f.tracked(f.info.TypeOf(to)) || f.tracked(f.info.TypeOf(from)) {
		unify(f.at(to), f.at(from))
		if f.isAddress(from) {
			unify(f.at(from), f.at(to))
		}
	}
}

// isAddress tells whether the expression is the address of a variable that can be given another value through it.
func (f *flow) isAddress(e ast.Expr) bool {
	address, ok := ast.Unparen(e).(*ast.UnaryExpr)
	if !ok || address.Op != token.AND {
		return false
	}
	switch f.typeOf(address.X).(type) {
	case *types.Chan, *types.Pointer, *types.Signature, *types.Slice, *types.Map, *types.Interface:
		return true
	}
	return false
}

// assignments follows values from one place to another inside functions.
func (f *flow) assignments() {
	f.boxed()
	f.handedAsInterfaces(func(value ast.Expr, method *types.Func, fn *function) {
		decl, ok := fn.node.(*ast.FuncDecl)
		if receivers := f.fields(decl.Recv); ok && len(receivers) == 1 && receivers[0] != nil && f.tracked(receivers[0].Type()) {
			unify(f.variable(receivers[0]), f.at(value))
		}
	})
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			switch node := node.(type) {
			case *ast.AssignStmt:
				f.assign(node.Lhs, node.Rhs)
			case *ast.ValueSpec:
				f.assign(declared(node), node.Values)
			case *ast.RangeStmt:
				f.ranged(node)
			case *ast.CompositeLit:
				f.literal(node)
			case *ast.TypeSwitchStmt:
				f.typeSwitch(node)
			case *ast.IndexExpr:
				f.key(node.X, node.Index)
			case *ast.SendStmt:
				if channel := f.at(node.Chan); channel != nil && f.tracked(f.info.TypeOf(node.Value)) {
					unify(channel.kid("element"), f.at(node.Value))
				}
			case *ast.ReturnStmt:
				f.returned(f.enclosing(path), node.Results)
			case *ast.FuncDecl:
				f.namedResults(f.functions[node])
			case *ast.FuncLit:
				f.namedResults(f.functions[node])
			case *ast.CallExpr:
				f.sameValue(node)
				f.passesOn(node)
				if f.builtin(node) == "copy" {
					f.join(node.Args[0], node.Args[1])
				}
				if f.builtin(node) == "append" && len(node.Args) > 0 && f.tracked(f.info.TypeOf(node)) {
					whole := f.result(node, 0)
					unify(whole, f.at(node.Args[0]))
					for _, arg := range node.Args[1:] {
						if node.Ellipsis.IsValid() {
							unify(whole, f.at(arg))
						} else {
							unify(whole.kid("element"), f.at(arg))
						}
					}
				}
			}
		})
	}
	f.boxedAlike()
}

// sameValue follows what a function of package sync gives back in another form: OnceFunc and the like a function that
// calls its argument, RLocker the lock itself, to be taken for reading.
func (f *flow) sameValue(call *ast.CallExpr) {
	object := f.callee(call)
	if object == nil || object.Pkg() == nil || object.Pkg().Path() != "sync" {
		return
	}
	if strings.HasPrefix(object.Name(), "Once") && len(call.Args) == 1 {
		unify(f.result(call, 0), f.at(call.Args[0]))
	}
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && object.Name() == "RLocker" {
		unify(f.result(call, 0), f.receiver(selector))
		f.result(call, 0).reads = true
	}
}

func (f *flow) assign(to, from []ast.Expr) {
	switch {
	case len(to) == len(from):
		for i := range to {
			f.join(to[i], from[i])
		}
	case len(from) == 1:
		if call, ok := ast.Unparen(from[0]).(*ast.CallExpr); ok {
			for i, name := range to {
				if f.tracked(f.info.TypeOf(name)) {
					unify(f.at(name), f.result(call, i))
				}
			}
		} else if len(to) > 0 { // v, ok := …
			f.join(to[0], from[0])
		}
	}
}

func (f *flow) ranged(node *ast.RangeStmt) {
	x := f.at(node.X)
	if x == nil {
		return
	}
	into := node.Value
	switch f.typeOf(node.X).(type) {
	case *types.Chan:
		into = node.Key
	case *types.Map:
		if node.Key != nil && f.tracked(f.info.TypeOf(node.Key)) {
			unify(f.at(node.Key), x.kid("key"))
		}
	}
	if into != nil && f.tracked(f.info.TypeOf(into)) {
		unify(f.at(into), x.kid("element"))
	}
}

// key follows a key into its map.
func (f *flow) key(m, key ast.Expr) {
	if _, ok := f.typeOf(m).(*types.Map); !ok || !f.tracked(f.info.TypeOf(key)) {
		return
	}
	if x := f.at(m); x != nil {
		unify(x.kid("key"), f.at(key))
	}
}

// typeSwitch follows a value into the variable that each clause has for it.
func (f *flow) typeSwitch(node *ast.TypeSwitchStmt) {
	assign, ok := node.Assign.(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 {
		return
	}
	for _, clause := range node.Body.List {
		v, ok := f.info.Implicits[clause].(*types.Var)
		asserted, _ := ast.Unparen(assign.Rhs[0]).(*ast.TypeAssertExpr)
		if ok && asserted != nil && f.tracked(v.Type()) {
			unify(f.variable(v), f.unboxed(f.variable(v), asserted.X, v.Type()))
		}
	}
}

func (f *flow) literal(node *ast.CompositeLit) {
	t := f.typeOf(node)
	if pointer, ok := t.(*types.Pointer); ok { // an element whose &T is left out
		t = pointer.Elem().Underlying()
	}
	structure, isStruct := t.(*types.Struct)
	for i, element := range node.Elts {
		value := element
		var field *types.Var
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			value = pair.Value
			f.key(node, pair.Key)
			if key, ok := pair.Key.(*ast.Ident); ok && isStruct {
				field, _ = f.info.Uses[key].(*types.Var)
			}
		} else if isStruct && i < structure.NumFields() {
			field = structure.Field(i)
		}
		if !f.tracked(f.info.TypeOf(value)) {
			continue
		}
		if isStruct {
			if field != nil {
				unify(f.variable(field), f.at(value))
			}
		} else {
			unify(f.fresh(node).kid("element"), f.at(value))
		}
	}
}

func (f *flow) returned(fn *function, values []ast.Expr) {
	if fn == nil {
		return
	}
	if len(values) == 1 && len(fn.results) > 1 {
		if call, ok := ast.Unparen(values[0]).(*ast.CallExpr); ok {
			for i, result := range fn.results {
				unify(result, f.result(call, i))
			}
		}
		return
	}
	for i, value := range values {
		if i < len(fn.results) && f.tracked(f.info.TypeOf(value)) {
			unify(fn.results[i], f.at(value))
		}
	}
}

func (f *flow) namedResults(fn *function) {
	i := 0
	for _, v := range f.fields(fn.typ.Results) {
		if v != nil && i < len(fn.results) && f.tracked(v.Type()) {
			for _, each := range f.versionsOf(v) {
				unify(fn.results[i], each)
			}
		}
		i++
	}
}

// fields are the variables of a list of parameters or results, nil for those without a name.
func (f *flow) fields(list *ast.FieldList) []*types.Var {
	var all []*types.Var
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		if len(field.Names) == 0 {
			all = append(all, nil)
		}
		for _, name := range field.Names {
			v, _ := f.info.Defs[name].(*types.Var)
			all = append(all, v)
		}
	}
	return all
}

// bind follows values into and out of the program's functions; it tells whether it learnt anything.
func (f *flow) bind() bool {
	learnt := false
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			if loop, ok := node.(*ast.RangeStmt); ok {
				learnt = f.bindYielded(loop) || learnt
			}
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return
			}
			for _, target := range f.targetsOf(call) {
				learnt = f.bindTo(call, target) || learnt
			}
			learnt = f.bindReceivers(call) || learnt
			learnt = f.bindCallbacks(call) || learnt
			if v := f.calledVariable(call); v != nil {
				for i, argument := range call.Args {
					if f.tracked(f.info.TypeOf(argument)) {
						learnt = unify(f.variable(v).kid(argumentNames[min(i, 1)]), f.at(argument)) || learnt
					}
				}
			}
		})
	}
	return learnt
}

func (f *flow) bindTo(call *ast.CallExpr, target *function) bool {
	learnt := !target.bound
	target.bound = true
	parameters := f.fields(target.typ.Params)
	variadic := false
	if list := target.typ.Params.List; len(list) > 0 {
		_, variadic = list[len(list)-1].Type.(*ast.Ellipsis)
	}
	pass := func(i int, argument *place) {
		if argument == nil {
			return
		}
		spread := variadic && i >= len(parameters)-1 && !call.Ellipsis.IsValid()
		if spread {
			i = len(parameters) - 1
		}
		if i < 0 || i >= len(parameters) || parameters[i] == nil {
			return
		}
		parameter := f.variable(parameters[i])
		if spread {
			parameter = parameter.kid("element")
		}
		learnt = unify(parameter, argument) || learnt
	}
	if inner, ok := f.spreadCall(call, len(parameters)); ok {
		for i := range parameters {
			pass(i, f.result(inner, i))
		}
	} else {
		for i, argument := range call.Args {
			if f.tracked(f.info.TypeOf(argument)) {
				pass(i, f.at(argument))
				if f.isAddress(argument) && i < len(parameters) && parameters[i] != nil {
					learnt = unify(f.at(argument), f.variable(parameters[i])) || learnt
				}
			}
		}
	}
	if f.doneOf(call) != nil {
		return learnt // its receiver stands for what it gives
	}
	for i, result := range target.results {
		learnt = unify(f.result(call, i), result) || learnt
	}
	return learnt
}

// spreadCall is the g in f(g()), where g gives all arguments.
func (f *flow) spreadCall(call *ast.CallExpr, parameters int) (*ast.CallExpr, bool) {
	if len(call.Args) != 1 || parameters < 2 {
		return nil, false
	}
	inner, ok := ast.Unparen(call.Args[0]).(*ast.CallExpr)
	if !ok {
		return nil, false
	}
	tuple, ok := f.info.TypeOf(inner).(*types.Tuple)
	return inner, ok && tuple.Len() > 1
}

// isType tells whether t is, or points to, the named type of that package.
func isType(t types.Type, pkg string, names ...string) bool {
	if t == nil {
		return false
	}
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == pkg && slices.Contains(names, named.Obj().Name())
}

func isContext(t types.Type) bool { return isType(t, "context", "Context") }
