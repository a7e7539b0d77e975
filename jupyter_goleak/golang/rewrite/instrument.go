package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Where the overlay lays the probe.
const probePath = "runtime/coverage"

// An instrumenter puts calls of the probe into a program's files. Each of them imports the probe itself, so that a call
// before a go statement can be inlined, under a name that stands nowhere in the program.
type instrumenter struct {
	probe  string
	yields bool
}

func newInstrumenter(program Program) instrumenter {
	probe := "goleakProbe"
	for slices.ContainsFunc(program.Files, func(source Source) bool { return strings.Contains(source.Text, probe) }) {
		probe += "_"
	}
	return instrumenter{probe, program.Yields}
}

// instrument notes each go statement, and replaces each use of runtime.NumGoroutine by the probe's. The real function goes along as an
// argument, so that its import stays used. What follows on the line keeps its column.
func (in instrumenter) instrument(name, text string) (string, *Problem) {
	fset := token.NewFileSet()
	// Object resolution tells the import from a variable of the same name.
	file, err := parser.ParseFile(fset, path.Base(name), text, parser.ParseComments)
	if err != nil {
		return text, syntaxProblem(name, err)
	}
	edits := append(in.numGoroutineEdits(fset, file, name, text), in.goEdits(fset, file, name, text)...)
	if strings.HasSuffix(name, "_test.go") {
		edits = append(edits, in.testEdits(fset, file)...)
	}
	if in.yields {
		edits = append(edits, in.yieldEdits(fset, file)...)
	}
	if len(edits) > 0 {
		edits = append(edits, importEdit(fset, file, in.probe))
	} else if file.Name.Name == "main" || strings.HasSuffix(name, "_test.go") {
		// Whatever runs has the probe in it.
		edits = append(edits, importEdit(fset, file, "_"))
	}
	return apply(text, slices.Concat(edits, sendEdits(fset, file), spinEdits(fset, file))), nil
}

// importEdit imports the probe in the line of the package clause.
func importEdit(fset *token.FileSet, file *ast.File, as string) edit {
	end := file.Name.End()
	offset := fset.PositionFor(end, false).Offset
	return edit{offset, offset, fmt.Sprintf("; import %s %q", as, probePath) + lineDirective(fset.Position(end))}
}

func (in instrumenter) numGoroutineEdits(fset *token.FileSet, file *ast.File, name, text string) []edit {
	qualifiers := importedAs(file, "runtime")
	if len(qualifiers) == 0 {
		return nil
	}
	dotted := slices.Contains(qualifiers, ".")
	names := map[*ast.Ident]bool{} // of fields and methods: never the imported function
	isRead := func(node ast.Expr) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			x, ok := node.X.(*ast.Ident)
			return ok && slices.Contains(qualifiers, x.Name) && x.Obj == nil && node.Sel.Name == "NumGoroutine"
		case *ast.Ident:
			return dotted && node.Name == "NumGoroutine" && node.Obj == nil && !names[node]
		}
		return false
	}
	var edits []edit
	replace := func(node ast.Node, called, read string) {
		start, end := fset.PositionFor(node.Pos(), false).Offset, fset.PositionFor(node.End(), false).Offset
		code := fmt.Sprintf("%s.%s(%s, %s", in.probe, called, read, userPlace(fset, node.Pos(), name))
		if lines := strings.Count(text[start:end], "\n"); lines > 0 {
			code += "," + strings.Repeat("\n", lines)
		}
		code += ")"
		edits = append(edits, edit{start, end, code + lineDirective(fset.Position(node.End()))})
	}
	source := func(node ast.Expr) string {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			return selector.X.(*ast.Ident).Name + ".NumGoroutine"
		}
		return "NumGoroutine"
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			if isRead(node.Fun) {
				// A call with arguments is the user's error: the compiler shall see it as it is.
				if len(node.Args) == 0 {
					replace(node, "GoleakNumGoroutine", source(node.Fun))
				}
				return false
			}
		case *ast.SelectorExpr:
			if isRead(node) {
				replace(node, "GoleakNumGoroutineFunc", source(node))
				return false
			}
			names[node.Sel] = true
		case *ast.KeyValueExpr:
			if key, ok := node.Key.(*ast.Ident); ok {
				names[key] = true
			}
		case *ast.Ident:
			if isRead(node) {
				replace(node, "GoleakNumGoroutineFunc", source(node))
			}
		}
		return true
	})
	return edits
}

// userPlace is the file and line that the runtime tells of the position: a line directive of the user's own may name
// another file, relative to the one that it stands in.
func userPlace(fset *token.FileSet, pos token.Pos, name string) string {
	at := fset.Position(pos)
	if !path.IsAbs(at.Filename) {
		at.Filename = path.Join(folder(name), at.Filename)
	}
	return fmt.Sprintf("%q, %d", at.Filename, at.Line)
}

// goEdits put a call of the probe before each go statement.
func (in instrumenter) goEdits(fset *token.FileSet, file *ast.File, name, text string) []edit {
	var edits []edit
	ast.Inspect(file, func(node ast.Node) bool {
		if statement, ok := node.(*ast.GoStmt); ok {
			offset, at := fset.PositionFor(statement.Pos(), false).Offset, fset.Position(statement.Pos())
			called := "func"
			switch statement.Call.Fun.(type) {
			case *ast.Ident, *ast.SelectorExpr:
				start := fset.PositionFor(statement.Call.Fun.Pos(), false).Offset
				called = text[start:fset.PositionFor(statement.Call.Fun.End(), false).Offset]
			}
			edits = append(edits, edit{offset, offset, fmt.Sprintf("%s.GoleakGo(%s, %q);", in.probe, userPlace(fset, statement.Pos(), name), called) + lineDirective(at)})
		}
		return true
	})
	return edits
}

