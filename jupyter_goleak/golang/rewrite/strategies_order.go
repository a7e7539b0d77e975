package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// orderLocks lets all functions take the same locks in the same order.
type orderLocks struct{}

const orderWhy = "Two goroutines that take the same locks in different orders can each hold what the other waits for; with one order for all, the first one always gets both."

func (orderLocks) propose(r *repairer, w *blocked) {
	for _, second := range r.locksOf(w) {
		for _, inner := range r.lockings(second) {
			for _, written := range inner.op.holding {
				outers, _ := r.objects(written)
				for _, first := range outers {
					for _, outer := range r.lockings(first) {
						if !outer.isHeldAt(inner, r) {
							continue
						}
						switch {
						case first != second && len(r.pairsOf(first, second)) == 1:
							r.swapLocks(outer, inner, 9)
						case first == second && r.isTakenOtherwise(second, outer, inner):
							r.swapLocks(outer, inner, 7)
						}
					}
					if first == second && len(r.pairsOf(first, second)) == 1 {
						r.orderByKey(second, inner, written)
					}
				}
			}
		}
	}
}

// isHeldAt tells whether the function holds the one lock where it takes the other.
func (l locking) isHeldAt(inner locking, r *repairer) bool {
	return l.op.fn == inner.op.fn && l.op.node.Pos() < inner.op.node.Pos() && slices.ContainsFunc(inner.op.holding, func(e ast.Expr) bool {
		selector, ok := ast.Unparen(e).(*ast.SelectorExpr)
		return ok && r.raw(selector.X) == l.name
	})
}

// A pair of locks is taken by a function, the one while it holds the other.
type pair struct{ outer, inner locking }

func (r *repairer) pairsOf(first, second object) []pair {
	var found []pair
	for _, outer := range r.lockings(first) {
		for _, inner := range r.lockings(second) {
			if outer.isHeldAt(inner, r) {
				found = append(found, pair{outer, inner})
			}
		}
	}
	return found
}

// isTakenOtherwise tells whether all other functions take the locks of the same two values, and the other way round. Which
// values those are is certain of variables that are no parameters and always stay the same.
func (r *repairer) isTakenOtherwise(lock object, outer, inner locking) bool {
	first, second := r.root(outer.op.expression), r.root(inner.op.expression)
	if first == nil || second == nil || r.isParameter(first) || r.isParameter(second) || r.isReassigned(first) || r.isReassigned(second) {
		return false
	}
	others := 0
	for _, pair := range r.pairsOf(lock, lock) {
		if pair.inner.op == inner.op && pair.outer.op == outer.op {
			continue
		}
		if r.root(pair.outer.op.expression) != second || r.root(pair.inner.op.expression) != first ||
			pair.outer.name != inner.name || pair.inner.name != outer.name {
			return false
		}
		others++
	}
	return others > 0
}

// isReassigned tells whether the pointer may stand for one value here and for another one there.
func (r *repairer) isReassigned(v *types.Var) bool {
	return isPointer(v.Type()) && r.sharing().written[v]
}

func (r *repairer) isParameter(v *types.Var) bool {
	return slices.ContainsFunc(r.ordered, func(fn *function) bool {
		return slices.Contains(r.fields(fn.typ.Params), v) || r.receiver(fn) == v
	})
}

