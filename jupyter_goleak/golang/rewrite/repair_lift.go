package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// An event is an operation as one function sees it: itself, or the call that leads to it.
type event struct {
	fn      *function
	node    ast.Node
	path    walkPath
	channel string     // how that function calls what the operation is on
	root    *types.Var // what that name begins with
}

func (r *repairer) events(ops []*operation) []event {
	var found []event
	for _, op := range ops {
		if op.fn != nil && op.expression != nil {
			found = append(found, event{op.fn, op.node, op.path, r.raw(op.expression), r.root(op.expression)})
		}
	}
	return found
}

// together is the function that all events happen in, nil where there are several.
func together(events []event) *function {
	if len(events) == 0 {
		return nil
	}
	for _, e := range events {
		if e.fn != events[0].fn {
			return nil
		}
	}
	return events[0].fn
}

// lifted are the events as the callers of their functions see them. What a goroutine does stays its own. It is nil where
// nothing can be lifted any more.
func (r *repairer) lifted(events []event) []event {
	var all []event
	changed := false
	for _, e := range events {
		callers := r.callers[e.fn]
		if e.fn.isLaunched() || len(callers) == 0 {
			all = append(all, e)
			continue
		}
		for _, caller := range callers {
			name, root := r.translate(e, caller)
			if name == "" || caller.fn == nil || caller.fn == e.fn {
				return nil
			}
			changed = true
			all = append(all, event{caller.fn, caller.call, caller.path, name, root})
		}
	}
	if !changed {
		return nil
	}
	slices.SortStableFunc(all, func(a, b event) int { return int(a.node.Pos() - b.node.Pos()) })
	return all
}

// translate is what the caller calls the channel of an event in the function that it calls.
func (r *repairer) translate(e event, caller site) (string, *types.Var) {
	return r.translated(e.channel, e.root, e.fn, caller)
}

func (r *repairer) translated(name string, root *types.Var, fn *function, caller site) (string, *types.Var) {
	if root == nil {
		return "", nil
	}
	first, rest, dotted := strings.Cut(name, ".")
	if dotted {
		rest = "." + rest
	}
	if first != root.Name() {
		return "", nil
	}
	swap := func(argument ast.Expr) (string, *types.Var) {
		if address, ok := ast.Unparen(argument).(*ast.UnaryExpr); ok {
			argument = address.X
		}
		v := r.root(argument)
		if v == nil {
			return "", nil
		}
		return r.raw(argument) + rest, v
	}
	if i := slices.Index(r.fields(fn.typ.Params), root); i >= 0 {
		if i < len(caller.call.Args) {
			return swap(caller.call.Args[i])
		}
		return "", nil
	}
	if decl, ok := fn.node.(*ast.FuncDecl); ok && decl.Recv != nil && slices.Contains(r.fields(decl.Recv), root) {
		if selector, ok := ast.Unparen(caller.call.Fun).(*ast.SelectorExpr); ok {
			return swap(selector.X)
		}
		return "", nil
	}
	if r.isVisible(root, r.scope(caller.call.Pos()), caller.call.Pos()) {
		return name, root
	}
	return "", nil
}

// channelUse is a channel that a wait is about.
type channelUse struct {
	object
	expression ast.Expr
	doubt      int // the higher, the less likely it is this one
}

// received are the channels that the goroutine waits to receive from.
func (r *repairer) received(w *blocked) []channelUse { return r.channels(w, false) }

// sent are the channels that it waits to send to.
func (r *repairer) sent(w *blocked) []channelUse { return r.channels(w, true) }

func (r *repairer) channels(w *blocked, sends bool) []channelUse {
	var found []channelUse
	add := func(e ast.Expr, doubt int) {
		objects, _ := r.objects(e)
		objects = slices.Clone(objects)
		slices.SortStableFunc(objects, func(a, b object) int {
			switch {
			case r.ended(a) == r.ended(b):
				return 0
			case r.ended(a):
				return 1
			}
			return -1
		})
		for i, o := range objects {
			found = append(found, channelUse{o, e, doubt + min(i, 3)})
		}
	}
	switch node := w.node.(type) {
	case *ast.RangeStmt:
		if !sends {
			add(node.X, 0)
		}
	case *ast.UnaryExpr:
		if !sends {
			add(node.X, 0)
		}
	case *ast.SendStmt:
		if sends {
			add(node.Chan, 0)
		}
	case *ast.SelectStmt:
		for _, clause := range node.Body.List {
			send, receive := communication(clause)
			if send != nil && sends {
				add(send, 1)
			}
			if receive != nil && !sends {
				// An empty element tells a signal, which is what is closed.
				doubt := 2
				if isSignal(r.info.TypeOf(receive)) {
					doubt = 0
				}
				add(receive, doubt)
			}
		}
	}
	return found
}

// communication is the channel of a select's case.
func communication(clause ast.Stmt) (send, receive ast.Expr) {
	comm, ok := clause.(*ast.CommClause)
	if !ok || comm.Comm == nil {
		return nil, nil
	}
	ast.Inspect(comm.Comm, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SendStmt:
			send = node.Chan
			return false
		case *ast.UnaryExpr:
			if node.Op.String() == "<-" && receive == nil {
				receive = node.X
				return false
			}
		case *ast.FuncLit:
			return false
		}
		return true
	})
	return send, receive
}

// isSignal tells whether it is a channel of empty structs.
func isSignal(t types.Type) bool {
	if t == nil {
		return false
	}
	channel, ok := t.Underlying().(*types.Chan)
	if !ok {
		return false
	}
	element, ok := channel.Elem().Underlying().(*types.Struct)
	return ok && element.NumFields() == 0
}
