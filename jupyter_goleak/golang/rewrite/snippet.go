package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// wrapped is a snippet made a whole file. Its line directives give every part the position that it has in the snippet.
type wrapped struct {
	text  string
	parts []part
}

// A part of the snippet stands in the whole file byte for byte.
type part struct{ user, build, length int }

// toUser is the offset in the snippet of an offset in the whole file.
func (w wrapped) toUser(build int) (int, bool) {
	for _, p := range w.parts {
		if p.build <= build && build <= p.build+p.length {
			return p.user + build - p.build, true
		}
	}
	return 0, false
}

// isSnippet tells whether a file of such a program still needs its package clause.
func isSnippet(form, text string) bool {
	if form != "snippet" && form != "test" {
		return false
	}
	snippet := true
	first := true
	eachToken(text, 0, func(_ int, tok token.Token, _ string) {
		if first {
			first = false
			snippet = tok != token.PACKAGE
		}
	})
	return snippet
}

// wrap gives the snippet a package clause, the standard imports that it lacks, and a func main around its statements.
// Functions, types and constants go to the top level, and so do the variables that they use; all others stay
// in func main, since a global would keep alive what it holds.
//
// Of a snippet that cannot be cut into its parts, the compiler gets what it shall speak of, and no more.
func wrap(source Source) (wrapped, *Problem) {
	w := newWrapping(source)
	problemAt := func(offset int, message string) *Problem {
		return &Problem{"usage", source.Name, lineAt(source.Text, offset), columnAt(source.Text, offset), message}
	}
	items, stray := split(source.Text)
	if stray >= 0 {
		return w.whole([]item{{start: stray, end: len(source.Text), first: stray}}, nil, false), nil
	}
	if i := slices.IndexFunc(items, func(i item) bool { return i.kind == token.PACKAGE }); i >= 0 {
		return w.whole(items[i:i+1], nil, false),
			problemAt(items[i].first, "The package clause stands below other code: move it to the first line, or leave it out.")
	}
	if i := slices.IndexFunc(items, item.isBroken); i >= 0 {
		return w.whole(items[i:i+1], nil, false), nil
	}
	top, inMain := arrange(source.Text, items)
	ownMain, ownTest := false, false
	for _, item := range top {
		if item.file != nil {
			ownMain = ownMain || declares(item.file, "main")
			ownTest = ownTest || declaresTest(item.file)
		}
	}
	hasStatements := slices.ContainsFunc(inMain, item.isStatement)
	var problem *Problem
	switch {
	case ownMain && hasStatements:
		stray := inMain[slices.IndexFunc(inMain, item.isStatement)]
		problem = problemAt(stray.first, "A statement stands outside of func main: move it into func main, or leave func main out.")
	case ownTest && hasStatements:
		stray := inMain[slices.IndexFunc(inMain, item.isStatement)]
		problem = problemAt(stray.first, "A statement stands outside of the tests: move it into one, or declare a variable with var.")
	case !ownMain && !ownTest && !hasStatements:
		problem = problemAt(0, "The snippet declares things but does nothing: add a statement to run, or a func main.")
	}
	if ownMain || ownTest {
		if !hasStatements {
			top, inMain = append(top, inMain...), nil
			slices.SortStableFunc(top, func(a, b item) int {
				if (a.kind == token.IMPORT) != (b.kind == token.IMPORT) {
					if a.kind == token.IMPORT {
						return -1
					}
					return 1
				}
				return a.start - b.start
			})
		}
	}
	if !ownMain && !ownTest {
		var wrong *misuse
		if top, inMain, wrong = closures(source.Text, top, inMain); wrong != nil {
			problem = problemAt(wrong.offset, wrong.message)
		}
	}
	return w.whole(top, inMain, !ownMain && !ownTest), problem
}

