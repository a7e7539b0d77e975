package main

import (
	"go/ast"
	"go/token"
)

// meetings are the methods of sync and context by whose order goroutines meet or miss each other.
var meetings = map[string]bool{
	"Lock": true, "Unlock": true, "RLock": true, "RUnlock": true, "TryLock": true,
	"Wait": true, "Done": true, "Add": true, "Signal": true, "Broadcast": true, "Do": true,
	"Store": true, "Load": true, "CompareAndSwap": true, "Stop": true, "Close": true,
}

// yieldEdits put a call of the probe before each statement that other goroutines care about, so that a run can be
// given another schedule there.
func (in instrumenter) yieldEdits(fset *token.FileSet, file *ast.File) []edit {
	var edits []edit
	for statement := range eachStatement(file) {
		if meets(statement) {
			offset, at := fset.PositionFor(statement.Pos(), false).Offset, fset.Position(statement.Pos())
			edits = append(edits, edit{offset, offset, in.probe + ".GoleakYield();" + lineDirective(at)})
		}
	}
	return edits
}

// meets tells whether the statement itself, without the blocks inside of it, is one where goroutines meet.
func meets(statement ast.Stmt) bool {
	found := false
	ast.Inspect(statement, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BlockStmt, *ast.DeferStmt:
			return false
		case *ast.SelectStmt, *ast.SendStmt, *ast.GoStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || node.Op == token.ARROW
		case *ast.CallExpr:
			switch function := node.Fun.(type) {
			case *ast.SelectorExpr:
				found = found || meetings[function.Sel.Name]
			case *ast.Ident:
				found = found || function.Name == "close" || function.Name == "cancel"
			}
		}
		return !found
	})
	return found
}
