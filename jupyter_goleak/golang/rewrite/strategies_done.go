package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// selectDone lets a goroutine wait for two things: for what it waits for now, and for the word that it is no longer wanted.
type selectDone struct{}

const doneSignalWhy = "Beside its work the goroutine now waits for the word that nobody wants it any more, and ends when that comes."

func (selectDone) propose(r *repairer, w *blocked) {
	if w.node == nil || w.fn == nil || w.fn.body == nil || strings.Contains(w.State, "nil chan") && len(r.contexts(w)) == 0 {
		return // a channel that was never made wants to be made
	}
	r.selectOnKnown(w)
	if w.main || !w.fn.isLaunched() {
		return
	}
	r.selectOnNew(w)
	r.selectOnField(w)
}

// selectOnKnown uses a context or a done channel that can be named where the goroutine waits.
func (r *repairer) selectOnKnown(w *blocked) {
	type signal struct {
		code string
		cost int
	}
	var signals []signal
	own := map[string]bool{}
	for _, use := range r.received(w) {
		own[r.text(use.expression)] = true
	}
	add := func(name string, t types.Type, v *types.Var, doubt int) {
		switch {
		case isContext(t):
			if !own[name+".Done()"] {
				signals = append(signals, signal{name + ".Done()", 8 + doubt})
			}
		case isSignal(t) && receivable(t):
			if own[name] {
				return
			}
			objects, _ := r.objectsAt(r.variable(v))
			if !slices.ContainsFunc(objects, func(o object) bool { return len(r.on(o, "close")) > 0 }) {
				doubt += 5
			}
			if !tellsEnd(name) {
				doubt += 2
			}
			signals = append(signals, signal{name, 9 + doubt})
		}
	}
	for i, v := range r.visible(w.node.Pos()) {
		doubt := min(i, 2)
		add(v.Name(), v.Type(), v, doubt)
		named := namedOf(v.Type())
		if named == nil || named.Obj().Pkg() == nil || !r.own[named.Obj().Pkg()] {
			continue
		}
		if structure, ok := named.Underlying().(*types.Struct); ok {
			for i := range structure.NumFields() {
				field := structure.Field(i)
				add(v.Name()+"."+field.Name(), field.Type(), field, doubt)
			}
		}
	}
	for _, signal := range signals {
		d := r.draft()
		if r.wrap(d, w, signal.code) {
			d.offer(r.doneStrategy(w), signal.cost, "`select` on `"+signal.code+"` as well", doneSignalWhy)
		}
	}
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

func (r *repairer) doneStrategy(w *blocked) string {
	if clock := r.clock(w); clock != nil && kindOf(r.typeOfObject(*clock)) == "ticker" {
		return "ticker-stop"
	}
	return "select-done"
}

// clock is the timer or ticker whose channel the goroutine waits for.
func (r *repairer) clock(w *blocked) *object {
	for _, use := range r.received(w) {
		if use.owner != nil && use.via == ".C" {
			return use.owner
		}
	}
	return nil
}

// wrap puts the waiting statement into a select with that signal; false where it cannot be.
func (r *repairer) wrap(d *draft, w *blocked, signal string) bool {
	leave, ok := r.zeros(w.fn)
	if !ok {
		return false
	}
	stmt, _ := inBlock(w.node, w.path)
	if stmt == nil {
		return false
	}
	indent := r.indent(stmt.Pos())
	choice := func(communication string) string {
		return indented("select {\ncase "+communication+":\ncase <-"+signal+":\n\t"+leave+"\n}", indent)
	}
	switch node := w.node.(type) {
	case *ast.SendStmt:
		d.replace(stmt, choice(r.raw(node)))
		return true
	case *ast.UnaryExpr:
		switch stmt := stmt.(type) {
		case *ast.ExprStmt:
			d.replace(stmt, choice(r.raw(stmt)))
			return true
		case *ast.AssignStmt:
			return r.wrapAssignment(d, stmt, node, choice)
		}
		return false
	case *ast.RangeStmt:
		return r.wrapRange(d, w, node, signal, leave)
	case *ast.SelectStmt:
		if len(node.Body.List) == 0 {
			d.replace(node, "<-"+signal)
			return true
		}
		if slices.ContainsFunc(node.Body.List, func(clause ast.Stmt) bool { return clause.(*ast.CommClause).Comm == nil }) {
			return false
		}
		d.insert(node.Body.Rbrace, indented("case <-"+signal+":\n\t"+leave+"\n", indent))
		return true
	}
	return false
}

// wrapAssignment declares what is received before the select, so that what follows can use it.
func (r *repairer) wrapAssignment(d *draft, stmt *ast.AssignStmt, receive *ast.UnaryExpr, choice func(string) string) bool {
	if len(stmt.Rhs) != 1 || ast.Unparen(stmt.Rhs[0]) != receive {
		return false
	}
	var names []string
	declare := ""
	for _, left := range stmt.Lhs {
		names = append(names, r.raw(left))
		ident, ok := left.(*ast.Ident)
		if stmt.Tok != token.DEFINE || !ok || ident.Name == "_" || r.info.Defs[ident] == nil {
			continue
		}
		kind, ok := r.typeText(r.info.TypeOf(ident), stmt.Pos())
		if !ok {
			return false
		}
		declare += "var " + ident.Name + " " + kind + "\n" + r.indent(stmt.Pos())
	}
	d.replace(stmt, declare+choice(strings.Join(names, ", ")+" = "+r.raw(receive)))
	return true
}

// wrapRange writes the loop out, so that it can wait for the signal in every round.
func (r *repairer) wrapRange(d *draft, w *blocked, loop *ast.RangeStmt, signal, leave string) bool {
	stmt, list := inBlock(w.node, w.path)
	closes := r.clock(w) == nil
	if closes && next(stmt, list) != nil || loop.Tok == token.ASSIGN {
		return false
	}
	for _, pos := range leaves(loop.Body) {
		if strings.HasPrefix(r.rawBetween(pos, loop.Body.Rbrace), "break") {
			return false // it would leave the select
		}
	}
	indent := r.indent(loop.Pos())
	value := ""
	if loop.Key != nil && r.raw(loop.Key) != "_" {
		value = r.raw(loop.Key)
	}
	receive, check := "<-"+r.raw(loop.X), ""
	switch {
	case closes:
		if value == "" {
			value = "_"
		}
		receive = value + ", ok := " + receive
		check = "\t\tif !ok {\n\t\t\t" + leave + "\n\t\t}\n"
	case value != "":
		receive = value + " := " + receive
	}
	body := strings.Trim(r.rawBetween(loop.Body.Lbrace+1, loop.Body.Rbrace), "\n")
	body = strings.TrimRight(body, " \t\n")
	if !strings.HasPrefix(body, indent) {
		body = indent + "\t" + strings.TrimLeft(body, " \t")
	}
	body = "\t" + strings.ReplaceAll(body, "\n", "\n\t") + "\n"
	code := "for {\n" + indent + "\tselect {\n" + indent + "\tcase " + receive + ":\n"
	if check != "" {
		code += indent + strings.ReplaceAll(strings.TrimSuffix(check, "\n"), "\n", "\n"+indent) + "\n"
	}
	code += body + indent + "\tcase <-" + signal + ":\n" + indent + "\t\t" + leave + "\n" + indent + "\t}\n" + indent + "}"
	d.replace(loop, code)
	return true
}
