package main

import (
	"go/ast"
	"slices"
)

// closeForSend closes a channel in place of sending on it, where what is sent reaches one of several receivers.
type closeForSend struct{}

const everyoneWhy = "A value that is sent reaches one receiver, a close reaches all of them."

func (closeForSend) propose(r *repairer, w *blocked) {
	for _, use := range r.received(w) {
		if stmt, ok := r.onlySignal(use.object); ok {
			code := "close(" + r.raw(stmt.Chan) + ")"
			d := r.draft()
			d.replace(stmt, code)
			d.offer("close-for-send", 7+use.doubt, "`"+code+"` for `"+shorten(r.text(stmt))+"`", everyoneWhy)
		}
	}
}

// onlySignal is the one statement that sends on the channel, and once, what no receiver looks at and each leaves for.
func (r *repairer) onlySignal(o object) (*ast.SendStmt, bool) {
	sends := r.on(o, "send")
	if len(sends) != 1 || len(r.closes(o)) > 0 || !r.isOnce(sends[0], o) || len(r.on(o, "range")) > 0 {
		return nil, false
	}
	stmt, _ := sends[0].stmt()
	send, ok := stmt.(*ast.SendStmt)
	return send, ok && !slices.ContainsFunc(r.on(o, "receive"), func(op *operation) bool { return !isBareSignal(op) })
}

// isBareSignal tells whether the receive throws its value away, and is not come to again after.
func isBareSignal(op *operation) bool {
	if _, bare := op.path[len(op.path)-1].(*ast.ExprStmt); !bare {
		return false
	}
	if !op.path.inLoop() {
		return op.fn.isLaunched() || !op.again()
	}
	for _, around := range slices.Backward(op.path) {
		if clause, ok := around.(*ast.CommClause); ok {
			return leavesLoop(clause)
		}
	}
	return false
}

// closeInMethod closes what a goroutine ranges over in the method that ends what its type does.
type closeInMethod struct{}

const methodWhy = "Whoever calls the method has sent all there is: closing the channel there ends the goroutine that ranges over it."

func (closeInMethod) propose(r *repairer, w *blocked) {
	if _, ranges := w.node.(*ast.RangeStmt); !ranges {
		return
	}
	for _, use := range r.received(w) {
		if len(r.closes(use.object)) > 0 || r.isUnknown(use.object) {
			continue
		}
		for _, v := range r.variablesOf(use.object) {
			if !v.IsField() {
				continue
			}
			for _, fn := range r.ordered {
				named, self := r.receiverOf(fn)
				if named == nil || named != r.ownerOf(v) || self == "" || !isEnding(fn.node.(*ast.FuncDecl).Name.Name) ||
					fn.calls == 0 || fn == w.fn || fn.isLaunched() || r.mayRunTwice(fn, named) {
					continue
				}
				r.closeAtEnd(w, use, fn, self+"."+v.Name())
			}
		}
	}
}

// closeAtEnd adds the close as the method's last statement, but before it waits for that goroutine itself.
func (r *repairer) closeAtEnd(w *blocked, use channelUse, fn *function, name string) {
	code := "close(" + name + ")"
	waits := slices.DeleteFunc(r.allOperations("wait", "receive"), func(op *operation) bool { return op.fn != fn })
	sends := r.on(use.object, "send")
	if len(waits) == 0 && slices.ContainsFunc(sends, func(op *operation) bool { return op.inGoroutine() }) {
		return // who sends in a goroutine may be at it still
	}
	d := r.draft()
	i := slices.IndexFunc(waits, func(op *operation) bool { return r.isTold(op, w) })
	switch body := fn.body; {
	case i >= 0:
		stmt, _ := waits[i].stmt()
		if stmt == nil || waits[i].path.conditional() || slices.ContainsFunc(sends, func(op *operation) bool { return op.fn == fn && op.node.Pos() > stmt.Pos() }) {
			return
		}
		d.before(stmt, code)
	case endsInReturn(body.List):
		if r.mayWait(body.List[len(body.List)-1]) {
			return
		}
		d.before(body.List[len(body.List)-1], code)
	default:
		d.last(body, code)
	}
	d.offer("close-in-method", 8+use.doubt, "close `"+name+"` in `"+fn.node.(*ast.FuncDecl).Name.Name+"`", methodWhy)
}

// isTold tells whether the goroutine that ranges says it only once it has left its loop, what that operation waits for.
func (r *repairer) isTold(op *operation, w *blocked) bool {
	return slices.ContainsFunc(r.objectsOf(op), func(o object) bool {
		return slices.ContainsFunc(r.on(o, "done", "send", "close"), func(told *operation) bool {
			return told.fn == w.fn && (told.isDeferred() || told.node.Pos() > w.node.End())
		})
	})
}
