package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
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
					if _, pointer := selection.Obj().Type().(*types.Signature).Recv().Type().(*types.Pointer); pointer {
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

// owner is what holds the lock: the struct value whose field it is, or which embeds it; nil where it stands alone.
func (l locking) owner(r *repairer) *types.Var {
	expression := ast.Unparen(l.op.expression)
	if isType(r.info.TypeOf(expression), "sync", "Mutex", "RWMutex") {
		selector, ok := expression.(*ast.SelectorExpr)
		if !ok || r.info.Selections[selector] == nil {
			return nil
		}
	}
	return r.root(expression)
}

// needed tells whether what the lock guards is used in [from, to) of the function that takes it, other than in `early`, which
// is read before. What belongs to `other` has its own lock there.
func (r *repairer) needed(l locking, from, to token.Pos, other *types.Var, early ast.Expr) bool {
	g := &guarding{repairer: r, lock: l, from: from, other: other, early: early, seen: map[*function]bool{l.op.fn: true}}
	g.owners = map[*types.Var]bool{}
	if owner := l.owner(r); owner != nil {
		g.owners[owner] = true
	}
	return g.uses(l.op.fn.body, func(node ast.Node) bool { return from <= node.Pos() && node.Pos() < to })
}

type guarding struct {
	*repairer
	lock   locking
	from   token.Pos
	early  ast.Expr
	owners map[*types.Var]bool // what leads to the values that the lock guards
	other  *types.Var
	seen   map[*function]bool
}

func (g *guarding) uses(root ast.Node, within func(node ast.Node) bool) bool {
	found := false
	ast.Inspect(root, func(node ast.Node) bool {
		if node == nil || found || g.early != nil && node == ast.Node(g.early) {
			return false
		}
		if stmt, ok := node.(*ast.GoStmt); ok {
			_, literal := stmt.Call.Fun.(*ast.FuncLit)
			return !literal // it runs without the lock of this one anyway
		}
		if !within(node) {
			return true
		}
		switch node := node.(type) {
		case *ast.SelectorExpr:
			found = g.usesField(node)
		case *ast.Ident:
			v, _ := g.info.Uses[node].(*types.Var)
			found = v != nil && !v.IsField() && !g.owners[v] && g.isShared(v) && !guardsItself(v.Type())
		case *ast.CallExpr:
			targets := g.targetsOf(node)
			found = len(targets) == 0 && g.builtin(node) == "" && !g.isConversion(node) && slices.ContainsFunc(operands(node), g.wantsLock)
			for _, target := range targets {
				found = found || g.usesInside(target, node)
			}
		}
		return !found
	})
	return found
}

// operands are what a call is given: its receiver, where it may have one, and its arguments.
func operands(call *ast.CallExpr) []ast.Expr {
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return append([]ast.Expr{selector.X}, call.Args...)
	}
	return call.Args
}

// wantsLock tells whether the expression is what the lock guards, of a library's type that only one goroutine may use at a time.
func (g *guarding) wantsLock(e ast.Expr) bool {
	named := namedOf(g.info.TypeOf(e))
	if named == nil || named.Obj().Pkg() == nil || g.own[named.Obj().Pkg()] || guardsItself(named) {
		return false
	}
	if v := g.root(e); v == nil || !g.owners[v] && !(len(g.owners) == 0 && isGlobal(v)) {
		return false
	}
	area, _, _ := strings.Cut(named.Obj().Pkg().Path(), "/")
	return slices.Contains(forOne, area) || named.Obj().Pkg().Path() == "math/rand"
}

// forOne are the parts of the standard library whose types are for one goroutine at a time.
var forOne = []string{"archive", "bufio", "bytes", "compress", "container", "encoding", "hash", "io", "strings"}

func (r *repairer) isShared(v *types.Var) bool {
	s := r.sharing()
	return s.written[v] && (isGlobal(v) || s.captured[v])
}

func (g *guarding) usesField(selector *ast.SelectorExpr) bool {
	selection := g.info.Selections[selector]
	if selection == nil || selection.Kind() != types.FieldVal {
		return false
	}
	field := selection.Obj().(*types.Var)
	if guardsItself(field.Type()) || !g.sharing().written[field.Origin()] {
		return false
	}
	v := g.root(selector)
	switch {
	case v == nil || g.owners[v]:
		return true
	case v == g.other:
		return false
	case isGlobal(v) || g.sharing().captured[v]:
		return true
	}
	// A pointer that was got under the lock leads to what the lock guards.
	return isPointer(v.Type()) && g.lock.stmt.End() <= v.Pos() && v.Pos() < g.from
}

// usesInside tells whether a function that is called meanwhile uses what the lock guards, and does not take it itself. What
// it is given of that it uses under other names.
func (g *guarding) usesInside(fn *function, call *ast.CallExpr) bool {
	if g.seen[fn] || fn.body == nil {
		return false
	}
	g.seen[fn] = true
	objects := g.objectsOf(g.lock.op)
	for _, o := range objects {
		for _, op := range g.on(o, "lock", "rlock") {
			if op.fn == fn {
				return false
			}
		}
	}
	inside := &guarding{repairer: g.repairer, lock: g.lock, owners: map[*types.Var]bool{}, seen: g.seen}
	receiver := g.receiver(fn)
	for owner := range g.owners {
		if named := namedOf(owner.Type()); named != nil && receiver != nil && namedOf(receiver.Type()) == named {
			inside.owners[receiver] = true
		}
	}
	given := func(parameter *types.Var, e ast.Expr) {
		if v := g.root(e); parameter != nil && v != nil && g.owners[v] && !guardsItself(parameter.Type()) {
			inside.owners[parameter] = true
		}
	}
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		given(receiver, selector.X)
	}
	for i, parameter := range g.fields(fn.typ.Params) {
		if i < len(call.Args) {
			given(parameter, call.Args[i])
		}
	}
	return inside.uses(fn.body, func(ast.Node) bool { return true })
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
