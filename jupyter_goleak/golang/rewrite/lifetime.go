package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// What a function may end when it returns. What it hands out lives on, and so does a goroutine that it starts and has
// nothing more to do with: to end these at the return would be to end them at their birth.

// mayEnd tells whether what the variables hold, or the expression gives, is no longer wanted when the function returns.
func (f *flow) mayEnd(fn *function, made ast.Expr, variables ...*types.Var) bool {
	switch {
	case fn == nil || fn.body == nil:
		return false
	case fn.isEntry():
		return fn.name != "init"
	}
	return !f.handsOut(fn, made, variables...) && (fn.standsAlone() || f.meets(fn))
}

// standsAlone tells whether the function is given nothing and gives nothing back: what it starts works for it alone.
func (fn *function) standsAlone() bool {
	decl, ok := fn.node.(*ast.FuncDecl)
	return ok && decl.Recv == nil && decl.Type.Params.NumFields() == 0 && decl.Type.Results.NumFields() == 0
}

// mayCall tells whether the function may call the i-th of what it makes there when it returns. One that has such a call
// on some way thinks so itself.
func (f *flow) mayCall(fn *function, assign *ast.AssignStmt, i int) bool {
	made := assign.Rhs[0]
	variables := f.variablesIn(assign.Lhs...)
	if f.mayEnd(fn, made, variables...) {
		return true
	}
	ended := f.root(assign.Lhs[min(i, len(assign.Lhs)-1)])
	return fn != nil && fn.body != nil && f.callsItself(fn, ended) && !f.handsOut(fn, made, variables...)
}

// isDeferrable tells whether the function that makes the value may call it when it returns.
func (f *flow) isDeferrable(made *operation) bool {
	for _, around := range slices.Backward(made.path) {
		if assign, ok := around.(*ast.AssignStmt); ok && len(assign.Rhs) == 1 {
			if ended := f.root(assign.Lhs[min(made.result, len(assign.Lhs)-1)]); ended != nil {
				if late := f.deferredCall(ended); late != nil && !f.leavesBetween(made.fn, assign, late) {
					return false // it does so already
				}
			}
			return f.mayCall(made.fn, assign, made.result)
		}
	}
	return false
}

// deferredCall is where a call of the variable is deferred already.
func (f *flow) deferredCall(v types.Object) *ast.DeferStmt {
	var found *ast.DeferStmt
	for _, file := range f.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if stmt, ok := node.(*ast.DeferStmt); ok {
				if name, ok := stmt.Call.Fun.(*ast.Ident); ok && f.info.Uses[name] == v {
					found = stmt
				}
			}
			return found == nil
		})
	}
	return found
}

// leavesBetween tells whether the function may leave between the two.
func (f *flow) leavesBetween(fn *function, from, to ast.Node) bool {
	return slices.ContainsFunc(leaves(fn.body), func(pos token.Pos) bool { return from.End() <= pos && pos < to.Pos() })
}

// callsItself tells whether the function calls what the variable holds, or defers that.
func (f *flow) callsItself(fn *function, v *types.Var) bool {
	found := false
	f.walk(fn.body, func(node ast.Node, path []ast.Node) {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return
		}
		name, ok := ast.Unparen(call.Fun).(*ast.Ident)
		inner := f.enclosing(path)
		found = found || ok && v != nil && f.info.Uses[name] == v && (inner == nil || inner.deferred)
	})
	return found
}

// variablesIn are those that the expressions begin with.
func (f *flow) variablesIn(expressions ...ast.Expr) []*types.Var {
	var found []*types.Var
	for _, e := range expressions {
		if v := f.root(e); v != nil {
			found = append(found, v)
		}
	}
	return found
}

// handedOver are the function's own variables that a call in it names.
func (f *flow) handedOver(fn *function, call *ast.CallExpr) []*types.Var {
	var found []*types.Var
	ast.Inspect(call, func(node ast.Node) bool {
		name, ok := node.(*ast.Ident)
		if !ok {
			return true
		}
		v, _ := f.info.Uses[name].(*types.Var)
		if v != nil && fn.declares(v) {
			found = append(found, v)
		}
		return true
	})
	return found
}

// answering are the operations that one goroutine does for the other's.
var answering = map[string][]string{
	"send": {"receive", "range"}, "receive": {"send", "close"}, "range": {"send", "close"}, "close": {"receive", "range"},
	"wait": {"done", "done-value", "go", "signal", "broadcast"},
}

// meets tells whether the function has to do with a goroutine that it starts: it waits for one, or gives it something, or
// waits for its own end. Where it starts none, nothing of that is missing.
func (f *flow) meets(fn *function) bool {
	mine, started := []*function{fn}, []*function{}
	for i := 0; i < len(mine); i++ {
		for _, step := range mine[i].steps {
			to := &mine
			if step.inGoroutine() || step.to.isLaunched() && step.call == nil {
				to = &started
			}
			if !slices.Contains(*to, step.to) {
				*to = append(*to, step.to)
			}
		}
	}
	if len(started) == 0 {
		return true
	}
	theirs := f.reaches(started)
	for _, p := range f.allPlaces() {
		if p.parent != nil {
			continue
		}
		for _, op := range p.ops {
			if !slices.Contains(mine, op.fn) {
				continue
			}
			objects := f.objectsOf(op)
			if op.kind == "receive" && slices.ContainsFunc(objects, func(o object) bool { return o.via == "Done" }) {
				return true
			}
			if slices.ContainsFunc(p.ops, func(other *operation) bool {
				return slices.Contains(answering[op.kind], other.kind) && slices.Contains(theirs, other.fn) &&
					slices.ContainsFunc(f.objectsOf(other), func(o object) bool { return slices.Contains(objects, o) })
			}) {
				return true
			}
		}
	}
	return false
}

func (s step) inGoroutine() bool {
	if s.call == nil || len(s.path) == 0 {
		return false
	}
	stmt, ok := s.path[len(s.path)-1].(*ast.GoStmt)
	return ok && stmt.Call == s.call
}

// resultOf tells which of its function's results the literal is, by itself or through a variable; -1 where it is none.
func (f *flow) resultOf(fn *function) int {
	if _, ok := fn.node.(*ast.FuncLit); !ok || fn.outer == nil || fn.outer.body == nil {
		return -1
	}
	names := map[types.Object]bool{}
	is := func(e ast.Expr) bool {
		name, ok := ast.Unparen(e).(*ast.Ident)
		return ast.Node(ast.Unparen(e)) == fn.node || ok && names[f.info.ObjectOf(name)]
	}
	found := -1
	f.walk(fn.outer.body, func(node ast.Node, path []ast.Node) {
		switch node := node.(type) {
		case *ast.AssignStmt:
			for i, left := range node.Lhs {
				if name, ok := left.(*ast.Ident); ok && len(node.Lhs) == len(node.Rhs) && is(node.Rhs[i]) {
					names[f.info.ObjectOf(name)] = true
				}
			}
		case *ast.ReturnStmt:
			if at := slices.IndexFunc(node.Results, is); at >= 0 && f.enclosing(path) == nil {
				found = at
			}
		}
	})
	return found
}
