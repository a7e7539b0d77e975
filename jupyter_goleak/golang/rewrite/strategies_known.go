package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A signal is a channel that tells a goroutine to end, as the place where it waits may write it.
type signal struct {
	code string
	cost int
}

// maxSignals bounds what is tried of them: the nearest come first.
const maxSignals = 8

// selectOnKnown uses a context or a done channel that can be named where the goroutine waits.
func (r *repairer) selectOnKnown(w *blocked) {
	for _, signal := range r.signals(w) {
		d := r.draft()
		if r.wrap(d, w, signal.code) {
			d.offer(r.doneStrategy(w), signal.cost, "`select` on `"+signal.code+"` as well", doneSignalWhy)
		}
	}
}

// signals are those that can be named where the goroutine waits, the most promising first.
func (r *repairer) signals(w *blocked) []signal {
	own, awaited := r.come(w), map[object]bool{}
	for _, use := range append(r.received(w), r.sent(w)...) {
		own[r.text(use.expression)] = true
		awaited[use.object] = true
	}
	known := r.selected(w)
	var found []signal
	add := func(code string, cost int) {
		if own[code] || slices.ContainsFunc(found, func(s signal) bool { return s.code == code }) {
			return
		}
		if known[code] {
			cost = min(cost, 6) // this very function asks for it elsewhere
		}
		found = append(found, signal{code: code, cost: cost})
	}
	for _, reached := range r.reachable(w.node.Pos()) {
		doubt := min(reached.order, 2) + reached.depth
		if isContext(reached.t) {
			add(reached.code+".Done()", 8+doubt)
			continue
		}
		if t := reached.t; receivable(t) && !slices.ContainsFunc(reached.objects, func(o object) bool { return awaited[o] }) {
			if certain, ok := r.tells(t, reached.code, reached.objects); ok {
				if !certain {
					doubt += 5
				}
				if !tellsEnd(reached.code) {
					doubt += 2
				}
				add(reached.code, 9+doubt)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b signal) int { return cmp.Compare(a.cost, b.cost) })
	return found[:min(len(found), maxSignals)]
}

// tells tells whether such a channel carries a signal and no data, and whether that is sure to come: somebody closes it.
func (r *repairer) tells(t types.Type, code string, objects []object) (certain, ok bool) {
	closed := slices.ContainsFunc(objects, func(o object) bool { return len(r.on(o, "close")) > 0 })
	sent := slices.ContainsFunc(objects, func(o object) bool { return len(r.on(o, "send")) > 0 })
	element, _ := t.Underlying().(*types.Chan).Elem().Underlying().(*types.Basic)
	boolean := element != nil && element.Info()&types.IsBoolean != 0
	counts := sent && slices.ContainsFunc(objects, func(o object) bool { return o.made != nil && o.made.buffer != nil }) // a semaphore
	return closed, isSignal(t) && (closed || !counts) || closed && !sent || boolean && tellsEnd(code)
}

// come are the channels that it has received from on its way there: a signal that has come would make what it waits for a
// matter of chance.
func (r *repairer) come(w *blocked) map[string]bool {
	found := map[string]bool{}
	for _, around := range w.path {
		if clause, ok := around.(*ast.CommClause); ok {
			if _, receive := communication(clause); receive != nil {
				found[r.text(receive)] = true
			}
		}
		for _, stmt := range listIn(around) {
			above, ok := stmt.(*ast.ExprStmt)
			if !ok || stmt.End() > w.node.Pos() {
				continue
			}
			if receive, ok := ast.Unparen(above.X).(*ast.UnaryExpr); ok && receive.Op == token.ARROW {
				found[r.text(receive.X)] = true
			}
		}
	}
	return found
}

// selected are the channels that selects of the same function receive from already.
func (r *repairer) selected(w *blocked) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(w.fn.body, func(node ast.Node) bool {
		if choice, ok := node.(*ast.SelectStmt); ok && choice != w.node {
			for _, clause := range choice.Body.List {
				if _, receive := communication(clause); receive != nil {
					found[r.text(receive)] = true
				}
			}
		}
		return true
	})
	return found
}

