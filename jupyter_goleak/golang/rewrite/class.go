package main

import (
	"go/types"
	"slices"
)

// The flow of values is followed without regard to order: all places that a value may pass through (variables,
// parameters, results, fields, elements) make one class. One field is one place, whichever struct it is in. Inside of a
// class the direction of the flow tells which values may arrive at which place.

// A place is a member of a class; what concerns the whole class stands at its root.
type place struct {
	parent  *place
	kids    map[string]*place // what is reached through it: elements, the Done channel of a context
	ops     []*operation
	vars    []*types.Var
	targets []*function // of a class of functions
	owner   *place      // what this is reached through, and how
	via     string

	// What follows is the place's own, not the class's.
	own     *types.Var
	sources map[*place]bool // where its values come from
	uses    map[*place]bool // where they go
	makes   []*operation    // that put a new value in
	unknown bool            // code that is not seen has the value too
	reads   bool            // a lock in the form that is taken for reading
}

// eachSource visits the place and all that its values may have come from.
func (p *place) eachSource(visit func(source *place)) {
	seen := map[*place]bool{}
	var back func(p *place)
	back = func(p *place) {
		if p == nil || seen[p] {
			return
		}
		seen[p] = true
		visit(p)
		for source := range p.sources {
			back(source)
		}
	}
	back(p)
}

func (p *place) root() *place {
	for p.parent != nil {
		p = p.parent
	}
	return p
}

func (p *place) kid(name string) *place {
	r := p.root()
	if r.kids == nil {
		r.kids = map[string]*place{}
	}
	if r.kids[name] == nil {
		r.kids[name] = &place{owner: p, via: name}
	}
	return r.kids[name]
}

// unify lets what is at b flow to a. It tells whether that is news.
func unify(a, b *place) bool {
	if a == nil || b == nil || a == b {
		return false
	}
	learnt := !a.sources[b]
	if learnt {
		if a.sources == nil {
			a.sources = map[*place]bool{}
		}
		if b.uses == nil {
			b.uses = map[*place]bool{}
		}
		a.sources[b], b.uses[a] = true, true
	}
	a, b = a.root(), b.root()
	if a == b {
		return learnt
	}
	b.parent = a
	a.vars = append(a.vars, b.vars...)
	a.ops = append(a.ops, b.ops...)
	for _, target := range b.targets {
		if !slices.Contains(a.targets, target) {
			a.targets = append(a.targets, target)
		}
	}
	if a.owner == nil {
		a.owner, a.via = b.owner, b.via
	}
	for name, kid := range b.kids {
		r := a.root()
		if r.kids == nil {
			r.kids = map[string]*place{}
		}
		// A class may be reached through itself, so a kid that is missing is taken over, never made.
		if other := r.kids[name]; other == nil {
			r.kids[name] = kid
		} else {
			unify(other, kid)
			unify(kid, other)
		}
	}
	return true
}
