package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// releaseSlot gives back the place of a semaphore on a way out that kept it.
type releaseSlot struct{}

const slotWhy = "A buffered channel that counts slots blocks as soon as all are taken; every way out must give its own back."

func (releaseSlot) propose(r *repairer, w *blocked) {
	give, take := "receive", "send"
	uses := r.sent(w)
	if len(uses) == 0 {
		give, take = take, give
		uses = r.received(w)
	}
	for _, use := range uses {
		if use.made == nil || use.made.buffer == nil {
			continue
		}
		r.releaseByMethod(use, take, give)
		for _, taken := range r.on(use.object, take) {
			acquired, list := taken.stmt()
			if acquired == nil {
				continue
			}
			for _, given := range r.on(use.object, give) {
				// The goroutine that is started with the slot may be the one that gives it back.
				handed := slices.ContainsFunc(r.starts[given.fn], func(start *launching) bool { return start != nil && start.fn == taken.fn })
				from := acquired.End()
				if handed {
					from = given.fn.body.Pos()
				}
				if given.fn != taken.fn && !handed || given.node.Pos() < from || given.isDeferred() {
					continue
				}
				released, _ := given.stmt()
				if released == nil || released == acquired {
					continue
				}
				code := r.raw(released)
				d := r.draft()
				some := false
				ast.Inspect(given.fn.body, func(node ast.Node) bool {
					switch node := node.(type) {
					case *ast.FuncLit:
						return false
					case *ast.ReturnStmt:
						if from <= node.Pos() && node.End() <= released.Pos() {
							d.before(node, code)
							some = true
						}
					}
					return true
				})
				if some {
					d.offer("release-slot", 7+use.doubt, "`"+code+"` before the early return", slotWhy)
				}
				if handed || slices.Contains(list, acquired) && !taken.path.inLoop() {
					d := r.draft()
					if handed {
						d.first(given.fn.body, "defer func() { "+code+" }()")
					} else {
						d.after(acquired, "defer func() { "+code+" }()")
					}
					d.remove(released)
					d.offer("release-slot", 11+use.doubt, "give the slot back with `defer`", slotWhy)
				}
			}
		}
	}
}

// releaseByMethod does so where one method takes a slot and another gives it back.
func (r *repairer) releaseByMethod(use channelUse, take, give string) {
	for _, taken := range r.on(use.object, take) {
		for _, given := range r.on(use.object, give) {
			if !arePair(taken, given) {
				continue
			}
			for _, acquire := range r.callers[taken.fn] {
				r.releaseAlways(acquire, taken.fn, given.fn)
			}
		}
	}
}

// givesBack tells whether all that the function does to channels is to give back what another method of its type takes.
func (r *repairer) givesBack(fn *function) bool {
	opposite := map[string]string{"send": "receive", "receive": "send"}
	found := false
	for _, op := range r.allOperations("send", "receive", "close", "call", "cancel", "stop") {
		if op.fn != fn {
			continue
		}
		paired := slices.ContainsFunc(r.objectsOf(op), func(o object) bool {
			return o.made != nil && o.made.buffer != nil && slices.ContainsFunc(r.on(o, opposite[op.kind]), func(other *operation) bool {
				return arePair(op, other)
			})
		})
		if !paired {
			return false
		}
		found = true
	}
	return found
}

// releaseAlways gives back on every way out what the call has taken, where the function does so on one way only.
func (r *repairer) releaseAlways(acquire site, taker, giver *function) {
	stmt, list := inBlock(acquire.call, acquire.path)
	call, plain := stmt.(*ast.ExprStmt)
	assign, _ := acquire.assigned()
	if acquire.fn == nil || acquire.path.inLoop() || assign == nil && !(plain && call.X == acquire.call) || !r.isOnly(acquire, taker) {
		return
	}
	got := r.checked(stmt, list)
	if assign != nil && (got == stmt) != !mayFail(taker) {
		return // whether there is something to give back is decided later
	}
	releases := r.releasesOf(acquire, giver)
	main := slices.IndexFunc(releases, func(s ast.Stmt) bool { return slices.Contains(list, s) })
	if main < 0 || !r.standsFor(releases, got) {
		return
	}
	kept := r.keptBy(acquire.fn, got, releases)
	if len(kept) == 0 || r.handsOn(acquire, giver, got, releases[main].Pos()) {
		return
	}
	code := r.raw(releases[main])
	d := r.draft()
	after := next(releases[main], list)
	if _, returns := after.(*ast.ReturnStmt); after == nil || returns {
		d.after(got, "defer "+code)
		for _, release := range releases {
			d.remove(release)
		}
		d.offer("release-slot", 7, "`defer "+code+"` right after `"+shorten(r.text(acquire.call))+"`", slotWhy)
		return
	}
	for _, leave := range kept {
		d.before(leave, code)
	}
	d.offer("release-slot", 7, "`"+code+"` before the early return", slotWhy)
}

