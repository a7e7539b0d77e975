package main

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// The edits of a draft. Each keeps comments, and keeps to the lines that it must change.

func (d *draft) offset(pos token.Pos) (*typedFile, int) {
	file := d.r.file(pos)
	if file == nil || !pos.IsValid() {
		d.broken = true
		return nil, 0
	}
	if !d.anchor.IsValid() {
		d.anchor = pos
	}
	return file, d.r.fset.PositionFor(pos, false).Offset
}

func (d *draft) put(file *typedFile, start, end int, text string) {
	for _, other := range d.edits[file] {
		if start < other.end && other.start < end {
			d.broken = true // two edits of the same text
		}
	}
	d.edits[file] = append(d.edits[file], edit{start, end, text})
}

// replace puts the text in the place of the node.
func (d *draft) replace(node ast.Node, text string) { d.substitute(node.Pos(), node.End(), text) }

func (d *draft) substitute(from, to token.Pos, text string) {
	file, start := d.offset(from)
	_, end := d.offset(to)
	if file != nil {
		d.put(file, start, end, text)
	}
}

// insert puts the text right before the position.
func (d *draft) insert(pos token.Pos, text string) { d.substitute(pos, pos, text) }

// raw is the text of the node as it is written.
func (r *repairer) raw(node ast.Node) string { return r.rawBetween(node.Pos(), node.End()) }

func (r *repairer) rawBetween(from, to token.Pos) string {
	file := r.file(from)
	if file == nil {
		return ""
	}
	return file.text[r.fset.PositionFor(from, false).Offset:r.fset.PositionFor(to, false).Offset]
}

// restOfLine is the text from the position to the end of its line.
func (r *repairer) restOfLine(pos token.Pos) string {
	file := r.file(pos)
	if file == nil {
		return ""
	}
	offset := r.fset.PositionFor(pos, false).Offset
	_, end := lineBounds(file.text, offset)
	return file.text[offset:end]
}

