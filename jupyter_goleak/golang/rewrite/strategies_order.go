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
		if outer.op.fn != inner.op.fn || outer.op.node.Pos() >= inner.op.node.Pos() || !slices.Contains(outer.list, inner.stmt) {
			continue
		}
		left := slices.ContainsFunc(leaves(outer.op.fn.body), func(pos token.Pos) bool {
			return outer.stmt.Pos() < pos && pos < inner.stmt.Pos()
		})
		if left {
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
