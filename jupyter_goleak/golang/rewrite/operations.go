package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// An operation is something the program does with a place.
type operation struct {
	kind       string
	node       ast.Node
	expression ast.Expr // the place as it is written there
	path       walkPath
	fn         *function // nil at package level
	buffer     ast.Expr  // of make
	end        token.Pos // of the text to show; the node's own where invalid
	at         *place
	method     *ast.SelectorExpr // of a method's call
	holding    []ast.Expr        // locks
	parents    []ast.Expr        // of a make: what the value is derived from
	cancel     *operation        // of a make: the function that ends it
	result     int               // of a make: which of the call's results
	tasks      []*function       // of a Go, and of what iter.Pull makes: what it starts
	timed      bool              // a timer carries it out
}

// makes tells whether the operation gives a new value. What a library gives and may keep is a "result".
func (op *operation) makes() bool { return op.kind == "make" || op.kind == "result" }

// operations records what the program does with its places.
func (f *flow) operations() {
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			note := func(kind string, expression ast.Expr) *operation {
				return f.note(kind, expression, f.at(expression), node, path)
			}
			switch node := node.(type) {
			case *ast.SendStmt:
				note("send", node.Chan)
			case *ast.UnaryExpr:
				if node.Op == token.ARROW {
					note("receive", node.X)
				} else if literal, ok := ast.Unparen(node.X).(*ast.CompositeLit); ok && isValueLock(f.info.TypeOf(literal)) {
					note("make", literal)
				}
			case *ast.RangeStmt:
				if _, ok := f.typeOf(node.X).(*types.Chan); ok {
					if op := note("range", node.X); op != nil {
						op.end = node.X.End()
					}
				}
			case *ast.GoStmt:
				for _, target := range f.targetsOf(node.Call) {
					target.launches = append(target.launches, node)
					target.repeated = target.repeated || walkPath(path).inLoop()
				}
			case *ast.CallExpr:
				f.call(node, path, note)
			case *ast.SelectorExpr:
				f.methodValue(node, path)
			case *ast.TypeAssertExpr:
				f.asserted(node)
			case *ast.AssignStmt:
				f.assigned(node.Lhs, node.Rhs, node, path)
			case *ast.ValueSpec:
				f.assigned(declared(node), node.Values, node, path)
			}
		})
	}
	f.reach()
	f.openParameters()
}

func (f *flow) note(kind string, expression ast.Expr, p *place, node ast.Node, path []ast.Node) *operation {
	if p == nil {
		return nil
	}
	op := &operation{kind: kind, node: node, expression: expression, path: slices.Clone(path), fn: f.enclosing(path), at: p}
	if op.makes() {
		p.makes = append(p.makes, op)
		p.unknown = p.unknown || kind == "result"
	}
	r := p.root()
	r.ops = append(r.ops, op)
	return op
}

// assigned records values that are set to nil or thrown away.
func (f *flow) assigned(to, from []ast.Expr, node ast.Node, path []ast.Node) {
	for i, name := range to {
		ident, blank := name.(*ast.Ident)
		blank = blank && ident.Name == "_"
		switch {
		case len(to) == len(from) && f.info.Types[from[i]].IsNil():
			f.note("nil", name, f.at(name), node, path)
		case blank && len(from) == 1 && len(to) > 1:
			if call, ok := ast.Unparen(from[0]).(*ast.CallExpr); ok {
				if object := f.callee(call); i == 1 && object != nil && makesContext(object) {
					f.note("discard", call, f.result(call, i), node, path)
				}
			}
		}
	}
}

// declared are the names of a declaration, as an assignment would have them.
func declared(spec *ast.ValueSpec) []ast.Expr {
	names := make([]ast.Expr, len(spec.Names))
	for i, name := range spec.Names {
		names[i] = name
	}
	return names
}

// call records what a call does: the built-in functions, and those of the standard library that wait, wake or make.
func (f *flow) call(call *ast.CallExpr, path []ast.Node, note func(string, ast.Expr) *operation) {
	switch f.builtin(call) {
	case "close":
		if len(call.Args) == 1 {
			note("close", call.Args[0])
		}
		return
	case "make":
		if _, ok := f.typeOf(call).(*types.Chan); ok {
			op := f.note("make", call, f.result(call, 0), call, path)
			if len(call.Args) > 1 {
				op.buffer = call.Args[1]
			}
		}
		return
	case "new":
		f.note("make", call, f.result(call, 0), call, path)
		return
	case "":
	default:
		return
	}
	if f.isConversion(call) {
		return
	}
	object := f.callee(call)
	if object == nil {
		// A value of a function type, such as a context's cancel.
		note("call", call.Fun)
	}
	f.calledBeneath(call, path)
	if len(f.targetsOf(call)) > 0 {
		for _, argument := range call.Args {
			if t := f.info.TypeOf(argument); isValueOf(t, "WaitGroup", "Mutex", "RWMutex") {
				note("copied", argument)
			}
		}
		return
	}
	if object == nil {
		return
	}
	pkg := ""
	if object.Pkg() != nil {
		pkg = object.Pkg().Path()
	}
	name := object.Name()
	selector, isMethod := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	isMethod = isMethod && f.info.Selections[selector] != nil
	if isMethod {
		f.method(call, selector, pkg, name, path)
	}
	if pkg == "context" || !f.holds(call) {
		f.made(call, object, pkg, name, path)
	}
	for i, argument := range call.Args {
		f.passed(call, argument, pkg, name, i, path)
	}
}

