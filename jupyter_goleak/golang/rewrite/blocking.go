package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Which statement a goroutine waits in, and which function it is part of: found by line, state and the name of the frame.

// blocking is the node on the frame's line that fits the state best.
func (r *reporter) blocking(state string, frame Frame) (ast.Node, walkPath) {
	var best ast.Node
	var bestPath walkPath
	score := 0
	for _, file := range r.files {
		if file.name != frame.File {
			continue
		}
		r.walkLine(file, frame.Line, func(node ast.Node, path []ast.Node) {
			if !r.onLine(node, frame.Line) {
				return
			}
			s := 2 * r.fits(state, frame.Called, node)
			if s > 0 && literals(path) == closureDepth(frame.Function) {
				s++
			}
			if s > score {
				best, bestPath, score = node, append(walkPath(nil), path...), s
			}
		})
	}
	return best, bestPath
}

// deferred is the call that its function has put off and that fits the state; it runs where the function ends.
func (r *reporter) deferred(state string, frame Frame) (best ast.Node, bestPath walkPath) {
	fn := r.bodyOf(frame)
	if fn == nil || fn.body == nil {
		return nil, nil
	}
	r.walk(fn.body, func(node ast.Node, path []ast.Node) {
		stmt, ok := node.(*ast.DeferStmt)
		if ok && r.enclosing(path) == nil && r.fits(state, frame.Called, stmt.Call) > 4 {
			best, bestPath = stmt.Call, append(walkPath{fn.node}, append(path, stmt)...)
		}
	})
	return best, bestPath
}

func (r *reporter) onLine(node ast.Node, line int) bool {
	at := func(pos token.Pos) bool { return r.fset.Position(pos).Line == line }
	switch node := node.(type) {
	case *ast.CallExpr:
		return at(node.Pos()) || at(node.Lparen)
	case *ast.RangeStmt:
		return at(node.For) || at(node.X.Pos())
	case *ast.SendStmt:
		return at(node.Pos()) || at(node.Arrow)
	case *ast.UnaryExpr, *ast.SelectStmt:
		return at(node.Pos())
	}
	return false
}

// literals counts the function literals that a node stands in.
func literals(path []ast.Node) (n int) {
	for _, node := range path {
		if _, ok := node.(*ast.FuncLit); ok {
			n++
		}
	}
	return n
}

// closureDepth is the same number as the runtime's name tells it: 2 for main.serve.func3.1.
func closureDepth(function string) (n int) {
	parts := strings.Split(function, ".")
	for _, part := range slices.Backward(parts) {
		if strings.TrimLeft(strings.TrimPrefix(part, "func"), "0123456789") != "" {
			break
		}
		n++
	}
	return n
}

// fits weighs how well a node explains the state, in a frame that may have called a function of a library: 0 not at all.
func (r *reporter) fits(state, called string, node ast.Node) int {
	switch node := node.(type) {
	case *ast.RangeStmt:
		_, channel := r.typeOf(node.X).(*types.Chan)
		if strings.HasPrefix(state, "chan receive") && (channel || r.typeOf(node.X) == nil) {
			return 9
		}
	case *ast.UnaryExpr:
		if node.Op == token.ARROW && strings.HasPrefix(state, "chan receive") {
			return 8
		}
	case *ast.SendStmt:
		if strings.HasPrefix(state, "chan send") {
			return 9
		}
	case *ast.SelectStmt:
		if strings.HasPrefix(state, "select") {
			return 9
		}
		if strings.HasPrefix(state, "chan") && len(node.Body.List) == 1 {
			return 7
		}
	case *ast.CallExpr:
		selector, method := ast.Unparen(node.Fun).(*ast.SelectorExpr)
		if !method {
			return 2
		}
		if strings.HasSuffix(called, "."+selector.Sel.Name) {
			return 8
		}
		// The state ends in the method that waits, such as sync.Mutex.Lock; older ones say semacquire.
		if name := selector.Sel.Name; strings.HasPrefix(state, "sync.") && strings.HasSuffix(state, "."+name) {
			return 9
		} else if name == "Lock" || name == "RLock" || name == "Wait" || name == "Sleep" || name == "Read" || name == "Accept" {
			return 4
		}
		return 3
	}
	return 0
}

// walkLine visits the declarations that the line may belong to.
func (r *reporter) walkLine(file *typedFile, line int, visit func(node ast.Node, path []ast.Node)) {
	for _, decl := range file.syntax.Decls {
		if !file.wrapped {
			_, first := r.position(decl.Pos())
			if _, last := r.position(decl.End()); line < first || last < line {
				continue
			}
		}
		r.walk(decl, visit)
	}
}

// bodyOf is the function that the frame is of: the innermost around the line that stands in as many literals as the
// frame's name tells.
func (r *reporter) bodyOf(frame Frame) *function {
	var found *function
	for _, fn := range r.ordered {
		file, first := r.position(fn.node.Pos())
		if _, last := r.position(fn.node.End()); file != frame.File || frame.Line < first || last < frame.Line {
			continue
		}
		if found == nil || fn.depth() == closureDepth(frame.Function) || found.depth() != closureDepth(frame.Function) {
			found = fn
		}
	}
	return found
}

func (fn *function) depth() (n int) {
	for ; fn.outer != nil; fn = fn.outer {
		n++
	}
	return n
}
