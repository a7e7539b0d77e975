package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// bufferForSenders gives a channel room for all that may be sent, so that nobody waits for a receiver who is gone.
type bufferForSenders struct{}

const bufferWhy = "With a place in the buffer for every value, a sender goes on even when its receiver has left."

func (bufferForSenders) propose(r *repairer, w *blocked) {
	for _, use := range r.sent(w) {
		if use.made == nil {
			continue
		}
		call, ok := use.made.node.(*ast.CallExpr)
		if !ok || r.builtin(call) != "make" {
			continue
		}
		for _, size := range r.sizes(w, use) {
			d := r.draft()
			text := "make(" + r.raw(call.Args[0]) + ", " + size.text + ")"
			d.replace(call, text)
			d.offer("buffer", size.cost+use.doubt, "give `"+r.channelName(use)+"` a buffer for every send: `"+text+"`", bufferWhy)
		}
	}
}

func (r *repairer) channelName(use channelUse) string {
	if v := r.madeAs(use.object); v != nil && v.Name() != "_" {
		return v.Name()
	}
	return r.text(use.expression)
}

type bufferSize struct {
	text string
	cost int
}

// sizes are the buffers worth trying, as the place where the channel is made can write them.
func (r *repairer) sizes(w *blocked, use channelUse) []bufferSize {
	at := use.made.node.Pos()
	old, known := r.bufferSize(use.made)
	var found []bufferSize
	add := func(text string, cost int) {
		if text == "" || known && text == strconv.FormatInt(old, 10) || use.made.buffer != nil && text == r.raw(use.made.buffer) {
			return
		}
		if !slices.ContainsFunc(found, func(size bufferSize) bool { return size.text == text }) {
			found = append(found, bufferSize{text, cost})
		}
	}
	sends := r.on(use.object, "send")
	fixed, repeated, waiting := 0, []string{}, 0
	for _, op := range sends {
		if op.fn == nil || op.inSelect() != nil && len(op.inSelect().Body.List) > 1 {
			continue
		}
		inner := r.repetitions(op.path, op.fn, at, op.fn == use.made.fn)
		if op.path.inLoop() && !(op.fn == use.made.fn && len(inner) == 0) {
			waiting += 6 // who sends on and on needs to be told, not to be given room
		}
		starts := r.starts[op.fn]
		if len(starts) == 0 && op.fn.outer != nil {
			starts = r.starts[op.fn.outer]
		}
		outer := []string{}
		times := max(1, len(starts))
		for _, start := range starts {
			if start.fn == use.made.fn {
				outer = append(outer, r.repetitions(start.path, start.fn, at, true)...)
			}
		}
		if len(starts) == 0 {
			// The function may be called in a loop where the channel is made.
			for _, caller := range r.callers[op.fn] {
				if caller.fn == use.made.fn {
					outer = append(outer, r.repetitions(caller.path, caller.fn, at, true)...)
				}
			}
		}
		switch {
		case len(outer) == 0 && len(inner) == 0:
			fixed += times
		default:
			all := append(outer, inner...)
			if slices.Contains(all, "") {
				continue
			}
			repeated = append(repeated, strings.Join(all, "*"))
		}
	}
	slices.Sort(repeated)
	repeated = slices.Compact(repeated)
	if len(repeated) > 0 {
		text := strings.Join(repeated, "+")
		add(text, 10+waiting)
		if fixed > 0 {
			add(text+"+"+strconv.Itoa(fixed), 12+waiting)
		}
		add("1", 14+waiting)
	} else if fixed > 0 {
		// Of what several may send, the ones that are received need no room.
		if fixed > 1 {
			add("1", 11+waiting)
		}
		add(strconv.Itoa(fixed), 10+waiting)
	}
	if known && len(repeated) == 0 {
		add(strconv.FormatInt(max(16, 2*old), 10), 19+waiting)
	}
	return found
}

