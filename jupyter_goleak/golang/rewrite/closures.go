package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// A function of a snippet that uses variables of its statements cannot go to the top level. It becomes a function
// literal in func main, put where the last of those variables is declared, so that statements further down may call it
// wherever the snippet itself declares it.

// A misuse is what cannot work as the snippet has it, at an offset of it.
type misuse struct {
	offset  int
	message string
}

// closures takes the functions that need it from the top-level items into those of func main.
func closures(text string, top, inMain []item) (newTop, newMain []item, wrong *misuse) {
	declaredBy := map[string]int{} // a local variable's name -> where the statement that declares it ends
	for _, item := range inMain {
		for name, end := range declarations(text, item) {
			if at, ok := declaredBy[name]; !ok || end < at {
				declaredBy[name] = end
			}
		}
	}
	for _, item := range top {
		for _, name := range topNames(item.file) {
			delete(declaredBy, name)
		}
	}
	var moved []item
	for changed := true; changed; {
		changed = false
		top = slices.DeleteFunc(slices.Clone(top), func(item item) bool {
			decl := plainFunction(item)
			if decl == nil {
				return false
			}
			after := -1
			for _, free := range item.file.Unresolved {
				if end, ok := declaredBy[free.Name]; ok {
					after = max(after, end)
				}
			}
			if after < 0 {
				return false
			}
			item.after = after
			declaredBy[decl.Name.Name] = after
			moved = append(moved, item)
			changed = true
			return true
		})
	}
	// One that was found early may use one that was found later.
	for i := range moved {
		for _, free := range moved[i].file.Unresolved {
			moved[i].after = max(moved[i].after, declaredBy[free.Name])
		}
	}
	slices.SortStableFunc(moved, func(a, b item) int { return a.after - b.after })
	if wrong = outOfSight(top, declaredBy); wrong == nil {
		wrong = tooEarly(text, inMain, moved)
	}
	return top, insert(inMain, moved), wrong
}

// outOfSight finds a variable of the statements in what has to stay at the top level.
func outOfSight(top []item, declaredBy map[string]int) *misuse {
	for _, item := range top {
		if item.kind == token.IMPORT {
			continue
		}
		passed := map[*ast.Ident]bool{} // names of fields, or of packages
		ast.Inspect(item.file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.KeyValueExpr:
				if key, ok := node.Key.(*ast.Ident); ok {
					passed[key] = true
				}
			case *ast.SelectorExpr:
				if x, ok := node.X.(*ast.Ident); ok && standardPackage(x.Name, nil) != "" {
					passed[x] = true
				}
			}
			return true
		})
		for _, free := range item.file.Unresolved {
			if _, ok := declaredBy[free.Name]; ok && !passed[free] {
				return &misuse{item.offset(free.Pos()), fmt.Sprintf(
					"%s cannot see %s, which belongs to the statements: declare the variables that it needs with var.", item.described(), free.Name)}
			}
		}
	}
	return nil
}

// offset is the place in the snippet of a position in the item's own file.
func (i item) offset(pos token.Pos) int {
	return i.first + int(pos-i.file.FileStart) - len(itemHead)
}

func (i item) described() string {
	if decl, ok := i.file.Decls[0].(*ast.FuncDecl); ok {
		switch {
		case decl.Recv != nil:
			return "Method " + decl.Name.Name
		case decl.Type.TypeParams != nil:
			return "The generic function " + decl.Name.Name
		}
		return "Function " + decl.Name.Name
	}
	return "This declaration"
}

// tooEarly finds a statement that uses one of the moved functions above what that function needs.
func tooEarly(text string, inMain, moved []item) *misuse {
	after := map[string]int{}
	for _, item := range moved {
		after[plainFunction(item).Name.Name] = item.after
	}
	var wrong *misuse
	for _, item := range inMain {
		body, offset := statementsOf(text, item)
		if body == nil || len(after) == 0 {
			continue
		}
		var visit func(ast.Node) bool
		visit = func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncLit:
				return false // it may be called later
			case *ast.SelectorExpr:
				ast.Inspect(node.X, visit)
				return false
			case *ast.KeyValueExpr:
				ast.Inspect(node.Value, visit)
				return false
			case *ast.Ident:
				if end, ok := after[node.Name]; ok && wrong == nil && node.Obj == nil && offset(node.Pos()) < end {
					wrong = &misuse{offset(node.Pos()), fmt.Sprintf(
						"%s uses a variable that is declared below, at line %d: call it after that.", node.Name, lineAt(text, end-1))}
				}
			}
			return true
		}
		ast.Inspect(body, visit)
	}
	return wrong
}

// statementsOf is the item as the body of a function, and the way back to offsets in the snippet; nil where it cannot be
// parsed.
func statementsOf(text string, i item) (*ast.BlockStmt, func(token.Pos) int) {
	const head = "package p;func _(){"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+text[i.start:i.end]+"\n}", 0)
	if err != nil || len(file.Decls) != 1 {
		return nil, nil
	}
	offset := func(pos token.Pos) int { return i.start + int(pos-file.FileStart) - len(head) }
	return file.Decls[0].(*ast.FuncDecl).Body, offset
}

// plainFunction is the declaration of a function that a literal can stand for.
func plainFunction(i item) *ast.FuncDecl {
	if i.kind != token.FUNC || i.file == nil || len(i.file.Decls) != 1 {
		return nil
	}
	decl, ok := i.file.Decls[0].(*ast.FuncDecl)
	if !ok || decl.Recv != nil || decl.Type.TypeParams != nil || decl.Body == nil {
		return nil
	}
	switch decl.Name.Name {
	case "main", "init", "_":
		return nil
	}
	return decl
}

// declarations are the variables that the statements declare for those below, each with the end of its statement.
func declarations(text string, i item) map[string]int {
	ends := map[string]int{}
	if i.kind == token.VAR {
		for _, name := range topNames(i.file) {
			ends[name] = i.end
		}
		return ends
	}
	body, offset := statementsOf(text, i)
	if body == nil {
		return ends
	}
	for _, stmt := range body.List {
		if assign, ok := stmt.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE {
			for _, left := range assign.Lhs {
				if name, ok := left.(*ast.Ident); ok && name.Name != "_" {
					if _, known := ends[name.Name]; !known {
						ends[name.Name] = offset(stmt.End())
					}
				}
			}
		}
	}
	return ends
}

func topNames(file *ast.File) []string {
	names := declaredNames(file)
	if file != nil {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					names = append(names, decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						names = append(names, spec.Name.Name)
					}
				}
			}
		}
	}
	return names
}

// insert cuts the statements open where the functions go.
func insert(inMain, moved []item) []item {
	var all []item
	for _, current := range inMain {
		for len(moved) > 0 && moved[0].after <= current.end {
			cut := moved[0].after
			if cut > current.start {
				before := current
				before.end = cut
				all = append(all, before)
				current.start = cut
			}
			all = append(all, moved[0])
			moved = moved[1:]
		}
		if current.start < current.end {
			all = append(all, current)
		}
	}
	return append(all, moved...)
}
