package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// What stands where: scopes, names, statements.

// scope is the innermost one around the position.
func (r *repairer) scope(pos token.Pos) *types.Scope {
	file := r.file(pos)
	if file == nil {
		return nil
	}
	for _, decl := range file.syntax.Decls {
		var names []*ast.Ident
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			names = append(names, decl.Name)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					names = append(names, spec.Names...)
				case *ast.TypeSpec:
					names = append(names, spec.Name)
				}
			}
		}
		for _, name := range names {
			if object := r.info.Defs[name]; object != nil && object.Pkg() != nil {
				if found := object.Pkg().Scope().Innermost(pos); found != nil {
					return found
				}
			}
		}
	}
	return nil
}

// visible are the variables that can be named at the position, the nearest first.
func (r *repairer) visible(pos token.Pos) []*types.Var {
	var found []*types.Var
	innermost := r.scope(pos)
	for scope := innermost; scope != nil && scope != types.Universe; scope = scope.Parent() {
		var here []*types.Var
		for _, name := range scope.Names() {
			if v, ok := scope.Lookup(name).(*types.Var); ok && name != "_" && r.isVisible(v, innermost, pos) {
				here = append(here, v)
			}
		}
		slices.SortFunc(here, func(a, b *types.Var) int { return int(b.Pos() - a.Pos()) })
		found = append(found, here...)
	}
	return found
}

func (r *repairer) isVisible(v *types.Var, scope *types.Scope, pos token.Pos) bool {
	if scope == nil {
		return false
	}
	_, object := scope.LookupParent(v.Name(), pos)
	return object == v
}

// variableNamed is the variable that the name stands for at the position.
func (r *repairer) variableNamed(name string, pos token.Pos) *types.Var {
	scope := r.scope(pos)
	if scope == nil {
		return nil
	}
	_, object := scope.LookupParent(name, pos)
	v, _ := object.(*types.Var)
	return v
}

// nameOf is how the object is called at the position, "" where it has no name there.
func (r *repairer) nameOf(o object, pos token.Pos) string {
	scope := r.scope(pos)
	fallback := ""
	for _, v := range r.variablesOf(o) {
		name := ""
		switch {
		case v.IsField():
			if named := r.ownerOf(v); named != nil {
				if holder := r.holderOf(named, pos); holder != "" {
					name = holder + "." + v.Name()
				}
			}
		case v.Name() != "_" && r.isVisible(v, scope, pos):
			name = v.Name()
		}
		if name == "" {
			continue
		}
		// A variable that may be something else as well is the second choice.
		if objects, _ := r.objectsAt(r.variableAt(v, pos)); len(objects) == 1 {
			return name
		}
		if fallback == "" {
			fallback = name
		}
	}
	return fallback
}

// holderOf is a variable of that type, or a pointer to it, that can be named at the position.
func (r *repairer) holderOf(named *types.Named, pos token.Pos) string {
	for _, v := range r.visible(pos) {
		if namedOf(v.Type()) == named {
			return v.Name()
		}
	}
	return ""
}

// namedOf is the named type that t is or points to.
func namedOf(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	if named != nil {
		named = named.Origin()
	}
	return named
}

// inBlock is the statement of a list that the node stands in, with that list, as near as possible.
func inBlock(node ast.Node, path walkPath) (ast.Stmt, []ast.Stmt) {
	child := node
	for _, around := range slices.Backward(path) {
		if list := listIn(around); list != nil {
			if stmt, ok := child.(ast.Stmt); ok && slices.Contains(list, stmt) {
				return stmt, list
			}
		}
		if _, ok := around.(*ast.FuncLit); ok && child == node {
			return nil, nil
		}
		child = around
	}
	return nil, nil
}

// hoisted is the outermost statement around the node in its function, yet inside of the block or loop that declares v.
func hoisted(node ast.Node, path walkPath, v *types.Var) ast.Stmt {
	var found ast.Stmt
	child := node
	for _, around := range slices.Backward(path) {
		if list := listIn(around); list != nil {
			if stmt, ok := child.(ast.Stmt); ok && slices.Contains(list, stmt) {
				found = stmt
			}
		}
		if v != nil && found != nil && around.Pos() <= v.Pos() && v.Pos() < around.End() {
			return found
		}
		switch around.(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return found
		}
		child = around
	}
	return found
}

// next is the statement that follows in the list, nil where none does.
func next(stmt ast.Stmt, list []ast.Stmt) ast.Stmt {
	if i := slices.Index(list, stmt); i >= 0 && i+1 < len(list) {
		return list[i+1]
	}
	return nil
}

// checked is the statement that checks the error which stmt may have assigned, or stmt itself.
func (r *repairer) checked(stmt ast.Stmt, list []ast.Stmt) ast.Stmt {
	assign, ok := stmt.(*ast.AssignStmt)
	check, isIf := next(stmt, list).(*ast.IfStmt)
	if !ok || !isIf || check.Init != nil {
		return stmt
	}
	for _, left := range assign.Lhs {
		name, ok := left.(*ast.Ident)
		if !ok || !isError(r.info.TypeOf(name)) {
			continue
		}
		used := false
		ast.Inspect(check.Cond, func(node ast.Node) bool {
			ident, ok := node.(*ast.Ident)
			used = used || ok && r.info.Uses[ident] != nil && r.info.Uses[ident] == r.info.ObjectOf(name)
			return !used
		})
		if used {
			return check
		}
	}
	return stmt
}