// arrange tells what goes to the top level, imports first, and what into func main.
func arrange(text string, items []item) (top, inMain []item) {
	needed := map[string]bool{}
	need := func(item item) {
		if item.file != nil {
			for _, name := range item.file.Unresolved {
				needed[name.Name] = true
			}
		}
	}
	for _, item := range items {
		switch item.kind {
		case token.FUNC, token.TYPE, token.CONST:
			need(item)
		}
	}
	local := localNames(text, items)
	global := map[int]bool{}
	for changed := true; changed; {
		changed = false
		for i, item := range items {
			if item.kind == token.VAR && !global[i] && !slices.ContainsFunc(declaredNames(item.file), local.has) && slices.ContainsFunc(declaredNames(item.file), func(name string) bool { return needed[name] }) {
				global[i], changed = true, true
				need(item)
			}
		}
	}
	for _, item := range items {
		if item.kind == token.IMPORT {
			top = append(top, item)
		}
	}
	for i, item := range items {
		switch {
		case item.kind == token.IMPORT:
		case item.isStatement(), item.kind == token.VAR && !global[i]:
			inMain = append(inMain, item)
		default:
			top = append(top, item)
		}
	}
	return top, inMain
}

type nameSet map[string]bool

func (s nameSet) has(name string) bool { return s[name] }

// localNames are the variables that statements declare, and the variables and functions that use them in turn: none of
// them can be global.
func localNames(text string, items []item) nameSet {
	local := nameSet{}
	for _, item := range items {
		if item.isStatement() {
			for name := range declarations(text, item) {
				local[name] = true
			}
		}
	}
	for changed := len(local) > 0; changed; {
		changed = false
		for _, item := range items {
			if item.kind != token.VAR && plainFunction(item) == nil {
				continue
			}
			names := topNames(item.file)
			if slices.ContainsFunc(names, local.has) || !slices.ContainsFunc(item.file.Unresolved, func(free *ast.Ident) bool { return local[free.Name] }) {
				continue
			}
			for _, name := range names {
				local[name], changed = true, true
			}
		}
	}
	return local
}

