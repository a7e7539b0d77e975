package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// methods are those of the field's struct that could end what waits there.
func (r *reporter) methods(v *Variable, variables []*types.Var) {
	if v.Scope != "field" {
		return
	}
	for _, variable := range variables {
		if !variable.IsField() {
			continue
		}
		named := r.ownerOf(variable)
		if named == nil {
			continue
		}
		for _, fn := range r.ordered {
			decl, ok := fn.node.(*ast.FuncDecl)
			if !ok || decl.Recv == nil || fn.object == nil || !receives(fn.object, named) {
				continue
			}
			switch decl.Name.Name {
			case "Stop", "Close", "Shutdown", "Cancel", "Quit", "Finish", "Terminate", "Kill", "stop", "close", "shutdown", "cancel", "quit":
				method := Method{Name: decl.Name.Name, Type: named.Obj().Name(), Called: fn.calls > 0}
				method.File, method.Line = r.position(decl.Pos())
				v.Methods = append(v.Methods, method)
			}
		}
	}
}

func receives(method *types.Func, named *types.Named) bool {
	signature, ok := method.Type().(*types.Signature)
	if !ok || signature.Recv() == nil {
		return false
	}
	t := signature.Recv().Type()
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	receiver, ok := t.(*types.Named)
	return ok && receiver.Obj() == named.Obj()
}

// closeAfter is where the channel can be closed once all has been sent: below the last send, and outside of its loops,
// where one function alone sends.
func (r *reporter) closeAfter(operations []*operation, unknown bool) *Insertion {
	var sender *function
	var last *operation
	for _, op := range operations {
		switch op.kind {
		case "close", "passed":
			return nil
		case "send":
			if sender != nil && op.fn != sender || op.fn == nil {
				return nil
			}
			sender, last = op.fn, op
		}
	}
	if sender == nil || unknown || sender.repeated || len(sender.launches) > 1 {
		return nil
	}
	v := r.variableOf(last.expression)
	if v != nil && sender.calls > 1 && slices.Contains(r.fields(sender.typ.Params), v) {
		return nil
	}
	stmt, around := ast.Stmt(nil), (*ast.BlockStmt)(nil)
	for i := len(last.path) - 1; i >= 0; i-- {
		if last.path[i] == sender.node {
			break
		}
		block, ok := last.path[i].(*ast.BlockStmt)
		if !ok {
			if loop, ok := last.path[i].(*ast.RangeStmt); ok && v != nil && loop.Pos() <= v.Pos() && v.Pos() < loop.End() {
				return nil // each round has another channel
			}
			continue
		}
		inner := last.node
		if i+1 < len(last.path) {
			inner = last.path[i+1]
		}
		if slices.Contains(block.List, inner.(ast.Stmt)) {
			stmt, around = inner.(ast.Stmt), block
		}
		// Not above the block that declares the channel.
		if v != nil && v.Parent() != nil && block.Pos() <= v.Pos() && v.Pos() < block.End() {
			break
		}
	}
	if stmt == nil || r.fset.Position(stmt.End()).Line == r.fset.Position(around.Rbrace).Line {
		return nil // no line is free between them
	}
	if loop, ok := stmt.(*ast.ForStmt); ok && loop.Cond == nil && !breaks(loop.Body) {
		return nil
	}
	if r.mayLeave(sender, stmt.End()) {
		return nil
	}
	out := &Insertion{Code: "close(" + r.text(last.expression) + ")"}
	out.File, out.Line = r.position(stmt.End())
	return out
}

// mayLeave tells whether the function may end before it comes to the position: by a return, or by a panic that it survives.
func (f *flow) mayLeave(fn *function, pos token.Pos) bool {
	found := false
	f.walk(fn.body, func(node ast.Node, path []ast.Node) {
		switch node := node.(type) {
		case *ast.ReturnStmt:
			found = found || f.enclosing(path) == nil && node.End() <= pos
		case *ast.CallExpr:
			found = found || f.builtin(node) == "recover"
		}
	})
	return found
}
