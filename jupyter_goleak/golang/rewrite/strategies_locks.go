package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// locksOf are the locks that the goroutine waits for.
func (r *repairer) locksOf(w *blocked) []object {
	return r.subjects(w, "Lock", "RLock")
}

// subjects are what the method that the goroutine waits in belongs to, where it is one of these methods.
func (r *repairer) subjects(w *blocked, methods ...string) []object {
	call, ok := w.node.(*ast.CallExpr)
	if !ok {
		return nil
	}
	selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !slices.Contains(methods, selector.Sel.Name) || r.info.Selections[selector] == nil {
		return nil
	}
	objects, _ := r.objects(selector)
	return objects
}

// A locking is the taking of a lock in one function, and the statements that give it back.
type locking struct {
	op      *operation
	stmt    ast.Stmt
	list    []ast.Stmt
	name    string // of the lock
	unlock  string // the method that gives it back
	unlocks []*operation
}

// lockings are the places where a function takes the lock.
func (r *repairer) lockings(o object) []locking {
	var found []locking
	for _, op := range r.on(o, "lock", "rlock") {
		stmt, list := op.stmt()
		if _, ok := stmt.(*ast.ExprStmt); !ok || op.fn == nil || op.expression == nil {
			continue
		}
		l := locking{op: op, stmt: stmt, list: list, name: r.raw(op.expression), unlock: "Unlock"}
		kind := "unlock"
		if op.kind == "rlock" {
			l.unlock, kind = "RUnlock", "runlock"
		}
		for _, other := range r.on(o, kind) {
			near := other.fn == op.fn || other.fn != nil && other.fn.deferred && other.fn.outer == op.fn
			if near && other.expression != nil && r.raw(other.expression) == l.name {
				l.unlocks = append(l.unlocks, other)
			}
		}
		found = append(found, l)
	}
	return found
}

func (l locking) code() string { return l.name + "." + l.unlock + "()" }

func (l locking) deferred() *operation {
	for _, op := range l.unlocks {
		if op.isDeferred() {
			return op
		}
	}
	return nil
}

// deferUnlock gives a lock back on every way out of the function that takes it.
type deferUnlock struct{}

func (deferUnlock) propose(r *repairer, w *blocked) {
	for _, o := range r.locksOf(w) {
		leaves := r.on(o, "return-locked", "end-locked")
		for _, l := range r.lockings(o) {
			if l.deferred() != nil || l.op.path.inLoop() {
				continue
			}
			cost := 13
			for _, leave := range leaves {
				if leave.fn == l.op.fn {
					cost = 9
				}
			}
			if len(l.unlocks) == 0 {
				cost = 8
			}
			d := r.draft()
			d.after(l.stmt, "defer "+l.code())
			for _, op := range l.unlocks {
				if stmt, _ := op.stmt(); stmt != nil {
					d.remove(stmt)
				}
			}
			d.offer("defer-unlock", cost, "`defer "+l.code()+"` right after the lock",
				"A deferred unlock runs on every way out, be it a return or a panic, so that no one is left waiting for the lock.")
		}
	}
}

// unlockBeforeReturn gives a lock back where the function leaves with it.
type unlockBeforeReturn struct{}

func (unlockBeforeReturn) propose(r *repairer, w *blocked) {
	for _, o := range r.locksOf(w) {
		for _, l := range r.lockings(o) {
			r.unlockForLock(o, l)
			r.lockOnce(l)
			d := r.draft()
			cost := 7
			for _, leave := range r.on(o, "return-locked", "end-locked") {
				if leave.fn != l.op.fn || leave.node.End() < l.op.node.Pos() {
					continue
				}
				switch node := leave.node.(type) {
				case *ast.ReturnStmt:
					d.leaving(node, l.code())
					if !unchanging(node.Results) {
						cost = 10 // a deferred unlock waits for what it returns, too
					}
				case *ast.BlockStmt:
					d.last(node, l.code())
				}
			}
			for _, branch := range r.skips(l) {
				d.before(branch, l.code())
			}
			d.offer("unlock-before-return", cost, "`"+l.code()+"` before leaving",
				"This way out kept the lock, and everybody who comes later waits for it.")
		}
	}
}

// unlockForLock gives the lock back where it is taken a second time.
func (r *repairer) unlockForLock(o object, second locking) {
	for _, first := range r.lockings(o) {
		if first.op == second.op || first.op.fn != second.op.fn || first.op.node.Pos() > second.op.node.Pos() || first.deferred() != nil {
			continue
		}
		between := slices.ContainsFunc(first.unlocks, func(op *operation) bool {
			return first.op.node.Pos() < op.node.Pos() && op.node.Pos() < second.op.node.Pos()
		})
		if between || first.op.kind != second.op.kind {
			continue
		}
		d := r.draft()
		d.replace(second.op.node, second.code())
		d.offer("unlock-before-return", 8, "`"+second.code()+"` for the second `"+r.text(second.op.node)+"`",
			"Who takes a lock that it already holds waits for itself.")
	}
}

