package main

import (
	"go/ast"
	gobuild "go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A typed program: its packages parsed and checked as far as they go.
type typed struct {
	fset  *token.FileSet
	files []*typedFile
	info  *types.Info
}

type typedFile struct {
	name    string
	text    string // what was parsed
	syntax  *ast.File
	wrapped bool // a snippet: its declarations stand in another order
}

// load parses and type-checks the program. It never fails: what cannot be known has no type.
func load(program Program, goroot string, exports map[string]string) *typed {
	p := &typed{
		fset: token.NewFileSet(),
		info: &types.Info{
			Types:      map[ast.Expr]types.TypeAndValue{},
			Defs:       map[*ast.Ident]types.Object{},
			Uses:       map[*ast.Ident]types.Object{},
			Implicits:  map[ast.Node]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{},
			Instances:  map[*ast.Ident]types.Instance{},
			Scopes:     map[ast.Node]*types.Scope{},
		},
	}
	module := ""
	units := map[string][]*ast.File{} // by folder and package name
	var order []string
	for _, source := range program.Files {
		if source.Name == "go.mod" {
			module = modulePath(source.Text)
		}
		if !program.holds(source) {
			continue
		}
		text, wrapped := source.Text, isSnippet(program.Form, source.Text)
		if wrapped {
			whole, _ := wrap(source)
			text = whole.text
		}
		syntax, _ := parser.ParseFile(p.fset, source.Name, text, parser.ParseComments|parser.SkipObjectResolution)
		if syntax == nil || syntax.Name == nil {
			continue
		}
		p.files = append(p.files, &typedFile{source.Name, text, syntax, wrapped})
		unit := folder(source.Name) + "\x00" + syntax.Name.Name
		if units[unit] == nil {
			order = append(order, unit)
		}
		units[unit] = append(units[unit], syntax)
	}
	if goroot == "" {
		goroot = runtime.GOROOT()
	}
	if module == "" && program.Directory != "" {
		module = importedFrom(program.Directory)
		for _, unit := range order {
			// Without a module the package gets one of its own name.
			if dir, name, _ := strings.Cut(unit, "\x00"); module == "" && dir == "" && name != "main" {
				module = strings.TrimSuffix(name, "_test")
			}
		}
	}
	world := &world{program: p, module: module, units: units, goroot: goroot, packages: map[string]*types.Package{}, empty: map[*types.Package]bool{}}
	if len(exports) > 0 {
		world.exported = importer.ForCompiler(p.fset, "gc", func(path string) (io.ReadCloser, error) {
			file, ok := exports[path]
			if !ok {
				return nil, os.ErrNotExist
			}
			return os.Open(file)
		})
	}
	for _, unit := range order {
		dir, name, _ := strings.Cut(unit, "\x00")
		world.check(strings.TrimSuffix(dir, "/"), name)
	}
	return p
}

// A world finds packages for the type checker: the program's own, then those with export data, then the standard
// library's source. Whatever lies deeper than what concurrent code is made of is an empty package, since reading
// all that fmt stands on takes a hundred times longer than fmt itself.
type world struct {
	program  *typed
	module   string
	units    map[string][]*ast.File
	goroot   string
	exported types.Importer
	packages map[string]*types.Package
	empty    map[*types.Package]bool
	depth    int
}

func (w *world) Import(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	if found := w.packages[importPath]; found != nil && (w.depth > 0 || !w.empty[found]) {
		return found, nil
	}
	if dir, name, ok := w.own(importPath); ok && w.depth == 0 {
		return w.check(dir, name), nil
	}
	if w.exported != nil {
		if found, err := w.exported.Import(importPath); err == nil {
			w.packages[importPath] = found
			return found, nil
		}
	}
	empty := types.NewPackage(importPath, packageName(importPath))
	empty.MarkComplete()
	w.empty[empty] = true
	w.packages[importPath] = empty // also what an import cycle gets
	if w.depth > 0 && !followed[importPath] || w.depth == 0 && importPath == "runtime" {
		return empty, nil
	}
	if found := w.standard(importPath); found != nil {
		w.packages[importPath] = found
		return found, nil
	}
	return empty, nil
}

// followed are the packages that matter behind an import.
var followed = map[string]bool{
	"bufio": true, "bytes": true, "cmp": true, "context": true, "database/sql/driver": true, "errors": true, "io": true,
	"io/fs": true, "iter": true, "net": true, "net/http": true, "net/rpc": true, "net/url": true, "sort": true,
	"sync": true, "sync/atomic": true, "time": true,
}

func (w *world) standard(importPath string) *types.Package {
	context := gobuild.Default
	context.GOROOT = w.goroot
	context.CgoEnabled = false
	dir := filepath.Join(w.goroot, "src", filepath.FromSlash(importPath))
	listed, err := context.ImportDir(dir, 0)
	if err != nil {
		return nil
	}
	var files []*ast.File
	for _, name := range listed.GoFiles {
		file, err := parser.ParseFile(w.program.fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil
		}
		files = append(files, file)
	}
	w.depth++
	defer func() { w.depth-- }()
	config := types.Config{IgnoreFuncBodies: true, FakeImportC: true, Importer: w, Error: func(error) {}, Sizes: sizes}
	found, _ := config.Check(importPath, w.program.fset, files, nil)
	return found
}

var sizes = types.SizesFor("gc", runtime.GOARCH)

// own finds the program's own package of that import path.
func (w *world) own(importPath string) (dir, name string, ok bool) {
	for unit := range w.units {
		dir, name, _ := strings.Cut(unit, "\x00")
		dir = strings.TrimSuffix(dir, "/")
		if strings.HasSuffix(name, "_test") || name == "main" {
			continue
		}
		switch {
		case w.module != "" && importPath == path.Join(w.module, dir),
			w.module == "" && dir != "" && strings.HasSuffix(importPath, "/"+dir):
			return dir, name, true
		}
	}
	return "", "", false
}

func (w *world) check(dir, name string) *types.Package {
	unit := name
	if dir != "" {
		unit = dir + "/\x00" + name
	} else {
		unit = "\x00" + name
	}
	key := path.Join(w.module, dir)
	if strings.HasSuffix(name, "_test") || name == "main" && key == "" {
		key = "unit:" + unit
	}
	if found := w.packages[key]; found != nil {
		return found
	}
	w.packages[key] = types.NewPackage(key, name)
	depth := w.depth
	w.depth = 0
	defer func() { w.depth = depth }()
	config := types.Config{FakeImportC: true, Importer: w, Error: func(error) {}, Sizes: sizes}
	found, _ := config.Check(key, w.program.fset, w.units[unit], w.program.info)
	w.packages[key] = found
	return found
}

// importedFrom is the path that a package in that folder is imported by, "" where no module says so.
func importedFrom(directory string) string {
	for root := directory; ; root = filepath.Dir(root) {
		if text, err := os.ReadFile(filepath.Join(root, "go.mod")); err == nil {
			below, _ := filepath.Rel(root, directory)
			return path.Join(modulePath(string(text)), filepath.ToSlash(below))
		}
		if root == filepath.Dir(root) {
			return ""
		}
	}
}

func modulePath(goMod string) string {
	for _, line := range strings.Split(goMod, "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "module" {
			return strings.Trim(fields[1], "\"`")
		}
	}
	return ""
}

// file is the one that holds the position.
func (p *typed) file(pos token.Pos) *typedFile {
	i := slices.IndexFunc(p.files, func(f *typedFile) bool { return f.syntax.FileStart <= pos && pos <= f.syntax.FileEnd })
	if i < 0 {
		return nil
	}
	return p.files[i]
}

// source is the text between two positions, on one line.
func (p *typed) source(from, to token.Pos) string {
	file := p.file(from)
	if file == nil {
		return ""
	}
	start, end := p.fset.PositionFor(from, false).Offset, p.fset.PositionFor(to, false).Offset
	if end > len(file.text) || start > end {
		return ""
	}
	return strings.Join(strings.Fields(file.text[start:end]), " ")
}

func (p *typed) text(node ast.Node) string { return p.source(node.Pos(), node.End()) }
