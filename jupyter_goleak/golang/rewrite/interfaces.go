package main

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// What goes into an interface is followed by its type: whatever went in as a T, wherever that was, may come out where a T
// is asked for, by an assertion or by a call of a method that T has. So nothing is lost in a list, a map or a library that
// keeps values of any type. Instances of one generic type count as one type, as their fields count as one.

// box is where the values of a type are while they are in interfaces; a pointer is one with what it points to.
func (f *flow) box(t types.Type) *place {
	t = types.Unalias(t)
	for {
		pointer, ok := t.(*types.Pointer)
		if !ok {
			break
		}
		t = types.Unalias(pointer.Elem())
	}
	switch generic := t.(type) {
	case *types.Named:
		t = generic.Origin()
	case *types.TypeParam:
		t = types.Universe.Lookup("any").Type() // one for all, as each method has its own
	}
	for known, box := range f.boxes {
		if types.Identical(known, t) {
			return box
		}
	}
	f.boxes[t] = &place{}
	return f.boxes[t]
}

// boxed follows values into interfaces.
func (f *flow) boxed() {
	var values []ast.Expr
	f.conversions(func(value ast.Expr, _ *types.Interface) {
		if t := f.info.TypeOf(value); f.tracked(t) {
			f.box(t)
			values = append(values, value)
		}
	})
	// What implements an interface may depend on them all.
	for _, value := range values {
		unify(f.box(f.info.TypeOf(value)), f.at(value))
	}
}

// boxedAlike lets values out of interfaces as types that theirs are for some type arguments: as a type parameter, for which
// any stands here, or as what has one in it.
func (f *flow) boxedAlike() {
	join := func(a, b *place) {
		unify(a, b)
		unify(b, a)
	}
	byText := func(a, b types.Type) int { return strings.Compare(a.String(), b.String()) }
	var arguments []types.Type
	for _, instance := range f.info.Instances {
		for i := range instance.TypeArgs.Len() {
			if t := instance.TypeArgs.At(i); f.tracked(t) && !isParameter(t) {
				arguments = append(arguments, t)
			}
		}
	}
	slices.SortFunc(arguments, byText)
	for _, t := range arguments {
		join(f.box(types.Universe.Lookup("any").Type()), f.box(t))
	}
	boxes := slices.SortedFunc(maps.Keys(f.boxes), byText)
	for i, a := range boxes {
		for _, b := range boxes[:i] {
			if !isAny(a) && !isAny(b) && alike(a, b) {
				join(f.boxes[a], f.boxes[b])
			}
		}
	}
}

// unboxed is the place of what an assertion gets out of x.
func (f *flow) unboxed(at *place, x ast.Expr, t types.Type) *place {
	if f.tracked(f.info.TypeOf(x)) || isParameter(f.operandType(x)) || types.IsInterface(t) && !isParameter(t) || !f.tracked(t) {
		return f.at(x) // followed as a value of its own
	}
	unify(at, f.box(t))
	return at
}

// operandType is the type of what is converted, if anything is.
func (f *flow) operandType(x ast.Expr) types.Type {
	if call, ok := ast.Unparen(x).(*ast.CallExpr); ok && f.isConversion(call) && len(call.Args) == 1 {
		x = call.Args[0]
	}
	return f.info.TypeOf(x)
}

func isParameter(t types.Type) bool {
	_, parameter := types.Unalias(t).(*types.TypeParam)
	return parameter
}

func isAny(t types.Type) bool {
	if t == nil {
		return false
	}
	iface, ok := t.Underlying().(*types.Interface)
	return ok && iface.NumMethods() == 0
}

// An implementation is a method that a call through an interface may come to, and where its receiver is.
type implementation struct {
	object   *types.Func
	receiver *place
}

func receiverInterface(object *types.Func) *types.Interface {
	signature, ok := object.Type().(*types.Signature)
	if !ok || signature.Recv() == nil {
		return nil
	}
	iface, _ := signature.Recv().Type().Underlying().(*types.Interface)
	return iface
}

