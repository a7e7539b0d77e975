package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// releaseBeforeWait lets go of a lock before waiting for something else, or before calling what takes it again.
type releaseBeforeWait struct{}

const releaseWhy = "Whoever waits with a lock in hand keeps out those who could end the wait; so it lets go of the lock first."

func (releaseBeforeWait) propose(r *repairer, w *blocked) {
	if len(r.waitedFor(w, "cond")) > 0 {
		return // a condition lets go of its lock by itself
	}
	for depth, frame := range w.Frames {
		for node, held := range r.holding {
			if depth == 0 && w.node != nil {
				if node != w.node {
					continue
				}
			} else if file, line := r.position(node.Pos()); file != frame.File || line != frame.Line {
				continue
			}
			if depth > 0 && !r.leadsTo(node, w.Frames[depth-1].Function) {
				continue
			}
			for _, e := range held {
				if !r.keepsOpen(e, w) {
					r.release(node, e, depth)
				}
			}
		}
	}
}

// keepsOpen tells whether the lock keeps the channel that is sent on from being closed meanwhile: who closes it holds the lock, too.
func (r *repairer) keepsOpen(written ast.Expr, w *blocked) bool {
	locks, _ := r.objects(written)
	under := func(held []ast.Expr) bool {
		return slices.ContainsFunc(held, func(e ast.Expr) bool {
			objects, _ := r.objects(e)
			return slices.ContainsFunc(objects, func(o object) bool { return slices.Contains(locks, o) })
		})
	}
	return slices.ContainsFunc(r.sent(w), func(use channelUse) bool {
		return slices.ContainsFunc(r.on(use.object, "close"), func(op *operation) bool {
			return under(op.holding) || op.fn != nil && slices.ContainsFunc(r.callers[op.fn], func(caller site) bool { return under(r.holding[caller.call]) })
		})
	})
}

// leadsTo tells whether the node may be the call of the function whose name a stack shows.
func (r *repairer) leadsTo(node ast.Node, name string) bool {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return false
	}
	callee := r.callee(call)
	if callee != nil && r.byObject[callee.Origin()] == nil {
		// A library calls back only what it is given.
		return slices.ContainsFunc(operands(call), func(e ast.Expr) bool { return r.leads(r.info.TypeOf(e)) })
	}
	return callee == nil || strings.Contains(name+".", "."+callee.Name()+".")
}

func (r *repairer) release(node ast.Node, written ast.Expr, depth int) {
	selector, ok := ast.Unparen(written).(*ast.SelectorExpr)
	if !ok {
		return
	}
	objects, _ := r.objects(selector)
	path := r.pathTo(node)
	stmt, list := inBlock(node, path)
	if stmt == nil || len(objects) == 0 {
		return
	}
	fn := r.enclosing(path)
	for _, l := range r.lockings(objects[0]) {
		if l.op.fn != fn || l.op.node.Pos() > node.Pos() || l.op.node == node || l.name != r.raw(selector.X) {
			continue
		}
		name := shorten(r.text(node))
		switch node := node.(type) {
		case *ast.CallExpr:
			if containsFunction(node) {
				name = r.text(node.Fun) + "(…)"
			}
		case *ast.SelectStmt:
			name = "select"
		}
		release := &releasing{repairer: r, lock: l, stmt: stmt, before: name, cost: 11 + depth}
		alike := false
		if call, ok := node.(*ast.CallExpr); ok {
			if method, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && strings.HasSuffix(method.Sel.Name, "Lock") {
				release.cost += 5 // with an order of the locks both can be held
				wanted, _ := r.objects(method)
				alike = slices.Contains(wanted, objects[0])
				if release.other = r.root(method); release.other == l.owner(r) {
					release.other = nil
				}
			}
		}
		done := release.forGood(list)
		// Taken again after, two locks of a kind would be taken the other way round by everyone: the same again.
		if !alike && !done && !release.tears() {
			release.meanwhile()
		}
	}
}

// A releasing gives a lock back right before a statement.
type releasing struct {
	*repairer
	lock   locking
	stmt   ast.Stmt
	other  *types.Var // what the lock that the statement waits for belongs to
	before string     // the statement, as the title writes it
	cost   int
}

// draft is one that finds out under the lock still what the statement is about, where that is what the lock guards; nil
// where more of that is used in [from, to).
func (l *releasing) draft(from, to token.Pos) *draft {
	d := l.repairer.draft()
	if !l.needed(l.lock, from, to, l.other, nil) {
		return d
	}
	early, name := l.early()
	if early == nil || l.isWithdrawn(early) || l.needed(l.lock, from, to, l.other, early) {
		return nil
	}
	d.before(l.stmt, name+" := "+l.raw(early))
	d.replace(early, name)
	return d
}

