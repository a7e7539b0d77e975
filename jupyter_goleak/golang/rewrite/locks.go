package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// A held lock. It is free again at an unlock, or at the end of its function where a defer says so.
type held struct {
	lock     *place
	written  ast.Expr
	deferred bool
}

// locks follows, in the order of the text, which locks each function holds, and notes where it leaves with one.
func (f *flow) locks() {
	byNode := map[ast.Node][]*operation{}
	seen := map[*place]bool{}
	for _, p := range f.allPlaces() {
		if r := p.root(); !seen[r] {
			seen[r] = true
			for _, op := range r.ops {
				byNode[op.node] = append(byNode[op.node], op)
			}
		}
	}
	for _, fn := range f.ordered {
		if fn.body == nil {
			continue
		}
		s := &lockScan{flow: f, fn: fn, ops: byNode, closures: f.localClosures(fn)}
		rest, ended := s.block(fn.body.List, nil)
		if !ended {
			s.leave("end", fn.body, rest)
		}
	}
}

func (f *flow) allPlaces() []*place {
	var all []*place
	seen := map[*place]bool{}
	var add func(p *place)
	add = func(p *place) {
		if seen[p] {
			return
		}
		seen[p] = true
		all = append(all, p)
		for _, kid := range p.kids {
			add(kid)
		}
	}
	for v := range f.places {
		for _, p := range f.versionsOf(v) {
			add(p)
		}
	}
	for _, p := range f.byExpr {
		add(p)
	}
	for _, results := range f.results {
		for _, p := range results {
			add(p)
		}
	}
	return all
}

type lockScan struct {
	*flow
	fn       *function
	ops      map[ast.Node][]*operation
	free     []*place // deferred before the lock was taken
	closures map[*types.Var]*ast.FuncLit
	targets  []*target
	label    string // of the statement that comes
}

func (s *lockScan) block(list []ast.Stmt, now []held) (after []held, ended bool) {
	for _, stmt := range list {
		if now, ended = s.stmt(stmt, now); ended {
			return now, true
		}
	}
	return now, false
}

// stmt tells what is held after the statement, and whether control never comes there.
func (s *lockScan) stmt(stmt ast.Stmt, now []held) ([]held, bool) {
	switch stmt := stmt.(type) {
	case *ast.BlockStmt:
		return s.block(stmt.List, now)
	case *ast.LabeledStmt:
		s.label = stmt.Label.Name
		return s.stmt(stmt.Stmt, now)
	case *ast.IfStmt:
		now = s.simple(stmt.Init, now)
		now = s.exprs(now, stmt.Cond)
		branches := [][]ast.Stmt{stmt.Body.List, nil}
		if stmt.Else != nil {
			branches[1] = []ast.Stmt{stmt.Else}
		}
		if lock, negated := s.tried(stmt.Cond); lock != nil {
			with := append(slices.Clone(now), *lock)
			if negated {
				return s.branches(branches, now, with)
			}
			return s.branches(branches, with, now)
		}
		return s.branches(branches, now)
	case *ast.ForStmt:
		now = s.simple(stmt.Init, now)
		now = s.exprs(now, stmt.Cond)
		s.enter(stmt, now)
		after, _ := s.block(stmt.Body.List, slices.Clone(now))
		s.exit()
		s.simple(stmt.Post, after)
		return now, stmt.Cond == nil && !breaks(stmt.Body)
	case *ast.RangeStmt:
		now = s.exprs(now, stmt.X)
		s.mark(stmt, now)
		s.enter(stmt, now)
		s.block(stmt.Body.List, slices.Clone(now))
		s.exit()
		return now, false
	case *ast.SwitchStmt:
		now = s.simple(stmt.Init, now)
		now = s.exprs(now, stmt.Tag)
		return s.cases(stmt, stmt.Body, now)
	case *ast.TypeSwitchStmt:
		now = s.simple(stmt.Init, now)
		now = s.simple(stmt.Assign, now)
		return s.cases(stmt, stmt.Body, now)
	case *ast.SelectStmt:
		s.mark(stmt, now)
		return s.cases(stmt, stmt.Body, now)
	case *ast.ReturnStmt:
		now = s.exprs(now, stmt.Results...)
		s.leave("return", stmt, now)
		return now, true
	case *ast.BranchStmt:
		s.skip(stmt, now)
		return now, stmt.Tok != token.FALLTHROUGH
	case *ast.DeferStmt:
		return s.deferStmt(stmt, now), false
	case *ast.GoStmt:
		return s.exprs(now, append([]ast.Expr{stmt.Call.Fun}, stmt.Call.Args...)...), false
	case *ast.ExprStmt:
		if call, ok := stmt.X.(*ast.CallExpr); ok && s.builtin(call) == "panic" {
			return now, true
		}
	}
	return s.simple(stmt, now), false
}

