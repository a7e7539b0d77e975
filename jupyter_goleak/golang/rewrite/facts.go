package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// facts never fails as a whole: a report without reasons is better than none.
func facts(request FactsRequest) (answer Facts) {
	answer = Facts{Places: make([]Place, len(request.Waits)), Variables: []Variable{}, Resources: []int{}, Given: map[string][]int{}}
	for i, wait := range request.Waits {
		answer.Places[i] = unknownPlace(wait)
	}
	defer func() {
		if problem := recover(); problem != nil {
			answer.Variables, answer.Resources = []Variable{}, []int{}
			for i, wait := range request.Waits {
				answer.Places[i] = unknownPlace(wait)
			}
			answer.Problem = fmt.Sprintf("%v\n%s", problem, debug.Stack())
		}
	}()
	f := analyse(load(request.Program, request.Goroot, request.Exports))
	r := &reporter{flow: f, index: map[object]int{}, timers: f.timed()}
	answer.Weak = f.imports("weak")
	for pkg, functions := range f.given() {
		answer.Given[pkg] = indices(functions)
	}
	for i, wait := range request.Waits {
		answer.Places[i] = r.place(wait)
	}
	for _, o := range f.resources() {
		answer.Resources = append(answer.Resources, r.ref(o))
	}
	// Describing one variable may name others, which then want describing too.
	for i := 0; i < len(r.queue); i++ {
		answer.Variables = append(answer.Variables, r.describe(r.queue[i]))
	}
	return answer
}

