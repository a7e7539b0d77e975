package main

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// makeChannel makes the channel that was only declared.
type makeChannel struct{}

const nilWhy = "A channel that was never made is nil, and to send to or receive from nil blocks for ever."

func (makeChannel) propose(r *repairer, w *blocked) {
	if w.node == nil {
		return
	}
	for _, use := range append(r.sent(w), r.received(w)...) {
		if use.class == nil {
			continue
		}
		for _, v := range r.variablesOf(use.object) {
			if r.parameters[v] || v.Name() == "_" {
				continue
			}
			if v.IsField() {
				r.makeField(v, use)
				continue
			}
			r.makeVariable(v, use)
		}
	}
}

func (r *repairer) makeVariable(v *types.Var, use channelUse) {
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) > 0 || spec.Type == nil {
				return
			}
			if i := slices.IndexFunc(spec.Names, func(name *ast.Ident) bool { return r.info.Defs[name] == v }); i < 0 {
				return
			}
			kind := r.raw(spec.Type)
			if !strings.Contains(kind, "chan") {
				return
			}
			d := r.draft()
			decl, _ := path[len(path)-1].(*ast.GenDecl)
			switch stmt, _ := inBlock(spec, path); {
			case len(spec.Names) > 1:
				made := make([]string, len(spec.Names))
				for i := range made {
					made[i] = "make(" + kind + ")"
				}
				d.insert(spec.End(), " = "+strings.Join(made, ", "))
			case stmt != nil && decl != nil && !decl.Lparen.IsValid():
				d.replace(stmt, v.Name()+" := make("+kind+")")
			default:
				d.substitute(spec.Type.Pos(), spec.Type.End(), "= make("+kind+")")
			}
			d.offer("make-channel", 5+use.doubt, fmt.Sprintf("make the channel: `%s := make(%s)`", v.Name(), kind), nilWhy)
		})
	}
}

func (r *repairer) makeField(v *types.Var, use channelUse) {
	named := r.ownerOf(v)
	if named == nil {
		return
	}
	d := r.draft()
	code := ""
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			literal, ok := node.(*ast.CompositeLit)
			if !ok || namedOf(r.info.TypeOf(literal)) != named {
				return
			}
			kind, ok := r.typeText(v.Type(), literal.Pos())
			if !ok {
				return
			}
			code = "make(" + kind + ")"
			r.addField(d, literal, v.Name(), code)
		})
	}
	if code == "" {
		for _, holder := range r.declared(named) {
			if kind, ok := r.typeText(v.Type(), holder.stmt.Pos()); ok {
				code = "make(" + kind + ")"
				d.after(holder.stmt, holder.name+"."+v.Name()+" = "+code)
			}
		}
	}
	d.offer("make-channel", 5+use.doubt, "make the channel of `"+named.Obj().Name()+"`: `"+v.Name()+": "+code+"`", nilWhy)
}

// addField adds a field to a composite literal that names its fields.
func (r *repairer) addField(d *draft, literal *ast.CompositeLit, name, value string) {
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			d.broken = true
			return
		}
		if key, ok := pair.Key.(*ast.Ident); ok && key.Name == name {
			return
		}
	}
	field := name + ": " + value
	if len(literal.Elts) == 0 {
		d.insert(literal.Rbrace, field)
		return
	}
	last := literal.Elts[len(literal.Elts)-1]
	comma := last.End()
	eachToken(r.rawBetween(last.End(), literal.Rbrace), scanner.Mode(0), func(offset int, tok token.Token, _ string) {
		if tok == token.COMMA {
			comma += token.Pos(offset) + 1
		}
	})
	rest := r.rawBetween(comma, literal.Rbrace)
	comment, _, below := strings.Cut(rest, "\n")
	switch {
	case comma == last.End():
		d.insert(comma, ", "+field)
	case below && onlyComment(comment):
		d.insert(comma+token.Pos(len(comment)), "\n"+r.indent(last.Pos())+field+",")
	default:
		d.insert(comma, " "+field+",")
	}
}

// declared are the local variables of that type that start with its zero value, or with new.
func (r *repairer) declared(named *types.Named) []holder {
	var found []holder
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			stmt, ok := node.(*ast.DeclStmt)
			if !ok {
				return
			}
			decl, ok := stmt.Decl.(*ast.GenDecl)
			if !ok {
				return
			}
			for _, spec := range decl.Specs {
				value, ok := spec.(*ast.ValueSpec)
				if !ok || len(value.Values) > 0 {
					continue
				}
				for _, name := range value.Names {
					v, _ := r.info.Defs[name].(*types.Var)
					if v != nil && types.Identical(v.Type(), named) {
						found = append(found, holder{name.Name, v, stmt, slices.Clone(path), r.enclosing(path)})
					}
				}
			}
		})
	}
	for _, each := range r.holders(named) {
		if assign, ok := each.stmt.(*ast.AssignStmt); ok && len(assign.Rhs) == 1 {
			if call, ok := assign.Rhs[0].(*ast.CallExpr); ok && r.builtin(call) == "new" {
				found = append(found, each)
			}
		}
	}
	return found
}