// swapLocks takes the inner lock before the outer one, where nothing in between decides which one it is, or whether.
func (r *repairer) swapLocks(outer, inner locking, cost int) {
	v := r.root(inner.op.expression)
	if !slices.Contains(outer.list, inner.stmt) || v == nil || r.isReassigned(v) || !simple(inner.op.expression) || !r.isVisible(v, r.scope(outer.stmt.Pos()), outer.stmt.Pos()) {
		return
	}
	d := r.draft()
	code := r.raw(inner.stmt)
	d.remove(inner.stmt)
	follows, deferred := next(inner.stmt, inner.list).(*ast.DeferStmt)
	if op := inner.deferred(); deferred && op != nil && op.node == follows.Call {
		code += "\n" + r.raw(follows)
		d.remove(follows)
	} else if r.leavesBetween(outer.op.fn, outer.stmt, inner.stmt) {
		return
	}
	d.before(outer.stmt, code)
	d.offer("order-locks", cost, "take `"+inner.name+"` before `"+outer.name+"` in "+describe(inner.op.fn)+" as well", orderWhy)
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
		r.takeTogether(lock, inner)
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

// takeTogether guards the taking of two locks of one kind by a third, so that nobody else is halfway meanwhile.
func (r *repairer) takeTogether(lock object, inner locking) {
	for _, outer := range r.lockings(lock) {
		if outer.op.fn != inner.op.fn || outer.op.node.Pos() >= inner.op.node.Pos() || !slices.Contains(outer.list, inner.stmt) || r.leavesBetween(outer.op.fn, outer.stmt, inner.stmt) {
			continue
		}
		name := r.unusedAnywhere("both", "pairs")
		d := r.draft()
		d.global(outer.op.fn, "// "+name+" is held by whoever is about to take two of the locks.\nvar "+name+" "+d.importing(outer.stmt.Pos(), "sync")+".Mutex")
		d.before(outer.stmt, name+".Lock()")
		d.after(inner.stmt, name+".Unlock()")
		d.offer("order-locks", 9, "hold a lock `"+name+"` while `"+outer.name+"` and `"+inner.name+"` are taken",
			"While one goroutine is about to take two locks of a kind, no other can be halfway and hold the one that it still needs.")
	}
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
	r.unlockBeforeReading(w)
	for _, o := range r.subjects(w, "Lock") {
		for _, writing := range r.lockings(o) {
			if writing.op.kind != "lock" {
				continue
			}
			for _, reading := range r.lockings(o) {
				if reading.op.kind != "rlock" || reading.op.fn != writing.op.fn || reading.name != writing.name || reading.op.node.Pos() > writing.op.node.Pos() {
					continue
				}
				r.readUnlocked(reading, writing)
				r.writeFromTheStart(reading, writing)
			}
		}
	}
}

// readUnlocked gives the read lock back above the place where the write lock is taken.
func (r *repairer) readUnlocked(reading, writing locking) {
	if r.isStale(reading, writing) {
		return
	}
	d := r.draft()
	cost := 7
	if reading.deferred() != nil {
		// The read lock guarded what follows the write lock's end, too.
		for _, op := range writing.unlocks {
			if !op.isDeferred() && r.needed(reading, op.node.End(), reading.op.fn.body.End(), nil, nil) {
				return
			}
		}
		cost = 8
		d.undefer(reading, writing.stmt)
	} else {
		d.before(writing.stmt, reading.code())
		for _, op := range reading.unlocks {
			// Below the write lock there is nothing left to give back.
			if stmt, around := op.stmt(); stmt != nil && stmt.Pos() > writing.stmt.Pos() && slices.Contains(around, writing.stmt) {
				d.remove(stmt)
			}
		}
	}
	d.offer("unlock-before-upgrade", cost, "`"+reading.code()+"` before `"+r.text(writing.op.node)+"`", upgradeWhy)
}

// isStale tells whether what was read under the read lock is built upon under the write lock, when others may have written
// in between.
func (r *repairer) isStale(reading, writing locking) bool {
	stale := false
	read := map[*types.Var]bool{}
	ast.Inspect(reading.op.fn.body, func(node ast.Node) bool {
		if node == nil || node.End() <= reading.stmt.End() {
			return false
		}
		early := reading.stmt.End() <= node.Pos() && node.Pos() < writing.stmt.Pos()
		switch node := node.(type) {
		case *ast.AssignStmt:
			if early && slices.ContainsFunc(node.Rhs, func(e ast.Expr) bool { return r.needed(reading, e.Pos(), e.End(), nil, nil) }) {
				for _, left := range node.Lhs {
					read[r.root(left)] = true
				}
			}
			if v := r.changed(node.Lhs[0]); !early && node.Tok != token.ASSIGN && node.Tok != token.DEFINE {
				stale = stale || v != nil && read[v]
			}
		case *ast.IncDecStmt:
			v := r.changed(node.X)
			stale = stale || !early && v != nil && read[v]
		case *ast.SelectorExpr:
			if v, ok := r.info.Uses[node.Sel].(*types.Var); ok && early {
				read[v.Origin()] = true
			}
		case *ast.Ident:
			v, ok := r.info.Uses[node].(*types.Var)
			if !ok || v.IsField() {
				break
			}
			if early {
				if r.isShared(v) {
					read[v] = true
				}
			} else if !r.isShared(v) {
				stale = stale || read[v]
			}
		}
		return true
	})
	return stale
}

// changed is the variable or field that an assignment to the expression changes, be it by an element.
func (r *repairer) changed(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := r.info.Uses[e].(*types.Var)
		return v
	case *ast.SelectorExpr:
		v, _ := r.info.Uses[e.Sel].(*types.Var)
		if v == nil {
			return nil
		}
		return v.Origin()
	case *ast.IndexExpr:
		return r.changed(e.X)
	case *ast.StarExpr:
		return r.changed(e.X)
	}
	return nil
}

// unlockBeforeReading gives a write lock back before the same goroutine takes the read lock.
func (r *repairer) unlockBeforeReading(w *blocked) {
	for _, o := range r.subjects(w, "RLock") {
		for _, reading := range r.lockings(o) {
			for _, writing := range r.lockings(o) {
				if reading.op.kind != "rlock" || writing.op.kind != "lock" || writing.op.fn != reading.op.fn ||
					writing.op.node.Pos() > reading.op.node.Pos() || writing.deferred() != nil {
					continue
				}
				d := r.draft()
				d.before(reading.stmt, writing.code())
				for _, op := range writing.unlocks {
					if stmt, around := op.stmt(); stmt != nil && stmt.Pos() > reading.stmt.Pos() && slices.Contains(around, reading.stmt) {
						d.remove(stmt)
					}
				}
				if len(reading.unlocks) == 0 {
					d.after(reading.stmt, "defer "+reading.code())
				}
				d.offer("unlock-before-upgrade", 8, "`"+writing.code()+"` before `"+r.text(reading.op.node)+"`",
					"A reader waits for the writer, and so for itself where it still holds the write lock.")
			}
		}
	}
}

// writeFromTheStart takes the write lock where the read lock was taken.
func (r *repairer) writeFromTheStart(reading, writing locking) {
	d := r.draft()
	d.replace(reading.stmt, reading.name+".Lock()")
	d.remove(writing.stmt)
	deferred := reading.deferred() != nil
	for _, op := range reading.unlocks {
		stmt, _ := op.stmt()
		if deferred || stmt == nil || stmt.Pos() < writing.stmt.Pos() || len(writing.unlocks) == 0 {
			d.replace(op.node, reading.name+".Unlock()")
		} else {
			d.remove(stmt)
		}
	}
	for _, op := range writing.unlocks {
		if stmt, _ := op.stmt(); stmt != nil && deferred {
			d.remove(stmt)
		}
	}
	d.offer("unlock-before-upgrade", 12, "take the write lock from the start", upgradeWhy)
}
