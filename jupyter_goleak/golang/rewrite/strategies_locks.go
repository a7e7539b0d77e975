package main

import (
	"go/ast"
	"go/token"
	"slices"
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
