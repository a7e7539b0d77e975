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
				r.release(node, e, depth)
			}
		}
	}
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
		if call, ok := node.(*ast.CallExpr); ok && containsFunction(call) {
			name = r.text(call.Fun) + "(…)"
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
		release.forGood(list)
		// Taken again after, two locks of a kind would be taken the other way round by everyone: the same again.
		if !alike {
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
	if early == nil || l.needed(l.lock, from, to, l.other, early) {
		return nil
	}
	d.before(l.stmt, name+" := "+l.raw(early))
	d.replace(early, name)
	return d
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

// forGood gives it back before the statement instead of after it.
func (l *releasing) forGood(list []ast.Stmt) {
	fn, cost := l.lock.op.fn, l.cost
	var d *draft
	if l.lock.deferred() != nil {
		if d = l.draft(l.stmt.Pos(), fn.body.End()); d != nil {
			d.undefer(l.lock, l.stmt)
		}
	} else if unlock := l.lock.unlockBehind(l.stmt, list); unlock != nil {
		if next(l.stmt, list) == unlock {
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
	if d != nil {
		d.offer("release-before-send", cost, "release `"+l.lock.name+"` before `"+l.before+"`", releaseWhy)
	}
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
		if len(clause.Body) > 0 {
			d.before(clause.Body[0], again)
		} else {
			d.insert(clause.Colon+1, "\n"+l.indent(clause.Pos())+"\t"+again)
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
	_, returns := stmt.(*ast.ReturnStmt)
	return returns || len(leaves(&ast.BlockStmt{List: []ast.Stmt{stmt}})) > 0
}