// isWithdrawn tells whether somebody sets the field to nil under the lock: who has done that counts on it that nothing is called
// any more.
func (l *releasing) isWithdrawn(early ast.Expr) bool {
	field := l.changed(early)
	found := false
	for _, file := range l.files {
		l.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			assign, ok := node.(*ast.AssignStmt)
			if !ok || len(assign.Lhs) != len(assign.Rhs) || !l.isHeld(assign, l.enclosing(path)) {
				return
			}
			for i, left := range assign.Lhs {
				found = found || l.info.Types[assign.Rhs[i]].IsNil() && field != nil && l.changed(left) == field
			}
		})
	}
	return found
}

// isHeld tells whether the function holds the lock there, as the text has it.
func (l *releasing) isHeld(at ast.Node, fn *function) bool {
	held := false
	last := token.NoPos
	for _, o := range l.objectsOf(l.lock.op) {
		for _, op := range l.on(o, "lock", "rlock", "unlock", "runlock") {
			if op.fn == fn && !op.isDeferred() && last < op.node.Pos() && op.node.Pos() < at.Pos() {
				last, held = op.node.Pos(), op.kind == "lock" || op.kind == "rlock"
			}
		}
	}
	return held
}

// early is what the statement calls a method of, or the function that it calls, where that is found in a field or a map; and
// a name for it.
func (l *releasing) early() (ast.Expr, string) {
	stmt, ok := l.stmt.(*ast.ExprStmt)
	if !ok {
		return nil, ""
	}
	call, ok := ast.Unparen(stmt.X).(*ast.CallExpr)
	if !ok {
		return nil, ""
	}
	called, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || l.info.Selections[called] == nil {
		return nil, ""
	}
	early := ast.Expr(called)
	if l.info.Selections[called].Kind() != types.FieldVal {
		early = ast.Unparen(called.X)
	}
	switch l.info.TypeOf(early).Underlying().(type) {
	case *types.Pointer, *types.Signature, *types.Interface:
	default:
		return nil, "" // a copy of it would be another one
	}
	pos := l.stmt.Pos()
	switch e := early.(type) {
	case *ast.SelectorExpr:
		if name := e.Sel.Name; !ast.IsExported(name) && l.unusedAsVariable(pos, name) {
			return early, name
		}
		return early, l.unused(pos, "current")
	case *ast.IndexExpr:
		return early, l.unused(pos, "found", "current")
	}
	return nil, ""
}

// forGood gives it back before the statement instead of after it; it tells whether that is all that there is to it, since
// nothing comes between the statement and the end of the lock.
func (l *releasing) forGood(list []ast.Stmt) bool {
	fn, cost := l.lock.op.fn, l.cost
	last := false
	var d *draft
	if jumps(fn.body) {
		return false // it may come to any place with the lock or without it
	}
	if l.lock.deferred() != nil {
		last = fn.body.List[len(fn.body.List)-1] == l.stmt
		if d = l.draft(l.stmt.Pos(), fn.body.End()); d != nil && !l.isTakenAgain(fn.body.End()) {
			d.undefer(l.lock, l.stmt)
		} else {
			return false
		}
	} else if unlock := l.lock.unlockBehind(l.stmt, list); unlock != nil && !l.isTakenAgain(unlock.Pos()) {
		if last = next(l.stmt, list) == unlock; last {
			cost -= 3
		}
		if d = l.draft(l.stmt.Pos(), unlock.Pos()); d != nil {
			d.before(l.stmt, l.lock.code())
			for _, op := range l.lock.unlocks {
				if each, _ := op.stmt(); each != nil && l.stmt.Pos() < each.Pos() && each.Pos() <= unlock.Pos() {
					d.remove(each)
				}
			}
		}
	}
	if d == nil || d.broken {
		return false
	}
	d.offer("release-before-send", cost, "release `"+l.lock.name+"` before `"+l.before+"`", releaseWhy)
	return last
}

// isTakenAgain tells whether between the statement and that place the lock is taken once more, or given back in a literal.
func (l *releasing) isTakenAgain(to token.Pos) bool {
	return slices.ContainsFunc(l.objectsOf(l.lock.op), func(o object) bool {
		return slices.ContainsFunc(l.on(o, "lock", "rlock", "unlock", "runlock"), func(op *operation) bool {
			takes := op.kind == "lock" || op.kind == "rlock"
			return l.stmt.End() <= op.node.Pos() && op.node.Pos() < to && (takes || op.fn != l.lock.op.fn)
		})
	})
}