func declaredNames(file *ast.File) []string {
	var names []string
	if file == nil {
		return nil
	}
	for _, decl := range file.Decls {
		if decl, ok := decl.(*ast.GenDecl); ok {
			for _, spec := range decl.Specs {
				if spec, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range spec.Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// declaresTest tells whether go test would find something there to run, or to complain of.
func declaresTest(file *ast.File) bool {
	return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Recv != nil || len(function.Type.Params.List) == 0 {
			return false
		}
		name := function.Name.Name
		return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Benchmark")
	})
}

// A wrapping makes a whole file of a snippet.
type wrapping struct {
	text   string
	places *token.File
	others bool // it may have line directives of its own, which name other files
}

func newWrapping(source Source) wrapping {
	return wrapping{
		source.Text,
		scan(source, 0, func(int, token.Token, string) {}),
		strings.Contains(source.Text, "//line ") || strings.Contains(source.Text, "/*line "),
	}
}

// at is where the offset stands for whoever reads positions, as a line directive says it.
func (w wrapping) at(offset int) string {
	position := w.places.Position(w.places.Pos(offset))
	name := ""
	if w.others {
		name = position.Filename
	}
	if position.Column <= 0 {
		return fmt.Sprintf("%s:%d", name, position.Line)
	}
	return fmt.Sprintf("%s:%d:%d", name, position.Line, position.Column)
}

// whole is the file with the imports that it lacks.
func (w wrapping) whole(top, inMain []item, withMain bool) wrapped {
	whole := w.assemble(nil, top, inMain, withMain)
	if imports := missingImports(whole.text); len(imports) > 0 {
		whole = w.assemble(imports, top, inMain, withMain)
	}
	return whole
}

func (w wrapping) assemble(imports []string, top, inMain []item, withMain bool) wrapped {
	text := w.text
	var out strings.Builder
	var whole wrapped
	copied := func(start, end int) {
		whole.parts = append(whole.parts, part{start, out.Len(), end - start})
		out.WriteString(text[start:end])
	}
	put := func(item item) {
		if doc, end := preamble(text, item); end > 0 {
			// All that stands above the import is C: C has to be told the line in its own way, and Go afterwards.
			copied(item.start, doc)
			fmt.Fprintf(&out, "// #line %d\n", lineAt(text, doc))
			copied(doc, end)
			fmt.Fprintf(&out, "/*line %s*/", w.at(end))
			copied(end, item.end)
		} else if decl := plainFunction(item); decl != nil && item.after > 0 {
			// The item was parsed from its first token, behind a package clause.
			after := item.first + int(decl.Name.End()-decl.Pos())
			fmt.Fprintf(&out, "//line %s\n", w.at(item.start))
			copied(item.start, item.first)
			fmt.Fprintf(&out, "%s = func/*line %s*/", decl.Name.Name, w.at(after))
			copied(after, item.end)
		} else {
			fmt.Fprintf(&out, "//line %s\n", w.at(item.start))
			copied(item.start, item.end)
		}
		if !strings.HasSuffix(text[item.start:item.end], "\n") {
			out.WriteString("\n")
		}
	}
	out.WriteString("package main")
	for _, path := range imports {
		fmt.Fprintf(&out, "; import %q", path)
	}
	out.WriteString("\n")
	for _, item := range top {
		put(item)
	}
	if withMain {
		out.WriteString("func main() {\n")
		for _, item := range inMain {
			if decl := plainFunction(item); decl != nil && item.after > 0 {
				at := item.first + int(decl.Type.Params.Pos()-decl.Pos())
				fmt.Fprintf(&out, "//line %s\nvar %s func%s\n_ = %s\n", w.at(at), decl.Name.Name,
					text[at:item.first+int(decl.Body.Pos()-decl.Pos())], decl.Name.Name)
			}
		}
	}
	for _, item := range inMain {
		put(item)
	}
	if withMain {
		fmt.Fprintf(&out, "//line %s\n}\n", w.at(len(strings.TrimRight(text, "\n"))))
	}
	whole.text = out.String()
	return whole
}

// preamble is where the C code above `import "C"` begins and where the import ends; end is 0 where there is none.
func preamble(text string, item item) (start, end int) {
	if item.kind != token.IMPORT || item.file == nil || len(importedAs(item.file, "C")) == 0 {
		return 0, 0
	}
	const head = "package p;\n"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+text[item.start:item.end], parser.ParseComments|parser.ImportsOnly)
	if err != nil || len(file.Decls) != 1 {
		return 0, 0
	}
	decl, ok := file.Decls[0].(*ast.GenDecl)
	if !ok || decl.Doc == nil {
		return 0, 0
	}
	offset := func(pos token.Pos) int { return item.start + int(pos-file.FileStart) - len(head) }
	return offset(decl.Doc.Pos()), offset(decl.End())
}

// missingImports are the standard packages that the file names and neither imports nor declares. A file that cannot be
// parsed gets them as well: what the compiler has to say of it is not that they are missing.
func missingImports(text string) []string {
	file, _ := parser.ParseFile(token.NewFileSet(), "", text, parser.AllErrors)
	if file == nil {
		return nil
	}
	imported := importedNames(file)
	free := map[*ast.Ident]bool{}
	for _, ident := range file.Unresolved {
		free[ident] = true
	}
	used := map[string]map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok && free[x] && !imported[x.Name] && ast.IsExported(selector.Sel.Name) {
				if used[x.Name] == nil {
					used[x.Name] = map[string]bool{}
				}
				used[x.Name][selector.Sel.Name] = true
			}
		}
		return true
	})
	var imports []string
	for name, members := range used {
		if path := standardPackage(name, members); path != "" {
			imports = append(imports, path)
		}
	}
	slices.Sort(imports)
	return imports
}
