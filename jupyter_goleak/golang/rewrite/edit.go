package main

import (
	"cmp"
	"fmt"
	"go/token"
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

// lineAt is the line, counted from 1, that the offset stands in.
func lineAt(text string, offset int) int {
	return strings.Count(text[:offset], "\n") + 1
}

// columnAt is the column in bytes, counted from 1.
func columnAt(text string, offset int) int {
	return offset - strings.LastIndexByte(text[:offset], '\n')
}

// lineTable knows the text's lines, for whoever asks for more than a few.
func lineTable(text string) *token.File {
	table := token.NewFileSet().AddFile("", -1, len(text))
	table.SetLinesForContent([]byte(text))
	return table
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
