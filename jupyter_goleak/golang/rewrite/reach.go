package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// Which functions lead to which others, and how often a function may be come to. Both err on the side of more: a call
// that is not sure to happen counts, and what nobody is seen to call may be called any number of times.

// A callSite is where a function is called or started.
type callSite struct {
	fn   *function // that it stands in, nil at package level
	path walkPath
	call *ast.CallExpr
}

// A step leads from a function to another one: by a call, or, where there is none, by its value, which may be called at
// any time.
type step struct {
	to     *function
	call   *ast.CallExpr
	path   walkPath
	within bool // the call is of a library, which may come to it more than once
}

// reach finds the sites of all functions, and what each leads to.
func (f *flow) reach() {
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			around := f.enclosing(path)
			switch node := node.(type) {
			case *ast.Ident:
				if object, ok := f.info.Uses[node].(*types.Func); ok {
					if fn := f.byObject[object.Origin()]; fn != nil {
						fn.calls++
						if !isCallee(node, path) {
							around.leads(step{to: fn})
						}
					}
				}
			case *ast.FuncLit:
				if !isCallee(node, path) {
					around.leads(step{to: f.functions[node]})
				}
			case *ast.CompositeLit:
				f.kept(node)
			case *ast.CallExpr:
				f.reachedBy(node, path, around)
			}
		})
	}
	f.dispatched()
	f.calledBack()
}

func (f *flow) reachedBy(call *ast.CallExpr, path []ast.Node, around *function) {
	for _, target := range f.targetsOf(call) {
		target.sites = append(target.sites, callSite{around, slices.Clone(path), call})
		around.leads(step{to: target, call: call, path: slices.Clone(path)})
	}
	if object := f.callee(call); object != nil {
		for _, each := range f.implementations(object) {
			if fn := f.byObject[each.object]; fn != nil {
				fn.calls++
			}
		}
	}
	literal, ok := ast.Unparen(call.Fun).(*ast.FuncLit)
	if !ok || len(path) == 0 {
		return
	}
	fn := f.functions[literal]
	switch path[len(path)-1].(type) {
	case *ast.DeferStmt:
		fn.deferred = true
	case *ast.GoStmt:
	default:
		fn.direct = true
	}
}

// kept marks the functions that a library's struct takes: it calls them as it likes.
func (f *flow) kept(literal *ast.CompositeLit) {
	named, _ := types.Unalias(f.info.TypeOf(literal)).(*types.Named)
	if named == nil || named.Obj().Pkg() == nil || f.own[named.Obj().Pkg()] {
		return
	}
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			element = pair.Value
		}
		if p := f.at(element); p != nil {
			for _, target := range p.root().targets {
				target.calls++
				target.give(named.Obj().Pkg().Path())
			}
		}
	}
}

// handed notes that a function of the program is handed to one of a library, which calls it: once, where it is known to.
func (f *flow) handed(target *function, call *ast.CallExpr, pkg, name string, path []ast.Node) {
	target.calls++
	around := f.enclosing(path)
	around.leads(step{to: target})
	switch {
	case name == "Go", name == "AfterFunc":
		target.launches = append(target.launches, nil)
		target.repeated = target.repeated || walkPath(path).inLoop()
	case pkg == "sync" && name != "Range":
	default:
		target.give(pkg)
		return
	}
	target.sites = append(target.sites, callSite{around, slices.Clone(path), call})
	// A context's AfterFunc follows its deadline, or whoever cancels it.
	target.timed = target.timed || name == "AfterFunc"
}

// give notes that a package may call the function as often as it likes.
func (fn *function) give(pkg string) {
	fn.anyTimes = true
	if !slices.Contains(fn.given, pkg) {
		fn.given = append(fn.given, pkg)
	}
}

// givenTo are the functions that each package was given.
func (f *flow) givenTo() map[string][]*function {
	all := map[string][]*function{}
	for _, fn := range f.ordered {
		for _, pkg := range fn.given {
			all[pkg] = append(all[pkg], fn)
		}
	}
	return all
}

// given are the functions that each package may come to by those that it was given.
func (f *flow) given() map[string][]*function {
	all := f.givenTo()
	for pkg, functions := range all {
		all[pkg] = f.reaches(functions)
	}
	return all
}