// isOnly tells whether the function takes from that value once.
func (r *repairer) isOnly(acquire site, taker *function) bool {
	return !slices.ContainsFunc(r.callers[taker], func(other site) bool {
		return other.fn == acquire.fn && other.call != acquire.call && r.receiverText(other.call) == r.receiverText(acquire.call)
	})
}

// releasesOf are the statements of the function that give back what the call has taken; none where something else may do so
// as well.
func (r *repairer) releasesOf(acquire site, giver *function) []ast.Stmt {
	var found []ast.Stmt
	if len(r.starts[giver]) > 0 || r.values[giver] {
		return nil
	}
	for _, release := range r.callers[giver] {
		within := false
		for fn := release.fn; fn != nil; fn = fn.outer {
			within = within || fn == acquire.fn
		}
		if !within || r.receiverText(release.call) != r.receiverText(acquire.call) {
			continue
		}
		stmt, ok := release.path[len(release.path)-1].(*ast.ExprStmt)
		if !ok || release.fn != acquire.fn || release.path.inLoop() || stmt.Pos() < acquire.call.End() {
			return nil
		}
		found = append(found, stmt)
	}
	return found
}

// standsFor tells whether the statements are the same call, which can be written right behind the given one as well.
func (r *repairer) standsFor(releases []ast.Stmt, behind ast.Stmt) bool {
	for _, release := range releases {
		call := release.(*ast.ExprStmt).X.(*ast.CallExpr)
		if r.raw(release) != r.raw(releases[0]) || !simple(call.Fun) {
			return false
		}
		for _, argument := range call.Args {
			v := r.root(argument)
			if !simple(argument) || v == nil || v.Pos() > behind.End() || r.sharing().written[v] {
				return false
			}
		}
	}
	return true
}

// handsOn tells whether what was taken, or the duty to give it back, may pass to somebody else: by a return, a goroutine, or
// a value that is kept.
func (r *repairer) handsOn(acquire site, giver *function, from ast.Stmt, to token.Pos) bool {
	for _, release := range r.callers[giver] {
		if release.fn != acquire.fn && slices.ContainsFunc(r.callers[release.fn], func(s site) bool { return s.fn == acquire.fn }) {
			return true
		}
	}
	var taken *types.Var
	if assign, _ := acquire.assigned(); assign != nil {
		taken = r.root(assign.Lhs[0])
	}
	is := func(e ast.Expr) bool { return taken != nil && r.root(e) == taken && isPointer(r.info.TypeOf(e)) }
	found := false
	ast.Inspect(acquire.fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			found = found || from.End() < node.Pos() && node.Pos() < to
		case *ast.ReturnStmt:
			found = found || from.End() < node.Pos() && slices.ContainsFunc(node.Results, func(e ast.Expr) bool {
				return taken != nil && !isPlain(r.info.TypeOf(e)) && r.mentions(e, taken)
			})
		case *ast.AssignStmt:
			found = found || slices.ContainsFunc(node.Rhs, is)
		case *ast.CompositeLit:
			found = found || taken != nil && r.mentions(node, taken)
		case *ast.SendStmt:
			found = found || is(node.Value)
		case *ast.CallExpr:
			found = found || r.builtin(node) == "append" && slices.ContainsFunc(node.Args, is)
		}
		return !found
	})
	return found
}
