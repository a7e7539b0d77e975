package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
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

// An item is a declaration or a run of statements at the top level of a snippet, with the comments around it.
type item struct {
	start, end int // of the text
	first      int // offset of the first token
	kind       token.Token
	file       *ast.File // of a declaration
	after      int       // of a function that becomes a literal in func main: the offset that it goes to
}

func (i item) isStatement() bool { return i.kind == token.ILLEGAL }

// wrap gives the snippet a package clause, the standard imports that it lacks, and a func main around its statements.
// Functions, types and constants go to the top level, and so do the variables that they use; all others stay
// in func main, since a global would keep alive what it holds.
func wrap(source Source) (wrapped, *Problem) {
	items := split(source.Text)
	top, inMain := arrange(source.Text, items)
	ownMain, ownTest := false, false
	for _, item := range top {
		if item.file != nil {
			ownMain = ownMain || declares(item.file, "main")
			ownTest = ownTest || declaresTest(item.file)
		}
	}
	problemAt := func(offset int, message string) *Problem {
		return &Problem{"usage", source.Name, lineAt(source.Text, offset), columnAt(source.Text, offset), message}
	}
	hasStatements := slices.ContainsFunc(inMain, item.isStatement)
	var problem *Problem
	switch {
	case ownMain && hasStatements:
		stray := inMain[slices.IndexFunc(inMain, item.isStatement)]
		problem = problemAt(stray.first, "A statement stands outside of func main: move it into func main, or leave func main out.")
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
		top, inMain = closures(source.Text, top, inMain)
	}
	whole := assemble(source.Text, nil, top, inMain, !ownMain && !ownTest)
	imports, ok := missingImports(source.Name, whole.text)
	if ok && len(imports) > 0 {
		whole = assemble(source.Text, imports, top, inMain, !ownMain && !ownTest)
	}
	return whole, problem
}

// split cuts the snippet at its top-level semicolons. Neighbouring statements make one item.
func split(text string) []item {
	type tokenAt struct {
		offset int
		tok    token.Token
		lit    string
	}
	var tokens []tokenAt
	eachToken(text, 0, func(offset int, tok token.Token, literal string) {
		tokens = append(tokens, tokenAt{offset, tok, literal})
	})
	var items []item
	for i := 0; i < len(tokens); {
		j, depth := i, 0
		for ; j < len(tokens); j++ {
			switch tokens[j].tok {
			case token.LPAREN, token.LBRACE, token.LBRACK:
				depth++
			case token.RPAREN, token.RBRACE, token.RBRACK:
				depth--
			}
			if tokens[j].tok == token.SEMICOLON && depth <= 0 {
				break
			}
		}
		end := len(text)
		if j < len(tokens) {
			end = tokens[j].offset
			if tokens[j].lit == ";" {
				end++
			}
		}
		current := item{start: tokens[i].offset, end: end, first: tokens[i].offset, kind: token.ILLEGAL}
		switch tok := tokens[i].tok; tok {
		case token.IMPORT, token.TYPE, token.CONST, token.VAR, token.FUNC:
			file, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+text[current.start:end], 0)
			// A broken declaration is still one: the compiler's message shall be about it.
			named := tok == token.FUNC && i+1 < len(tokens) && tokens[i+1].tok == token.IDENT
			if err == nil || tok != token.FUNC || named {
				current.kind = tok
				if err == nil {
					current.file = file
				}
			}
		}
		items = append(items, current)
		i = j + 1
	}
	return withComments(text, items)
}

// withComments stretches the items over all of the text between them. A comment belongs to the item before it, unless
// an empty line sets it off.
func withComments(text string, items []item) []item {
	if len(items) == 0 {
		return nil
	}
	all := comments(text)
	items[0].start = 0
	for i := 1; i < len(items); i++ {
		end := items[i-1].end
		for end < items[i].start {
			next := strings.IndexByte(text[end:items[i].start], '\n')
			if next < 0 {
				break
			}
			next += end
			if k := slices.IndexFunc(all, func(c comment) bool { return c.offset <= next && next < c.offset+len(c.text) }); k >= 0 {
				end = all[k].offset + len(all[k].text)
				continue
			}
			end = next + 1
			if line, _, _ := strings.Cut(text[end:items[i].start], "\n"); strings.TrimSpace(line) == "" {
				break
			}
		}
		items[i-1].end = end
		items[i].start = end
	}
	items[len(items)-1].end = len(text)
	var merged []item
	for _, item := range items {
		if last := len(merged) - 1; last >= 0 && item.isStatement() && merged[last].isStatement() {
			merged[last].end = item.end
			continue
		}
		merged = append(merged, item)
	}
	return merged
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
	global := map[int]bool{}
	for changed := true; changed; {
		changed = false
		for i, item := range items {
			if item.kind == token.VAR && !global[i] && slices.ContainsFunc(declaredNames(item.file), func(name string) bool { return needed[name] }) {
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

// declaresTest tells whether go test would find something to run there.
func declaresTest(file *ast.File) bool {
	return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Recv != nil || len(function.Type.Params.List) != 1 {
			return false
		}
		name := function.Name.Name
		return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Benchmark")
	})
}

func assemble(text string, imports []string, top, inMain []item, withMain bool) wrapped {
	var out strings.Builder
	var whole wrapped
	copied := func(start, end int) {
		whole.parts = append(whole.parts, part{start, out.Len(), end - start})
		out.WriteString(text[start:end])
	}
	put := func(item item) {
		fmt.Fprintf(&out, "//line :%d:%d\n", lineAt(text, item.start), columnAt(text, item.start))
		if decl := plainFunction(item); decl != nil && item.after > 0 {
			// The item was parsed from its first token, behind a package clause.
			offset := func(pos token.Pos) int { return item.first + int(pos-decl.Pos()) }
			copied(item.start, item.first)
			after := offset(decl.Name.End())
			fmt.Fprintf(&out, "%s = func/*line :%d:%d*/", decl.Name.Name, lineAt(text, after), columnAt(text, after))
			copied(after, item.end)
		} else {
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
				fmt.Fprintf(&out, "//line :%d:%d\nvar %s func%s\n_ = %s\n", lineAt(text, at), columnAt(text, at), decl.Name.Name,
					text[at:item.first+int(decl.Body.Pos()-decl.Pos())], decl.Name.Name)
			}
		}
	}
	for _, item := range inMain {
		put(item)
	}
	if withMain {
		end := len(strings.TrimRight(text, "\n"))
		fmt.Fprintf(&out, "//line :%d:%d\n}\n", lineAt(text, end), columnAt(text, end))
	}
	whole.text = out.String()
	return whole
}

// missingImports are the standard packages that the file names and neither imports nor declares.
func missingImports(name, text string) ([]string, bool) {
	file, err := parser.ParseFile(token.NewFileSet(), path.Base(name), text, 0)
	if err != nil {
		return nil, false
	}
	imported := map[string]bool{}
	for _, spec := range file.Imports {
		if spec.Name != nil {
			imported[spec.Name.Name] = true
		} else {
			imported[packageName(strings.Trim(spec.Path.Value, "`\""))] = true
		}
	}
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
	return imports, true
}
