package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// broadcast wakes all who wait for a condition.
type broadcast struct{}

func (broadcast) propose(r *repairer, w *blocked) {
	for _, o := range r.waitedFor(w, "cond") {
		d := r.draft()
		some := false
		for _, op := range r.on(o, "signal") {
			if op.method != nil {
				d.replace(op.method.Sel, "Broadcast")
				some = true
			}
		}
		cost := 7
		if !w.path.inLoop() {
			cost = 11
		}
		if some {
			d.offer("broadcast", cost, "`Broadcast` for `Signal`",
				"`Signal` wakes one of those who wait; `Broadcast` wakes them all, and each looks for itself.")
		}
	}
}

// signalChange wakes those who wait where what they wait for is changed, and nobody says so.
type signalChange struct{}

func (signalChange) propose(r *repairer, w *blocked) {
	for _, o := range r.waitedFor(w, "cond") {
		loop, ok := innermostLoop(w.path).(*ast.ForStmt)
		if !ok || loop.Cond == nil {
			continue
		}
		awaited := r.asked(loop)
		d := r.draft()
		some := false
		for _, fn := range r.ordered {
			if fn == w.fn || fn.body == nil || slices.ContainsFunc(r.on(o, "signal", "broadcast"), func(op *operation) bool { return op.fn == fn }) {
				continue
			}
			for _, stmt := range r.changes(fn, awaited) {
				if name := r.nameOf(o, stmt.Pos()); name != "" {
					d.after(stmt, name+".Broadcast()")
					some = true
				}
			}
		}
		if some {
			d.offer("broadcast", 9, "`Broadcast` where what is waited for changes",
				"Who waits for a condition looks at it again only when it is woken; whoever changes it has to say so.")
		}
	}
}

// waitedFor are the values of that kind whose Wait the goroutine stands in.
func (r *repairer) waitedFor(w *blocked, kind string) []object {
	var found []object
	for _, o := range r.subjects(w, "Wait") {
		if kindOf(r.typeOfObject(o)) == kind {
			found = append(found, o)
		}
	}
	return found
}

// loopOnPredicate waits only while what the signal tells is not yet true.
type loopOnPredicate struct{}

const predicateWhy = "A signal that nobody waits for is lost. What it tells stays true: whoever looks at that first, and waits in a loop only while it is not so, never misses it."

func (loopOnPredicate) propose(r *repairer, w *blocked) {
	objects := r.waitedFor(w, "cond")
	stmt, list := inBlock(w.node, w.path)
	if len(objects) == 0 || stmt == nil {
		return
	}
	for _, node := range slices.Backward(w.path) {
		if choice, ok := node.(*ast.IfStmt); ok && choice.Else == nil && choice.Init == nil && slices.Equal(choice.Body.List, list) {
			d := r.draft()
			d.substitute(choice.If, choice.If+2, "for")
			d.offer("loop-on-predicate", 6, "wait in a loop: `for "+r.text(choice.Cond)+"`", predicateWhy)
			return
		}
		if _, ok := node.(*ast.FuncDecl); ok {
			break
		}
	}
	if w.path.inLoop() {
		r.endOnError(w)
		return
	}
	for i, predicate := range r.predicates(objects[0], w) {
		d := r.draft()
		d.replace(stmt, indented("for "+predicate+" {\n\t"+r.raw(stmt)+"\n}", r.indent(stmt.Pos())))
		d.offer("loop-on-predicate", 7+i, "wait in a loop: `for "+predicate+"`", predicateWhy)
	}
}

// endOnError ends the wait also where the error is set that the function returns.
func (r *repairer) endOnError(w *blocked) {
	loop, ok := innermostLoop(w.path).(*ast.ForStmt)
	if !ok || loop.Cond == nil || loop.Init != nil {
		return
	}
	ast.Inspect(w.fn.body, func(node ast.Node) bool {
		if _, literal := node.(*ast.FuncLit); literal {
			return false
		}
		leave, ok := node.(*ast.ReturnStmt)
		if !ok || len(leave.Results) == 0 || leave.Pos() < loop.End() {
			return true
		}
		failure := leave.Results[len(leave.Results)-1]
		v := r.variableOf(failure)
		if v == nil || !simple(failure) || !isError(v.Type()) || strings.Contains(r.raw(loop.Cond), r.raw(failure)) {
			return true
		}
		condition := r.raw(loop.Cond)
		if or, ok := loop.Cond.(*ast.BinaryExpr); ok && or.Op == token.LOR {
			condition = "(" + condition + ")"
		}
		d := r.draft()
		d.replace(loop.Cond, condition+" && "+r.raw(failure)+" == nil")
		d.offer("loop-on-predicate", 8, "wait only while `"+r.text(failure)+" == nil`",
			"What failed will never come true: who waits for it has to look at the error as well.")
		return true
	})
}

// predicates are what may be false while one has to wait: the opposite of what the signalling functions make true.
func (r *repairer) predicates(cond object, w *blocked) []string {
	var found []string
	add := func(left ast.Expr, form string) {
		v := r.variableOf(left)
		if v == nil {
			return
		}
		name := ""
		if v.IsField() {
			if named := r.ownerOf(v); named != nil {
				if holder := r.holderOf(named, w.node.Pos()); holder != "" {
					name = holder + "." + v.Name()
				}
			}
		} else if r.isVisible(v, r.scope(w.node.Pos()), w.node.Pos()) {
			name = v.Name()
		}
		if text := strings.ReplaceAll(form, "x", name); name != "" && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	for _, op := range r.on(cond, "signal", "broadcast") {
		if op.fn == nil {
			continue
		}
		ast.Inspect(op.fn.body, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				if len(node.Lhs) != 1 || len(node.Rhs) != 1 || node.Tok == token.DEFINE {
					break
				}
				switch value := ast.Unparen(node.Rhs[0]).(type) {
				case *ast.Ident:
					if value.Name == "true" {
						add(node.Lhs[0], "!x")
					} else if value.Name == "false" {
						add(node.Lhs[0], "x")
					}
				case *ast.CallExpr:
					if r.builtin(value) == "append" {
						add(node.Lhs[0], "len(x) == 0")
					}
				case *ast.BasicLit:
					if value.Kind == token.INT && value.Value != "0" {
						add(node.Lhs[0], "x == 0")
					}
				}
				if node.Tok == token.ADD_ASSIGN {
					add(node.Lhs[0], "x == 0")
				}
			case *ast.IncDecStmt:
				if node.Tok == token.INC {
					add(node.X, "x == 0")
				}
			}
			return true
		})
	}
	return found
}
