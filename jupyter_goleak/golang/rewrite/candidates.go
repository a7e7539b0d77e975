package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"sort"
	"strings"
)

const (
	maxCandidates = 12
	maxLines      = 40  // of one comment group
	maxTries      = 400 // parses of comment text, per program
)

// A hint is code in a comment that could stand in the program: edits of the user's text.
type hint struct {
	title string
	line  int
	edits []edit
	rank  int // the lower, the more promising
}

// commentedOut finds the statements that stand in comments where statements may stand, the most promising first.
func commentedOut(program Program) []Candidate {
	type found struct {
		file int
		hint
	}
	var all []found
	tries := maxTries
	for i, source := range program.Files {
		if !program.holds(source) {
			continue
		}
		for _, hint := range hints(program.Form, source, &tries) {
			all = append(all, found{i, hint})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.rank, b.rank) })
	candidates := []Candidate{}
	for _, hint := range all {
		if len(candidates) == maxCandidates {
			break
		}
		source := program.Files[hint.file]
		edited := Source{source.Name, apply(source.Text, hint.edits)}
		whole := program
		whole.Files = slices.Clone(program.Files)
		whole.Files[hint.file] = edited
		variant, problem := build(whole)
		if problem != nil || undeclared(program, source, edited) {
			continue
		}
		variant.Files = variant.Files[hint.file : hint.file+1]
		candidates = append(candidates, Candidate{hint.title, source.Name, hint.line, variant})
	}
	return candidates
}

// quoted is the code on one line, for a title.
func quoted(code string) string {
	code = strings.TrimSpace(code)
	if line, _, more := strings.Cut(code, "\n"); more {
		code = strings.TrimSpace(line) + " …"
	}
	return "`" + strings.ReplaceAll(code, "`", "'") + "`"
}

