package main

import (
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
)

var marker = regexp.MustCompile(`^//\s*goleak:(\S+)[ \t]*(.*?)[ \t]*$`)

// withMarkers is the program with its markers carried out, line for line: a comment //goleak:fix gives its code in the
// place of its line, and a line that ends in //goleak:leak is left out.
func withMarkers(program Program) (Program, bool, *Problem) {
	out := program
	out.Files = nil
	any := false
	for _, source := range program.Files {
		if strings.HasSuffix(source.Name, ".go") && strings.Contains(source.Text, "goleak:") {
			text, found, problem := carryOut(source)
			if problem != nil {
				return program, false, problem
			}
			any = any || found
			source.Text = text
		}
		out.Files = append(out.Files, source)
	}
	return out, any, nil
}

func carryOut(source Source) (string, bool, *Problem) {
	var edits []edit
	for _, comment := range comments(source.Text) {
		match := marker.FindStringSubmatch(comment.text)
		if match == nil {
			continue
		}
		start, end := lineBounds(source.Text, comment.offset)
		before := source.Text[start:comment.offset]
		indent := before[:len(before)-len(strings.TrimLeft(before, " \t"))]
		problem := &Problem{"usage", source.Name, lineAt(source.Text, start), columnAt(source.Text, comment.offset), ""}
		switch match[1] {
		case "fix":
			line := indent + match[2]
			edits = append(edits, edit{start, end, strings.TrimRight(line, " \t")})
		case "leak":
			if strings.TrimSpace(before) == "" {
				problem.Message = "The marker //goleak:leak stands alone: put it at the end of the line that only the leaky variant has."
				return "", false, problem
			}
			edits = append(edits, edit{start, end, ""})
		default:
			problem.Message = "There is no marker //goleak:" + match[1] + ": the two are //goleak:fix CODE and, at the end of a line, //goleak:leak."
			return "", false, problem
		}
	}
	return apply(source.Text, edits), len(edits) > 0, nil
}

type comment struct {
	offset int
	text   string
}

// comments are those that Go's own scanner finds, so none inside a string.
func comments(text string) []comment {
	var found []comment
	eachToken(text, scanner.ScanComments, func(offset int, tok token.Token, literal string) {
		if tok == token.COMMENT {
			found = append(found, comment{offset, literal})
		}
	})
	return found
}

func eachToken(text string, mode scanner.Mode, visit func(offset int, tok token.Token, literal string)) {
	scan(Source{Text: text}, mode, visit)
}

// scan visits the tokens; the table that it returns knows the line directives, too.
func scan(source Source, mode scanner.Mode, visit func(offset int, tok token.Token, literal string)) *token.File {
	text := source.Text
	file := token.NewFileSet().AddFile(source.Name, -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), func(token.Position, string) {}, mode)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return file
		}
		visit(file.Offset(pos), tok, literal)
	}
}