func (s *lockScan) cases(choice ast.Stmt, body *ast.BlockStmt, now []held) ([]held, bool) {
	s.enter(choice, now)
	var branches [][]ast.Stmt
	complete := false
	for _, clause := range body.List {
		switch clause := clause.(type) {
		case *ast.CaseClause:
			complete = complete || clause.List == nil
			branches = append(branches, clause.Body)
		case *ast.CommClause:
			complete = true
			list := clause.Body
			if clause.Comm != nil {
				list = append([]ast.Stmt{clause.Comm}, list...)
			}
			branches = append(branches, list)
		}
	}
	if !complete {
		branches = append(branches, nil)
	}
	after, ended := s.branches(branches, now)
	for _, left := range s.exit().breaks {
		if ended {
			after, ended = left, false
		} else {
			after = join(after, left)
		}
	}
	return after, ended
}

// branches join to what all of those that come back hold. Each begins with what is given for it, the rest with the last.
func (s *lockScan) branches(branches [][]ast.Stmt, given ...[]held) ([]held, bool) {
	var joined []held
	came := false
	now := given[0]
	for i, branch := range branches {
		after, ended := s.block(branch, slices.Clone(given[min(i, len(given)-1)]))
		switch {
		case ended:
		case !came:
			joined, came = after, true
		default:
			joined = join(joined, after)
		}
	}
	if !came {
		return now, len(branches) > 0
	}
	return joined, false
}

// join is what is held whichever of the two ways control came.
func join(one, other []held) (both []held) {
	for _, h := range one {
		if i := slices.IndexFunc(other, func(o held) bool { return o.lock == h.lock }); i >= 0 {
			h.deferred = h.deferred && other[i].deferred
			both = append(both, h)
		}
	}
	return both
}

func holds(now []held, lock *place) bool {
	return slices.ContainsFunc(now, func(h held) bool { return h.lock == lock })
}

func (s *lockScan) deferStmt(stmt *ast.DeferStmt, now []held) []held {
	free := func(call *ast.CallExpr) {
		if lock, kind := s.lockCall(call); lock != nil && (kind == "Unlock" || kind == "RUnlock") {
			s.free = append(s.free, lock)
			for i := range now {
				if now[i].lock == lock {
					now[i].deferred = true
				}
			}
		}
	}
	now = slices.Clone(now)
	free(stmt.Call)
	literal, _ := stmt.Call.Fun.(*ast.FuncLit)
	if literal == nil {
		literal = s.calledOnly(stmt.Call.Fun)
	}
	if literal != nil {
		ast.Inspect(literal.Body, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				free(call)
			}
			return true
		})
	}
	return now
}

func (s *lockScan) simple(stmt ast.Stmt, now []held) []held {
	if stmt == nil {
		return now
	}
	return s.scan(stmt, now)
}

func (s *lockScan) exprs(now []held, list ...ast.Expr) []held {
	for _, e := range list {
		if e != nil {
			now = s.scan(e, now)
		}
	}
	return now
}

