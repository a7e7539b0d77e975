package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// How often the program may do something with one and the same channel, as the place where that is made can write it.

// A product is how often something happens, one factor for each loop around it; none: once.
type product []string

// times is the most often that the operation may be carried out on one channel that o stands for; false where the text
// sets no bound.
func (r *repairer) times(op *operation, o object) ([]product, bool) {
	if o.made == nil || op.fn == nil || r.isUnknown(o) {
		return nil, false
	}
	var root *types.Var
	if op.expression != nil {
		root = r.root(op.expression)
	}
	return r.timesOf(op.fn, op.steps(), root, o, nil)
}

func (r *repairer) timesOf(fn *function, path walkPath, root *types.Var, o object, seen []*function) ([]product, bool) {
	if fn == nil || slices.Contains(seen, fn) {
		return nil, false
	}
	own, at := fn == o.made.fn, o.made.node.Pos()
	if !own && r.isReceived(root, fn) {
		// Each channel comes to it once, whatever the loop is that takes it.
		factors := r.repetitions(path, fn, root.Pos(), true)
		return []product{factors}, r.isHandedOnce(o) && r.areKnown(factors)
	}
	factors := r.repetitions(path, fn, at, own)
	if !r.areKnown(factors) {
		return nil, false
	}
	if own || o.made.fn == nil && fn.isEntry() {
		return []product{factors}, true
	}
	if fn.anyTimes || len(fn.sites) == 0 || fn.object != nil && r.values[fn] {
		return nil, false
	}
	var all []product
	parameter := slices.Index(r.fields(fn.typ.Params), root)
	for _, site := range fn.sites {
		from := root
		if root != nil && parameter >= 0 {
			if parameter >= len(site.call.Args) {
				return nil, false
			}
			argument := site.call.Args[parameter]
			if objects, _ := r.objects(argument); isChannel(r.info.TypeOf(argument)) && !slices.Contains(objects, o) {
				continue // another channel
			}
			from = r.root(argument)
		}
		outer, ok := r.timesOf(site.fn, site.path, from, o, append(seen, fn))
		if !ok {
			return nil, false
		}
		for _, each := range outer {
			all = append(all, slices.Concat(factors, each))
		}
	}
	return all, true
}

func (r *repairer) areKnown(factors product) bool { return !slices.Contains(factors, "") }

func isChannel(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Chan)
	return ok
}

// isReceived tells whether the function takes the variable's value out of a channel.
func (r *repairer) isReceived(v *types.Var, fn *function) bool {
	found := false
	defines := func(name ast.Expr) bool {
		ident, ok := name.(*ast.Ident)
		return ok && r.info.Defs[ident] == v
	}
	if v == nil {
		return false
	}
	ast.Inspect(fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.RangeStmt:
			found = found || isChannel(r.info.TypeOf(node.X)) && node.Key != nil && defines(node.Key)
		case *ast.AssignStmt:
			receive, ok := ast.Unparen(node.Rhs[0]).(*ast.UnaryExpr)
			found = found || ok && receive.Op == token.ARROW && defines(node.Lhs[0])
		}
		return !found
	})
	return found
}

// isHandedOnce tells whether the channel is sent to whoever serves it, by itself or in a struct, once at most.
func (r *repairer) isHandedOnce(o object) bool {
	holders := map[*types.Named]bool{}
	for _, v := range r.variablesOf(o) {
		if v.IsField() {
			holders[r.ownerOf(v)] = true
		}
	}
	carries := func(e ast.Expr) bool {
		if named := namedOf(r.info.TypeOf(e)); named != nil && holders[named] {
			return true
		}
		objects, _ := r.objects(e)
		return isChannel(r.info.TypeOf(e)) && slices.Contains(objects, o)
	}
	sends, once := 0, true
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			fn := r.enclosing(path)
			switch node := node.(type) {
			case *ast.SendStmt:
				if !carries(node.Value) {
					return
				}
				if v := r.root(node.Value); v != nil && !r.isBuilt(v, fn) {
					once = false // what somebody else has sent or given is sent on
				}
				if fn == o.made.fn {
					sends++
					once = once && len(r.repetitions(path, fn, o.made.node.Pos(), true)) == 0
				}
			case *ast.CompositeLit:
				holds := slices.ContainsFunc(node.Elts, func(element ast.Expr) bool {
					if pair, ok := element.(*ast.KeyValueExpr); ok {
						element = pair.Value
					}
					return isChannel(r.info.TypeOf(element)) && carries(element)
				})
				once = once && (!holds || fn == o.made.fn)
			}
		})
	}
	return once && sends == 1
}

