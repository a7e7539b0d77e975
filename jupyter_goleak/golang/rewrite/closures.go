package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// A function of a snippet that uses variables of its statements cannot go to the top level. It becomes a function
// literal in func main, put where the last of those variables is declared, so that statements further down may call it
// wherever the snippet itself declares it.

// closures takes the functions that need it from the top-level items into those of func main.
func closures(text string, top, inMain []item) ([]item, []item) {
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
	return top, insert(inMain, moved)
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
	const head = "package p;func _(){"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+text[i.start:i.end]+"\n}", parser.SkipObjectResolution)
	if err != nil || len(file.Decls) != 1 {
		return ends
	}
	for _, stmt := range file.Decls[0].(*ast.FuncDecl).Body.List {
		if assign, ok := stmt.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE {
			for _, left := range assign.Lhs {
				if name, ok := left.(*ast.Ident); ok && name.Name != "_" {
					if _, known := ends[name.Name]; !known {
						ends[name.Name] = i.start + int(stmt.End()-file.FileStart) - len(head)
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
			if function, ok := decl.(*ast.FuncDecl); ok && function.Recv == nil {
				names = append(names, function.Name.Name)
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
