package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// gathered is where the channel can be closed though several send: below the only statement that waits for a WaitGroup
// on which all of them are counted.
func (r *reporter) gathered(o object, operations []*operation, unknown bool) *Insertion {
	if o.made == nil || unknown {
		return nil
	}
	var group *object
	for _, op := range operations {
		switch op.kind {
		case "close", "passed":
			return nil
		case "send":
			if group == nil {
				group = r.countedOn(op)
			}
			if group == nil || !slices.Contains(r.groupsOf(op), *group) {
				return nil
			}
		}
	}
	if group == nil {
		return nil
	}
	var waits []*operation
	for _, op := range r.operationsOn(*group) {
		if op.kind == "wait" && !op.uncalled() {
			waits = append(waits, op)
		}
	}
	if len(waits) != 1 {
		return nil
	}
	wait := waits[0]
	name := r.nameAt(o, wait.node.Pos())
	stmt, _ := wait.stmt()
	_, plain := stmt.(*ast.ExprStmt)
	if name == "" || !plain || wait.path.inLoop() || wait.fn == nil || o.made.again() && o.made.fn != wait.fn {
		return nil
	}
	// Who ranges over it in the same function, above, does not come to the wait before it is closed.
	for _, op := range operations {
		if op.kind == "range" && op.fn == wait.fn && op.node.Pos() < wait.node.Pos() {
			return nil
		}
	}
	out := &Insertion{Code: "close(" + name + ")"}
	out.File, out.Line = r.position(stmt.End())
	return out
}

// countedOn is the one WaitGroup on which the goroutine that sends is counted, nil where that is not sure.
func (r *reporter) countedOn(send *operation) *object {
	if groups := r.groupsOf(send); len(groups) == 1 {
		return &groups[0]
	}
	return nil
}

// groupsOf are the WaitGroups that the functions around the operation tell, below it or when they end, that they are done.
func (r *reporter) groupsOf(send *operation) (groups []object) {
	seen := map[*place]bool{}
	for _, p := range r.allPlaces() {
		p = p.root()
		if seen[p] {
			continue
		}
		seen[p] = true
		for _, op := range p.ops {
			if !counts(op, send) {
				continue
			}
			if objects := r.objectsOf(op); len(objects) == 1 && !slices.Contains(groups, objects[0]) {
				groups = append(groups, objects[0])
			}
		}
	}
	return groups
}

// counts tells whether the operation says of the goroutine that sends that it is done, and not before it has sent.
func counts(op, send *operation) bool {
	if op.kind == "go" {
		return slices.Contains(op.tasks, send.fn)
	}
	if op.kind != "done" || op.path.conditional() {
		return false
	}
	around := op.fn
	if around != nil && around.deferred {
		around = around.outer
	}
	return around != nil && around == send.fn && (op.isDeferred() || op.node.Pos() > send.node.End() && !send.path.inLoop())
}

// nameAt is a variable's name, in sight there, by which the channel can be closed; "" for none.
func (r *reporter) nameAt(o object, pos token.Pos) string {
	for _, v := range r.variablesOf(o) {
		channel, ok := v.Type().Underlying().(*types.Chan)
		if !ok || channel.Dir() == types.RecvOnly || v.IsField() || v.Pkg() == nil || v.Parent() == nil {
			continue
		}
		if scope := v.Pkg().Scope().Innermost(pos); scope != nil {
			if _, found := scope.LookupParent(v.Name(), pos); found == v {
				return v.Name()
			}
		}
	}
	return ""
}