// repetitions are how often the loops around a node run, as the place at may write it; "" where it cannot. Loops that
// make a channel of their own in every round do not count.
func (r *repairer) repetitions(path walkPath, fn *function, at token.Pos, stop bool) []string {
	var found []string
	child := ast.Node(nil)
	for _, node := range slices.Backward(path) {
		if node == fn.node {
			break
		}
		if stop && node.Pos() <= at && at < node.End() {
			break
		}
		switch node := node.(type) {
		case *ast.RangeStmt:
			if child == node.Body {
				found = append(found, r.rangeCount(node, at))
			}
		case *ast.ForStmt:
			if child == node.Body {
				found = append(found, r.forCount(node, at))
			}
		}
		child = node
	}
	return found
}

func (r *repairer) rangeCount(loop *ast.RangeStmt, at token.Pos) string {
	if !r.knownAt(loop.X, at) {
		return ""
	}
	switch t := r.typeOf(loop.X).(type) {
	case *types.Basic:
		if t.Info()&types.IsInteger != 0 {
			return r.raw(loop.X)
		}
	case *types.Slice, *types.Array, *types.Map, *types.Pointer:
		return "len(" + r.raw(loop.X) + ")"
	}
	return ""
}

// forCount reads the usual head of a counting loop.
func (r *repairer) forCount(loop *ast.ForStmt, at token.Pos) string {
	condition, ok := loop.Cond.(*ast.BinaryExpr)
	start, counts := loop.Init.(*ast.AssignStmt)
	if !ok || !counts || len(start.Rhs) != 1 || !r.knownAt(condition.Y, at) {
		return ""
	}
	first := r.raw(start.Rhs[0])
	limit := r.raw(condition.Y)
	switch condition.Op {
	case token.LSS:
		if first == "0" {
			return limit
		}
	case token.LEQ:
		if first == "1" {
			return limit
		}
		if first == "0" {
			return "(" + limit + "+1)"
		}
	}
	return ""
}

// knownAt tells whether the expression means the same there.
func (r *repairer) knownAt(e ast.Expr, at token.Pos) bool {
	known := true
	ast.Inspect(e, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			name := r.builtin(node)
			known = known && (name == "len" || name == "cap" || r.isConversion(node))
		case *ast.Ident:
			if v, ok := r.info.Uses[node].(*types.Var); ok && !v.IsField() {
				known = known && r.isVisible(v, r.scope(at), at)
			}
		case *ast.CompositeLit, *ast.FuncLit:
			known = false
		}
		return known
	})
	return known
}

// returnAfterSend adds the return that was forgotten behind a send, where the function goes on to send once more.
type returnAfterSend struct{}

func (returnAfterSend) propose(r *repairer, w *blocked) {
	for _, use := range r.sent(w) {
		sends := r.on(use.object, "send")
		for _, op := range sends {
			stmt, list := op.stmt()
			if stmt == nil || op.fn == nil || next(stmt, list) != nil || !op.path.conditional() || op.inSelect() != nil {
				continue
			}
			later := slices.ContainsFunc(sends, func(other *operation) bool {
				return other.fn == op.fn && other.node.Pos() > stmt.End() && !elseOf(op.path, other.node)
			})
			again := op.path.inLoop()
			if !later && !again {
				continue
			}
			code, ok := r.zeros(op.fn)
			if !ok {
				continue
			}
			cost := 7
			if !later {
				cost = 13
			}
			d := r.draft()
			d.after(stmt, code)
			d.offer("return-after-send", cost+use.doubt, "`return` after `"+shorten(r.text(stmt))+"`",
				"Without the return the function goes on and sends a second time, when its receiver has taken one value and left.")
			if again {
				d = r.draft()
				d.after(stmt, "continue")
				d.offer("return-after-send", cost+3+use.doubt, "`continue` after `"+shorten(r.text(stmt))+"`",
					"Without it the same round goes on and sends a second time.")
			}
		}
	}
}