// A reached is a value that can be named at some place: a variable, a field of one, or what a method of it gives.
type reached struct {
	code    string
	t       types.Type
	field   *types.Var // the variable or field itself; nil for what a method gives
	objects []object
	order   int // of the variable that it begins with, the nearest first
	depth   int // of the fields
}

const deepest = 3

// reachable are the variables at the position, and what the program's own structs among them hold.
func (r *repairer) reachable(pos token.Pos) []reached {
	var found []reached
	var open func(from reached, promoted int, seen []*types.Named)
	open = func(from reached, promoted int, seen []*types.Named) {
		found = append(found, from)
		named := namedOf(from.t)
		if named == nil || named.Obj().Pkg() == nil || !r.own[named.Obj().Pkg()] || slices.Contains(seen, named) {
			return
		}
		seen = append(slices.Clone(seen), named)
		for _, method := range r.givers(named) {
			objects, _ := r.objectsAt(r.byObject[method].results[0])
			t := method.Signature().Results().At(0).Type()
			found = append(found, reached{from.code + "." + method.Name() + "()", t, nil, objects, from.order, from.depth})
		}
		structure, ok := named.Underlying().(*types.Struct)
		if !ok || from.depth >= deepest || promoted >= deepest {
			return
		}
		for i := range structure.NumFields() {
			field := structure.Field(i)
			objects, _ := r.objectsAt(r.variable(field))
			next := reached{from.code + "." + field.Name(), field.Type(), field, objects, from.order, from.depth + 1}
			if field.Embedded() {
				next.code, next.depth = from.code, from.depth
				open(next, promoted+1, seen)
				continue
			}
			if field.Name() != "_" {
				open(next, promoted, seen)
			}
		}
	}
	for i, v := range r.visible(pos) {
		if isGlobal(v) && !r.own[v.Pkg()] {
			continue
		}
		objects, _ := r.objectsAt(r.variableAt(v, pos))
		open(reached{v.Name(), v.Type(), v, objects, i, 0}, 0, nil)
	}
	slices.SortStableFunc(found, func(a, b reached) int { return cmp.Compare(a.depth, b.depth) })
	return found
}

// givers are the methods of the type that need nothing and give a channel to receive from, or a context.
func (r *repairer) givers(named *types.Named) []*types.Func {
	var found []*types.Func
	for i := range named.NumMethods() {
		method := named.Method(i)
		signature := method.Signature()
		if r.byObject[method] == nil || signature.Params().Len() != 0 || signature.Results().Len() != 1 {
			continue
		}
		t := signature.Results().At(0).Type()
		if _, channel := t.Underlying().(*types.Chan); channel && receivable(t) || isContext(t) {
			found = append(found, method)
		}
	}
	return found
}

// nameThrough is how the object can be named at the position through the fields of structs, "" where it cannot.
func (r *repairer) nameThrough(o object, pos token.Pos) string {
	for _, reached := range r.reachable(pos) {
		if reached.field != nil && reached.depth > 0 && slices.Contains(reached.objects, o) {
			return reached.code
		}
	}
	return ""
}

// tellsEnd tells whether a channel of that name is closed at an end, and not at a beginning.
func tellsEnd(name string) bool {
	name = strings.ToLower(name[strings.LastIndex(name, ".")+1:])
	return slices.ContainsFunc([]string{"done", "quit", "stop", "clos", "exit", "cancel", "end", "finish", "shut", "abort", "kill", "term"},
		func(part string) bool { return strings.Contains(name, part) })
}

func receivable(t types.Type) bool {
	channel, ok := t.Underlying().(*types.Chan)
	return ok && channel.Dir() != types.SendOnly
}
