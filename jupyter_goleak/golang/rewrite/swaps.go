package main

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// swaps are comments that hold another version of the line above, of the line below, or of the code that they trail.
func swaps(lines []commentLine, text string) []hint {
	var all []hint
	for _, line := range lines {
		code := strings.TrimSpace(line.code)
		if code == "" || strings.Contains(code, "\n") {
			continue
		}
		start, end := lineBounds(text, line.edit.start)
		if !line.own {
			codeEnd := line.edit.start
			if strings.Contains(text[codeEnd:line.edit.end], "\n") {
				continue
			}
			if version := anotherVersion(strings.TrimSpace(text[start:codeEnd]), code); version != "" {
				all = append(all, swap(text, start, codeEnd, version, line.line, edit{codeEnd, line.edit.end, ""}))
			}
			continue
		}
		gone := edit{start, end, ""}
		if end < len(text) {
			from, to := lineBounds(text, end+1)
			if version := anotherVersion(uncommented(text[from:to]), code); version != "" {
				all = append(all, swap(text, from, to, version, line.line+1, gone))
			}
		}
		if start > 0 {
			from, to := lineBounds(text, start-1)
			if version := anotherVersion(uncommented(text[from:to]), code); version != "" {
				all = append(all, swap(text, from, to, version, line.line-1, gone))
			}
		}
	}
	return all
}

// swap puts the version in the place of the code in [from, to); the comment goes.
func swap(text string, from, to int, version string, line int, comment edit) hint {
	old := text[from:to]
	indent := old[:len(old)-len(strings.TrimLeft(old, " \t"))]
	title := quoted(version) + " for " + quoted(uncommented(old))
	return hint{title, line, []edit{{from, to, indent + version}, comment}, 1}
}

// uncommented is the code of one line without the comment at its end.
func uncommented(line string) string {
	if all := comments(line); len(all) > 0 {
		line = line[:all[0].offset]
	}
	return strings.TrimSpace(line)
}

// anotherVersion is the whole line that the comment's code offers for that code; "" where they have nothing in common.
func anotherVersion(code, comment string) string {
	if code == "" || code == comment {
		return ""
	}
	if similar(words(code), words(comment)) {
		return comment
	}
	// The comment may hold only the call on the right of an assignment.
	call, ok := parseCall(comment)
	if !ok {
		return ""
	}
	for _, sign := range []string{":=", "="} {
		left, right, found := strings.Cut(code, sign)
		if !found {
			continue
		}
		if old, ok := parseCall(strings.TrimSpace(right)); ok && old == call {
			return left + sign + " " + comment
		}
	}
	return ""
}

// parseCall is the function's name in a text that is one call.
func parseCall(text string) (string, bool) {
	e, err := parser.ParseExpr(text)
	if err != nil {
		return "", false
	}
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	return text[:call.Lparen-1], true
}

// words are the tokens up to what starts to differ between versions: behind a keyword, an assignment's sign, or the
// parenthesis of a call.
func words(code string) []string {
	var found []string
	done := false
	eachToken(code, scanner.Mode(0), func(_ int, tok token.Token, literal string) {
		if done {
			return
		}
		if literal == "" || !tok.IsLiteral() && !tok.IsKeyword() {
			literal = tok.String()
		}
		found = append(found, literal)
		switch tok {
		case token.DEFINE, token.ASSIGN, token.LPAREN, token.ARROW, token.FOR:
			done = true
		}
	})
	if !done || found[0] == token.CASE.String() {
		return nil
	}
	return found
}

func similar(a, b []string) bool { return a != nil && slices.Equal(a, b) }