// implementations are the methods of the program's types, and of a library's that went into an interface. A call that
// names no method of an interface has none.
func (f *flow) implementations(called *types.Func) []implementation {
	iface := receiverInterface(called)
	if iface == nil {
		return nil
	}
	if found, known := f.implementing[called]; known {
		return found
	}
	var found []implementation
	look := func(named *types.Named) {
		if types.IsInterface(named) || !implements(named, iface) {
			return
		}
		object, index, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, called.Pkg(), called.Name())
		receiver := f.box(named)
		if field := embedded(named, index); field != nil {
			receiver = f.variable(field)
		}
		found = append(found, implementation{object.(*types.Func).Origin(), receiver})
	}
	for _, named := range f.named {
		look(named)
	}
	// A library's own interfaces are followed as values.
	if f.own[called.Pkg()] {
		for _, named := range f.boxedTypes() {
			look(named)
		}
	}
	f.implementing[called] = found
	return found
}

// boxedTypes are the types of package sync whose values went into interfaces.
func (f *flow) boxedTypes() (all []*types.Named) {
	for t := range f.boxes {
		if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "sync" {
			all = append(all, named)
		}
	}
	slices.SortFunc(all, func(a, b *types.Named) int { return int(a.Obj().Pos() - b.Obj().Pos()) })
	return all
}

// embedded is the field whose method a struct has for its own, nil where the method is the type's own.
func embedded(t types.Type, index []int) (field *types.Var) {
	for _, i := range index[:len(index)-1] {
		if pointer, ok := t.Underlying().(*types.Pointer); ok {
			t = pointer.Elem()
		}
		structure, ok := t.Underlying().(*types.Struct)
		if !ok || i >= structure.NumFields() {
			return nil
		}
		field = structure.Field(i)
		t = field.Type()
	}
	return field
}

// implements tells whether the type, or an instance of it, implements the interface, or an instance of that.
func implements(named *types.Named, iface *types.Interface) bool {
	for i := range iface.NumMethods() {
		wanted := iface.Method(i)
		object, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, wanted.Pkg(), wanted.Name())
		if method, ok := object.(*types.Func); !ok || !alike(method.Type(), wanted.Type()) {
			return false
		}
	}
	return true
}

// alike tells whether the types are identical for some values of their type parameters.
func alike(a, b types.Type) bool {
	a, b = types.Unalias(a), types.Unalias(b)
	for _, t := range []types.Type{a, b} {
		if _, ok := t.(*types.TypeParam); ok {
			return true
		}
	}
	switch a := a.(type) {
	case *types.Named:
		b, ok := b.(*types.Named)
		if !ok || a.Origin() != b.Origin() {
			return false
		}
		for i := range min(a.TypeArgs().Len(), b.TypeArgs().Len()) {
			if !alike(a.TypeArgs().At(i), b.TypeArgs().At(i)) {
				return false
			}
		}
		return true
	case *types.Pointer:
		b, ok := b.(*types.Pointer)
		return ok && alike(a.Elem(), b.Elem())
	case *types.Slice:
		b, ok := b.(*types.Slice)
		return ok && alike(a.Elem(), b.Elem())
	case *types.Array:
		b, ok := b.(*types.Array)
		return ok && a.Len() == b.Len() && alike(a.Elem(), b.Elem())
	case *types.Map:
		b, ok := b.(*types.Map)
		return ok && alike(a.Key(), b.Key()) && alike(a.Elem(), b.Elem())
	case *types.Chan:
		b, ok := b.(*types.Chan)
		return ok && a.Dir() == b.Dir() && alike(a.Elem(), b.Elem())
	case *types.Tuple:
		b, ok := b.(*types.Tuple)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !alike(a.At(i).Type(), b.At(i).Type()) {
				return false
			}
		}
		return true
	case *types.Signature:
		b, ok := b.(*types.Signature)
		return ok && a.Variadic() == b.Variadic() && alike(a.Params(), b.Params()) && alike(a.Results(), b.Results())
	}
	return types.Identical(a, b)
}

