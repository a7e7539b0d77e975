package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// The flow of values is followed without regard to order: all places that a value may pass through (variables,
// parameters, results, fields, elements) make one class. One field is one place, whichever struct it is in. Inside of a
// class the direction of the flow tells which values may arrive at which place.

// A place is a member of a class; what concerns the whole class stands at its root.
type place struct {
	parent  *place
	kids    map[string]*place // what is reached through it: elements, the Done channel of a context
	ops     []*operation
	vars    []*types.Var
	targets []*function // of a class of functions
	owner   *place      // what this is reached through, and how
	via     string

	// What follows is the place's own, not the class's.
	own     *types.Var
	sources map[*place]bool // where its values come from
	uses    map[*place]bool // where they go
	makes   []*operation    // that put a new value in
	unknown bool            // code that is not seen has the value too
}

func (p *place) root() *place {
	for p.parent != nil {
		p = p.parent
	}
	return p
}

func (p *place) kid(name string) *place {
	r := p.root()
	if r.kids == nil {
		r.kids = map[string]*place{}
	}
	if r.kids[name] == nil {
		r.kids[name] = &place{owner: p, via: name}
	}
	return r.kids[name]
}

// unify lets what is at b flow to a. It tells whether that is news.
func unify(a, b *place) bool {
	if a == nil || b == nil || a == b {
		return false
	}
	learnt := !a.sources[b]
	if learnt {
		if a.sources == nil {
			a.sources = map[*place]bool{}
		}
		if b.uses == nil {
			b.uses = map[*place]bool{}
		}
		a.sources[b], b.uses[a] = true, true
	}
	a, b = a.root(), b.root()
	if a == b {
		return learnt
	}
	b.parent = a
	a.vars = append(a.vars, b.vars...)
	a.ops = append(a.ops, b.ops...)
	for _, target := range b.targets {
		if !slices.Contains(a.targets, target) {
			a.targets = append(a.targets, target)
		}
	}
	if a.owner == nil {
		a.owner, a.via = b.owner, b.via
	}
	for name, kid := range b.kids {
		other := a.root().kid(name)
		unify(other, kid)
		unify(kid, other)
	}
	return true
}

// A function is a declaration or a literal of the program.
type function struct {
	name     string
	object   *types.Func // nil for a literal
	node     ast.Node
	typ      *ast.FuncType
	body     *ast.BlockStmt
	outer    *function
	results  []*place
	launches []*ast.GoStmt
	repeated bool // a loop starts it as a goroutine
	deferred bool
	direct   bool // called where it stands
	calls    int  // where it is called or its name used
	bound    bool // a call of the program's own reaches it
}

// A flow is the analysis of one program.
type flow struct {
	*typed
	places    map[*types.Var]*place
	byExpr    map[ast.Expr]*place
	results   map[ast.Expr][]*place // of calls with several results
	functions map[ast.Node]*function
	byObject  map[*types.Func]*function
	ordered   []*function
	named     []*types.Named // of the program
	own       map[*types.Package]bool
	holding   map[ast.Node][]ast.Expr // the locks held at a call, send, receive, range or select
	origins   map[*place]*origin
	interned  map[object]*object
	open      map[*types.Var]bool // parameters of functions that nobody in the program calls
}

func analyse(p *typed) *flow {
	f := &flow{
		typed:     p,
		places:    map[*types.Var]*place{},
		byExpr:    map[ast.Expr]*place{},
		results:   map[ast.Expr][]*place{},
		functions: map[ast.Node]*function{},
		byObject:  map[*types.Func]*function{},
		holding:   map[ast.Node][]ast.Expr{},
		origins:   map[*place]*origin{},
		interned:  map[object]*object{},
		open:      map[*types.Var]bool{},
		own:       map[*types.Package]bool{},
	}
	f.collect()
	f.assignments()
	// Functions that are values become known as others are bound: a few rounds reach what programs do in practice.
	for round := 0; round < 4 && f.bind(); round++ {
	}
	f.operations()
	f.locks()
	return f
}

