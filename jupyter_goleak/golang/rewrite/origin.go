package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// An object is one value of the program, as far as its text tells: what one call makes, or a variable that is a lock or
// the like itself. What is reached through an object (its Done channel, its timer's C) is an object too. Where nothing
// is seen to make a value, the whole class stands for it.
type object struct {
	made  *operation
	self  *types.Var
	class *place
	owner *object
	via   string
}

// An origin tells which objects may stand at a place.
type origin struct {
	objects []object // keys; see flow.object
	unknown bool
}

// objects are what an expression may stand for. It is unknown where values that are not seen may come in as well.
func (f *flow) objects(e ast.Expr) ([]object, bool) {
	e = ast.Unparen(e)
	switch x := e.(type) {
	case *ast.CallExpr:
		if selector := f.doneOf(x); selector != nil {
			if isContext(f.info.TypeOf(selector.X)) {
				return f.through(selector.X, "Done")
			}
			owners, unknown := f.objectsAt(f.receiver(selector))
			return f.owned(owners, "Done"), unknown
		}
	case *ast.SelectorExpr:
		selection := f.info.Selections[x]
		if selection == nil {
			break
		}
		switch selection.Kind() {
		case types.FieldVal:
			if field, ok := selection.Obj().(*types.Var); ok && f.file(field.Pos()) == nil {
				return f.through(x.X, "."+field.Name())
			}
		default: // a method: its receiver
			if behind := f.behind(selection.Obj()); len(behind) > 0 {
				return behind, false
			}
			if len(selection.Index()) < 2 {
				return f.objects(x.X)
			}
			return f.objectsAt(f.receiver(x))
		}
	}
	return f.objectsAt(f.at(e))
}

// behind are the values of package sync whose method a call through an interface of the program's may come to.
func (f *flow) behind(method types.Object) (all []object) {
	called, ok := method.(*types.Func)
	if !ok {
		return nil
	}
	for _, each := range f.implementations(called) {
		if pkg := each.object.Pkg(); pkg != nil && pkg.Path() == "sync" {
			objects, _ := f.objectsAt(each.receiver)
			all = append(all, objects...)
		}
	}
	return all
}

func (f *flow) through(e ast.Expr, via string) ([]object, bool) {
	owners, unknown := f.objects(e)
	return f.owned(owners, via), unknown
}

// owned are what is reached through the owners in that way. Where a context stands for its Done, that is it already.
func (f *flow) owned(owners []object, via string) []object {
	all := make([]object, len(owners))
	for i, owner := range owners {
		all[i] = owner
		if via != "Done" || !f.isDone(owner) {
			all[i] = object{owner: f.intern(owner), via: via}
		}
	}
	return all
}

// isDone tells whether the object is a channel, or the Done of a context.
func (f *flow) isDone(o object) bool {
	if o.made == nil {
		return o.via == "Done"
	}
	return kindOf(resultTypes(f.info.TypeOf(o.made.expression))[o.made.result]) == "channel"
}

// isOpen tells whether it is a parameter whose values come from callers that are not seen.
func (f *flow) isOpen(p *place) bool { return p.own != nil && f.open[p.own] && f.variable(p.own) == p }

// intern gives equal objects one address, so that objects can be compared.
func (f *flow) intern(o object) *object {
	if f.interned[o] == nil {
		f.interned[o] = &o
	}
	return f.interned[o]
}

