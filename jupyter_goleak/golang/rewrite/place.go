package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// place finds the statement that a goroutine waits in, and says all about it that syntax and types tell.
func (r *reporter) place(wait Wait) Place {
	out := unknownPlace(wait)
	if len(wait.Frames) == 0 {
		// A go statement that calls a library's function tells what that waits for.
		started, launch := r.launch(wait.Started)
		out.Started = started
		if launch, ok := launch.(*ast.GoStmt); ok {
			r.wait, r.launched, r.handed, r.bodies = wait, nil, nil, nil
			r.fill(&out, launch.Call, nil)
		}
		return out
	}
	for i := range wait.Frames[1:] {
		if wait.Frames[i+1].Called == "" {
			wait.Frames[i+1].Called = wait.Frames[i].Function
		}
	}
	r.wait = wait
	out.Started, r.launched = r.launch(wait.Started)
	r.handed = r.handedBy(r.launched)
	r.bodies = nil
	for _, frame := range wait.Frames {
		standing := Standing{-1, frame.Line}
		if fn := r.bodyOf(frame); fn != nil {
			standing.Body = fn.index
			r.bodies = append(r.bodies, fn)
		}
		out.Stack = append(out.Stack, standing)
	}
	frame := wait.Frames[0]
	node, path := r.blocking(wait.State, frame)
	if node == nil {
		node, path = r.deferred(wait.State, frame)
	}
	if node != nil {
		out.Found = true
		r.fill(&out, node, path)
		out.Same, out.Apart = r.holds(node, wait)
	}
	var held []ast.Expr
	for _, frame := range wait.Frames {
		_, path := r.blocking(wait.State, frame)
		out.Forever = out.Forever || path.forever()
		for node, locks := range r.holding {
			if file, line := r.position(node.Pos()); file == frame.File && line == frame.Line {
				held = append(held, locks...)
			}
		}
	}
	out.Holding = r.refs(held...)
	out.Ahead, out.Reaches = indices(r.ahead(wait.Frames)), indices(r.reaches(r.bodies))
	if out.Started == nil && len(r.bodies) > 0 {
		out.Started = r.launchBy(r.bodies[len(r.bodies)-1])
	}
	return out
}

func unknownPlace(wait Wait) Place {
	out := Place{Cases: []Case{}, Holding: []int{}, Others: []int{}, Ended: []int{}, Stack: []Standing{}, Ahead: []int{}, Reaches: []int{}, Silent: []Change{}, Taken: []Change{}, Skips: []Skip{}}
	if len(wait.Frames) > 0 {
		out.File, out.Line = wait.Frames[0].File, wait.Frames[0].Line
	}
	return out
}

func (r *reporter) fill(out *Place, node ast.Node, path walkPath) {
	if fn := r.enclosing(path); fn != nil {
		out.Function = fn.name
	}
	out.Statement = shorten(r.statement(node, path))
	out.Loop = r.loopAround(path)
	var expression ast.Expr
	switch node := node.(type) {
	case *ast.RangeStmt:
		out.Operation, expression = "range", node.X
		out.Statement = shorten(r.source(node.For, node.X.End()))
		out.Loop = r.loop(node)
	case *ast.UnaryExpr:
		out.Operation, expression = "receive", node.X
		out.CommaOK = commaOK(node, path)
	case *ast.SendStmt:
		out.Operation, expression = "send", node.Chan
		if r.leavesAfter(node, path) {
			out.Loop = nil
		}
	case *ast.SelectStmt:
		out.Operation, out.Statement = "select", "select"
		out.Cases = r.cases(node, path)
		if len(node.Body.List) == 0 {
			out.Statement = "select {}"
		}
	case *ast.CallExpr:
		out.Operation = "call"
		if selector, ok := ast.Unparen(node.Fun).(*ast.SelectorExpr); ok {
			if r.info.Selections[selector] != nil {
				out.Operation = strings.ToLower(selector.Sel.Name)
				out.Expression = shorten(r.text(selector.X))
				out.Variable, out.Others, out.Ended = r.subject(selector)
				if kindOf(r.info.TypeOf(selector.X)) == "cond" {
					out.Silent = r.silent(r.receiver(selector), path)
					out.Taken = r.taken(r.receiver(selector), path)
				}
			}
		}
		for _, argument := range node.Args {
			if kind := kindOf(r.info.TypeOf(argument)); out.Variable == nil && (kind == "pipe" || kind == "connection") {
				out.Variable, out.Others, out.Ended = r.subject(argument)
			}
		}
		return
	}
	if expression != nil {
		out.EachRound = r.eachRound(expression, path)
		out.Expression = shorten(r.text(expression))
		out.Variable, out.Others, out.Ended = r.subject(expression)
		out.Given = r.given(expression)
		out.Skips = r.skips(node)
	}
}

// eachRound tells whether the innermost loop declares the variable that the expression begins with.
func (r *reporter) eachRound(e ast.Expr, path walkPath) bool {
	root := r.rootOf(e)
	for _, node := range slices.Backward(path) {
		switch node.(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return false
		case *ast.ForStmt, *ast.RangeStmt:
			return root != nil && node.Pos() <= root.Pos() && root.Pos() < node.End()
		}
	}
	return false
}