// hints are the candidates of one file, in the order of the text.
func hints(form string, source Source, tries *int) []hint {
	whole := wrapped{source.Text, []part{{0, 0, len(source.Text)}}}
	if isSnippet(form, source.Text) {
		whole, _ = wrap(source)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path.Base(source.Name), whole.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	var all []hint
	lineOf := lineFinder(source.Text)
	where := standings(file)
	for i, group := range file.Comments {
		if where[i] == elsewhere {
			all = append(all, insertions(fset, group, source.Text, lineOf, whole)...)
			continue
		}
		lines := commentLines(fset, group, source.Text, lineOf, whole)
		if len(lines) == 0 {
			continue
		}
		all = append(all, runs(lines, source.Text, where[i], tries)...)
		all = append(all, swaps(lines, source.Text)...)
	}
	// What a snippet declares stands above its statements in the whole file.
	slices.SortStableFunc(all, func(a, b hint) int { return cmp.Compare(a.line, b.line) })
	return all
}

// insertions are comments inside of a statement, whose text may complete it.
func insertions(fset *token.FileSet, group *ast.CommentGroup, text string, lineOf func(int) int, whole wrapped) []hint {
	var all []hint
	for _, comment := range group.List {
		offset, ok := whole.toUser(fset.PositionFor(comment.Pos(), false).Offset)
		code, block := strings.CutPrefix(comment.Text, "/*")
		if !ok || !block || offset+len(comment.Text) > len(text) {
			continue
		}
		code = strings.TrimSuffix(code, "*/")
		if strings.TrimSpace(code) == "" || strings.HasPrefix(code, "line ") {
			continue
		}
		all = append(all, hint{"uncomment " + quoted(code), lineOf(offset), []edit{{offset, offset + len(comment.Text), code}}, 3})
	}
	return all
}

// A commentLine is one line of comment text: an edit that leaves only the code, and the code.
type commentLine struct {
	code string
	line int
	edit edit
	own  bool // nothing else stands on the line
}

// commentLines are the lines of a group of // comments, or of one /* comment.
func commentLines(fset *token.FileSet, group *ast.CommentGroup, text string, lineOf func(int) int, whole wrapped) []commentLine {
	var lines []commentLine
	for _, comment := range group.List {
		offset, ok := whole.toUser(fset.PositionFor(comment.Pos(), false).Offset)
		end := offset + len(comment.Text)
		if !ok || end > len(text) || text[offset:end] != comment.Text {
			continue // a line directive of ours
		}
		start, lineEnd := lineBounds(text, offset)
		own := strings.TrimSpace(text[start:offset]) == ""
		if code, ok := strings.CutPrefix(comment.Text, "//"); ok {
			if strings.HasPrefix(code, "line ") || strings.HasPrefix(code, "go:") {
				continue
			}
			code = strings.TrimRight(code, " \t")
			if own {
				// One space after the slashes is the comment's, what follows is indentation.
				lines = append(lines, commentLine{code, lineOf(offset), edit{offset, lineEnd, strings.TrimPrefix(code, " ")}, true})
			} else {
				lines = append(lines, commentLine{code, lineOf(offset), edit{codeEnd(text, offset), lineEnd, separator(text[start:offset]) + strings.TrimSpace(code)}, false})
			}
			continue
		}
		code := strings.TrimSuffix(strings.TrimPrefix(comment.Text, "/*"), "*/")
		// Only where nothing follows on its last line, lest the rest became part of it.
		_, lastEnd := lineBounds(text, end)
		if strings.TrimSpace(text[end:lastEnd]) != "" {
			continue
		}
		from, replacement := offset, strings.Trim(code, " \t")
		if !own {
			from, replacement = codeEnd(text, offset), separator(text[start:offset])+replacement
		}
		lines = append(lines, commentLine{code, lineOf(offset) + leadingLines(code), edit{from, end, replacement}, false})
	}
	return lines
}

// leadingLines counts the empty lines before the code.
func leadingLines(code string) int {
	return strings.Count(code[:len(code)-len(strings.TrimLeft(code, " \t\n"))], "\n")
}

// codeEnd is where the code before a trailing comment ends.
func codeEnd(text string, offset int) int {
	return len(strings.TrimRight(text[:offset], " \t"))
}

// separator ends the statement that stands before a trailing comment.
func separator(before string) string {
	if before = strings.TrimRight(before, " \t"); before == "" || strings.ContainsAny(before[len(before)-1:], "{;:") {
		return " "
	}
	return "; "
}

// runs are the longest runs of lines that parse as statements together, then the single ones in them.
func runs(lines []commentLine, text string, where standing, tries *int) []hint {
	var all []hint
	if len(lines) > maxLines {
		lines = lines[:maxLines]
	}
	add := func(from, to int) bool {
		var code []string
		for _, line := range lines[from:to] {
			code = append(code, line.code)
		}
		joined := strings.Join(code, "\n")
		if *tries--; *tries < 0 {
			return false
		}
		stmts := statements(joined)
		if stmts == nil && where == amongClauses {
			stmts = clauses(joined)
		}
		if stmts == nil {
			return false
		}
		joinedEdit := lines[from].edit
		for _, line := range lines[from+1 : to] {
			joinedEdit.text += text[joinedEdit.end:line.edit.start] + line.edit.text
			joinedEdit.end = line.edit.end
		}
		all = append(all, hint{"uncomment " + quoted(joined), lines[from].line, []edit{joinedEdit}, rank(stmts)})
		return true
	}
	for from := 0; from < len(lines); {
		next := from + 1
		for to := len(lines); to > from; to-- {
			if contiguous(lines[from:to]) && strings.TrimSpace(lines[from].code) != "" && add(from, to) {
				if to-from > 1 {
					for i := from; i < to; i++ {
						add(i, i+1)
					}
				}
				next = to
				break
			}
		}
		from = next
	}
	return all
}

func contiguous(lines []commentLine) bool {
	if len(lines) == 1 {
		return true
	}
	for i, line := range lines {
		if !line.own || i > 0 && line.line != lines[i-1].line+1 {
			return false
		}
	}
	return true
}

// A place where a comment stands, and what may stand there instead.
type standing int

const (
	elsewhere standing = iota
	amongStatements
	amongClauses // of a select or switch; the statements of the case above may go on there as well
)

// standings tells what could stand where each group of comments does. It is generous: what does not fit, the parser tells later.
func standings(file *ast.File) []standing {
	groups := file.Comments
	outer, inner := make([]ast.Node, len(groups)), make([]ast.Node, len(groups))
	ast.Inspect(file, func(node ast.Node) bool {
		if node == nil {
			return false
		}
		first := sort.Search(len(groups), func(i int) bool { return groups[i].Pos() >= node.Pos() })
		i := first
		for ; i < len(groups) && groups[i].End() <= node.End(); i++ {
			outer[i], inner[i] = inner[i], node
		}
		return i > first
	})
	all := make([]standing, len(groups))
	for i, group := range groups {
		all[i] = standingIn(outer[i], inner[i], group)
	}
	return all
}

func standingIn(outer, inner ast.Node, group *ast.CommentGroup) standing {
	switch node := inner.(type) {
	case *ast.BlockStmt:
		switch outer.(type) {
		case *ast.SelectStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt:
			return amongClauses
		}
		return amongStatements
	case *ast.CaseClause:
		if node.Colon < group.Pos() {
			return amongClauses
		}
	case *ast.CommClause:
		if node.Colon < group.Pos() {
			return amongClauses
		}
	}
	return elsewhere
}

// undeclared tells whether the edited text uses a name that nothing declares, so that it cannot compile.
func undeclared(program Program, source, edited Source) bool {
	if program.Form != "file" {
		return false
	}
	free := func(text string) map[string]bool { // names, and whether no import explains them
		names := map[string]bool{}
		file, err := parser.ParseFile(token.NewFileSet(), "", text, 0)
		if err != nil {
			return names
		}
		imported := importedNames(file)
		for _, ident := range file.Unresolved {
			names[ident.Name] = names[ident.Name] || !imported[ident.Name]
		}
		return names
	}
	before := free(source.Text)
	for name, unknown := range free(edited.Text) {
		if _, was := before[name]; unknown && !was && !universe(name) {
			return true
		}
	}
	return false
}
