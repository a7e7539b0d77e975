package main

import (
	"go/ast"
	"go/types"
	"slices"
)

// skips are the ways out of the functions that take a place of a semaphore by calling the function that waits there, past
// the call that gives the place back.
func (r *reporter) skips(node ast.Node) []Skip {
	found := []Skip{}
	opposite := map[string]string{"send": "receive", "receive": "send"}
	for _, taken := range r.allOperationsAt(node) {
		for _, given := range taken.at.root().ops {
			if given.kind != opposite[taken.kind] || !arePair(taken, given) || mayFail(taken.fn) {
				continue
			}
			for _, acquire := range taken.fn.sites {
				found = append(found, r.skipped(acquire, given.fn)...)
			}
		}
	}
	return found
}

func (r *reporter) skipped(acquire callSite, giver *function) (found []Skip) {
	stmt, _ := inBlock(acquire.call, acquire.path)
	if acquire.fn == nil || stmt == nil {
		return nil
	}
	var releases []ast.Stmt
	for _, release := range giver.sites {
		if release.fn == nil || !release.fn.within(acquire.fn) || r.receiverText(release.call) != r.receiverText(acquire.call) {
			continue
		}
		given, plain := release.path[len(release.path)-1].(*ast.ExprStmt)
		if !plain || release.fn != acquire.fn {
			return nil
		}
		releases = append(releases, given)
	}
	if len(releases) == 0 {
		return nil
	}
	got := map[*types.Var]bool{}
	if assign, ok := stmt.(*ast.AssignStmt); ok {
		for _, e := range assign.Lhs {
			got[r.variableOf(e)] = true
		}
	}
	for _, leave := range r.keptBy(acquire.fn, stmt, releases) {
		if slices.ContainsFunc(leave.Results, func(e ast.Expr) bool {
			return r.mentionsAny(e, func(inner ast.Expr) bool { v := r.variableOf(inner); return v != nil && got[v] })
		}) {
			continue // it hands on what it took
		}
		skip := Skip{Function: acquire.fn.name, Release: shorten(r.text(releases[0]))}
		skip.File, skip.Line = r.position(leave.Pos())
		for _, release := range releases {
			_, line := r.position(release.Pos())
			skip.Lines = append(skip.Lines, line)
		}
		found = append(found, skip)
	}
	return found
}

// allOperationsAt are the operations of the node.
func (r *reporter) allOperationsAt(node ast.Node) (found []*operation) {
	for _, p := range r.allPlaces() {
		for _, op := range p.root().ops {
			if op.node == node && op.fn != nil && !slices.Contains(found, op) {
				found = append(found, op)
			}
		}
	}
	return found
}

// arePair tells whether two methods of a type, or two functions, send and receive one value each, and no goroutine of the
// type's own does: what the one takes, the other gives back.
func arePair(a, b *operation) bool {
	if a.fn == b.fn {
		return false
	}
	var of [2]*types.Named
	for i, op := range []*operation{a, b} {
		if op.fn == nil || op.fn.object == nil || op.fn.isEntry() || op.fn.isLaunched() || op.path.inLoop() {
			return false
		}
		if receiver := op.fn.object.Signature().Recv(); receiver != nil {
			of[i] = namedOf(receiver.Type())
		}
	}
	return of[0] == of[1]
}

// receiverText is what the call's method is called on, "" for a function.
func (r *reporter) receiverText(call *ast.CallExpr) string {
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return r.text(selector.X)
	}
	return ""
}

// keptBy are the returns behind the statement that no release comes before.
func (r *reporter) keptBy(fn *function, from ast.Stmt, releases []ast.Stmt) []*ast.ReturnStmt {
	var found []*ast.ReturnStmt
	r.walk(fn.body, func(node ast.Node, path []ast.Node) {
		leave, ok := node.(*ast.ReturnStmt)
		if !ok || leave.Pos() < from.End() || r.enclosing(path) != nil {
			return // or it is that of a function within
		}
		released := slices.ContainsFunc(releases, func(release ast.Stmt) bool {
			return release.Pos() < leave.Pos() && slices.ContainsFunc(path, func(around ast.Node) bool {
				return slices.Contains(listIn(around), release)
			})
		})
		if !released {
			found = append(found, leave)
		}
	})
	return found
}

// mayFail tells whether a result of the function says that it has taken nothing.
func mayFail(taker *function) bool {
	results := taker.object.Signature().Results()
	for i := range results.Len() {
		t := results.At(i).Type()
		if basic, ok := t.Underlying().(*types.Basic); isError(t) || ok && basic.Info()&types.IsBoolean != 0 {
			return true
		}
	}
	return false
}
