package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

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
	sites    []callSite
	anyTimes bool     // a library may call it as often as it likes
	given    []string // to which packages it was given for that
	timed    bool     // a timer calls it
	steps    []step
	index    int  // in the order of the text
	asked    bool // whether it is known that it may run
	often    bool // more than once
	bound    bool // a call of the program's own reaches it
}

// A flow is the analysis of one program.
type flow struct {
	*typed
	places       map[*types.Var]*place
	versions     map[*types.Var][]version
	byExpr       map[ast.Expr]*place
	results      map[ast.Expr][]*place // of calls with several results
	functions    map[ast.Node]*function
	byObject     map[*types.Func]*function
	ordered      []*function
	named        []*types.Named // of the program
	own          map[*types.Package]bool
	holding      map[ast.Node][]ast.Expr // the locks held at a call, send, receive, range or select
	origins      map[*place]*origin
	interned     map[object]*object
	open         map[*types.Var]bool // parameters of functions that nobody in the program calls
	parameters   map[*types.Var]bool
	implementing map[*types.Func][]implementation
	boxes        map[types.Type]*place        // of the values in interfaces
	methodValues map[*place]*ast.SelectorExpr // of libraries, not called where they stand
	converted    []types.Type                 // of the values in interfaces, as far as they lead to the program's own types
	dispatch     []*function                  // methods that a library may call, as those of its interfaces
	contexts     map[*types.Named]*wayToDone  // of the program's own contexts, nil for other types
	keeping      map[*types.Var]bool          // whether functions keep what they are given there
	jumping      map[ast.Node]bool            // whether there is a goto in a function
}

func analyse(p *typed) *flow {
	f := &flow{
		typed:        p,
		places:       map[*types.Var]*place{},
		versions:     map[*types.Var][]version{},
		byExpr:       map[ast.Expr]*place{},
		results:      map[ast.Expr][]*place{},
		functions:    map[ast.Node]*function{},
		byObject:     map[*types.Func]*function{},
		holding:      map[ast.Node][]ast.Expr{},
		origins:      map[*place]*origin{},
		interned:     map[object]*object{},
		open:         map[*types.Var]bool{},
		parameters:   map[*types.Var]bool{},
		implementing: map[*types.Func][]implementation{},
		boxes:        map[types.Type]*place{},
		methodValues: map[*place]*ast.SelectorExpr{},
		contexts:     map[*types.Named]*wayToDone{},
		keeping:      map[*types.Var]bool{},
		jumping:      map[ast.Node]bool{},
		own:          map[*types.Package]bool{},
	}
	f.collect()
	f.assignedAnew()
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
				for _, v := range f.fields(made.typ.Params) {
					f.parameters[v] = true
				}
				made.index = len(f.ordered)
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

// at is the place of an expression, nil where it has none (constants, arithmetic, nil). A struct that is a context counts as
// the one in it, or as what its Done gives.
func (f *flow) at(e ast.Expr) *place {
	if p := f.contextIn(f.info.TypeOf(e)); p != nil {
		return p
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		switch object := f.info.ObjectOf(e).(type) {
		case *types.Var:
			return f.variableAt(object, e.Pos())
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
		if e.Type == nil || f.info.TypeOf(e.Type) == nil {
			return f.at(e.X)
		}
		return f.unboxed(f.fresh(e), e.X, f.info.TypeOf(e.Type))
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

// functionValue is the place of a function's name, or of a method with its receiver.
func (f *flow) functionValue(e ast.Expr, object *types.Func) *place {
	selector, ok := e.(*ast.SelectorExpr)
	method := ok && f.info.Selections[selector] != nil
	targets := f.functionsOf(object)
	if len(targets) == 0 && !method {
		return nil
	}
	p := f.fresh(e)
	if method {
		f.methodValues[p] = selector
	}
	for _, fn := range targets {
		if !slices.Contains(p.root().targets, fn) {
			p.root().targets = append(p.root().targets, fn)
		}
	}
	return p
}

// result is the place of one result of a call.
func (f *flow) result(call *ast.CallExpr, i int) *place {
	if f.isConversion(call) && len(call.Args) == 1 {
		return f.at(call.Args[0])
	}
	if selector := f.doneOf(call); selector != nil {
		if x := f.receiver(selector); x != nil {
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

// doneOf is the Done of a context that is called there, be it embedded in a struct; nil where it is another call.
func (f *flow) doneOf(call *ast.CallExpr) *ast.SelectorExpr {
	selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Done" || f.info.Selections[selector] == nil {
		return nil
	}
	method, ok := f.info.Selections[selector].Obj().(*types.Func)
	if !ok || !isContext(f.info.TypeOf(selector.X)) && (method.Pkg() == nil || method.Pkg().Path() != "context") {
		return nil
	}
	return selector
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
