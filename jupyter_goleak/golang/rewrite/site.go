package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"slices"
	"strings"
)

// A walkPath answers questions about where a node stands.
type walkPath []ast.Node

// inLoop tells whether a loop stands between the node and its function. A function with a goto is taken for one.
func (p walkPath) inLoop() bool {
	child := ast.Node(nil)
	for _, node := range slices.Backward(p) {
		switch node := node.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return jumps(node)
		case *ast.ForStmt:
			if child != node.Init {
				return true
			}
		case *ast.RangeStmt:
			if child == node.Body {
				return true
			}
		}
		child = node
	}
	return false
}

// forever tells whether a loop without a condition stands between the node and its function.
func (p walkPath) forever() bool {
	for _, node := range slices.Backward(p) {
		switch node := node.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return false
		case *ast.ForStmt:
			if node.Cond == nil {
				return true
			}
		}
	}
	return false
}

// conditional tells whether the node may be passed by inside its function.
func (p walkPath) conditional() bool { return p.branch() != nil }

// branch is the innermost part of the function around the node that it may pass by, nil where there is none.
func (p walkPath) branch() ast.Node {
	child := ast.Node(nil)
	for _, node := range slices.Backward(p) {
		switch node := node.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return nil
		case *ast.IfStmt:
			if child == node.Body || child == node.Else {
				return child
			}
		case *ast.CaseClause:
			return node
		case *ast.CommClause:
			if child != node.Comm {
				return node
			}
		case *ast.BinaryExpr:
			if child == node.Y && (node.Op == token.LAND || node.Op == token.LOR) {
				return child
			}
		}
		child = node
	}
	return nil
}

// branchEnd is where that ends; outside of any, where the function does.
func (p walkPath) branchEnd() token.Pos {
	if branch := p.branch(); branch != nil {
		return branch.End()
	}
	for _, node := range slices.Backward(p) {
		switch node.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return node.End()
		}
	}
	return token.NoPos
}

// deferred tells whether the operation runs when its function ends.
func (op *operation) isDeferred() bool {
	if len(op.path) > 0 {
		if _, ok := op.path[len(op.path)-1].(*ast.DeferStmt); ok {
			return true
		}
	}
	return op.fn != nil && op.fn.deferred
}

// inGoroutine tells whether a `go` statement starts the code around the operation.
func (op *operation) inGoroutine() bool {
	for fn := op.fn; fn != nil; fn = fn.outer {
		if len(fn.launches) > 0 {
			return true
		}
	}
	return false
}

// uncalled tells whether nothing ever calls the function that the operation stands in.
func (op *operation) uncalled() bool {
	if op.fn == nil {
		return false
	}
	fn := op.fn.named()
	_, declared := fn.node.(*ast.FuncDecl)
	return declared && fn.calls == 0 && fn.object != nil && !fn.isEntry()
}

// isEntry tells whether the runtime or `go test` calls the function.
func (fn *function) isEntry() bool {
	decl, ok := fn.node.(*ast.FuncDecl)
	if !ok || decl.Recv != nil {
		return false
	}
	name := decl.Name.Name
	return name == "main" || name == "init" || slices.ContainsFunc([]string{"Test", "Benchmark", "Fuzz", "Example"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

// inSelect is the select statement whose case the operation is.
func (op *operation) inSelect() *ast.SelectStmt {
	child := op.node
	for i := len(op.path) - 1; i >= 0; i-- {
		switch node := op.path[i].(type) {
		case *ast.CommClause:
			if node.Comm == child && i >= 2 {
				choice, _ := op.path[i-2].(*ast.SelectStmt)
				return choice
			}
			return nil
		case *ast.FuncLit, *ast.FuncDecl, *ast.BlockStmt:
			return nil
		case ast.Stmt:
			child = node
		}
	}
	return nil
}

// exits are the lines where its function may leave before it comes to the operation: a return above it, for a range
// what breaks the loop off, and for an Add what leaves before the go statement below it that starts what it counts.
func (f *flow) exits(op *operation) []token.Pos {
	if op.fn == nil || op.fn.body == nil || op.isDeferred() {
		return nil
	}
	if loop, ok := op.node.(*ast.RangeStmt); ok && op.kind == "range" {
		return leaves(loop.Body)
	}
	if op.kind == "add" {
		_, leaves := f.startOf(op)
		return leaves
	}
	from := op.fn.body.Pos()
	if op.at != nil {
		for _, other := range op.at.root().ops {
			if other.makes() && other.fn == op.fn && other.node.Pos() < op.node.Pos() {
				from = max(from, other.node.Pos())
			}
		}
	}
	var found []token.Pos
	choice := op.inSelect()
	ast.Inspect(op.fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.SelectStmt:
			if node == choice {
				return false // what its other cases do comes after it
			}
		case *ast.ReturnStmt:
			if node.Pos() > from && node.End() <= op.node.Pos() {
				found = append(found, node.Pos())
			}
		}
		return true
	})
	return found
}

// leaves are the statements that leave the loop whose body it is before its end.
func leaves(body *ast.BlockStmt) []token.Pos {
	var found []token.Pos
	var look func(root ast.Node, nested bool)
	look = func(root ast.Node, nested bool) {
		ast.Inspect(root, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.ReturnStmt:
				found = append(found, node.Pos())
			case *ast.BranchStmt:
				// A label may be that of an inner loop; the outer one is the usual reason to have one.
				if node.Tok == token.GOTO || node.Tok == token.BREAK && (!nested || node.Label != nil) {
					found = append(found, node.Pos())
				}
			case *ast.FuncLit:
				return false
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.SelectStmt, *ast.TypeSwitchStmt:
				if node != root {
					look(node, true)
					return false
				}
			}
			return true
		})
	}
	look(body, false)
	return found
}

// repeated tells whether a loop starts the goroutine that the operation is in.
func (op *operation) repeated() bool {
	for fn := op.fn; fn != nil; fn = fn.outer {
		if fn.repeated {
			return true
		}
	}
	return false
}

// bufferSize is the constant size of a made channel's buffer; false where only the run tells.
func (f *flow) bufferSize(op *operation) (int64, bool) {
	if op.buffer == nil {
		return 0, true
	}
	if value := f.info.Types[op.buffer].Value; value != nil {
		if size, ok := constant.Int64Val(constant.ToInt(value)); ok {
			return size, true
		}
	}
	return 0, false
}

// certain tells whether the program comes to the operation in any case, as far as those come who are on the way there: nothing
// passes it by, nor a call that leads to it.
func (f *flow) certain(op *operation) bool { return f.certainly(op, nil) }

func (f *flow) certainly(op *operation, asked []*function) bool {
	switch {
	case op.path.conditional(), len(f.exits(op)) > 0:
		return false
	case op.fn == nil, op.fn.isEntry():
		return true
	case op.fn.timed, slices.Contains(asked, op.fn):
		return false
	}
	asked = append(asked, op.fn)
	return slices.ContainsFunc(op.fn.sites, func(site callSite) bool {
		return f.certainly(&operation{kind: "call", node: site.call, path: site.path, fn: site.fn, at: op.at}, asked)
	})
}
