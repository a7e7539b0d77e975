package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// anew tells whether the operation is on a value that the same call of its function has made: whoever calls that function
// again comes there with another one. Where the value may be one that was there before, it is not.
func (r *reporter) anew(op *operation, o object) bool {
	made := o.made
	return made != nil && made != op && made.fn != nil && made.fn == op.fn && made.again() && op.expression != nil && r.isOwn(op.expression, made, nil)
}

// isOwn tells whether the expression, which stands in the function that makes the value, can have no other value of that
// make than this call's.
func (r *reporter) isOwn(e ast.Expr, made *operation, asked []*types.Var) bool {
	root := r.rootOf(e)
	if root == nil || !made.precedes(e) || slices.Contains(asked, root) {
		return false
	}
	asked = append(asked, root)
	_, plain := ast.Unparen(e).(*ast.Ident)
	if !plain && slices.ContainsFunc(r.assignmentsIn(made.fn), func(by assignment) bool { return by.from == made.node && r.sameValue(by.to, e) }) {
		return true
	}
	if root.Pos() < made.fn.body.Pos() || made.fn.body.End() <= root.Pos() {
		return false
	}
	own := false
	for _, by := range r.assignmentsIn(made.fn) {
		if name, ok := ast.Unparen(by.to).(*ast.Ident); !ok || r.info.ObjectOf(name) != root {
			continue
		}
		switch {
		case isOrHolds(by.from, made.node), r.isOwn(by.from, made, asked):
			own = true
		case plain && by.from != nil && !r.mayBe(by.from, made):
		default:
			return false
		}
	}
	return own
}

func (r *reporter) mayBe(e ast.Expr, made *operation) bool {
	objects, _ := r.objects(e)
	return slices.ContainsFunc(objects, func(o object) bool { return o.made == made })
}

// precedes tells whether the function comes to the operation before it can come to the node, which stands in it, too.
func (op *operation) precedes(node ast.Node) bool {
	if node == nil || node.Pos() <= op.node.Pos() {
		return false
	}
	child := op.node
	for _, outer := range slices.Backward(op.path) {
		var part ast.Node // that may be passed by
		switch outer := outer.(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return true
		case *ast.IfStmt:
			if child == outer.Body || child == outer.Else {
				part = child
			}
		case *ast.CaseClause, *ast.CommClause:
			part = outer
		case *ast.ForStmt:
			if child == outer.Body || child == outer.Post {
				part = outer.Body
			}
		case *ast.RangeStmt:
			if child == outer.Body {
				part = outer.Body
			}
		case *ast.BinaryExpr:
			if child == outer.Y && (outer.Op == token.LAND || outer.Op == token.LOR) {
				part = outer
			}
		}
		if part != nil && (node.Pos() < part.Pos() || part.End() <= node.Pos()) {
			return false
		}
		child = outer
	}
	return true
}

// An assignment gives a value to a variable or the like; `from` is nil where it is no expression of the text.
type assignment struct{ to, from ast.Expr }

// assignmentsIn are those of the function and of the literals in it.
func (f *flow) assignmentsIn(fn *function) (all []assignment) {
	add := func(to, from []ast.Expr) {
		for i := range to {
			switch {
			case len(to) == len(from):
				all = append(all, assignment{to[i], from[i]})
			case len(from) == 1:
				all = append(all, assignment{to[i], from[0]})
			}
		}
	}
	ast.Inspect(fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			add(node.Lhs, node.Rhs)
		case *ast.ValueSpec:
			add(declared(node), node.Values)
		case *ast.RangeStmt:
			all = append(all, assignment{node.Key, nil}, assignment{node.Value, nil})
		}
		return true
	})
	return all
}

// isOrHolds tells whether the expression is the node, or a literal of a struct that has it in a field.
func isOrHolds(e ast.Expr, node ast.Node) bool {
	switch x := ast.Unparen(e).(type) {
	case nil:
		return false
	case *ast.UnaryExpr:
		return x.Op == token.AND && isOrHolds(x.X, node)
	case *ast.KeyValueExpr:
		return isOrHolds(x.Value, node)
	case *ast.CompositeLit:
		return slices.ContainsFunc(x.Elts, func(element ast.Expr) bool { return isOrHolds(element, node) })
	default:
		return x == node
	}
}
