package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"path"
	"path/filepath"
	"strings"
)

// A Program is a request: all files, and how the user wrote them ("file", "snippet", "test", "txtar" or "package"). With
// Yields, what is built may give way before each statement that other goroutines care about. Directory is where the
// files of a package stand, "" for a program that is written somewhere else to be built.
type Program struct {
	Form      string   `json:"form"`
	Files     []Source `json:"files"`
	Yields    bool     `json:"yields"`
	Directory string   `json:"directory"`
}

// A File is one file of a variant: Text is what the user reads, Build what the compiler gets.
type File struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Build string `json:"build_text"`
}

// A Variant is a whole program that can be built.
type Variant struct {
	Files []File `json:"files"`
}

// A Candidate is an edit that may cure a leak. Its variant holds only the files that it changes.
type Candidate struct {
	Title   string  `json:"title"`
	File    string  `json:"file"`
	Line    int     `json:"line"`
	Variant Variant `json:"variant"`
}

// Prepared answers prepare. Marked is the variant that the user's own markers make, if there are any. With a
// Problem, the variants stand as far as they could be made.
type Prepared struct {
	Problem    *Problem    `json:"problem"`
	Original   Variant     `json:"original"`
	Marked     *Variant    `json:"marked"`
	Candidates []Candidate `json:"candidates"`
}

// Instrumented answers instrument.
type Instrumented struct {
	Problem *Problem `json:"problem"`
	Variant Variant  `json:"variant"`
}

func prepare(program Program) Prepared {
	out := Prepared{Candidates: []Candidate{}}
	out.Original, out.Problem = build(program)
	if out.Problem != nil {
		return out
	}
	if out.Problem = check(program); out.Problem != nil {
		return out
	}
	marked, any, problem := withMarkers(program)
	if problem != nil {
		out.Problem = problem
		return out
	}
	if any {
		variant, problem := build(marked)
		if problem != nil {
			problem.Message += " (with the line of the marker //goleak:fix in its place)"
			out.Problem = problem
		}
		out.Marked = &variant
		return out
	}
	out.Candidates = commentedOut(program)
	return out
}

func instrument(program Program) Instrumented {
	variant, problem := build(program)
	return Instrumented{problem, variant}
}

// build makes every file ready for the compiler. The first file that cannot be parsed is the problem; it stays as it
// is, since the compiler's own message is the better one.
func build(program Program) (Variant, *Problem) {
	var variant Variant
	var first *Problem
	instrumenter := newInstrumenter(program)
	for _, source := range program.Files {
		text := source.Text
		if program.holds(source) {
			problem := (*Problem)(nil)
			if isSnippet(program.Form, text) {
				var whole wrapped
				whole, problem = wrap(source)
				text = whole.text
			}
			if problem == nil {
				text, problem = instrumenter.instrument(source.Name, text)
			}
			if program.Directory != "" {
				text = anchored(text, filepath.Join(program.Directory, folder(source.Name)))
			}
			if problem != nil && first == nil {
				first = problem
			}
		}
		variant.Files = append(variant.Files, File{source.Name, source.Text, text})
	}
	return variant, first
}

// holds tells whether the file is one of the program's Go files: of several, some may be for another system.
func (program Program) holds(source Source) bool {
	if !strings.HasSuffix(source.Name, ".go") {
		return false
	}
	return len(program.Files) == 1 || mayBelong(source.Name, source.Text)
}

// check finds what the compiler or the linker would say less clearly.
func check(program Program) *Problem {
	if program.Form != "file" {
		return nil
	}
	for _, source := range program.Files {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, source.Name, source.Text, parser.SkipObjectResolution)
		if err != nil {
			return syntaxProblem(source.Name, err)
		}
		position := fset.Position(file.Name.Pos())
		if name := file.Name.Name; name != "main" {
			return &Problem{"usage", source.Name, position.Line, position.Column,
				fmt.Sprintf("Package %s is a library, with nothing to run: name it main and give it a func main, or add a test.", name)}
		}
		if !declares(file, "main") {
			return &Problem{"usage", source.Name, position.Line, position.Column,
				"Package main has no func main: add it, or leave the package clause out to run plain statements."}
		}
	}
	return nil
}

// syntaxProblem is the first error that the parser found.
func syntaxProblem(name string, err error) *Problem {
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return &Problem{"syntax", name, list[0].Pos.Line, list[0].Pos.Column, list[0].Msg}
	}
	return &Problem{"syntax", name, 1, 1, err.Error()}
}

// folder is the program-relative folder of a file, "" for the top one.
func folder(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir + "/"
	}
	return ""
}