func isError(t types.Type) bool {
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

// unused is the first of the names that the function around the position does not use in any way.
func (r *repairer) unused(pos token.Pos, names ...string) string {
	return notIn(r.around(pos), names)
}

// unusedAnywhere is the first of the names that the program does not use in any way.
func (r *repairer) unusedAnywhere(names ...string) string {
	var files []ast.Node
	for _, file := range r.files {
		files = append(files, file.syntax)
	}
	return notIn(files, names)
}

// unusedAsVariable tells whether the function around the position uses the name for nothing but fields and methods.
func (r *repairer) unusedAsVariable(pos token.Pos, name string) bool {
	free := r.variableNamed(name, pos) == nil
	for _, decl := range r.around(pos) {
		r.walk(decl, func(node ast.Node, path []ast.Node) {
			if ident, ok := node.(*ast.Ident); ok && ident.Name == name {
				selector, ok := path[len(path)-1].(*ast.SelectorExpr)
				free = free && ok && selector.Sel == ident
			}
		})
	}
	return free
}

// around is the declaration that the position stands in.
func (r *repairer) around(pos token.Pos) []ast.Node {
	var found []ast.Node
	if file := r.file(pos); file != nil {
		for _, decl := range file.syntax.Decls {
			if decl.Pos() <= pos && pos < decl.End() {
				found = append(found, decl)
			}
		}
	}
	return found
}

func notIn(nodes []ast.Node, names []string) string {
	taken := map[string]bool{}
	for _, node := range nodes {
		ast.Inspect(node, func(node ast.Node) bool {
			if ident, ok := node.(*ast.Ident); ok {
				taken[ident.Name] = true
			}
			return true
		})
	}
	for _, name := range names {
		if !taken[name] {
			return name
		}
	}
	for i := 2; ; i++ {
		if name := names[0] + strconv.Itoa(i); !taken[name] {
			return name
		}
	}
}

// typeText is the type as the file around the position writes it; false where an import is missing there.
func (r *repairer) typeText(t types.Type, pos token.Pos) (string, bool) {
	file, ok := r.file(pos), true
	if file == nil || t == nil {
		return "", false
	}
	text := types.TypeString(t, func(pkg *types.Package) string {
		if pkg.Name() == file.syntax.Name.Name && r.own[pkg] {
			return ""
		}
		names := importedAs(file.syntax, pkg.Path())
		if len(names) == 0 {
			ok = false
			return pkg.Name()
		}
		return strings.TrimPrefix(names[0], ".")
	})
	return text, ok && !strings.Contains(text, "invalid type")
}

// zeros are the values that a function may return when it has nothing to say; false where they cannot be written.
func (r *repairer) zeros(fn *function) (string, bool) {
	if fn == nil || fn.typ.Results == nil || len(fn.typ.Results.List) == 0 {
		return "return", true
	}
	if len(fn.typ.Results.List[0].Names) > 0 {
		return "return", true
	}
	var values []string
	for _, field := range fn.typ.Results.List {
		t := r.info.TypeOf(field.Type)
		if t == nil {
			return "", false
		}
		switch t := t.Underlying().(type) {
		case *types.Basic:
			switch {
			case t.Info()&types.IsBoolean != 0:
				values = append(values, "false")
			case t.Info()&types.IsString != 0:
				values = append(values, `""`)
			default:
				values = append(values, "0")
			}
		case *types.Struct, *types.Array:
			values = append(values, r.raw(field.Type)+"{}")
		default:
			values = append(values, "nil")
		}
	}
	return "return " + strings.Join(values, ", "), true
}

// isLaunched tells whether a go statement starts the function.
func (fn *function) isLaunched() bool { return fn != nil && len(fn.launches) > 0 }

// describe is the function as a title speaks of it.
func describe(fn *function) string {
	switch {
	case fn != nil && fn.outer == nil:
		return "`" + fn.name + "`"
	case fn.isLaunched():
		return "the goroutine"
	}
	return "the function"
}

// allOperations are those of the whole program, in the order of the text.
func (r *repairer) allOperations(kinds ...string) []*operation {
	var found []*operation
	seen := map[*place]bool{}
	for _, p := range r.allPlaces() {
		root := p.root()
		if seen[root] {
			continue
		}
		seen[root] = true
		for _, op := range root.ops {
			if slices.Contains(kinds, op.kind) {
				found = append(found, op)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b *operation) int { return int(a.node.Pos() - b.node.Pos()) })
	return slices.Compact(found)
}

// on are the operations of these kinds on the object.
func (r *repairer) on(o object, kinds ...string) []*operation {
	var found []*operation
	for _, op := range r.operationsOn(o) {
		if slices.Contains(kinds, op.kind) {
			found = append(found, op)
		}
	}
	return found
}

// steps is the path to the operation, itself included.
func (op *operation) steps() walkPath { return append(slices.Clone(op.path), op.node) }

// stmt is the statement that the operation makes up or stands in.
func (op *operation) stmt() (ast.Stmt, []ast.Stmt) { return inBlock(op.node, op.path) }
