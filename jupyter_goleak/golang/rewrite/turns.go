package main

import (
	"go/ast"
	"go/token"
	"slices"
)

// How often the program comes to an operation for one value: for one made channel, or in one goroutine. All of it errs on
// the side of more.

// A stage is a node of one function on the way to an operation: the operation itself, then the only call of its function,
// and so on outwards.
type stage struct {
	fn   *function
	path walkPath
	node ast.Node
}

// way are the stages to a node, the innermost first, as far as each function has only one call.
func (f *flow) way(node ast.Node, path walkPath) (all []stage) {
	for {
		fn := f.enclosing(path)
		all = append(all, stage{fn, path, node})
		if fn == nil || fn.anyTimes || len(fn.sites) != 1 {
			return all
		}
		site := fn.sites[0]
		if len(f.targetsOf(site.call)) > 1 || slices.ContainsFunc(all, func(s stage) bool { return s.fn == site.fn }) {
			return all
		}
		node, path = site.call, site.path
	}
}

// parted are the stages of two ways up to the function where they meet, and the paths there from where they part; nil where
// they do not meet.
func parted(a, b []stage) (left, right []stage) {
	for i, one := range a {
		for j, other := range b {
			if one.fn == nil || one.fn != other.fn {
				continue
			}
			shared := 0
			for shared < min(len(one.path), len(other.path)) && one.path[shared] == other.path[shared] {
				shared++
			}
			left, right = slices.Clone(a[:i+1]), slices.Clone(b[:j+1])
			left[i].path, right[j].path = one.path[shared-1:], other.path[shared-1:]
			return left, right
		}
	}
	return nil, nil
}

func loops(s stage) bool { return s.path.inLoop() }

// once tells whether the program comes to the operation at most once for each value that is made there.
func (f *flow) once(op, made *operation) bool {
	if !op.again() {
		return true
	}
	if made == nil || f.isKept(op.at) {
		return false
	}
	from, to := parted(f.way(made.node, made.path), f.way(op.node, op.path))
	return to != nil && !slices.ContainsFunc(to, loops) && !f.mayPass(from, from[len(from)-1].node.End())
}

// isKept tells whether the values of the place come out of a slice, a map or a channel.
func (f *flow) isKept(p *place) bool {
	seen := map[*place]bool{}
	var back func(p *place) bool
	back = func(p *place) bool {
		if p == nil || seen[p] {
			return false
		}
		seen[p] = true
		if p.own == nil && p.via == "element" {
			return true
		}
		for source := range p.sources {
			if back(source) {
				return true
			}
		}
		return false
	}
	return back(p)
}

// mayPass tells whether the program may pass by what a way leads to: by a condition, or since a function or a round of a loop
// ends before; in the outermost function, after the position.
func (f *flow) mayPass(way []stage, after token.Pos) bool {
	for i, s := range way {
		from := token.NoPos
		if i == len(way)-1 {
			from = after
		}
		if s.path.conditional() || f.mayLeave(s.fn, from, s.node.Pos()) {
			return true
		}
	}
	return false
}

// mayLeave tells whether the function may end, or a round of a loop around the second position, between the two: by a
// return or a branch, or by a panic that it survives.
func (f *flow) mayLeave(fn *function, from, to token.Pos) bool {
	found := false
	f.walk(fn.body, func(node ast.Node, path []ast.Node) {
		between := f.enclosing(path) == nil && from <= node.Pos() && node.End() <= to
		switch node := node.(type) {
		case *ast.ReturnStmt:
			found = found || between
		case *ast.BranchStmt:
			found = found || between && (node.Label != nil || !slices.ContainsFunc(path, func(outer ast.Node) bool {
				return outer.End() <= to && takes(outer, node.Tok)
			}))
		case *ast.CallExpr:
			found = found || f.builtin(node) == "recover"
		}
	})
	return found
}

// takes tells whether a branch without a label may be to that statement.
func takes(outer ast.Node, branch token.Token) bool {
	switch outer.(type) {
	case *ast.ForStmt, *ast.RangeStmt:
		return branch == token.BREAK || branch == token.CONTINUE
	case *ast.SwitchStmt, *ast.TypeSwitchStmt:
		return branch == token.BREAK || branch == token.FALLTHROUGH
	case *ast.SelectStmt:
		return branch == token.BREAK
	}
	return false
}

// sent tells how many values are sent on the channel at most: "one", or "one each" of the goroutines that send; "" where that
// is not known.
func (f *flow) sent(o object, operations []*operation, unknown bool) string {
	var sends []*operation
	for _, op := range operations {
		switch {
		case op.kind == "passed":
			return ""
		case op.kind == "send" && !op.uncalled():
			sends = append(sends, op)
		}
	}
	if unknown || len(sends) == 0 {
		return ""
	}
	alone, each := true, true
	var runs [][]stage
	for _, op := range sends {
		run := f.run(op)
		alone, each = alone && f.once(op, o.made), each && run != nil
		for j, other := range runs {
			apart := f.exclusive(sends[j], op)
			alone = alone && apart
			each = each && run != nil && (apart || other[len(other)-1].fn != run[len(run)-1].fn)
		}
		runs = append(runs, run)
	}
	switch {
	case alone:
		return "one"
	case each:
		return "one each"
	}
	return ""
}

// run are the stages from the operation out to the function that its goroutine runs, nil where that may come to it more than once.
func (f *flow) run(op *operation) []stage {
	way := f.way(op.node, op.path)
	for i, s := range way {
		switch {
		case s.fn == nil || s.fn.anyTimes || s.path.inLoop():
			return nil
		case s.fn.isLaunched() && len(s.fn.launches) == len(s.fn.sites), s.fn.isEntry() && len(s.fn.sites) == 0:
			return way[:i+1]
		}
	}
	return nil
}

// exclusive tells whether whoever comes to the first operation does not come to the second: they stand in other branches, or
// the first one's branch returns.
func (f *flow) exclusive(first, second *operation) bool {
	a, b := parted(f.way(first.node, first.path), f.way(second.node, second.path))
	if a == nil {
		return false
	}
	one, other := a[len(a)-1].path, b[len(b)-1].path
	if len(one) < 2 {
		return false
	}
	switch common := one[0].(type) {
	case *ast.IfStmt:
		if one[1] == common.Body && len(other) > 1 && other[1] == common.Else {
			return true
		}
	case *ast.BlockStmt:
		switch one[1].(type) {
		case *ast.CaseClause, *ast.CommClause:
			return true
		}
	}
	return slices.ContainsFunc(one[1:], func(node ast.Node) bool {
		list := listIn(node)
		if len(list) == 0 {
			return false
		}
		_, returns := list[len(list)-1].(*ast.ReturnStmt)
		return returns
	})
}