// lockOnce takes a lock before the loop behind which it is given back.
func (r *repairer) lockOnce(l locking) {
	loop := innermostLoop(l.op.path)
	if loop == nil || l.deferred() != nil || len(l.unlocks) == 0 {
		return
	}
	if slices.ContainsFunc(l.unlocks, func(op *operation) bool { return op.node.Pos() < loop.End() }) {
		return
	}
	d := r.draft()
	d.remove(l.stmt)
	d.before(loop, r.raw(l.stmt))
	d.offer("unlock-before-return", 9, "`"+r.text(l.op.node)+"` once, before the loop",
		"The loop takes the lock in every round, and it is given back only once, behind the loop.")
}

func unchanging(results []ast.Expr) bool {
	return !slices.ContainsFunc(results, func(e ast.Expr) bool {
		switch e := ast.Unparen(e).(type) {
		case *ast.BasicLit, *ast.Ident:
			return false
		case *ast.UnaryExpr:
			_, literal := e.X.(*ast.BasicLit)
			return !literal
		}
		return true
	})
}

// skips are the continues and breaks that pass by the unlock in the same loop.
func (r *repairer) skips(l locking) []ast.Stmt {
	var found []ast.Stmt
	if l.deferred() != nil || len(l.unlocks) == 0 || !l.op.path.inLoop() {
		return nil
	}
	for _, stmt := range l.list {
		if stmt.Pos() < l.stmt.Pos() {
			continue
		}
		if _, ok := stmt.(*ast.IfStmt); !ok {
			continue
		}
		ast.Inspect(stmt, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncLit, *ast.ForStmt, *ast.RangeStmt:
				return false
			case *ast.BranchStmt:
				unlocked := slices.ContainsFunc(l.unlocks, func(op *operation) bool {
					return op.node.Pos() > l.stmt.Pos() && op.node.Pos() < node.Pos()
				})
				if !unlocked && (node.Tok == token.CONTINUE || node.Tok == token.BREAK) {
					found = append(found, node)
				}
			}
			return true
		})
	}
	return found
}

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
	return callee == nil || strings.Contains(name+".", "."+callee.Name()+".") || r.byObject[callee.Origin()] == nil
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
		title := "release `" + l.name + "` before `" + name + "`"
		cost := 11 + depth
		var other *types.Var
		alike := false
		if call, ok := node.(*ast.CallExpr); ok {
			if method, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && strings.HasSuffix(method.Sel.Name, "Lock") {
				cost += 5 // with an order of the locks both can be held
				wanted, _ := r.objects(method)
				alike = slices.Contains(wanted, objects[0])
				if other = r.root(method); other == l.owner(r) {
					other = nil
				}
			}
		}
		if l.deferred() != nil {
			if !r.needed(l, stmt.Pos(), fn.body.End(), other) {
				d := r.draft()
				d.undefer(l, stmt)
				d.offer("release-before-send", cost, title, releaseWhy)
			}
		} else if unlock := l.unlockBehind(stmt, list); unlock != nil && !r.needed(l, stmt.Pos(), unlock.Pos(), other) {
			nearer := 0
			if next(stmt, list) == unlock {
				nearer = 3
			}
			d := r.draft()
			d.before(stmt, l.code())
			for _, op := range l.unlocks {
				if each, _ := op.stmt(); each != nil && stmt.Pos() < each.Pos() && each.Pos() <= unlock.Pos() {
					d.remove(each)
				}
			}
			d.offer("release-before-send", cost-nearer, title, releaseWhy)
		}
		// Taken again after, two locks of a kind would be taken the other way round by everyone: the same again.
		if !alike && !r.leavesWithin(stmt) && !r.needed(l, stmt.Pos(), stmt.End(), other) {
			d := r.draft()
			d.before(stmt, l.code())
			d.after(stmt, l.name+"."+strings.Replace(l.unlock, "Unlock", "Lock", 1)+"()")
			d.offer("release-before-send", cost-2, title+", and take it again after", releaseWhy)
		}
	}
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

// pathTo is the path that leads to the node.
func (r *repairer) pathTo(target ast.Node) walkPath {
	var found walkPath
	file := r.file(target.Pos())
	if file == nil {
		return nil
	}
	r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
		if node == target && found == nil {
			found = slices.Clone(path)
		}
	})
	return found
}