// collect finds the functions and types.
func (f *flow) collect() {
	for _, object := range f.info.Defs {
		if object != nil && object.Pkg() != nil {
			f.own[object.Pkg()] = true
		}
	}
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			var made *function
			switch node := node.(type) {
			case *ast.FuncDecl:
				made = &function{name: declaredName(node), node: node, typ: node.Type, body: node.Body}
				if object, ok := f.info.Defs[node.Name].(*types.Func); ok {
					made.object = object
					f.byObject[object] = made
				}
			case *ast.FuncLit:
				outer := f.enclosing(path)
				made = &function{node: node, typ: node.Type, body: node.Body, outer: outer}
				if outer != nil {
					made.name = "a function literal in " + outer.named().name
				} else {
					made.name = "a function literal"
				}
			case *ast.TypeSpec:
				if object := f.info.Defs[node.Name]; object != nil {
					if named, ok := object.Type().(*types.Named); ok {
						f.named = append(f.named, named)
					}
				}
			}
			if made != nil {
				made.results = make([]*place, made.typ.Results.NumFields())
				for i := range made.results {
					made.results[i] = &place{}
				}
				f.functions[node] = made
				f.ordered = append(f.ordered, made)
			}
		})
	}
}

// named is the declared function around a literal.
func (fn *function) named() *function {
	for fn.outer != nil {
		fn = fn.outer
	}
	return fn
}

// declaredName is the function's name as a stack shows it, without its package.
func declaredName(decl *ast.FuncDecl) string {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return decl.Name.Name
	}
	star := false
	t := decl.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.ParenExpr:
			t = x.X
			continue
		case *ast.StarExpr:
			star = true
			t = x.X
			continue
		case *ast.IndexExpr:
			t = x.X
			continue
		case *ast.IndexListExpr:
			t = x.X
			continue
		case *ast.Ident:
			if star {
				return "(*" + x.Name + ")." + decl.Name.Name
			}
			return x.Name + "." + decl.Name.Name
		}
		return decl.Name.Name
	}
}

// walk visits each node with the path that leads to it, outermost first and without the node itself.
func (f *flow) walk(root ast.Node, visit func(node ast.Node, path []ast.Node)) {
	var path []ast.Node
	ast.Inspect(root, func(node ast.Node) bool {
		if node == nil {
			path = path[:len(path)-1]
			return true
		}
		visit(node, path)
		path = append(path, node)
		return true
	})
}

// enclosing is the innermost function on the path.
func (f *flow) enclosing(path []ast.Node) *function {
	for _, node := range slices.Backward(path) {
		if fn := f.functions[node]; fn != nil {
			return fn
		}
	}
	return nil
}

func (f *flow) variable(v *types.Var) *place {
	v = v.Origin()
	if f.places[v] == nil {
		f.places[v] = &place{vars: []*types.Var{v}, own: v}
	}
	return f.places[v]
}

func (f *flow) fresh(e ast.Expr) *place {
	if f.byExpr[e] == nil {
		f.byExpr[e] = &place{}
	}
	return f.byExpr[e]
}