// isValueOf tells whether the type is one of those of sync, and no pointer to it.
func isValueOf(t types.Type, names ...string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && isType(named, "sync", names...)
}

func (f *flow) method(call *ast.CallExpr, selector *ast.SelectorExpr, pkg, name string, path []ast.Node) {
	promoted := f.promotedBy(selector)
	tracked := f.tracked(f.info.TypeOf(selector.X)) || promoted != nil && f.tracked(promoted.Type())
	if pkg == "context" && name != "Done" || !tracked && pkg != "sync" && pkg != "time" {
		return
	}
	receiver, kind := f.receiver(selector), strings.ToLower(name)
	if pkg == "sync" && strings.HasSuffix(kind, "lock") {
		receiver.eachSource(func(source *place) {
			if source.reads {
				kind = "r" + strings.ToLower(name)
			}
		})
	}
	op := f.note(kind, selector.X, receiver, call, path)
	if op == nil {
		return
	}
	op.method = selector
	if name == "Go" && len(call.Args) > 0 {
		if p := f.at(call.Args[len(call.Args)-1]); p != nil {
			op.tasks = p.root().targets
		}
	}
}

// asserted marks what comes out of a library as an interface: it knows the value too.
func (f *flow) asserted(node *ast.TypeAssertExpr) {
	call, ok := ast.Unparen(node.X).(*ast.CallExpr)
	if !ok || node.Type == nil || !f.tracked(f.info.TypeOf(node)) || len(f.targetsOf(call)) > 0 || f.holds(call) {
		return
	}
	if p := f.at(node); p != nil {
		p.unknown, p.root().unknown = true, true
	}
}

// receiver is the place of a method's receiver; for a promoted method that of the embedded field.
func (f *flow) receiver(selector *ast.SelectorExpr) *place {
	if field := f.promotedBy(selector); field != nil {
		return f.variable(field)
	}
	return f.at(selector.X)
}

// promotedBy is the field whose method the selector calls, nil where it is the method of what stands there. A library's struct
// counts as what is embedded in it, other than a lock or the like.
func (f *flow) promotedBy(selector *ast.SelectorExpr) (field *types.Var) {
	selection := f.info.Selections[selector]
	index, t := selection.Index(), selection.Recv()
	for _, i := range index[:len(index)-1] {
		if pointer, ok := t.Underlying().(*types.Pointer); ok {
			t = pointer.Elem()
		}
		structure, ok := t.Underlying().(*types.Struct)
		if !ok || i >= structure.NumFields() {
			break
		}
		inner := structure.Field(i)
		if f.file(inner.Pos()) == nil && !isValueLock(inner.Type()) {
			break
		}
		field, t = inner, inner.Type()
	}
	return field
}

// passed records a value that leaves the program's own code.
func (f *flow) passed(call *ast.CallExpr, argument ast.Expr, pkg, name string, i int, path []ast.Node) {
	t := f.info.TypeOf(argument)
	if !f.tracked(t) {
		return
	}
	p := f.at(argument)
	if p == nil {
		return
	}
	if _, ok := t.Underlying().(*types.Signature); ok {
		// The library calls it, or starts a goroutine for it.
		for _, target := range p.root().targets {
			f.handed(target, call, pkg, name, path)
			for _, parameter := range f.fields(target.typ.Params) {
				if parameter != nil && !f.holds(call) {
					f.variable(parameter).unknown = true
				}
			}
		}
		if isAny(f.parameterType(call, i)) {
			// Or it keeps it, for whoever asks for it.
			if pkg != "fmt" && pkg != "log" {
				f.note("passed", argument, p, call, path)
				p.unknown = true
			}
			return
		}
		timed := f.isAfterFunc(call)
		f.note("call", argument, p, call, path).timed = timed
		for _, selector := range f.methodsIn(p) {
			if selector != ast.Unparen(argument) {
				f.handedOn(selector, call, path, timed)
			}
		}
		return
	}
	switch {
	case isContext(t), pkg == "sync" && name == "NewCond", f.holds(call):
		return
	case pkg == "fmt", pkg == "log":
		if kind := kindOf(t); kind == "pipe" || kind == "connection" || types.IsInterface(t) {
			f.note("passed", argument, p, call, path)
		}
		return
	}
	f.note("passed", argument, p, call, path)
	// Readers and writers around a value do not end it, where they can be followed themselves.
	p.unknown = p.unknown || !around(pkg) || strings.HasPrefix(name, "New") && !f.tracked(f.info.TypeOf(call))
}

// openParameters are those whose values come from callers that are not seen.
func (f *flow) openParameters() {
	for _, fn := range f.ordered {
		if !fn.bound {
			for _, v := range f.fields(fn.typ.Params) {
				if v != nil {
					f.open[v] = true
				}
			}
		}
	}
}