// testEdits put a call of the probe at the beginning of each function that is given a test: the tests themselves,
// subtests and what they call.
func (in instrumenter) testEdits(fset *token.FileSet, file *ast.File) []edit {
	qualifiers := importedAs(file, "testing")
	var edits []edit
	ast.Inspect(file, func(node ast.Node) bool {
		var function *ast.FuncType
		var body *ast.BlockStmt
		switch node := node.(type) {
		case *ast.FuncDecl:
			function, body = node.Type, node.Body
		case *ast.FuncLit:
			function, body = node.Type, node.Body
		}
		if body == nil || len(function.Params.List) == 0 {
			return true
		}
		test := function.Params.List[0]
		if len(test.Names) > 0 && test.Names[0].Name != "_" && isTest(test.Type, qualifiers) {
			at := body.Lbrace + 1
			offset := fset.PositionFor(at, false).Offset
			call := fmt.Sprintf("%s.GoleakTest(%s);", in.probe, test.Names[0].Name)
			edits = append(edits, edit{offset, offset, call + lineDirective(fset.Position(at))})
		}
		return true
	})
	return edits
}

// isTest tells whether the type is *testing.T.
func isTest(written ast.Expr, qualifiers []string) bool {
	pointer, ok := written.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch named := pointer.X.(type) {
	case *ast.SelectorExpr:
		x, ok := named.X.(*ast.Ident)
		return ok && named.Sel.Name == "T" && x.Obj == nil && slices.Contains(qualifiers, x.Name)
	case *ast.Ident:
		return named.Name == "T" && named.Obj == nil && slices.Contains(qualifiers, ".")
	}
	return false
}

// spinEdits put a loop over nothing into each endless loop without a body: the compiler has no line for the jump that is
// all of it, and tells another one.
func spinEdits(fset *token.FileSet, file *ast.File) []edit {
	var edits []edit
	ast.Inspect(file, func(node ast.Node) bool {
		if loop, ok := node.(*ast.ForStmt); ok && len(loop.Body.List) == 0 && isTrue(loop.Cond) {
			at := loop.Body.Lbrace + 1
			offset := fset.PositionFor(at, false).Offset
			edits = append(edits, edit{offset, offset, "for range [1]struct{}{} {}" + lineDirective(fset.Position(at))})
		}
		return true
	})
	return edits
}

// sendEdits make each send of something that may have a place in memory the one case of a select, which is compiled to a plain
// send again, but of a copy. A sender that waits with the address of a field or of a variable of the function around
// it keeps that reachable, and with it often the channel: the runtime could not prove its leak.
func sendEdits(fset *token.FileSet, file *ast.File) []edit {
	var edits []edit
	insert := func(at token.Pos, code string) {
		offset := fset.PositionFor(at, false).Offset
		edits = append(edits, edit{offset, offset, code + lineDirective(fset.Position(at))})
	}
	for statement := range eachStatement(file) {
		if labeled, ok := statement.(*ast.LabeledStmt); ok {
			statement = labeled.Stmt
		}
		send, ok := statement.(*ast.SendStmt)
		if !ok {
			continue
		}
		switch ast.Unparen(send.Value).(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
			insert(send.Pos(), "select { case ")
			insert(send.End(), ": }")
		}
	}
	return edits
}

// eachStatement yields the statements of all blocks and clauses of the file.
func eachStatement(file *ast.File) iter.Seq[ast.Stmt] {
	return func(yield func(ast.Stmt) bool) {
		for node := range ast.Preorder(file) {
			for _, statement := range listIn(node) {
				switch statement.(type) {
				case *ast.CaseClause, *ast.CommClause:
					continue // the body of a switch or select is no list of statements
				}
				if !yield(statement) {
					return
				}
			}
		}
	}
}

// listIn is the list of statements that a block or a clause is.
func listIn(node ast.Node) []ast.Stmt {
	switch node := node.(type) {
	case *ast.BlockStmt:
		return node.List
	case *ast.CaseClause:
		return node.Body
	case *ast.CommClause:
		return node.Body
	}
	return nil
}

// isTrue tells whether the condition is none, or looks like the constant.
func isTrue(condition ast.Expr) bool {
	name, ok := condition.(*ast.Ident)
	return condition == nil || ok && name.Name == "true"
}

// importedAs are the names under which the file imports that path.
func importedAs(file *ast.File, importPath string) []string {
	var names []string
	for _, spec := range file.Imports {
		if value, err := strconv.Unquote(spec.Path.Value); err == nil && value == importPath {
			if spec.Name == nil {
				names = append(names, packageName(importPath))
			} else if spec.Name.Name != "_" {
				names = append(names, spec.Name.Name)
			}
		}
	}
	return names
}

// importedNames are the names that the file's imports stand under.
func importedNames(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, spec := range file.Imports {
		if spec.Name != nil {
			names[spec.Name.Name] = true
		} else {
			names[packageName(strings.Trim(spec.Path.Value, "`\""))] = true
		}
	}
	return names
}

// packageName guesses the name of an import without a name of its own: the last element that is not a version.
func packageName(importPath string) string {
	name := path.Base(importPath)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" && strings.Contains(importPath, "/") {
		name = path.Base(path.Dir(importPath))
	}
	name, _, _ = strings.Cut(name, ".v")
	return strings.TrimPrefix(name, "go-")
}

// declares tells whether the file declares a function of that name.
func declares(file *ast.File, name string) bool {
	return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
		function, ok := decl.(*ast.FuncDecl)
		return ok && function.Recv == nil && function.Name.Name == name
	})
}
