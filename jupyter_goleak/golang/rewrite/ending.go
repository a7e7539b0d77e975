package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// What methods that end something are called.
var ends = map[string]bool{
	"Stop": true, "Close": true, "Shutdown": true, "Cancel": true, "Quit": true, "Finish": true, "Terminate": true, "Kill": true,
	"stop": true, "close": true, "shutdown": true, "cancel": true, "quit": true,
}

// methods are those of the field's struct that could end what waits there.
func (r *reporter) methods(v *Variable, variables []*types.Var, operations []*operation) {
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
			closes := slices.ContainsFunc(operations, func(op *operation) bool { return op.kind == "close" && op.fn == fn })
			if closes || ends[decl.Name.Name] {
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
// where one function alone sends, and comes there once for each such channel.
func (r *reporter) closeAfter(o object, operations []*operation, unknown bool) *Insertion {
	if o.made == nil || unknown {
		return nil
	}
	var last *operation
	for _, op := range operations {
		switch op.kind {
		case "close", "passed":
			return nil
		case "send":
			if last != nil && op.fn != last.fn || op.fn == nil || !r.isOnly(op.expression, o) {
				return nil
			}
			last = op
		}
	}
	if last == nil || r.isPerValue(last.fn, r.rootOf(last.expression), last.path) {
		return nil
	}
	stmt, path := outside(last, r.rootOf(last.expression))
	if stmt == nil || r.fset.Position(stmt.End()).Line == r.fset.Position(path[len(path)-1].End()).Line {
		return nil // no line is free between them
	}
	if loop, ok := stmt.(*ast.ForStmt); ok && loop.Cond == nil && !breaks(loop.Body) {
		return nil
	}
	if r.mayLeave(last.fn, stmt.Pos(), stmt.End()) || !r.together(o.made, stmt, path, r.isKept(last.at)) {
		return nil
	}
	out := &Insertion{Code: "close(" + r.text(last.expression) + ")"}
	out.File, out.Line = r.position(stmt.End())
	return out
}

// isOnly tells whether the expression is a variable or a chain of fields that stands for that object alone.
func (r *reporter) isOnly(e ast.Expr, o object) bool {
	objects, several := r.objects(e)
	return r.rootOf(e) != nil && !several && len(objects) == 1 && objects[0] == o
}

// outside is the statement around the operation that is outside of all loops where the variable is the same, and its path.
func outside(op *operation, v *types.Var) (stmt ast.Stmt, path walkPath) {
	inner := op.node
	for i, node := range slices.Backward(op.path) {
		within := node.Pos() <= v.Pos() && v.Pos() < node.End()
		switch node := node.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return stmt, path
		case *ast.ForStmt, *ast.RangeStmt:
			if within {
				return nil, nil // each round has another one
			}
		case *ast.BlockStmt:
			if each, ok := inner.(ast.Stmt); ok && slices.Contains(node.List, each) {
				stmt, path = each, op.path[:i+1]
			}
			if within {
				return stmt, path
			}
		}
		inner = node
	}
	return stmt, path
}

// together tells whether the program surely comes to the statement after it has made the value, and once for each.
func (r *reporter) together(made *operation, stmt ast.Stmt, path walkPath, kept bool) bool {
	to := r.way(stmt, path)
	if made.fn == nil {
		outermost := to[len(to)-1].fn
		return outermost.isEntry() && len(outermost.sites) == 0 && !slices.ContainsFunc(to, loops) && !r.mayPass(to, token.NoPos)
	}
	from, to := parted(r.way(made.node, made.path), to)
	if to == nil || slices.ContainsFunc(to, loops) {
		return false
	}
	start := from[len(from)-1].node
	if to[len(to)-1].node.Pos() < start.Pos() || r.mayPass(to, start.End()) {
		return false
	}
	return !made.again() || !kept && !slices.ContainsFunc(from, loops) && !r.mayPass(from, start.End())
}