// elseOf tells whether the node stands in another branch of an if around the path.
func elseOf(path walkPath, node ast.Node) bool {
	return slices.ContainsFunc(path, func(around ast.Node) bool {
		choice, ok := around.(*ast.IfStmt)
		return ok && choice.Else != nil && choice.Else.Pos() <= node.Pos() && node.End() <= choice.Else.End()
	})
}

// drain takes what is left where a receiver leaves its loop early.
type drain struct{}

func (drain) propose(r *repairer, w *blocked) {
	for _, use := range r.sent(w) {
		if len(r.on(use.object, "close")) == 0 {
			continue // it would never end
		}
		for _, op := range r.on(use.object, "range") {
			loop, ok := op.node.(*ast.RangeStmt)
			if !ok || !simple(loop.X) {
				continue
			}
			channel := r.raw(loop.X)
			d := r.draft()
			after := false
			for _, pos := range leaves(loop.Body) {
				var leaving ast.Stmt
				ast.Inspect(loop.Body, func(node ast.Node) bool {
					if stmt, ok := node.(ast.Stmt); ok && node.Pos() == pos {
						leaving = stmt
					}
					return leaving == nil
				})
				switch leaving.(type) {
				case *ast.ReturnStmt:
					d.before(leaving, "for range "+channel+" {\n}")
				case *ast.BranchStmt:
					after = true
				}
			}
			if after {
				d.after(loop, "for range "+channel+" {\n}")
			}
			d.offer("drain", 12+use.doubt, "take what is left in `"+channel+"` before leaving",
				"Who leaves the loop early leaves a sender behind; reading on until the channel is closed lets it finish.")
		}
	}
}

// simple tells whether an expression may be written a second time.
func simple(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		return simple(e.X)
	}
	return false
}

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
		for _, taken := range r.on(use.object, take) {
			acquired, list := taken.stmt()
			if acquired == nil {
				continue
			}
			for _, given := range r.on(use.object, give) {
				if given.fn != taken.fn || given.node.Pos() < taken.node.Pos() || given.isDeferred() {
					continue
				}
				released, _ := given.stmt()
				if released == nil || released == acquired {
					continue
				}
				code := r.raw(released)
				d := r.draft()
				some := false
				ast.Inspect(taken.fn.body, func(node ast.Node) bool {
					switch node := node.(type) {
					case *ast.FuncLit:
						return false
					case *ast.ReturnStmt:
						if acquired.End() <= node.Pos() && node.End() <= released.Pos() {
							d.before(node, code)
							some = true
						}
					}
					return true
				})
				if some {
					d.offer("release-slot", 7+use.doubt, "`"+code+"` before the early return", slotWhy)
				}
				if slices.Contains(list, acquired) && !taken.path.inLoop() {
					d := r.draft()
					d.after(acquired, "defer func() { "+code+" }()")
					d.remove(released)
					d.offer("release-slot", 11+use.doubt, "give the slot back with `defer`", slotWhy)
				}
			}
		}
	}
}

// makeChannel makes the channel that was only declared.
type makeChannel struct{}

const nilWhy = "A channel that was never made is nil, and to send to or receive from nil blocks for ever."

func (makeChannel) propose(r *repairer, w *blocked) {
	if w.node == nil {
		return
	}
	for _, use := range append(r.sent(w), r.received(w)...) {
		if use.class == nil {
			continue
		}
		for _, v := range r.variablesOf(use.object) {
			if r.parameters[v] || v.Name() == "_" {
				continue
			}
			if v.IsField() {
				r.makeField(v, use)
				continue
			}
			r.makeVariable(v, use)
		}
	}
}

