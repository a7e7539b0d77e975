package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// What a lock guards: what several functions use and somebody writes.

// A sharing tells which variables and fields the program writes once others may know them, and which variables several
// functions use.
type sharing struct {
	written  map[*types.Var]bool
	captured map[*types.Var]bool
	recovers bool // from a panic, wherever
}

func (r *repairer) sharing() *sharing {
	if r.shared != nil {
		return r.shared
	}
	s := &sharing{written: map[*types.Var]bool{}, captured: map[*types.Var]bool{}}
	r.shared = s
	home := map[*types.Var]*function{}
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			switch node := node.(type) {
			case *ast.Ident:
				if v, ok := r.info.Defs[node].(*types.Var); ok {
					home[v] = r.enclosing(path)
				} else if v, ok := r.info.Uses[node].(*types.Var); ok && !v.IsField() && home[v] != r.enclosing(path) {
					s.captured[v] = true
				}
			case *ast.AssignStmt:
				for _, left := range node.Lhs {
					if name, ok := left.(*ast.Ident); !ok || r.info.Defs[name] == nil {
						r.write(left, path)
					}
				}
			case *ast.IncDecStmt:
				r.write(node.X, path)
			case *ast.RangeStmt:
				if node.Tok == token.ASSIGN {
					r.write(node.Key, path)
					r.write(node.Value, path)
				}
			case *ast.UnaryExpr:
				if node.Op == token.AND {
					r.write(node.X, path)
				}
			case *ast.CallExpr:
				switch r.builtin(node) {
				case "delete", "clear", "copy":
					r.write(node.Args[0], path)
				case "recover":
					s.recovers = true
				}
			case *ast.SelectorExpr:
				if selection := r.info.Selections[node]; selection != nil && selection.Kind() == types.MethodVal {
					_, pointer := selection.Obj().Type().(*types.Signature).Recv().Type().(*types.Pointer)
					if pointer && !isPointer(r.info.TypeOf(node.X)) {
						r.write(node.X, path)
					}
				}
			}
		})
	}
	return s
}

// write notes what an expression changes: the variables and fields on the way to it, as far as no pointer is in between.
func (r *repairer) write(e ast.Expr, path walkPath) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		r.write(e.X, path)
	case *ast.Ident:
		if v, ok := r.info.ObjectOf(e).(*types.Var); ok && !guardsItself(v.Type()) {
			r.shared.written[v] = true
		}
	case *ast.SelectorExpr:
		v, _ := r.info.Uses[e.Sel].(*types.Var)
		if v == nil || guardsItself(v.Type()) || r.isFresh(e, path) {
			return
		}
		r.shared.written[v.Origin()] = true
		if t := r.info.TypeOf(e.X); r.info.Selections[e] != nil && !isPointer(t) {
			r.write(e.X, path)
		}
	case *ast.IndexExpr:
		r.write(e.X, path)
	case *ast.SliceExpr:
		r.write(e.X, path)
	case *ast.StarExpr:
		r.write(e.X, path)
	}
}

// isFresh tells whether what the expression begins with was made in this function, and given to nobody yet.
func (r *repairer) isFresh(e ast.Expr, path walkPath) bool {
	v, fn := r.root(e), r.enclosing(path)
	if v == nil || fn == nil || fn.body == nil {
		return false
	}
	made, given := false, false
	ast.Inspect(fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			for i, left := range node.Lhs {
				if name, ok := left.(*ast.Ident); ok && r.info.Defs[name] == v && len(node.Lhs) == len(node.Rhs) {
					made = r.makesValue(node.Rhs[i])
				}
			}
		case *ast.ValueSpec:
			for i, name := range node.Names {
				if r.info.Defs[name] == v {
					made = i >= len(node.Values) || r.makesValue(node.Values[i])
				}
			}
		case *ast.GoStmt, *ast.CallExpr:
			given = given || node.Pos() <= e.Pos() && r.mentions(node, v)
		case *ast.ForStmt, *ast.RangeStmt:
			// An earlier round may have given it away.
			given = given || v.Pos() < node.Pos() && node.Pos() <= e.Pos() && e.Pos() < node.End()
		}
		return true
	})
	return made && !given
}

// makesValue tells whether the expression is a value that nobody else knows.
func (r *reporter) makesValue(e ast.Expr) bool {
	e = ast.Unparen(e)
	if address, ok := e.(*ast.UnaryExpr); ok {
		e = ast.Unparen(address.X)
	}
	call, ok := e.(*ast.CallExpr)
	_, literal := e.(*ast.CompositeLit)
	return literal || ok && r.builtin(call) == "new"
}

// mentions tells whether the variable is named somewhere in the node.
func (r *repairer) mentions(node ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(node, func(node ast.Node) bool {
		name, ok := node.(*ast.Ident)
		found = found || ok && r.info.Uses[name] == v
		return !found
	})
	return found
}

func isPointer(t types.Type) bool {
	if t == nil {
		return false
	}
	_, pointer := t.Underlying().(*types.Pointer)
	return pointer
}

// guardsItself tells whether many goroutines may use such a value at once: a lock, a channel, an atomic, or a struct that
// has a lock of its own.
func guardsItself(t types.Type) bool {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil {
		switch named.Obj().Pkg().Path() {
		case "sync", "sync/atomic", "context":
			return true
		}
	}
	structure, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for i := range structure.NumFields() {
		if isType(structure.Field(i).Type(), "sync", "Mutex", "RWMutex") {
			return true
		}
	}
	return false
}

func (r *repairer) isShared(v *types.Var) bool {
	s := r.sharing()
	return s.written[v] && (isGlobal(v) || s.captured[v])
}

// receiver is the variable that a method calls its receiver, nil where it has none.
func (r *repairer) receiver(fn *function) *types.Var {
	decl, ok := fn.node.(*ast.FuncDecl)
	if !ok || decl.Recv == nil {
		return nil
	}
	return r.fields(decl.Recv)[0]
}

// isOwn tells whether an expression reads nothing but what its function has for itself.
func (r *repairer) isOwn(e ast.Expr) bool {
	own := true
	ast.Inspect(e, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Ident:
			v, ok := r.info.Uses[node].(*types.Var)
			own = own && !(ok && !v.IsField() && r.isShared(v))
		case *ast.SelectorExpr:
			if selection := r.info.Selections[node]; selection != nil {
				field, ok := selection.Obj().(*types.Var)
				own = own && ok && !(selection.Indirect() && r.sharing().written[field.Origin()])
			}
		case *ast.CallExpr:
			name := r.builtin(node)
			if r.isConversion(node) || slices.Contains([]string{"len", "cap", "min", "max"}, name) {
				break
			}
			own = own && name == "" && len(r.targetsOf(node)) == 0
			for _, argument := range node.Args {
				own = own && isPlain(r.info.TypeOf(argument))
			}
		case *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.FuncLit, *ast.TypeAssertExpr:
			own = false
		case *ast.UnaryExpr:
			own = own && node.Op != token.ARROW
		}
		return own
	})
	return own
}

// isPlain tells whether a value of that type leads to no other one: a number, a text, an error.
func isPlain(t types.Type) bool {
	if t == nil {
		return false
	}
	_, basic := t.Underlying().(*types.Basic)
	return basic || isError(t)
}