// tears tells whether something is found out under the lock before the statement and changed after it: others could come in
// between; or whether the statement stands in a loop over what the lock guards.
func (l *releasing) tears() bool {
	g := l.guarding(l.lock)
	for _, around := range l.pathTo(l.stmt) {
		if loop, ok := around.(*ast.RangeStmt); ok && loop.Pos() > l.lock.stmt.Pos() && g.uses(loop.X, func(ast.Node) bool { return true }) {
			return true
		}
	}
	read, torn := map[*types.Var]bool{}, false
	set := map[ast.Node]bool{} // what is only given another value there
	changes := func(e ast.Expr, after bool) {
		torn = torn || after && read[l.changed(e)]
	}
	ast.Inspect(l.lock.op.fn.body, func(node ast.Node) bool {
		if node == nil {
			return false
		}
		after := node.Pos() >= l.stmt.Pos()
		switch node := node.(type) {
		case *ast.SelectorExpr:
			if v, ok := l.info.Uses[node.Sel].(*types.Var); ok && !after && !set[node] && node.Pos() > l.lock.stmt.Pos() {
				read[v.Origin()] = true
			}
		case *ast.Ident:
			if v, ok := l.info.Uses[node].(*types.Var); ok && !v.IsField() && !after && !set[node] && node.Pos() > l.lock.stmt.Pos() && l.isShared(v) {
				read[v] = true
			}
		case *ast.AssignStmt:
			for _, left := range node.Lhs {
				changes(left, after)
				set[ast.Unparen(left)] = node.Tok == token.ASSIGN
			}
		case *ast.IncDecStmt:
			changes(node.X, after)
		case *ast.CallExpr:
			if name := l.builtin(node); name == "delete" || name == "clear" {
				changes(node.Args[0], after)
			}
		}
		return true
	})
	return torn
}

// meanwhile gives it back for the time of the statement: of a select, until one of its cases has come.
func (l *releasing) meanwhile() {
	again := l.lock.name + "." + strings.Replace(l.lock.unlock, "Unlock", "Lock", 1) + "()"
	if !l.leavesWithin(l.stmt) {
		if d := l.draft(l.stmt.Pos(), l.stmt.End()); d != nil {
			d.before(l.stmt, l.lock.code())
			d.after(l.stmt, again)
			d.offer("release-before-send", l.cost-2, "release `"+l.lock.name+"` before `"+l.before+"`, and take it again after", releaseWhy)
		}
		return
	}
	choice, ok := l.stmt.(*ast.SelectStmt)
	if !ok {
		return
	}
	d := l.repairer.draft()
	d.before(choice, l.lock.code())
	for _, each := range choice.Body.List {
		clause := each.(*ast.CommClause)
		if clause.Comm == nil || l.needed(l.lock, clause.Comm.Pos(), clause.Comm.End(), nil, nil) {
			return
		}
		switch line := l.restOfLine(clause.Colon + 1); {
		case len(clause.Body) > 0:
			d.before(clause.Body[0], again)
		case onlyComment(line):
			d.insert(clause.Colon+1+token.Pos(len(line)), "\n"+l.indent(clause.Pos())+"\t"+again)
		default:
			d.insert(clause.Colon+1, " "+again+";")
		}
	}
	d.offer("release-before-send", l.cost-2, "release `"+l.lock.name+"` before `"+l.before+"`, and take it again in each case", releaseWhy)
}

// unlockBehind is the first unlock that follows the statement in its list.
func (l locking) unlockBehind(stmt ast.Stmt, list []ast.Stmt) ast.Stmt {
	for _, op := range l.unlocks {
		if unlock, _ := op.stmt(); unlock != nil && unlock.Pos() > stmt.Pos() && slices.Contains(list, unlock) {
			return unlock
		}
	}
	return nil
}

// leavesWithin tells whether control may leave the statement for elsewhere than the next one.
func (r *repairer) leavesWithin(stmt ast.Stmt) bool {
	found := len(leaves(&ast.BlockStmt{List: []ast.Stmt{stmt}})) > 0
	ast.Inspect(stmt, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BranchStmt:
			found = found || node.Tok == token.CONTINUE && !r.loopsWithin(stmt, node)
		}
		return true
	})
	return found
}

// loopsWithin tells whether the branch belongs to a loop in the statement.
func (r *repairer) loopsWithin(stmt ast.Stmt, branch *ast.BranchStmt) bool {
	return branch.Label == nil && slices.ContainsFunc(r.pathTo(branch), func(around ast.Node) bool {
		switch around.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return stmt.Pos() <= around.Pos()
		}
		return false
	})
}
