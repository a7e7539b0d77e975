package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// Comments hold prose and code, and some prose parses: what is here tells them apart, and what may cure a leak from what
// can not.

// statements parses code that could do something if it were no comment; nil for prose and for what only prints.
func statements(code string) []ast.Stmt {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _(){\n"+code+"\n}", parser.SkipObjectResolution)
	if err != nil || len(file.Decls) != 1 {
		return nil
	}
	body := file.Decls[0].(*ast.FuncDecl).Body.List
	useful := false
	for _, stmt := range body {
		if !possible(stmt) {
			return nil
		}
		useful = useful || !prints(stmt)
	}
	if !useful {
		return nil
	}
	return body
}

// clauses parses code that could be cases of a select or switch.
func clauses(code string) []ast.Stmt {
	for _, head := range []string{"select", "switch"} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _(){"+head+"{\n"+code+"\n}}", parser.SkipObjectResolution)
		if err != nil || len(file.Decls) != 1 {
			continue
		}
		body := file.Decls[0].(*ast.FuncDecl).Body.List
		if len(body) != 1 {
			continue
		}
		switch choice := body[0].(type) {
		case *ast.SelectStmt:
			return choice.Body.List
		case *ast.SwitchStmt:
			return choice.Body.List
		}
	}
	return nil
}

// pure are the built-in functions whose call is no statement.
var pure = []string{"append", "cap", "complex", "imag", "len", "make", "max", "min", "new", "real"}

// possible tells statements from single words and other prose that happens to parse.
func possible(stmt ast.Stmt) bool {
	switch stmt := stmt.(type) {
	case *ast.ExprStmt:
		switch x := stmt.X.(type) {
		case *ast.CallExpr:
			name, _ := x.Fun.(*ast.Ident)
			return name == nil || !slices.Contains(pure, name.Name)
		case *ast.UnaryExpr:
			return x.Op == token.ARROW
		}
		return false
	case *ast.LabeledStmt:
		switch stmt.Stmt.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.SelectStmt, *ast.SwitchStmt:
			return true
		}
		return false
	case *ast.EmptyStmt, *ast.BadStmt:
		return false
	}
	return true
}

func prints(stmt ast.Stmt) bool {
	expr, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name == "print" || f.Name == "println"
	case *ast.SelectorExpr:
		name := f.Sel.Name
		x, ok := f.X.(*ast.Ident)
		return ok && (x.Name == "fmt" && (strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Fprint")) ||
			x.Name == "log" && strings.HasPrefix(name, "Print") ||
			x.Name == "t" && strings.HasPrefix(name, "Log"))
	}
	return false
}

// rank puts first what signals an end.
func rank(stmts []ast.Stmt) int {
	best := 4
	for _, stmt := range stmts {
		ast.Inspect(stmt, func(node ast.Node) bool {
			r := 4
			switch node := node.(type) {
			case *ast.CallExpr:
				name := ""
				switch f := node.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				switch lower := strings.ToLower(name); {
				case name == "close", name == "Done", name == "Unlock", name == "RUnlock", name == "Broadcast", strings.HasPrefix(lower, "cancel"):
					r = 0
				case lower == "stop", lower == "close", lower == "shutdown", lower == "signal", lower == "wait", lower == "add":
					r = 1
				}
			case *ast.DeferStmt, *ast.ReturnStmt, *ast.SendStmt:
				r = 1
			case *ast.UnaryExpr:
				if node.Op == token.ARROW {
					r = 1
				}
			case *ast.AssignStmt, *ast.SelectStmt, *ast.BranchStmt, *ast.RangeStmt, *ast.ForStmt, *ast.IfStmt:
				r = 2
			}
			best = min(best, r)
			return true
		})
	}
	return best
}
