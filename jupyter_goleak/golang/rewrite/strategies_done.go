package main

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// selectDone lets a goroutine wait for two things: for what it waits for now, and for the word that it is no longer wanted.
type selectDone struct{}

const doneSignalWhy = "Beside its work the goroutine now waits for the word that nobody wants it any more, and ends when that comes."

func (selectDone) propose(r *repairer, w *blocked) {
	if w.node == nil || w.fn == nil || w.fn.body == nil {
		return
	}
	if strings.Contains(w.State, "nil chan") && slices.ContainsFunc(r.found, func(candidate Repair) bool {
		return candidate.Strategy == "make-channel" && slices.Contains(candidate.Waits, w.index)
	}) {
		return // a channel that was never made wants to be made
	}
	r.selectOnKnown(w)
	if w.main {
		return
	}
	if w.fn.isLaunched() {
		r.selectOnNew(w)
	}
	r.selectOnField(w)
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

// wrap puts the waiting statement into a select with that signal, and with it all that the function sends on the same
// channel, where it may come to wait the next time; false where it cannot be.
func (r *repairer) wrap(d *draft, w *blocked, signal string) bool {
	if !r.settle(d, w.fn, w.node, signal) || !r.wrapNode(d, w, w.node, w.path, signal) {
		return false
	}
	wrapped := []ast.Node{w.node}
	for _, use := range r.sent(w) {
		for _, op := range r.on(use.object, "send") {
			node, path := wholeSelect(op.node, op.path)
			if op.fn != w.fn || slices.Contains(wrapped, node) || r.isFree(node, signal) {
				continue
			}
			if !r.wrapNode(d, w, node, path, signal) {
				return false
			}
			wrapped = append(wrapped, node)
		}
	}
	return true
}

// isFree tells whether the node is a select that never waits, or that the signal ends already.
func (r *repairer) isFree(node ast.Node, signal string) bool {
	choice, ok := node.(*ast.SelectStmt)
	return ok && slices.ContainsFunc(choice.Body.List, func(clause ast.Stmt) bool {
		_, receive := communication(clause)
		return clause.(*ast.CommClause).Comm == nil || receive != nil && r.text(receive) == signal
	})
}

func (r *repairer) wrapNode(d *draft, w *blocked, node ast.Node, path walkPath, signal string) bool {
	leave, ok := r.leaving(w.fn, signal)
	if !ok {
		return false
	}
	stmt, list := inBlock(node, path)
	if stmt == nil {
		return false
	}
	indent := r.indent(stmt.Pos())
	choice := func(communication string) string {
		return indented("select {\ncase "+communication+":\ncase <-"+signal+":\n\t"+leave+"\n}", indent)
	}
	switch node := node.(type) {
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
			code := "<-" + signal
			if next(stmt, list) != nil {
				code += "\n" + indent + leave // what follows was never meant to be reached
			}
			d.replace(node, code)
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

// settle puts off to every way out what the function does for others at its very end, and what a return before that would skip;
// false where there is more than that: a lock to give back, a close in the middle.
func (r *repairer) settle(d *draft, fn *function, node ast.Node, signal string) bool {
	if choice, ok := node.(*ast.SelectStmt); ok && len(choice.Body.List) == 0 {
		return true // what follows was never meant to be reached
	}
	owed := r.owed(fn, node, signal)
	if len(owed) == 0 {
		return true
	}
	code := ""
	end := fn.body.List[max(0, len(fn.body.List)-len(owed)):]
	for _, op := range owed {
		stmt, _ := op.stmt()
		root := r.root(op.expression)
		if _, plain := stmt.(*ast.ExprStmt); !plain || op.kind != "close" && op.kind != "done" || !slices.Contains(end, stmt) || root == nil || fn.declares(root) {
			return false
		}
		d.remove(stmt)
		code = "defer " + r.raw(stmt) + "\n" + code // the last one runs first
	}
	d.first(fn.body, strings.TrimSuffix(code, "\n"))
	return true
}

// owed are the operations behind the node that others wait for: locks given back, closes, what is done.
func (r *repairer) owed(fn *function, node ast.Node, signal string) []*operation {
	ended := strings.HasSuffix(signal, ".Done()") // then nothing is left to cancel
	found := slices.DeleteFunc(r.allOperations("unlock", "runlock", "close", "done", "signal", "broadcast", "cancel"), func(op *operation) bool {
		if op.kind == "cancel" && ended || op.kind == "done" && (op.method == nil || !isType(r.info.TypeOf(op.method.X), "sync", "WaitGroup")) {
			return true
		}
		return op.fn != fn || op.node.Pos() < node.End() || op.isDeferred()
	})
	slices.SortFunc(found, func(a, b *operation) int { return int(a.node.Pos() - b.node.Pos()) })
	return slices.Compact(found)
}

// deeper is the code with its lines one tab further in; those within a raw string are no code.
func deeper(code string) string {
	inner := map[int]bool{}
	eachToken(code, scanner.Mode(0), func(offset int, tok token.Token, literal string) {
		if tok == token.STRING {
			for i, letter := range literal {
				inner[offset+i] = letter == '\n'
			}
		}
	})
	var out strings.Builder
	for i, letter := range code {
		out.WriteRune(letter)
		if letter == '\n' && !inner[i] {
			out.WriteByte('\t')
		}
	}
	return out.String()
}

// leaving is the return for when the signal has come: of a context it tells the reason.
func (r *repairer) leaving(fn *function, signal string) (string, bool) {
	leave, ok := r.zeros(fn)
	ctx, isDone := strings.CutSuffix(signal, ".Done()")
	if !ok || !isDone || fn.typ.Results == nil || leave == "return" {
		return leave, ok
	}
	last := fn.typ.Results.List[len(fn.typ.Results.List)-1]
	if !isError(r.info.TypeOf(last.Type)) {
		return leave, ok
	}
	return strings.TrimSuffix(leave, "nil") + ctx + ".Err()", true
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
	receive, check, before := "<-"+r.raw(loop.X), "", ""
	if !simple(loop.X) {
		// A range asks for its channel once, a loop in every round.
		if stmt != ast.Stmt(loop) {
			return false
		}
		name := r.unused(loop.Pos(), "values", "channel")
		receive, before = "<-"+name, name+" := "+r.raw(loop.X)+"\n"+indent
	}
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
	body = "\t" + deeper(body) + "\n"
	code := before + "for {\n" + indent + "\tselect {\n" + indent + "\tcase " + receive + ":\n"
	if check != "" {
		code += indent + strings.ReplaceAll(strings.TrimSuffix(check, "\n"), "\n", "\n"+indent) + "\n"
	}
	code += body + indent + "\tcase <-" + signal + ":\n" + indent + "\t\t" + leave + "\n" + indent + "\t}\n" + indent + "}"
	d.replace(loop, code)
	return true
}
