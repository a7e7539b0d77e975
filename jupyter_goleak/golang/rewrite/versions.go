package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// Values are followed without regard to order, but for one thing: what a variable is given by a statement of the very
// block that declares it, as `ctx` is by `ctx, cancel := context.WithCancel(ctx)`, is all that it holds below.

// A version is a variable below such a statement.
type version struct {
	assigned token.Pos // the name on the left
	from     token.Pos
	at       *place
}

// variableAt is the place of the variable where it is named at the position.
func (f *flow) variableAt(v *types.Var, pos token.Pos) *place {
	for _, later := range slices.Backward(f.versions[v]) {
		if pos == later.assigned || pos >= later.from {
			return later.at
		}
	}
	return f.variable(v)
}

// versionsOf are all the places of the variable.
func (f *flow) versionsOf(v *types.Var) []*place {
	all := []*place{f.variable(v)}
	for _, later := range f.versions[v] {
		all = append(all, later.at)
	}
	return all
}

// assignedAnew finds the versions of all variables.
func (f *flow) assignedAnew() {
	for _, fn := range f.ordered {
		if fn.body == nil || jumps(fn.body) {
			continue
		}
		f.walk(fn.body, func(node ast.Node, path []ast.Node) {
			stmt, ok := node.(*ast.AssignStmt)
			if !ok || len(path) == 0 || f.enclosing(path) != nil {
				return
			}
			block := path[len(path)-1]
			if !slices.Contains(listIn(block), ast.Stmt(stmt)) {
				return
			}
			scope := f.info.Scopes[block]
			if block == fn.body {
				scope = f.info.Scopes[fn.typ]
			}
			for i, left := range stmt.Lhs {
				name, ok := left.(*ast.Ident)
				if !ok || len(stmt.Lhs) == len(stmt.Rhs) && f.info.Types[stmt.Rhs[i]].IsNil() {
					continue
				}
				v, _ := f.info.Uses[name].(*types.Var)
				if v == nil || v.Parent() != scope || !f.tracked(v.Type()) || isValueLock(v.Type()) || f.seenAcross(v, fn, stmt) {
					continue
				}
				f.versions[v] = append(f.versions[v], version{name.Pos(), stmt.End(), &place{vars: []*types.Var{v}, own: v}})
			}
		})
	}
}

// jumps tells whether a goto may lead back above what stands higher up.
func jumps(body ast.Node) bool {
	found := false
	ast.Inspect(body, func(node ast.Node) bool {
		branch, ok := node.(*ast.BranchStmt)
		found = found || ok && branch.Tok == token.GOTO
		return !found
	})
	return found
}

// seenAcross tells whether somebody may see what the variable holds both before and after the statement: a function
// literal that stands above, or who has its address.
func (f *flow) seenAcross(v *types.Var, fn *function, stmt ast.Stmt) bool {
	found := false
	f.walk(fn.body, func(node ast.Node, path []ast.Node) {
		name, ok := node.(*ast.Ident)
		if !ok || f.info.Uses[name] != v {
			return
		}
		captured := name.Pos() < stmt.End() && f.enclosing(path) != nil
		address, ok := path[len(path)-1].(*ast.UnaryExpr)
		found = found || captured || ok && address.Op == token.AND
	})
	return found
}
