package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

const shimName = "zz_goleak_shim"

// shimNames are what a shim declares, all with a beginning that stands nowhere in the program.
type shimNames struct{ probe, call, value, bind, start, yield string }

func newShimNames(program Program) shimNames {
	prefix := "goleak"
	for slices.ContainsFunc(program.Files, func(source Source) bool { return strings.Contains(source.Text, prefix) }) {
		prefix += "_"
	}
	return shimNames{prefix + "Probe", prefix + "NumGoroutine", prefix + "NumGoroutineFunc", prefix + "Bind", prefix + "Go", prefix + "Yield"}
}

// packages remembers, per folder, what the files need of a shim.
type packages struct {
	yields  bool
	alone   bool // one file, which the go command gets by name, as it does the shim
	names   shimNames
	folders map[string]*folderNeeds
	order   []string
}

type folderNeeds struct {
	plain, tests, external    string // package names; "" where there is no such file
	uses, usesTest, usesOuter bool
}

func newPackages(program Program) *packages {
	alone := program.Form != "txtar" && program.Form != "package"
	return &packages{yields: program.Yields, alone: alone, names: newShimNames(program), folders: map[string]*folderNeeds{}}
}

// instrument notes each go statement, and replaces each use of runtime.NumGoroutine by the shim's. The real function goes along as an argument, so
// that the import stays used and the shim itself need not import runtime. What follows on the line keeps its column.
func (p *packages) instrument(name, text string) (string, *Problem) {
	fset := token.NewFileSet()
	// Object resolution tells the import from a variable of the same name.
	file, err := parser.ParseFile(fset, path.Base(name), text, parser.ParseComments)
	if err != nil {
		if file != nil && file.Name != nil && file.Name.Name != "_" {
			p.note(name, file.Name.Name, false)
		}
		return text, syntaxProblem(name, err)
	}
	edits := append(p.names.numGoroutineEdits(fset, file, name, text), p.names.goEdits(fset, file, name, text)...)
	if p.yields {
		edits = append(edits, p.names.yieldEdits(fset, file)...)
	}
	p.note(name, file.Name.Name, len(edits) > 0)
	return apply(text, append(edits, spinEdits(fset, file)...)), nil
}

func (shim shimNames) numGoroutineEdits(fset *token.FileSet, file *ast.File, name, text string) []edit {
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
		code := fmt.Sprintf("%s(%s, %s", called, read, userPlace(fset, node.Pos(), name))
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
					replace(node, shim.call, source(node.Fun))
				}
				return false
			}
		case *ast.SelectorExpr:
			if isRead(node) {
				replace(node, shim.value, source(node))
				return false
			}
			names[node.Sel] = true
		case *ast.KeyValueExpr:
			if key, ok := node.Key.(*ast.Ident); ok {
				names[key] = true
			}
		case *ast.Ident:
			if isRead(node) {
				replace(node, shim.value, source(node))
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

// goEdits put a call of the shim before each go statement.
func (shim shimNames) goEdits(fset *token.FileSet, file *ast.File, name, text string) []edit {
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
			edits = append(edits, edit{offset, offset, fmt.Sprintf("%s(%s, %q);", shim.start, userPlace(fset, statement.Pos(), name), called) + lineDirective(at)})
		}
		return true
	})
	return edits
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

// packageName guesses the name of an import without a name of its own: the last element that is not a version.
func packageName(importPath string) string {
	name := path.Base(importPath)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" && strings.Contains(importPath, "/") {
		name = path.Base(path.Dir(importPath))
	}
	name, _, _ = strings.Cut(name, ".v")
	return strings.TrimPrefix(name, "go-")
}

func (p *packages) note(name, pkg string, uses bool) {
	dir := folder(name)
	needs := p.folders[dir]
	if needs == nil {
		needs = &folderNeeds{}
		p.folders[dir] = needs
		p.order = append(p.order, dir)
	}
	switch test := strings.HasSuffix(name, "_test.go"); {
	case test && strings.HasSuffix(pkg, "_test"):
		needs.external = pkg
		needs.usesOuter = needs.usesOuter || uses
	case test:
		needs.tests = pkg
		needs.usesTest = needs.usesTest || uses
	default:
		needs.plain = pkg
		needs.uses = needs.uses || uses
	}
}

// shims are the files that link the probe: one into each package main and each package with tests, and into whatever
// else reads the number of goroutines.
func (p *packages) shims() []Source {
	shims := []Source{}
	slices.Sort(p.order)
	for _, dir := range p.order {
		needs := p.folders[dir]
		linked := false
		if needs.plain == "main" || needs.uses {
			shims = append(shims, Source{dir + shimName + ".go", p.shim(needs.plain)})
			linked = true
		}
		if needs.tests != "" && !linked {
			shims = append(shims, Source{dir + shimName + "_test.go", p.shim(needs.tests)})
			linked = true
		}
		if needs.external != "" && (needs.usesOuter || !linked) {
			shims = append(shims, Source{dir + shimName + "_x_test.go", p.shim(needs.external)})
		}
	}
	return shims
}

// shim is the file's text. The package may declare any name that the language predeclares, so that none is used here.
// A function in a variable is never inlined into its caller: where the runtime records the stacks of creators, it tells
// them by return addresses, and an inlined call that follows would be taken for the caller. The constraint lets a module
// of an older language have a generic function.
func (p *packages) shim(pkg string) string {
	constraint := "go1.21"
	if p.alone {
		// The package of that folder, which the file may import, has no use for it.
		constraint = "ignore && " + constraint
	}
	return strings.NewReplacer(
		"CONSTRAINT", constraint, "PACKAGE", pkg, "PROBE", p.names.probe, "CALL", p.names.call, "VALUE", p.names.value,
		"BIND", p.names.bind, "START", p.names.start, "YIELD", p.names.yield,
	).Replace(`//go:build CONSTRAINT

package PACKAGE

import PROBE "runtime/coverage"

var (
	CALL  = PROBE.GoleakNumGoroutine
	VALUE = BIND(PROBE.GoleakNumGoroutine)
	START = PROBE.GoleakGo
	YIELD = PROBE.GoleakYield
)

func BIND[N, S, L interface{}](call func(func() N, S, L) N) func(func() N, S, L) func() N {
	return func(read func() N, file S, line L) func() N { return func() N { return call(read, file, line) } }
}
`)
}

// declares tells whether the file declares a function of that name.
func declares(file *ast.File, name string) bool {
	return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
		function, ok := decl.(*ast.FuncDecl)
		return ok && function.Recv == nil && function.Name.Name == name
	})
}
