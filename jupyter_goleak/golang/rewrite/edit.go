package main

import (
	"cmp"
	"fmt"
	gobuild "go/build"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// An edit replaces the bytes [start, end) of a text.
type edit struct {
	start, end int
	text       string
}

// apply makes all edits at once; their ranges must not overlap.
func apply(text string, edits []edit) string {
	if len(edits) == 0 {
		return text
	}
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	var out strings.Builder
	last := 0
	for _, e := range edits {
		out.WriteString(text[last:e.start])
		out.WriteString(e.text)
		last = e.end
	}
	out.WriteString(text[last:])
	return out.String()
}

// lineDirective gives what follows it that position. Behind a line directive of the user's own the column may be unknown;
// then the line alone stays right, since no edit adds one.
func lineDirective(at token.Position) string {
	if at.Column <= 0 {
		return ""
	}
	return fmt.Sprintf("/*line :%d:%d*/", at.Line, at.Column)
}

var userDirective = regexp.MustCompile(`^(//line |/\*line )([^:\n]+)(:\d+(?::\d+)?)([ \t\r]*(?:\*/)?)$`)

// anchored has the text's line directives name their files as seen from the folder that the text belongs to: what the
// compiler reads stands elsewhere. Before Go 1.27 a relative name stays as it is.
func anchored(text, folder string) string {
	if !strings.Contains(text, "line ") || !slices.Contains(gobuild.Default.ReleaseTags, "go1.27") {
		return text
	}
	var edits []edit
	for _, comment := range comments(text) {
		match := userDirective.FindStringSubmatch(comment.text)
		if match == nil || filepath.IsAbs(match[2]) || match[1] == "//line " && columnAt(text, comment.offset) != 1 {
			continue
		}
		directive := match[1] + filepath.Join(folder, match[2]) + match[3] + match[4]
		edits = append(edits, edit{comment.offset, comment.offset + len(comment.text), directive})
	}
	return apply(text, edits)
}

// lineAt is the line, counted from 1, that the offset stands in.
func lineAt(text string, offset int) int {
	return strings.Count(text[:offset], "\n") + 1
}

// columnAt is the column in bytes, counted from 1.
func columnAt(text string, offset int) int {
	return offset - strings.LastIndexByte(text[:offset], '\n')
}

// lineFinder is lineAt for many offsets of one text.
func lineFinder(text string) func(offset int) int {
	table := token.NewFileSet().AddFile("", -1, len(text))
	table.SetLinesForContent([]byte(text))
	return func(offset int) int { return table.Line(table.Pos(offset)) }
}

// lineBounds is the range of the line around offset, without its line end.
func lineBounds(text string, offset int) (start, end int) {
	start = strings.LastIndexByte(text[:offset], '\n') + 1
	end = len(text)
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	return start, end
}