func (f *flow) objectsAt(p *place) ([]object, bool) {
	if p == nil {
		return nil, true
	}
	if known := f.origins[p]; known != nil {
		return known.objects, known.unknown
	}
	result := &origin{}
	f.origins[p] = result
	var reached []*place
	p.eachSource(func(p *place) {
		result.unknown = result.unknown || p.unknown || f.isOpen(p)
		// What others are put into stands for these.
		if p.owner != nil && len(p.sources) == 0 && p.via != "element" && p.via != "key" {
			reached = append(reached, p)
		}
		for _, op := range p.makes {
			result.objects = append(result.objects, object{made: op})
		}
		if p.own != nil && isValueLock(p.own.Type()) {
			result.objects = append(result.objects, object{self: p.own})
		}
	})
	if root := p.root(); len(result.objects)+len(reached) == 0 && root.owner != nil && root.via != "element" {
		reached = []*place{root}
	}
	for _, each := range reached {
		owners, unknown := f.objectsAt(each.owner)
		result.unknown = result.unknown || unknown
		result.objects = append(result.objects, f.owned(owners, each.via)...)
	}
	if len(result.objects) == 0 {
		result.objects = []object{{class: p.root()}}
	}
	slices.SortFunc(result.objects, func(a, b object) int { return cmp.Compare(a.pos(), b.pos()) })
	result.objects = slices.Compact(result.objects)
	return result.objects, result.unknown
}

func (o object) pos() token.Pos {
	switch {
	case o.made != nil:
		return o.made.node.Pos()*4 + token.Pos(o.made.result)
	case o.self != nil:
		return o.self.Pos() * 4
	case o.owner != nil:
		return o.owner.pos()
	}
	return 0
}

// isValueLock tells whether a variable of that type is the thing itself, not a reference to it.
func isValueLock(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && isType(named, "sync", "Mutex", "RWMutex", "WaitGroup", "Cond", "Once")
}

// at is the place that the object's operations are recorded at.
func (f *flow) placeOf(o object) *place {
	switch {
	case o.made != nil:
		return o.made.at
	case o.self != nil:
		return f.variable(o.self)
	case o.owner != nil:
		return f.placeOf(*o.owner).kid(o.via)
	}
	return o.class
}

// operationsOn are what the program may do with the object, in the order of the text.
func (f *flow) operationsOn(o object) []*operation {
	var found []*operation
	for _, op := range f.placeOf(o).root().ops {
		if op.makes() {
			if o.class != nil || o.made == op {
				found = append(found, op)
			}
			continue
		}
		if o.class != nil || slices.Contains(f.objectsOf(op), o) {
			found = append(found, op)
		}
	}
	slices.SortStableFunc(found, func(a, b *operation) int { return cmp.Compare(a.node.Pos(), b.node.Pos()) })
	return found
}

func (f *flow) objectsOf(op *operation) []object {
	if op.method != nil {
		all, _ := f.objects(op.method)
		return all
	}
	if op.expression != nil && op.kind != "discard" {
		all, _ := f.objects(op.expression)
		return all
	}
	all, _ := f.objectsAt(op.at)
	return all
}

// isUnknown tells whether code that is not seen has the object too.
func (f *flow) isUnknown(o object) bool {
	if o.class != nil {
		for _, v := range o.class.vars {
			if f.open[v] || f.variable(v).unknown {
				return true
			}
		}
		return o.class.unknown
	}
	if o.owner != nil {
		return false
	}
	seen := map[*place]bool{}
	var forth func(p *place) bool
	forth = func(p *place) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		if p.unknown {
			return true
		}
		for use := range p.uses {
			if forth(use) {
				return true
			}
		}
		return false
	}
	return forth(f.placeOf(o))
}

// variablesOf are the variables that the object may be in, nearest to where it is made first.
func (f *flow) variablesOf(o object) []*types.Var {
	if o.class != nil {
		all := slices.Clone(o.class.vars)
		slices.SortStableFunc(all, func(a, b *types.Var) int { return cmp.Compare(a.Pos(), b.Pos()) })
		return all
	}
	var found []*types.Var
	seen := map[*place]bool{}
	for layer := []*place{f.placeOf(o)}; len(layer) > 0; {
		var here []*types.Var
		var next []*place
		for _, p := range layer {
			if seen[p] {
				continue
			}
			seen[p] = true
			if p.own != nil {
				here = append(here, p.own)
			}
			for use := range p.uses {
				next = append(next, use)
			}
		}
		slices.SortFunc(here, func(a, b *types.Var) int { return cmp.Compare(a.Pos(), b.Pos()) })
		found = append(found, here...)
		layer = next
	}
	return found
}
