package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// leaveLoop leaves the loop around a select where a `break` leaves the select only.
type leaveLoop struct{}

const breakWhy = "A `break` in a `select` leaves only the `select`: the loop around it goes on, and waits there again."

func (leaveLoop) propose(r *repairer, w *blocked) {
	choice, ok := w.node.(*ast.SelectStmt)
	if !ok || w.fn == nil {
		return
	}
	loop, path := loopOver(choice, w.path)
	ways := r.idleBreaks(choice)
	if loop == nil || len(ways) == 0 {
		return
	}
	leave, last := r.leaveAtEnd(w.fn, loop)
	d := r.draft()
	if !last {
		name := r.unused(loop.Pos(), "loop", "serve")
		if labelled, ok := path[len(path)-1].(*ast.LabeledStmt); ok {
			name = labelled.Label.Name
		} else {
			d.before(loop, name+":")
		}
		leave = "break " + name
	}
	for _, way := range ways {
		d.replace(way, leave)
	}
	d.offer("leave-loop", 4, "`"+leave+"` for the `break` that leaves only the `select`", breakWhy)
}

// leaveAtEnd is the return that leaves the loop, where nothing follows on it in the function; false elsewhere.
func (r *repairer) leaveAtEnd(fn *function, loop ast.Stmt) (string, bool) {
	list := fn.body.List
	if len(list) == 0 || list[len(list)-1] != loop {
		return "", false
	}
	return r.zeros(fn)
}

// loopOver is the loop that repeats the statement as a whole, and the path to that.
func loopOver(stmt ast.Stmt, path walkPath) (ast.Stmt, walkPath) {
	if len(path) < 2 {
		return nil, nil
	}
	body, _ := path[len(path)-1].(*ast.BlockStmt)
	switch loop := path[len(path)-2].(type) {
	case *ast.ForStmt:
		if loop.Body == body {
			return loop, path[:len(path)-2]
		}
	case *ast.RangeStmt:
		if loop.Body == body {
			return loop, path[:len(path)-2]
		}
	}
	return nil, nil
}

// idleBreaks are those that end a case of the select, which ends there anyhow: what they were meant to leave is the loop.
func (f *flow) idleBreaks(choice *ast.SelectStmt) []*ast.BranchStmt {
	var found []*ast.BranchStmt
	for _, clause := range choice.Body.List {
		if way := f.idleBreak(clause); way != nil {
			found = append(found, way)
		}
	}
	return found
}

// idleBreak is that of a case that receives a signal: behind a value or a tick it may stand there out of habit.
func (f *flow) idleBreak(clause ast.Stmt) *ast.BranchStmt {
	list := listIn(clause)
	_, receive := communication(clause)
	if len(list) == 0 || receive == nil {
		return nil
	}
	if _, signal := clause.(*ast.CommClause).Comm.(*ast.ExprStmt); !signal {
		return nil
	}
	if channel, ok := f.typeOf(receive).(*types.Chan); !ok || isType(channel.Elem(), "time", "Time") {
		return nil
	}
	way, ok := list[len(list)-1].(*ast.BranchStmt)
	if !ok || way.Tok != token.BREAK || way.Label != nil {
		return nil
	}
	return way
}