// resources are what the program must close or stop, in the order of the text.
func (f *flow) resources() []object {
	var found []object
	for _, p := range f.allPlaces() {
		for _, op := range p.makes {
			t := resultTypes(f.info.TypeOf(op.expression))[op.result]
			switch kindOf(t) {
			case "response", "pipe", "connection", "listener", "timer", "ticker":
				found = append(found, object{made: op})
			default:
				call, ok := op.node.(*ast.CallExpr)
				if !ok {
					break
				}
				callee := f.callee(call)
				if callee != nil && callee.Pkg() != nil && callee.Pkg().Path() == "iter" || f.isPipe(op) {
					found = append(found, object{made: op})
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b object) int { return cmp.Compare(a.pos(), b.pos()) })
	return slices.Compact(found)
}

// isPipe tells whether the operation makes an end of an operating system's pipe.
func (f *flow) isPipe(op *operation) bool {
	call, ok := op.node.(*ast.CallExpr)
	if !ok {
		return false
	}
	callee := f.callee(call)
	return callee != nil && callee.Pkg() != nil && callee.Pkg().Path() == "os" && callee.Name() == "Pipe"
}

// A reporter turns objects into the variables of an answer.
type reporter struct {
	*flow
	index     map[object]int
	queue     []object
	wait      Wait        // in question
	launched  ast.Node    // what started its goroutine
	handed    []object    // what that hands over
	bodies    []*function // that the goroutine stands in
	timers    []*function
	inventory *inventory
	standing  map[object][]object // what is made from an object
}

func indices(functions []*function) []int {
	all := []int{}
	for _, fn := range functions {
		all = append(all, fn.index)
	}
	return all
}

func (f *flow) imports(path string) bool {
	return slices.ContainsFunc(f.files, func(file *typedFile) bool {
		return slices.ContainsFunc(file.syntax.Imports, func(spec *ast.ImportSpec) bool { return spec.Path.Value == strconv.Quote(path) })
	})
}

func (r *reporter) ref(o object) int {
	i, ok := r.index[o]
	if !ok {
		i = len(r.queue)
		r.index[o] = i
		r.queue = append(r.queue, o)
	}
	return i
}

// refs are what the expressions may stand for. Where a context stands for the Done of another one, that other one is meant.
func (r *reporter) refs(expressions ...ast.Expr) []int {
	all := []int{}
	for _, e := range expressions {
		objects, _ := r.objects(e)
		for _, o := range objects {
			if o.via == "Done" {
				o = *o.owner
			}
			if i := r.ref(o); !slices.Contains(all, i) {
				all = append(all, i)
			}
		}
	}
	return all
}

func (f *flow) position(pos token.Pos) (string, int) {
	at := f.fset.Position(pos)
	return at.Filename, at.Line
}

func (r *reporter) describe(o object) Variable {
	v := Variable{Names: []string{}, Operations: []Operation{}, Methods: []Method{}, Parents: []int{}, Siblings: []int{}, Derived: []int{}}
	variables, operations := r.variablesOf(o), r.operationsOn(o)
	v.Unknown = r.isUnknown(o)
	var t types.Type
	better := func(candidate types.Type) {
		if candidate != nil && (t == nil || kindOf(t) == "value") {
			t = candidate
		}
	}
	for _, variable := range variables {
		if variable.Name() != "_" && !slices.Contains(v.Names, variable.Name()) {
			v.Names = append(v.Names, variable.Name())
		}
		v.Global = v.Global || r.heldByGlobal(variable)
		better(variable.Type())
	}
	if o.made != nil {
		better(resultTypes(r.info.TypeOf(o.made.expression))[o.made.result])
		v.Parents = r.refs(o.made.parents...)
		v.Siblings = r.siblings(o.made)
		if o.made.cancel != nil {
			cancel := r.ref(object{made: o.made.cancel})
			v.Cancel = &cancel
		}
	}
	for _, op := range operations {
		told := r.operation(op, o.made)
		told.Anew = r.anew(op, o)
		v.Operations = append(v.Operations, told)
		if op.expression != nil && !op.makes() {
			better(r.info.TypeOf(op.expression))
		}
	}
	if t != nil {
		v.Type = types.TypeString(t, func(pkg *types.Package) string { return pkg.Name() })
	}
	v.Kind = kindOf(t)
	if o.made != nil && r.isPipe(o.made) {
		v.Kind = "pipe"
	}
	if v.Kind == "pipe" || v.Kind == "connection" || v.Kind == "value" && len(v.Parents) > 0 {
		v.Derived = r.derived(o)
	}
	r.name(&v, o, variables)
	r.relate(&v, o)
	r.buffer(&v, o)
	v.Nil = v.Kind == "channel" && o.class != nil && !v.Unknown && o.class.owner == nil && len(variables) > 0
	if v.Kind == "channel" && v.Name != "" {
		v.CloseAfter = r.closeAfter(o, operations, v.Unknown)
		v.Sent = r.sent(o, operations, v.Unknown)
		v.Gathered = r.gathered(o, operations, v.Unknown)
	}
	r.methods(&v, variables, operations)
	v.Deferrable = v.Kind == "cancel" && o.made != nil && r.isDeferrable(o.made)
	v.Unset = slices.ContainsFunc(variables, r.leftOut)
	return v
}

// siblings are the other results of the call that made it.
func (r *reporter) siblings(made *operation) []int {
	all := []int{}
	call, ok := made.node.(*ast.CallExpr)
	if !ok {
		return all
	}
	for _, p := range r.results[call] {
		for _, op := range p.makes {
			if op.node == made.node && op != made {
				all = append(all, r.ref(object{made: op}))
			}
		}
	}
	return all
}

// derived is what stands on the object: what reads from it or writes to it.
func (r *reporter) derived(o object) []int {
	if r.standing == nil {
		r.standing = map[object][]object{}
		for _, p := range r.allPlaces() {
			for _, op := range p.makes {
				for _, parent := range op.parents {
					objects, _ := r.objects(parent)
					for _, each := range objects {
						r.standing[each] = append(r.standing[each], object{made: op})
					}
				}
			}
		}
	}
	made := r.standing[o]
	slices.SortFunc(made, func(a, b object) int { return cmp.Compare(a.pos(), b.pos()) })
	all := []int{}
	for _, each := range slices.Compact(made) {
		all = append(all, r.ref(each))
	}
	return all
}

// relate tells what the object is reached through, and the lock of a cond.
func (r *reporter) relate(v *Variable, o object) {
	p := r.placeOf(o).root()
	switch {
	case o.owner != nil:
		owner := r.ref(*o.owner)
		v.Owner, v.Via = &owner, strings.TrimPrefix(o.via, ".")
	case p.owner != nil && (o.made == nil || p.via == "element"):
		if owners, _ := r.objectsAt(p.owner); len(owners) > 0 {
			owner := r.ref(owners[0])
			v.Owner, v.Via = &owner, strings.TrimPrefix(p.via, ".")
		}
	}
	if locks, _ := r.objectsAt(p.kids[".L"]); v.Kind == "cond" && len(locks) == 1 {
		lock := r.ref(locks[0])
		v.Lock = &lock
	}
}

// heldByGlobal tells whether the variable is global, or an element of one that is.
func (r *reporter) heldByGlobal(v *types.Var) bool {
	if isGlobal(v) {
		return true
	}
	seen := map[*place]bool{}
	for owner := r.variable(v).root().owner; owner != nil && !seen[owner.root()]; owner = owner.root().owner {
		seen[owner.root()] = true
		if slices.ContainsFunc(owner.root().vars, isGlobal) {
			return true
		}
	}
	return false
}

func isGlobal(v *types.Var) bool {
	return !v.IsField() && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

func kindOf(t types.Type) string {
	if t == nil {
		return "value"
	}
	if _, ok := t.Underlying().(*types.Chan); ok {
		return "channel"
	}
	for _, known := range []struct{ pkg, name, kind string }{
		{"sync", "Mutex", "mutex"}, {"sync", "RWMutex", "rwmutex"}, {"sync", "WaitGroup", "waitgroup"}, {"sync", "Cond", "cond"},
		{"sync", "Once", "once"}, {"sync", "Locker", "mutex"}, {"context", "Context", "context"}, {"context", "CancelFunc", "cancel"},
		{"context", "CancelCauseFunc", "cancel"}, {"time", "Timer", "timer"}, {"time", "Ticker", "ticker"},
		{"net/http", "Response", "response"}, {"io", "PipeReader", "pipe"}, {"io", "PipeWriter", "pipe"}, {"net", "Conn", "connection"},
		{"net", "Listener", "listener"},
	} {
		if isType(t, known.pkg, known.name) {
			return known.kind
		}
	}
	if _, ok := t.Underlying().(*types.Signature); ok {
		return "function"
	}
	return "value"
}

func (r *reporter) buffer(v *Variable, o object) {
	if v.Kind != "channel" || o.made == nil {
		return
	}
	call, ok := o.made.node.(*ast.CallExpr)
	if !ok || r.builtin(call) != "make" {
		return
	}
	if o.made.buffer != nil {
		v.BufferText = r.text(o.made.buffer)
	}
	if size, ok := r.bufferSize(o.made); ok {
		v.Buffer = &size
	}
}

func (r *reporter) operation(op, made *operation) Operation {
	out := Operation{Kind: op.kind, Holding: r.refs(op.holding...), Exits: []int{}, Repeated: op.repeated()}
	for _, pos := range r.exits(op) {
		_, line := r.position(pos)
		out.Exits = append(out.Exits, line)
	}
	out.File, out.Line = r.position(op.node.Pos())
	_, out.EndLine = r.position(op.node.End())
	end := op.node.End()
	switch {
	case op.end.IsValid():
		end = op.end
	case op.kind == "end-locked":
		out.Line = out.EndLine
	}
	if op.kind != "end-locked" {
		out.Text = shorten(r.source(op.node.Pos(), end))
	}
	if op.expression != nil {
		out.Expression = shorten(r.text(op.expression))
	}
	out.Body, out.Deferrer = -1, -1
	if op.fn != nil {
		out.Function, out.Body, out.Often = op.fn.name, op.fn.index, op.fn.again()
		if op.fn.deferred && op.fn.outer != nil {
			out.Deferrer = op.fn.outer.index
		}
	}
	out.Once, out.Outer, out.Copy = r.once(op, made), r.isOuter(op), r.copied(op)
	out.Returned = op.fn != nil && r.resultOf(op.fn) >= 0
	switch op.kind {
	case "receive", "close":
		out.Deferrable = r.puttable(op)
	case "done":
		out.Deferrable = r.first(op)
	default:
		out.Deferrable = r.deferrable(op)
	}
	if branch := op.path.branch(); branch != nil {
		_, out.BranchLine = r.position(branch.Pos())
	}
	_, out.BranchEnd = r.position(op.path.branchEnd())
	out.Certain = r.certain(op) && (made == nil || op.again() || !made.again())
	out.Again, out.Timed, out.Tasks = op.again(), op.timed || slices.Contains(r.timers, op.fn), indices(op.tasks)
	if op.kind == "make" && op.buffer != nil {
		if size, ok := r.bufferSize(op); ok {
			out.Buffer = &size
		}
	}
	_, out.LastLine = r.position(max(r.outermostLoop(op.path), op.node.End()))
	out.Deferred, out.Loop, out.Goroutine = op.isDeferred(), op.path.inLoop(), op.inGoroutine()
	out.Shared = len(r.objectsOf(op)) > 1
	out.Conditional, out.Uncalled = op.path.conditional(), op.uncalled()
	if choice := op.inSelect(); choice != nil {
		out.Select = len(choice.Body.List)
		_, out.SelectLine = r.position(choice.Pos())
		out.Default = slices.ContainsFunc(choice.Body.List, func(clause ast.Stmt) bool {
			comm, ok := clause.(*ast.CommClause)
			return ok && comm.Comm == nil
		})
	}
	return out
}

func shorten(text string) string {
	const most = 100
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