func commaOK(receive ast.Expr, path walkPath) bool {
	if len(path) == 0 {
		return false
	}
	switch outer := path[len(path)-1].(type) {
	case *ast.AssignStmt:
		return len(outer.Lhs) == 2 && len(outer.Rhs) == 1 && outer.Rhs[0] == receive
	case *ast.ValueSpec:
		return len(outer.Names) == 2 && len(outer.Values) == 1 && outer.Values[0] == receive
	}
	return false
}

// subject is what the expression most likely stands for where a goroutine waits for good, what else is as likely, and
// what is less so, since something closes, cancels or stops it.
func (r *reporter) subject(e ast.Expr) (likeliest *int, others, ended []int) {
	objects, _ := r.objects(e)
	if argument := r.argument(e); argument != nil {
		objects, _ = r.objects(argument)
	}
	// What the go statement hands over, and what these functions make of it.
	handed := slices.DeleteFunc(slices.Clone(objects), func(o object) bool { return !r.isHanded(o) })
	if slices.ContainsFunc(handed, func(o object) bool { return slices.Contains(r.handed, root(o)) }) {
		objects = handed
	}
	others, ended = []int{}, []int{}
	for _, o := range objects {
		if r.ended(o) {
			ended = append(ended, r.ref(o))
		} else {
			others = append(others, r.ref(o))
		}
	}
	if len(others) == 0 {
		others, ended = ended, others
	}
	if len(others) == 0 {
		return nil, others, ended
	}
	return &others[0], others[1:], ended
}

// root is the object that others are reached through: the context of a Done.
func root(o object) object {
	for o.owner != nil {
		o = *o.owner
	}
	return o
}

func (r *reporter) isHanded(o object) bool {
	made := root(o).made
	return slices.Contains(r.handed, o) || slices.Contains(r.handed, root(o)) || made != nil && slices.Contains(r.bodies, made.fn)
}

func (r *reporter) ended(o object) bool {
	o = root(o)
	ends := func(o object) bool {
		return slices.ContainsFunc(r.operationsOn(o), func(op *operation) bool {
			return !op.uncalled() && (op.kind == "close" || op.kind == "call")
		})
	}
	return ends(o) || o.made != nil && o.made.cancel != nil && ends(object{made: o.made.cancel})
}

// statement is the text of the simple statement around a node; of a compound one only the node's own.
func (r *reporter) statement(node ast.Node, path walkPath) string {
	for i := len(path) - 1; i >= 0; i-- {
		switch outer := path[i].(type) {
		case *ast.FuncLit, *ast.BlockStmt:
			return r.text(node)
		case *ast.AssignStmt, *ast.ExprStmt, *ast.ReturnStmt, *ast.DeferStmt, *ast.DeclStmt, *ast.SendStmt:
			if !containsFunction(outer) {
				return r.text(outer)
			}
			return r.text(node)
		}
	}
	return r.text(node)
}

func containsFunction(node ast.Node) bool {
	found := false
	ast.Inspect(node, func(node ast.Node) bool {
		_, literal := node.(*ast.FuncLit)
		found = found || literal
		return !found
	})
	return found
}

func (r *reporter) cases(choice *ast.SelectStmt, path walkPath) []Case {
	cases := []Case{}
	loop, _ := loopOver(choice, path)
	for _, clause := range choice.Body.List {
		clause, ok := clause.(*ast.CommClause)
		if !ok {
			continue
		}
		out := Case{Operation: "default", Text: "default", Others: []int{}, Ended: []int{}}
		_, out.Line = r.position(clause.Pos())
		if way := r.idleBreak(clause); way != nil && loop != nil {
			_, out.Break = r.position(way.Pos())
		}
		out.Leaves = leavesLoop(clause)
		if clause.Comm != nil {
			out.Text = "case " + shorten(r.text(clause.Comm))
			var channel ast.Expr
			ast.Inspect(clause.Comm, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.SendStmt:
					out.Operation, channel = "send", node.Chan
					return false
				case *ast.UnaryExpr:
					if node.Op == token.ARROW && channel == nil {
						out.Operation, channel = "receive", node.X
						return false
					}
				case *ast.FuncLit:
					return false
				}
				return true
			})
			if channel != nil {
				out.Expression = shorten(r.text(channel))
				out.Variable, out.Others, out.Ended = r.subject(channel)
				out.Nil = r.isUnset(channel)
				out.Given = r.given(channel)
			}
		}
		cases = append(cases, out)
	}
	return cases
}

// loopAround is the innermost loop of the same function.
func (r *reporter) loopAround(path walkPath) *Loop {
	if loop := innermostLoop(path); loop != nil {
		return r.loop(loop)
	}
	return nil
}

func (r *reporter) loop(node ast.Node) *Loop {
	var loop Loop
	_, loop.Line = r.position(node.Pos())
	switch node := node.(type) {
	case *ast.RangeStmt:
		loop.Kind, loop.Text = "range", shorten(r.source(node.For, node.X.End()))
	case *ast.ForStmt:
		loop.Kind, loop.Text = "condition", strings.TrimSpace(shorten(r.source(node.For, node.Body.Lbrace)))
		if node.Cond == nil {
			loop.Kind = "forever"
		}
	}
	return &loop
}

// leavesLoop tells whether the case ends with a return, or with a break of what has a label.
func leavesLoop(clause *ast.CommClause) bool {
	if len(clause.Body) == 0 {
		return false
	}
	switch last := clause.Body[len(clause.Body)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return last.Tok == token.BREAK && last.Label != nil
	}
	return false
}
