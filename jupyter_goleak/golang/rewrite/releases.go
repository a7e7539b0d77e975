package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Who else may free a lock than the statements of the function that takes it, and where that function leaves without it.

// A target is what a break or continue may leave, with the locks held when control came there, and, where it is no loop,
// at each break.
type target struct {
	stmt   ast.Stmt
	label  string
	before []held
	breaks [][]held
}

// enter notes a statement that can be left by a break.
func (s *lockScan) enter(stmt ast.Stmt, now []held) {
	s.targets = append(s.targets, &target{stmt: stmt, label: s.label, before: now})
	s.label = ""
}

func (s *lockScan) exit() (left *target) {
	left = s.targets[len(s.targets)-1]
	s.targets = s.targets[:len(s.targets)-1]
	return left
}

// skip notes the locks of a round that a break or continue leaves behind, past all that would free them.
func (s *lockScan) skip(branch *ast.BranchStmt, now []held) {
	for _, to := range slices.Backward(s.targets) {
		body := loopBody(to.stmt)
		if branch.Label != nil && to.label != branch.Label.Name || branch.Tok == token.CONTINUE && body == nil {
			continue
		}
		if branch.Tok != token.BREAK && branch.Tok != token.CONTINUE {
			return
		}
		if body == nil {
			to.breaks = append(to.breaks, now)
			return
		}
		for _, h := range now {
			if !h.deferred && !holds(to.before, h.lock) && s.freesWithin(body, h) {
				s.leaveWith(strings.ToLower(branch.Tok.String()), branch, h)
			}
		}
		return
	}
}

func loopBody(stmt ast.Stmt) *ast.BlockStmt {
	switch stmt := stmt.(type) {
	case *ast.ForStmt:
		return stmt.Body
	case *ast.RangeStmt:
		return stmt.Body
	}
	return nil
}

// freesWithin tells whether its function frees the lock only in this body, and below where it was taken.
func (s *lockScan) freesWithin(body *ast.BlockStmt, h held) (within bool) {
	for _, op := range h.lock.root().ops {
		if !op.frees() || op.fn == nil {
			continue
		}
		if !op.fn.within(s.fn) {
			if freesForOthers(op.fn, h.lock) {
				return false
			}
			continue
		}
		if op.fn != s.fn || op.node.Pos() < h.written.Pos() || op.node.Pos() > body.End() {
			return false
		}
		within = true
	}
	return within
}

func (op *operation) frees() bool {
	return strings.HasPrefix(op.kind, "unlock") || strings.HasPrefix(op.kind, "runlock")
}

func (op *operation) locks() bool {
	return slices.Contains([]string{"lock", "rlock", "trylock", "tryrlock"}, op.kind)
}

// within tells whether it is the function or a literal in it.
func (fn *function) within(outer *function) bool {
	for ; fn != nil; fn = fn.outer {
		if fn == outer {
			return true
		}
	}
	return false
}

// freesForOthers tells whether the function frees a lock that it has not taken itself.
func freesForOthers(fn *function, lock *place) (frees bool) {
	for _, op := range lock.root().ops {
		if op.locks() && fn.within(op.fn) {
			return false
		}
		frees = frees || op.frees() && op.fn == fn
	}
	return frees
}

// givesAway tells whether the function takes the lock for its callers, who free it by another one.
func (s *lockScan) givesAway(lock *place) bool {
	away := false
	reached := s.reaches([]*function{s.fn})
	for _, op := range lock.root().ops {
		if !op.frees() || op.fn == nil {
			continue
		}
		if op.fn.within(s.fn) || slices.Contains(reached, op.fn) && freesForOthers(op.fn, lock) {
			return false
		}
		away = away || freesForOthers(op.fn, lock)
	}
	return away
}

// freed is what is held after a call that may free some of it.
func (s *lockScan) freed(call *ast.CallExpr, now []held) []held {
	if len(now) == 0 {
		return now
	}
	if literal := s.calledOnly(call.Fun); literal != nil {
		return slices.DeleteFunc(slices.Clone(now), func(h held) bool { return s.onlyFrees(literal, h.lock) })
	}
	targets := s.targetsOf(call)
	if len(targets) == 0 {
		return now
	}
	reached := s.reaches(targets)
	return s.handOn(now, func(lock *place) bool {
		return slices.ContainsFunc(reached, func(fn *function) bool { return freesForOthers(fn, lock) })
	})
}

// calledOnly is the literal that the expression names, where its function does nothing with that but call it.
func (s *lockScan) calledOnly(name ast.Expr) *ast.FuncLit {
	if ident, ok := ast.Unparen(name).(*ast.Ident); ok {
		if v, ok := s.info.Uses[ident].(*types.Var); ok {
			return s.closures[v]
		}
	}
	return nil
}

// localClosures are the literals that the function has a name for and only calls, in its own statements.
func (f *flow) localClosures(fn *function) map[*types.Var]*ast.FuncLit {
	found := map[*types.Var]*ast.FuncLit{}
	f.walk(fn.body, func(node ast.Node, path []ast.Node) {
		if assign, ok := node.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE && len(assign.Lhs) == len(assign.Rhs) {
			for i, e := range assign.Rhs {
				literal, _ := ast.Unparen(e).(*ast.FuncLit)
				ident, _ := assign.Lhs[i].(*ast.Ident)
				if v, ok := f.info.Defs[ident].(*types.Var); ok && literal != nil && f.enclosing(path) == nil {
					found[v] = literal
				}
			}
		}
	})
	f.walk(fn.body, func(node ast.Node, path []ast.Node) {
		ident, ok := node.(*ast.Ident)
		if !ok {
			return
		}
		v, ok := f.info.Uses[ident].(*types.Var)
		if !ok || found[v] == nil {
			return
		}
		call, ok := path[len(path)-1].(*ast.CallExpr)
		launched := false
		if ok && len(path) > 1 {
			_, launched = path[len(path)-2].(*ast.GoStmt)
		}
		if !ok || call.Fun != node || launched || f.enclosing(path) != nil {
			delete(found, v)
		}
	})
	return found
}

// tried is the lock that a condition has taken where it holds, or, in the negation, where it does not.
func (s *lockScan) tried(condition ast.Expr) (lock *held, negated bool) {
	condition = ast.Unparen(condition)
	if not, ok := condition.(*ast.UnaryExpr); ok && not.Op == token.NOT {
		condition, negated = ast.Unparen(not.X), true
	}
	call, ok := condition.(*ast.CallExpr)
	if !ok {
		return nil, false
	}
	selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, false
	}
	if p, kind := s.lockMethod(selector); p != nil && strings.HasPrefix(kind, "Try") {
		return &held{p, selector, slices.Contains(s.free, p)}, negated
	}
	return nil, false
}