// at is the place of an expression, nil where it has none (constants, arithmetic, nil).
func (f *flow) at(e ast.Expr) *place {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		switch object := f.info.ObjectOf(e).(type) {
		case *types.Var:
			return f.variable(object)
		case *types.Func:
			return f.functionValue(e, object)
		}
	case *ast.SelectorExpr:
		selection := f.info.Selections[e]
		if selection == nil {
			switch object := f.info.Uses[e.Sel].(type) {
			case *types.Var:
				return f.variable(object)
			case *types.Func:
				return f.functionValue(e, object)
			}
			return nil
		}
		switch object := selection.Obj().(type) {
		case *types.Var:
			if f.file(object.Pos()) != nil {
				return f.variable(object)
			}
			if x := f.at(e.X); x != nil {
				return x.kid("." + object.Name())
			}
		case *types.Func:
			return f.functionValue(e, object)
		}
	case *ast.StarExpr:
		return f.at(e.X)
	case *ast.UnaryExpr:
		switch e.Op {
		case token.AND:
			return f.at(e.X)
		case token.ARROW:
			if x := f.at(e.X); x != nil {
				return x.kid("element")
			}
		}
	case *ast.IndexExpr:
		if _, ok := f.typeOf(e.X).(*types.Signature); ok {
			return f.at(e.X)
		}
		if x := f.at(e.X); x != nil {
			return x.kid("element")
		}
	case *ast.IndexListExpr:
		return f.at(e.X)
	case *ast.SliceExpr:
		return f.at(e.X)
	case *ast.TypeAssertExpr:
		return f.at(e.X)
	case *ast.CallExpr:
		return f.result(e, 0)
	case *ast.CompositeLit:
		return f.fresh(e)
	case *ast.FuncLit:
		p := f.fresh(e)
		if fn := f.functions[e]; fn != nil && len(p.root().targets) == 0 {
			p.root().targets = []*function{fn}
		}
		return p
	}
	return nil
}

func (f *flow) functionValue(e ast.Expr, object *types.Func) *place {
	fn := f.byObject[object.Origin()]
	if fn == nil {
		return nil
	}
	p := f.fresh(e)
	if !slices.Contains(p.root().targets, fn) {
		p.root().targets = append(p.root().targets, fn)
	}
	return p
}

// result is the place of one result of a call.
func (f *flow) result(call *ast.CallExpr, i int) *place {
	if f.isConversion(call) && len(call.Args) == 1 {
		return f.at(call.Args[0])
	}
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && selector.Sel.Name == "Done" && isContext(f.info.TypeOf(selector.X)) {
		if x := f.at(selector.X); x != nil {
			return x.kid("Done")
		}
	}
	places := f.results[call]
	for len(places) <= i {
		places = append(places, &place{})
	}
	f.results[call] = places
	return places[i]
}

func (f *flow) isConversion(call *ast.CallExpr) bool {
	return f.info.Types[call.Fun].IsType()
}

func (f *flow) builtin(call *ast.CallExpr) string {
	if ident, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if builtin, ok := f.info.Uses[ident].(*types.Builtin); ok {
			return builtin.Name()
		}
	}
	return ""
}

func (f *flow) typeOf(e ast.Expr) types.Type {
	if t := f.info.TypeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

// callee is the function or method object that a call names, if it names one.
func (f *flow) callee(call *ast.CallExpr) *types.Func {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		object, _ := f.info.Uses[fun].(*types.Func)
		return object
	case *ast.SelectorExpr:
		object, _ := f.info.Uses[fun.Sel].(*types.Func)
		return object
	}
	return nil
}

// targetsOf are the program's functions that a call may reach.
func (f *flow) targetsOf(call *ast.CallExpr) []*function {
	if f.isConversion(call) || f.builtin(call) != "" {
		return nil
	}
	if object := f.callee(call); object != nil {
		object = object.Origin()
		if fn := f.byObject[object]; fn != nil {
			return []*function{fn}
		}
		if iface := receiverInterface(object); iface != nil {
			return f.implementations(iface, object.Name())
		}
		return nil
	}
	if p := f.at(call.Fun); p != nil {
		return p.root().targets
	}
	return nil
}

func receiverInterface(object *types.Func) *types.Interface {
	signature, ok := object.Type().(*types.Signature)
	if !ok || signature.Recv() == nil {
		return nil
	}
	iface, _ := signature.Recv().Type().Underlying().(*types.Interface)
	return iface
}

func (f *flow) implementations(iface *types.Interface, method string) []*function {
	var found []*function
	for _, named := range f.named {
		if types.IsInterface(named) || named.TypeParams().Len() > 0 || !types.Implements(types.NewPointer(named), iface) {
			continue
		}
		object, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, named.Obj().Pkg(), method)
		if object, ok := object.(*types.Func); ok {
			if fn := f.byObject[object.Origin()]; fn != nil {
				found = append(found, fn)
			}
		}
	}
	return found
}