func (r *repairer) makeVariable(v *types.Var, use channelUse) {
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) > 0 || spec.Type == nil {
				return
			}
			if i := slices.IndexFunc(spec.Names, func(name *ast.Ident) bool { return r.info.Defs[name] == v }); i < 0 {
				return
			}
			kind := r.raw(spec.Type)
			if !strings.Contains(kind, "chan") {
				return
			}
			d := r.draft()
			decl, _ := path[len(path)-1].(*ast.GenDecl)
			switch stmt, _ := inBlock(spec, path); {
			case len(spec.Names) > 1:
				made := make([]string, len(spec.Names))
				for i := range made {
					made[i] = "make(" + kind + ")"
				}
				d.insert(spec.End(), " = "+strings.Join(made, ", "))
			case stmt != nil && decl != nil && !decl.Lparen.IsValid():
				d.replace(stmt, v.Name()+" := make("+kind+")")
			default:
				d.substitute(spec.Type.Pos(), spec.Type.End(), "= make("+kind+")")
			}
			d.offer("make-channel", 5+use.doubt, fmt.Sprintf("make the channel: `%s := make(%s)`", v.Name(), kind), nilWhy)
		})
	}
}

func (r *repairer) makeField(v *types.Var, use channelUse) {
	named := r.ownerOf(v)
	if named == nil {
		return
	}
	d := r.draft()
	code := ""
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			literal, ok := node.(*ast.CompositeLit)
			if !ok || namedOf(r.info.TypeOf(literal)) != named {
				return
			}
			kind, ok := r.typeText(v.Type(), literal.Pos())
			if !ok {
				return
			}
			code = "make(" + kind + ")"
			r.addField(d, literal, v.Name(), code)
		})
	}
	if code == "" {
		for _, holder := range r.declared(named) {
			if kind, ok := r.typeText(v.Type(), holder.stmt.Pos()); ok {
				code = "make(" + kind + ")"
				d.after(holder.stmt, holder.name+"."+v.Name()+" = "+code)
			}
		}
	}
	d.offer("make-channel", 5+use.doubt, "make the channel of `"+named.Obj().Name()+"`: `"+v.Name()+": "+code+"`", nilWhy)
}

// addField adds a field to a composite literal that names its fields.
func (r *repairer) addField(d *draft, literal *ast.CompositeLit, name, value string) {
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			d.broken = true
			return
		}
		if key, ok := pair.Key.(*ast.Ident); ok && key.Name == name {
			return
		}
	}
	field := name + ": " + value
	if len(literal.Elts) == 0 {
		d.insert(literal.Rbrace, field)
		return
	}
	last := literal.Elts[len(literal.Elts)-1]
	if rest := r.rawBetween(last.End(), literal.Rbrace); strings.Contains(rest, ",") {
		d.after(last, field+",")
		if !strings.Contains(rest, "\n") {
			d.broken = true
		}
		return
	}
	d.insert(last.End(), ", "+field)
}

// declared are the local variables of that type that start with its zero value, or with new.
func (r *repairer) declared(named *types.Named) []holder {
	var found []holder
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			stmt, ok := node.(*ast.DeclStmt)
			if !ok {
				return
			}
			decl, ok := stmt.Decl.(*ast.GenDecl)
			if !ok {
				return
			}
			for _, spec := range decl.Specs {
				value, ok := spec.(*ast.ValueSpec)
				if !ok || len(value.Values) > 0 {
					continue
				}
				for _, name := range value.Names {
					v, _ := r.info.Defs[name].(*types.Var)
					if v != nil && types.Identical(v.Type(), named) {
						found = append(found, holder{name.Name, v, stmt, slices.Clone(path), r.enclosing(path)})
					}
				}
			}
		})
	}
	for _, each := range r.holders(named) {
		if assign, ok := each.stmt.(*ast.AssignStmt); ok && len(assign.Rhs) == 1 {
			if call, ok := assign.Rhs[0].(*ast.CallExpr); ok && r.builtin(call) == "new" {
				found = append(found, each)
			}
		}
	}
	return found
}