// indent is the white space that the line of the position starts with.
func (r *repairer) indent(pos token.Pos) string {
	file := r.file(pos)
	if file == nil {
		return ""
	}
	start, end := lineBounds(file.text, r.fset.PositionFor(pos, false).Offset)
	line := file.text[start:end]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

func indented(code, indent string) string { return strings.ReplaceAll(code, "\n", "\n"+indent) }

// after puts code on its own lines below the statement, or behind a semicolon where the line goes on.
func (d *draft) after(stmt ast.Node, code string) {
	file, end := d.offset(stmt.End())
	if file == nil {
		return
	}
	_, lineEnd := lineBounds(file.text, end)
	indent := d.r.indent(stmt.Pos())
	if onlyComment(file.text[end:lineEnd]) {
		d.put(file, lineEnd, lineEnd, "\n"+indent+indented(code, indent))
		return
	}
	d.put(file, end, end, "; "+indented(code, indent))
}

// before puts code on its own lines above the statement, or before a semicolon where it does not begin the line.
func (d *draft) before(stmt ast.Node, code string) {
	file, start := d.offset(stmt.Pos())
	if file == nil {
		return
	}
	lineStart, _ := lineBounds(file.text, start)
	indent := d.r.indent(stmt.Pos())
	if strings.TrimSpace(file.text[lineStart:start]) == "" {
		d.put(file, start, start, indented(code, indent)+"\n"+indent)
		return
	}
	d.put(file, start, start, indented(code, indent)+"; ")
}

// first puts code at the beginning of a block.
func (d *draft) first(body *ast.BlockStmt, code string) {
	file, brace := d.offset(body.Lbrace)
	if file == nil {
		return
	}
	brace++
	indent := d.r.indent(body.Pos()) + "\t"
	_, lineEnd := lineBounds(file.text, brace)
	switch {
	case len(body.List) == 0 && !strings.Contains(d.r.rawBetween(body.Lbrace, body.Rbrace), "\n"):
		d.put(file, brace, brace, " "+indented(code, indent)+" ")
	case onlyComment(file.text[brace:lineEnd]):
		d.put(file, lineEnd, lineEnd, "\n"+indent+indented(code, indent))
	default:
		d.put(file, brace, brace, " "+indented(code, indent)+";")
	}
}

// last puts code at the end of a block.
func (d *draft) last(body *ast.BlockStmt, code string) {
	if len(body.List) == 0 {
		d.first(body, code)
		return
	}
	stmt := body.List[len(body.List)-1]
	if _, returns := stmt.(*ast.ReturnStmt); returns {
		d.before(stmt, code)
		return
	}
	if strings.Contains(d.r.rawBetween(stmt.Pos(), body.Rbrace), "\n") {
		d.after(stmt, code)
		return
	}
	indent := d.r.indent(body.Pos())
	d.substitute(stmt.End(), body.Rbrace, "\n\t"+indent+indented(code, "\t"+indent)+"\n"+indent)
}

// global puts a declaration of its own above the one that the function stands in.
func (d *draft) global(fn *function, code string) {
	for _, decl := range d.r.file(fn.node.Pos()).syntax.Decls {
		if decl.Pos() <= fn.node.Pos() && fn.node.Pos() < decl.End() {
			pos := decl.Pos()
			if declared, ok := decl.(*ast.FuncDecl); ok && declared.Doc != nil {
				pos = declared.Doc.Pos()
			}
			d.insert(pos, code+"\n\n")
		}
	}
}

// remove takes a statement away, with its line where it has that for itself.
func (d *draft) remove(stmt ast.Node) {
	file, start := d.offset(stmt.Pos())
	_, end := d.offset(stmt.End())
	if file == nil {
		return
	}
	lineStart, _ := lineBounds(file.text, start)
	_, lineEnd := lineBounds(file.text, end)
	if strings.TrimSpace(file.text[lineStart:start]) == "" && onlyComment(file.text[end:lineEnd]) {
		d.put(file, lineStart, min(lineEnd+1, len(file.text)), "")
		return
	}
	rest := strings.TrimLeft(file.text[end:lineEnd], " \t")
	if strings.HasPrefix(rest, ";") {
		end = lineEnd - len(rest) + 1
	}
	d.put(file, start, end, "")
}

// importing makes sure that the file around the position imports the package, and gives the name that it has there.
func (d *draft) importing(pos token.Pos, importPath string) string {
	file := d.r.file(pos)
	if file == nil {
		d.broken = true
		return ""
	}
	if names := importedAs(file.syntax, importPath); len(names) > 0 {
		return names[0]
	}
	if _, snippet := d.r.users[file.name]; snippet {
		return packageName(importPath) // its imports are found when it is built
	}
	line := strconv.Quote(importPath)
	for _, decl := range file.syntax.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.IMPORT {
			continue
		}
		if group.Lparen.IsValid() {
			for _, spec := range group.Specs {
				if other := spec.(*ast.ImportSpec); other.Path.Value > line {
					d.insert(spec.Pos(), line+"\n\t")
					return packageName(importPath)
				}
			}
			d.insert(group.Rparen, "\t"+line+"\n")
		} else {
			spec := group.Specs[0].(*ast.ImportSpec)
			lines := []string{d.r.raw(spec), line}
			if line < lines[0] {
				slices.Reverse(lines)
			}
			d.substitute(spec.Pos(), spec.End(), "(\n\t"+strings.Join(lines, "\n\t")+"\n)")
		}
		return packageName(importPath)
	}
	d.insert(file.syntax.Name.End(), "\n\nimport "+line)
	return packageName(importPath)
}

// onlyComment tells whether the rest of a line holds no code.
func onlyComment(rest string) bool {
	empty := true
	eachToken(rest, scanner.Mode(0), func(_ int, tok token.Token, literal string) {
		if tok != token.SEMICOLON || literal != "\n" {
			empty = false
		}
	})
	return empty
}
