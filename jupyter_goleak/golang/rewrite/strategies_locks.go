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
			if other.fn == op.fn || other.fn != nil && other.fn.deferred && other.fn.outer == op.fn {
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
			d := r.draft()
			cost := 7
			for _, leave := range r.on(o, "return-locked", "end-locked") {
				if leave.fn != l.op.fn || leave.node.End() < l.op.node.Pos() {
					continue
				}
				switch node := leave.node.(type) {
				case *ast.ReturnStmt:
					d.before(node, l.code())
					if !unchanging(node.Results) {
						cost = 10 // what it returns is read without the lock
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
	for depth, frame := range w.Frames {
		for node, held := range r.holding {
			if file, line := r.position(node.Pos()); file != frame.File || line != frame.Line {
				continue
			}
			if depth == 0 && w.node != nil && node != w.node {
				continue
			}
			for _, e := range held {
				r.release(node, e, depth)
			}
		}
	}
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
		if l.op.fn != fn || l.op.node.Pos() > node.Pos() || l.op.node == node {
			continue
		}
		name := shorten(r.text(node))
		title := "release `" + l.name + "` before `" + name + "`"
		lock := l.name + "." + strings.TrimPrefix(l.unlock, "R")
		lock = strings.TrimSuffix(lock, "Unlock")
		if l.unlock == "RUnlock" {
			lock += "RLock()"
		} else {
			lock += "Lock()"
		}
		if call, ok := node.(*ast.CallExpr); ok {
			if other, method := ast.Unparen(call.Fun).(*ast.SelectorExpr); method && strings.HasSuffix(other.Sel.Name, "Lock") {
				depth += 5 // with an order of the locks both can be held
			}
		}
		deferred := l.deferred()
		_, returns := stmt.(*ast.ReturnStmt)
		if deferred == nil {
			for _, op := range l.unlocks {
				unlock, around := op.stmt()
				if unlock == nil || unlock.Pos() < stmt.Pos() || !slices.Contains(around, stmt) {
					continue
				}
				cost := 11
				if next(stmt, list) == unlock {
					cost = 8
				}
				d := r.draft()
				d.before(stmt, l.code())
				d.remove(unlock)
				d.offer("release-before-send", cost+depth, title, releaseWhy)
			}
		} else if outer, _ := deferred.stmt(); outer != nil {
			d := r.draft()
			d.remove(outer)
			d.before(stmt, l.code())
			ast.Inspect(fn.body, func(other ast.Node) bool {
				switch other := other.(type) {
				case *ast.FuncLit:
					return false
				case *ast.ReturnStmt:
					if other.Pos() > l.stmt.End() && other.End() < stmt.Pos() {
						d.before(other, l.code())
					}
				}
				return true
			})
			d.offer("release-before-send", 11+depth, title, releaseWhy)
		}
		if !returns {
			d := r.draft()
			d.before(stmt, l.code())
			d.after(stmt, lock)
			d.offer("release-before-send", 9+depth, title+", and take it again after", releaseWhy)
		}
	}
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

// orderLocks lets all functions take the same locks in the same order.
type orderLocks struct{}

const orderWhy = "Two goroutines that take the same locks in different orders can each hold what the other waits for; with one order for all, the first one always gets both."

func (orderLocks) propose(r *repairer, w *blocked) {
	for _, second := range r.locksOf(w) {
		for _, inner := range r.lockings(second) {
			for _, written := range inner.op.holding {
				outers, _ := r.objects(written)
				for _, first := range outers {
					if first == second {
						r.orderByKey(second, inner, written)
						continue
					}
					for _, outer := range r.lockings(first) {
						if outer.op.fn == inner.op.fn && outer.op.node.Pos() < inner.op.node.Pos() {
							r.swapLocks(outer, inner)
						}
					}
				}
			}
		}
	}
}

// swapLocks takes the inner lock before the outer one.
func (r *repairer) swapLocks(outer, inner locking) {
	if !slices.Contains(outer.list, inner.stmt) {
		return
	}
	d := r.draft()
	code := r.raw(inner.stmt)
	d.remove(inner.stmt)
	if follows, ok := next(inner.stmt, inner.list).(*ast.DeferStmt); ok {
		if op := inner.deferred(); op != nil && op.node == follows.Call {
			code += "\n" + r.raw(follows)
			d.remove(follows)
		}
	}
	d.before(outer.stmt, code)
	d.offer("order-locks", 9, "take `"+inner.name+"` before `"+outer.name+"` in "+describe(inner.op.fn)+" as well", orderWhy)
}

// orderByKey orders two locks of one kind by what tells their owners apart.
func (r *repairer) orderByKey(lock object, inner locking, written ast.Expr) {
	selector, ok := ast.Unparen(written).(*ast.SelectorExpr)
	if !ok {
		return
	}
	a, b := r.root(selector.X), r.root(inner.op.expression)
	if a == nil || b == nil || a == b || !types.Identical(a.Type(), b.Type()) {
		return
	}
	key := keyOf(namedOf(a.Type()))
	if key == "" {
		return
	}
	var start ast.Stmt
	d := r.draft()
	first, second := r.unused(inner.stmt.Pos(), "first"), r.unused(inner.stmt.Pos(), "second")
	for _, op := range r.on(lock, "lock", "unlock", "rlock", "runlock") {
		if op.fn != inner.op.fn || op.expression == nil {
			continue
		}
		expression := ast.Unparen(op.expression)
		v := r.root(expression)
		name := map[*types.Var]string{a: first, b: second}[v]
		if name == "" || !strings.HasPrefix(r.raw(expression), v.Name()) {
			return
		}
		d.substitute(expression.Pos(), expression.Pos()+token.Pos(len(v.Name())), name)
		if stmt, _ := op.stmt(); start == nil && stmt != nil {
			start = stmt
		}
	}
	if start == nil {
		return
	}
	d.before(start, first+", "+second+" := "+a.Name()+", "+b.Name()+"\nif "+second+"."+key+" < "+first+"."+key+" {\n\t"+first+", "+second+" = "+second+", "+first+"\n}")
	d.offer("order-locks", 8, "lock the one with the smaller `"+key+"` first", orderWhy)
}

// keyOf is a field by which values of the type can be put in order.
func keyOf(named *types.Named) string {
	if named == nil {
		return ""
	}
	structure, ok := named.Underlying().(*types.Struct)
	if !ok {
		return ""
	}
	found := ""
	for i := range structure.NumFields() {
		field := structure.Field(i)
		basic, ok := field.Type().Underlying().(*types.Basic)
		if !ok || basic.Info()&types.IsOrdered == 0 {
			continue
		}
		switch strings.ToLower(field.Name()) {
		case "id", "key", "number", "index", "seq":
			return field.Name()
		case "name", "address", "label":
			found = field.Name()
		}
	}
	return found
}

// unlockBeforeUpgrade gives a read lock back before the same goroutine takes the write lock.
type unlockBeforeUpgrade struct{}

const upgradeWhy = "A writer waits for all readers, and so for itself where it still holds the read lock."

func (unlockBeforeUpgrade) propose(r *repairer, w *blocked) {
	for _, o := range r.subjects(w, "Lock") {
		for _, writing := range r.lockings(o) {
			if writing.op.kind != "lock" {
				continue
			}
			for _, reading := range r.lockings(o) {
				if reading.op.kind != "rlock" || reading.op.fn != writing.op.fn || reading.op.node.Pos() > writing.op.node.Pos() {
					continue
				}
				d := r.draft()
				d.before(writing.stmt, reading.code())
				cost := 7
				if op := reading.deferred(); op != nil {
					if stmt, _ := op.stmt(); stmt != nil {
						d.remove(stmt)
						cost = 8
					}
				}
				for _, op := range reading.unlocks {
					// Below the write lock there is nothing left to give back.
					if stmt, around := op.stmt(); stmt != nil && !op.isDeferred() && stmt.Pos() > writing.stmt.Pos() && slices.Contains(around, writing.stmt) {
						d.remove(stmt)
					}
				}
				d.offer("unlock-before-upgrade", cost, "`"+reading.code()+"` before `"+r.text(writing.op.node)+"`", upgradeWhy)
				r.writeFromTheStart(reading, writing)
			}
		}
	}
}

// writeFromTheStart takes the write lock where the read lock was taken.
func (r *repairer) writeFromTheStart(reading, writing locking) {
	d := r.draft()
	d.replace(reading.stmt, reading.name+".Lock()")
	for _, op := range reading.unlocks {
		d.replace(op.node, reading.name+".Unlock()")
	}
	d.remove(writing.stmt)
	for _, op := range writing.unlocks {
		if stmt, _ := op.stmt(); stmt != nil && len(reading.unlocks) > 0 {
			d.remove(stmt)
		}
	}
	d.offer("unlock-before-upgrade", 12, "take the write lock from the start", upgradeWhy)
}
