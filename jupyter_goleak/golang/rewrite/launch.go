package main

import (
	"go/ast"
	"slices"
	"strings"
)

// launch finds the go statement on that line, or the call that stands for one. The file is only a hint, since what
// started a goroutine may stand in another one; the function that it stands in decides.
func (r *reporter) launch(started Frame) (*Launch, ast.Node) {
	var out *Launch
	var launch ast.Node
	best := 0
	for _, file := range r.files {
		r.walkLine(file, started.Line, func(node ast.Node, path []ast.Node) {
			score := 0
			switch node.(type) {
			case *ast.GoStmt:
				score = 4
			case *ast.CallExpr:
				score = 1
			default:
				return
			}
			if _, line := r.position(node.Pos()); line != started.Line {
				return
			}
			fn := r.enclosing(path)
			inFunction := fn != nil && strings.Contains(started.Function+".", "."+fn.named().name+".")
			switch {
			case inFunction && file.name == started.File:
				score += 3
			case inFunction:
				score += 2
			case file.name == started.File:
				score++
			default:
				return
			}
			if score <= best {
				return
			}
			best, launch = score, node
			out = &Launch{Text: shorten(r.launchText(node)), File: file.name, Line: started.Line, Loop: r.loopAround(path)}
			if fn != nil {
				out.Function = fn.name
			}
		})
	}
	return out, launch
}

// launchBy is the one call that has a library start the function as a goroutine, such as that of a WaitGroup's Go.
func (r *reporter) launchBy(fn *function) *Launch {
	if len(fn.sites) != 1 || len(fn.launches) != 1 || fn.launches[0] != nil {
		return nil
	}
	at := fn.sites[0]
	out := &Launch{Text: shorten(r.launchText(at.call)), Loop: r.loopAround(at.path)}
	out.File, out.Line = r.position(at.call.Pos())
	if at.fn != nil {
		out.Function = at.fn.name
	}
	return out
}

func (r *reporter) launchText(node ast.Node) string {
	switch node := node.(type) {
	case *ast.GoStmt:
		if literal, ok := ast.Unparen(node.Call.Fun).(*ast.FuncLit); ok {
			return "go " + r.text(literal.Type) + " { … }(" + r.arguments(node.Call) + ")"
		}
	case *ast.CallExpr:
		return r.text(node.Fun) + "(…)"
	}
	return r.text(node)
}

// handedBy is what the arguments of a go statement may stand for.
func (r *reporter) handedBy(launch ast.Node) (handed []object) {
	if launch, ok := launch.(*ast.GoStmt); ok {
		for _, argument := range launch.Call.Args {
			objects, _ := r.objects(argument)
			handed = append(handed, objects...)
		}
	}
	return handed
}

// argument is what the go statement hands over as the parameter that the expression is, nil where it may have changed since.
func (r *reporter) argument(e ast.Expr) ast.Expr {
	name, ok := ast.Unparen(e).(*ast.Ident)
	start, started := r.launched.(*ast.GoStmt)
	if !ok || !started {
		return nil
	}
	for _, fn := range r.targetsOf(start.Call) {
		i := slices.Index(r.fields(fn.typ.Params), r.rootOf(name))
		if i < 0 || i >= len(start.Call.Args) || r.isAssigned(name, fn) {
			continue
		}
		// Whoever has called himself has it from there.
		calls := slices.DeleteFunc(slices.Clone(r.bodies), func(body *function) bool { return body != fn })
		argument := start.Call.Args[i]
		if objects, _ := r.objects(argument); len(calls) == 1 && !slices.ContainsFunc(objects, func(o object) bool { return o.class != nil }) {
			return argument
		}
	}
	return nil
}

// given is the function with the go statement, where the expression is a parameter of it: what that function makes itself
// is then another value.
func (r *reporter) given(e ast.Expr) string {
	name, ok := ast.Unparen(e).(*ast.Ident)
	start, started := r.launched.(*ast.GoStmt)
	if !ok || !started {
		return ""
	}
	for _, fn := range r.ordered {
		if fn.object != nil && slices.Contains(r.fields(fn.typ.Params), r.rootOf(name)) && !r.isAssigned(name, fn) &&
			fn.node.Pos() <= start.Pos() && start.End() <= fn.node.End() {
			return fn.name
		}
	}
	return ""
}

// isAssigned tells whether the function gives its parameter another value.
func (r *reporter) isAssigned(parameter *ast.Ident, fn *function) bool {
	return slices.ContainsFunc(r.assignmentsIn(fn), func(by assignment) bool {
		name, ok := by.to.(*ast.Ident)
		return ok && r.info.ObjectOf(name) == r.info.ObjectOf(parameter)
	})
}

func (r *reporter) arguments(call *ast.CallExpr) string {
	var all []string
	for _, argument := range call.Args {
		all = append(all, r.text(argument))
	}
	return strings.Join(all, ", ")
}