func (fn *function) leads(by step) {
	if fn != nil && by.to != nil {
		fn.steps = append(fn.steps, by)
	}
}

// isCallee tells whether the function's name or literal stands there to be called.
func isCallee(node ast.Node, path walkPath) bool {
	for _, outer := range slices.Backward(path) {
		switch outer := outer.(type) {
		case *ast.ParenExpr, *ast.SelectorExpr, *ast.IndexExpr, *ast.IndexListExpr:
			node = outer
		case *ast.CallExpr:
			return outer.Fun == node
		default:
			return false
		}
	}
	return false
}

// A functionSet keeps the order in which its members came.
type functionSet struct {
	all   []*function
	known map[*function]bool
}

func setOf(functions ...*function) *functionSet {
	s := &functionSet{known: map[*function]bool{}}
	for _, fn := range functions {
		s.add(fn)
	}
	return s
}

func (s *functionSet) add(fn *function) {
	if !s.known[fn] {
		s.known[fn] = true
		s.all = append(s.all, fn)
	}
}

// reaches are the functions that may be come to from one of these, themselves included.
func (f *flow) reaches(from []*function) []*function {
	reached := setOf(from...)
	for i := 0; i < len(reached.all); i++ {
		for _, step := range reached.all[i].steps {
			reached.add(step.to)
		}
	}
	return reached.all
}

// ahead are the functions that a goroutine may yet come to from where it stands.
func (r *reporter) ahead(frames []Frame) []*function {
	next, behind := setOf(), setOf()
	var inner *function
	for _, frame := range frames {
		fn := r.bodyOf(frame)
		if fn == nil {
			continue
		}
		for _, step := range fn.steps {
			if r.isBehind(step, frame.Line, inner) {
				behind.add(step.to)
			} else {
				next.add(step.to)
			}
		}
		inner = fn
	}
	// What has returned may have left functions behind.
	for i := 0; i < len(behind.all); i++ {
		for _, step := range behind.all[i].steps {
			if step.call == nil {
				next.add(step.to)
			} else {
				behind.add(step.to)
			}
		}
	}
	return r.reaches(next.all)
}

// isBehind tells whether a goroutine at that line will not take the step again: it is above, or under way to `inner`.
func (r *reporter) isBehind(by step, line int, inner *function) bool {
	if by.call == nil {
		return false
	}
	if _, deferred := by.path[len(by.path)-1].(*ast.DeferStmt); deferred {
		return false
	}
	end := r.outermostLoop(by.path)
	_, first := r.position(by.call.Pos())
	_, last := r.position(max(end, by.call.End()))
	return last < line || !end.IsValid() && !by.within && by.to == inner && first <= line
}

// outermostLoop is where the outermost loop of the function around the node ends, invalid where there is none.
func (f *flow) outermostLoop(path walkPath) (end token.Pos) {
	for _, node := range slices.Backward(path) {
		switch node := node.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			jumping, known := f.jumping[node]
			if !known {
				jumping = jumps(node)
				f.jumping[node] = jumping
			}
			if jumping {
				return node.End()
			}
			return end
		case *ast.ForStmt, *ast.RangeStmt:
			end = node.End()
		}
	}
	return end
}

// timed are the functions that a timer may come to.
func (f *flow) timed() []*function {
	return f.reaches(slices.DeleteFunc(slices.Clone(f.ordered), func(fn *function) bool { return !fn.timed }))
}

// again tells whether the program may come to the function more than once.
func (fn *function) again() bool {
	if fn == nil {
		return false
	}
	if fn.asked {
		return fn.often
	}
	fn.asked, fn.often = true, true // and so it stays where it calls itself
	switch {
	case fn.anyTimes:
	case fn.isEntry():
		fn.often = len(fn.sites) > 0
	case len(fn.sites) == 1:
		fn.often = fn.sites[0].path.inLoop() || fn.sites[0].fn.again()
	}
	return fn.often
}

// again tells whether the program may come to the operation more than once.
func (op *operation) again() bool { return op.path.inLoop() || op.fn.again() }