// isBuilt tells whether the function itself has made what is in the variable.
func (r *repairer) isBuilt(v *types.Var, fn *function) bool {
	found := false
	if fn == nil || fn.body == nil {
		return false
	}
	ast.Inspect(fn.body, func(node ast.Node) bool {
		assign, ok := node.(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != len(assign.Rhs) {
			return true
		}
		for i, left := range assign.Lhs {
			ident, ok := left.(*ast.Ident)
			if !ok || r.info.ObjectOf(ident) != v {
				continue
			}
			value := ast.Unparen(assign.Rhs[i])
			if address, ok := value.(*ast.UnaryExpr); ok && address.Op == token.AND {
				value = address.X
			}
			call, made := value.(*ast.CallExpr)
			_, literal := value.(*ast.CompositeLit)
			found = literal || made && r.builtin(call) == "make"
		}
		return true
	})
	return found
}

// bound is the most that these operations may happen to one channel, as code; "" where the text sets no bound.
func (r *repairer) bound(ops []*operation, o object) string {
	fixed := 0
	counts := map[string]int{}
	var exclusive []struct {
		times string
		ops   []*operation
	}
	for _, op := range ops {
		products, ok := r.times(op, o)
		if !ok {
			return ""
		}
		var texts []string
		for _, each := range products {
			texts = append(texts, each.text())
		}
		slices.Sort(texts)
		times := strings.Join(texts, "+")
		joined := false
		for i, group := range exclusive {
			if group.times == times && !slices.ContainsFunc(group.ops, func(other *operation) bool { return !areExclusive(other, op) }) {
				exclusive[i].ops = append(group.ops, op)
				joined = true
				break
			}
		}
		if joined {
			continue
		}
		exclusive = append(exclusive, struct {
			times string
			ops   []*operation
		}{times, []*operation{op}})
		for _, text := range texts {
			if text == "" {
				fixed++
			} else if n, err := strconv.Atoi(text); err == nil {
				fixed += n
			} else {
				counts[text]++
			}
		}
	}
	var terms []string
	for text, n := range counts {
		if n > 1 {
			text = strconv.Itoa(n) + "*" + factor(text)
		}
		terms = append(terms, text)
	}
	slices.Sort(terms)
	if fixed > 0 {
		terms = append(terms, strconv.Itoa(fixed))
	}
	return strings.Join(terms, "+")
}

func (p product) text() string {
	if len(p) == 1 {
		return p[0]
	}
	factors := make([]string, len(p))
	for i, each := range p {
		factors[i] = factor(each)
	}
	return strings.Join(factors, "*")
}

// factor is the code as it may stand in a product.
func factor(code string) string {
	if e, err := parser.ParseExpr(code); err == nil {
		if _, sum := e.(*ast.BinaryExpr); sum {
			return "(" + code + ")"
		}
	}
	return code
}

// areExclusive tells whether one way through their function comes to one of them at most.
func areExclusive(a, b *operation) bool {
	if a.fn != b.fn {
		return false
	}
	if b.node.Pos() < a.node.Pos() {
		a, b = b, a
	}
	first, second := a.steps(), b.steps()
	depth := 0
	for depth < min(len(first), len(second)) && first[depth] == second[depth] {
		depth++
	}
	if depth == 0 || depth == min(len(first), len(second)) {
		return false
	}
	switch around := first[depth-1].(type) {
	case *ast.IfStmt:
		if first[depth] == around.Body && second[depth] == around.Else {
			return true
		}
	case *ast.BlockStmt:
		_, cases := first[depth].(*ast.CaseClause)
		_, communications := first[depth].(*ast.CommClause)
		if (cases || communications) && !branches(around) {
			return true
		}
	}
	return slices.ContainsFunc(first[depth:], func(around ast.Node) bool {
		list := listIn(around)
		if len(list) == 0 || branches(around) {
			return false
		}
		_, returns := list[len(list)-1].(*ast.ReturnStmt)
		return returns
	})
}

// branches tells whether something in it may go on elsewhere.
func branches(node ast.Node) bool {
	found := false
	ast.Inspect(node, func(node ast.Node) bool {
		branch, ok := node.(*ast.BranchStmt)
		found = found || ok && (branch.Tok == token.FALLTHROUGH || branch.Tok == token.GOTO || branch.Tok == token.BREAK)
		return !found
	})
	return found
}
