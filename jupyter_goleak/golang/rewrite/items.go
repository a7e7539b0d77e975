package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// itemHead stands before a declaration that is parsed alone.
const itemHead = "package p;"

// An item is a declaration or a run of statements at the top level of a snippet, with the comments around it.
type item struct {
	start, end int // of the text
	first      int // offset of the first token
	kind       token.Token
	file       *ast.File // of a declaration
	after      int       // of a function that becomes a literal in func main: the offset that it goes to
}

func (i item) isStatement() bool { return i.kind == token.ILLEGAL }

// isBroken tells whether it is a declaration that cannot be parsed.
func (i item) isBroken() bool { return !i.isStatement() && i.file == nil }

type tokenAt struct {
	offset int
	tok    token.Token
	lit    string
}

// split cuts the snippet at its top-level semicolons. Neighbouring statements make one item. stray is the offset of the
// first closing brace that closes nothing, -1 where there is none.
func split(text string) (items []item, stray int) {
	var tokens []tokenAt
	eachToken(text, 0, func(offset int, tok token.Token, literal string) {
		tokens = append(tokens, tokenAt{offset, tok, literal})
	})
	for i := 0; i < len(tokens); {
		j, brace := topLevelEnd(tokens, i)
		if brace >= 0 {
			return nil, tokens[brace].offset
		}
		tok := tokens[i].tok
		if tok == token.FUNC && j+1 < len(tokens) && tokens[j+1].tok == token.LBRACE && tokens[j-1].tok != token.RBRACE {
			// A body on a line of its own is the mistake of who comes from another language.
			j, _ = topLevelEnd(tokens, j+1)
		}
		end := len(text)
		if j < len(tokens) {
			end = tokens[j].offset
			if tokens[j].lit == ";" {
				end++
			}
		}
		current := item{start: tokens[i].offset, end: end, first: tokens[i].offset, kind: token.ILLEGAL}
		switch tok {
		case token.PACKAGE:
			current.kind = tok
		case token.IMPORT, token.TYPE, token.CONST, token.VAR, token.FUNC:
			file, err := parser.ParseFile(token.NewFileSet(), "", itemHead+text[current.start:end], 0)
			// A broken declaration is still one: the compiler's message shall be about it.
			if err == nil || tok != token.FUNC || isNamed(tokens[i:j]) {
				current.kind = tok
				if err == nil {
					current.file = file
				}
			}
		}
		items = append(items, current)
		i = j + 1
	}
	return withComments(text, items), -1
}

// topLevelEnd is the index of the semicolon that ends what begins with the token i, len(tokens) where none does. stray is
// the index of a brace on the way that closes nothing, else -1.
func topLevelEnd(tokens []tokenAt, i int) (end, stray int) {
	var open []token.Token
	for ; i < len(tokens); i++ {
		switch tok := tokens[i].tok; tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, tok)
		case token.RPAREN, token.RBRACK:
			if len(open) > 0 && open[len(open)-1] != token.LBRACE {
				open = open[:len(open)-1]
			}
		case token.RBRACE:
			if len(open) == 0 {
				return i, i
			}
			// A parenthesis that is not closed ends with the braces around it.
			for len(open) > 1 && open[len(open)-1] != token.LBRACE {
				open = open[:len(open)-1]
			}
			open = open[:len(open)-1]
		case token.SEMICOLON:
			if len(open) == 0 {
				return i, -1
			}
		}
	}
	return i, -1
}

// isNamed tells a function or method from a function literal.
func isNamed(function []tokenAt) bool {
	depth := 0
	for i, each := range function[1:] {
		switch each.tok {
		case token.IDENT:
			if depth == 0 {
				return i == 0 || function[i].tok == token.RPAREN && i+2 < len(function) && function[i+2].tok == token.LPAREN
			}
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		case token.LBRACE:
			return false
		}
	}
	return false
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
			for len(all) > 0 && all[0].offset+len(all[0].text) <= next {
				all = all[1:]
			}
			if len(all) > 0 && all[0].offset <= next {
				end = all[0].offset + len(all[0].text)
				continue
			}
			end = next + 1
			// A directive is about the declaration below.
			line, _, _ := strings.Cut(text[end:items[i].start], "\n")
			if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "//go:") {
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