// scan takes the calls in a statement or expression as they come.
func (s *lockScan) scan(root ast.Node, now []held) []held {
	called := map[ast.Expr]bool{}
	ast.Inspect(root, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			if !slices.Contains(slices.Collect(maps.Values(s.closures)), node) {
				now = s.handOn(now, func(lock *place) bool { return s.onlyFrees(node, lock) })
			}
			return false
		case *ast.SelectorExpr:
			if lock, kind := s.lockMethod(node); lock != nil && !called[node] && (kind == "Unlock" || kind == "RUnlock") {
				now = s.handOn(now, func(held *place) bool { return held == lock })
			}
		case *ast.CallExpr:
			called[ast.Unparen(node.Fun)] = true
			s.mark(node, now)
			lock, kind := s.lockCall(node)
			if lock == nil {
				now = s.freed(node, now)
				break
			}
			switch kind {
			case "Lock", "RLock":
				now = append(slices.Clone(now), held{lock, node.Fun, slices.Contains(s.free, lock)})
			case "Unlock", "RUnlock":
				i := slices.IndexFunc(now, func(h held) bool { return h.lock == lock })
				if i >= 0 {
					now = slices.Delete(slices.Clone(now), i, i+1)
				}
			}
		case *ast.SendStmt, *ast.UnaryExpr:
			s.mark(node, now)
		}
		return true
	})
	return now
}

// handOn says of the locks that somebody else was told how to free them: they are no longer this function's to free.
func (s *lockScan) handOn(now []held, which func(lock *place) bool) []held {
	now = slices.Clone(now)
	for i := range now {
		now[i].deferred = now[i].deferred || which(now[i].lock)
	}
	return now
}

// onlyFrees tells whether the literal frees the lock that it has not taken itself.
func (s *lockScan) onlyFrees(literal *ast.FuncLit, lock *place) (frees bool) {
	takes := false
	ast.Inspect(literal.Body, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if other, kind := s.lockMethod(selector); other == lock {
				takes = takes || !strings.HasSuffix(kind, "Unlock")
				frees = frees || strings.HasSuffix(kind, "Unlock")
			}
		}
		return true
	})
	return frees && !takes
}

func (s *lockScan) lockCall(call *ast.CallExpr) (*place, string) {
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return s.lockMethod(selector)
	}
	return nil, ""
}

func (f *flow) lockMethod(selector *ast.SelectorExpr) (*place, string) {
	object, _ := f.info.Uses[selector.Sel].(*types.Func)
	if object == nil || object.Pkg() == nil || object.Pkg().Path() != "sync" || f.info.Selections[selector] == nil {
		return nil, ""
	}
	switch object.Name() {
	case "Lock", "Unlock", "RLock", "RUnlock", "TryLock", "TryRLock":
		if p := f.receiver(selector); p != nil {
			return p, object.Name()
		}
	}
	return nil, ""
}

func (s *lockScan) mark(node ast.Node, now []held) {
	for _, h := range now {
		s.holding[node] = append(s.holding[node], h.written)
	}
	if len(now) == 0 {
		return
	}
	for _, op := range s.ops[node] {
		for _, h := range now {
			op.holding = append(op.holding, h.written)
		}
	}
}

// leave notes the locks that the function still holds there.
func (s *lockScan) leave(kind string, node ast.Node, now []held) {
	for _, h := range now {
		if !h.deferred && !s.givesAway(h.lock) {
			s.leaveWith(kind, node, h)
		}
	}
}

func (s *lockScan) leaveWith(kind string, node ast.Node, h held) {
	r := h.lock.root()
	r.ops = append(r.ops, &operation{kind: kind + "-locked", node: node, fn: s.fn, at: h.lock})
}

// breaks tells whether something leaves the loop whose body it is, other than by returning.
func breaks(body *ast.BlockStmt) bool {
	found := false
	for _, pos := range leaves(body) {
		ast.Inspect(body, func(node ast.Node) bool {
			branch, ok := node.(*ast.BranchStmt)
			found = found || ok && branch.Pos() == pos
			return !found
		})
	}
	return found
}