// conversions gives each value that becomes an interface, with that interface.
func (f *flow) conversions(give func(value ast.Expr, to *types.Interface)) {
	into := func(value ast.Expr, to types.Type) {
		if from := f.info.TypeOf(value); to != nil && from != nil && (!types.IsInterface(from) || isParameter(from)) {
			if iface, ok := to.Underlying().(*types.Interface); ok {
				give(value, iface)
			}
		}
	}
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			switch node := node.(type) {
			case *ast.CallExpr:
				for i, argument := range node.Args {
					into(argument, f.parameterType(node, i))
				}
			case *ast.AssignStmt:
				if len(node.Lhs) == len(node.Rhs) {
					for i := range node.Lhs {
						into(node.Rhs[i], f.info.TypeOf(node.Lhs[i]))
					}
				}
			case *ast.ValueSpec:
				for _, value := range node.Values {
					if node.Type != nil {
						into(value, f.info.TypeOf(node.Type))
					}
				}
			case *ast.CompositeLit:
				f.eachElement(node, into)
			case *ast.IndexExpr:
				if m, ok := f.typeOf(node.X).(*types.Map); ok {
					into(node.Index, m.Key())
				}
			case *ast.SendStmt:
				if channel, ok := f.typeOf(node.Chan).(*types.Chan); ok {
					into(node.Value, channel.Elem())
				}
			case *ast.ReturnStmt:
				if fn := f.enclosing(path); fn != nil && len(node.Results) > 0 && len(node.Results) == fn.typ.Results.NumFields() {
					for i, t := range f.resultTypes(fn) {
						into(node.Results[i], t)
					}
				}
			}
		})
	}
}

// eachElement gives each value of a composite literal, with the type of what takes it.
func (f *flow) eachElement(literal *ast.CompositeLit, give func(value ast.Expr, to types.Type)) {
	t := f.typeOf(literal)
	if pointer, ok := t.(*types.Pointer); ok { // an element whose &T is left out
		t = pointer.Elem().Underlying()
	}
	for i, element := range literal.Elts {
		pair, keyed := element.(*ast.KeyValueExpr)
		if keyed {
			element = pair.Value
		}
		switch t := t.(type) {
		case *types.Struct:
			if keyed {
				if field, ok := pair.Key.(*ast.Ident); ok {
					give(element, f.info.TypeOf(field))
				}
			} else if i < t.NumFields() {
				give(element, t.Field(i).Type())
			}
		case *types.Map:
			give(element, t.Elem())
			if keyed {
				give(pair.Key, t.Key())
			}
		case interface{ Elem() types.Type }:
			give(element, t.Elem())
		}
	}
}

// parameterType is the type of what takes an argument of a call, or the operand of a conversion.
func (f *flow) parameterType(call *ast.CallExpr, i int) types.Type {
	if f.isConversion(call) {
		return f.info.TypeOf(call.Fun)
	}
	signature, ok := f.typeOf(call.Fun).(*types.Signature)
	if !ok {
		return nil
	}
	switch last := signature.Params().Len() - 1; {
	case i < last || i == last && (!signature.Variadic() || call.Ellipsis.IsValid()):
		return signature.Params().At(i).Type()
	case signature.Variadic():
		if list, ok := signature.Params().At(last).Type().(*types.Slice); ok {
			return list.Elem()
		}
	}
	return nil
}

// resultTypes are those of a function's results, one for each.
func (f *flow) resultTypes(fn *function) (all []types.Type) {
	for _, field := range fn.typ.Results.List {
		for range max(1, len(field.Names)) {
			all = append(all, f.info.TypeOf(field.Type))
		}
	}
	return all
}
