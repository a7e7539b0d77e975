package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// A FactsRequest asks about places where goroutines wait. Exports maps import paths to files of export data, for packages
// that are not in the standard library; without it, what they declare is unknown.
type FactsRequest struct {
	Program
	Goroot  string            `json:"goroot"`
	Exports map[string]string `json:"exports"`
	Waits   []Wait            `json:"waits"`
}

// A Wait is where and how a goroutine waits: the innermost frames of the user's code, and where it was started.
type Wait struct {
	State   string  `json:"state"`
	Frames  []Frame `json:"frames"`
	Started Frame   `json:"started"`
}

type Frame struct {
	Function string `json:"function"`
	File     string `json:"file"`
	Line     int    `json:"line"`
}

// Facts answers facts: one Place for each wait, and the variables that they speak of, by their index.
type Facts struct {
	Places    []Place    `json:"places"`
	Variables []Variable `json:"variables"`
	Resources []int      `json:"resources"` // responses, pipes, connections, listeners, timers and tickers, and what iter.Pull gives
	Problem   string     `json:"problem"`   // why the analysis broke off, if it did
}

// A Place is the blocking statement.
type Place struct {
	Found      bool    `json:"found"`
	Statement  string  `json:"statement"`
	Operation  string  `json:"operation"` // range, receive, send, select, or a method's name in small letters
	Expression string  `json:"expression"`
	Variable   *int    `json:"variable"`
	Others     []int   `json:"others"` // what else it may be: the same code serves several
	Function   string  `json:"function"`
	File       string  `json:"file"`
	Line       int     `json:"line"`
	Cases      []Case  `json:"cases"`
	Loop       *Loop   `json:"loop"` // the innermost one around the statement, itself if it is a range
	Started    *Launch `json:"started"`
	Holding    []int   `json:"holding"` // locks held by this function and its callers
}

// A Case is one of a select.
type Case struct {
	Operation  string `json:"operation"` // send, receive or default
	Expression string `json:"expression"`
	Text       string `json:"text"`
	Line       int    `json:"line"`
	Variable   *int   `json:"variable"`
	Others     []int  `json:"others"` // what else it may be: the same code serves several
}

type Loop struct {
	Kind string `json:"kind"` // forever, condition or range
	Text string `json:"text"`
	Line int    `json:"line"`
}

// A Launch is the statement that started the goroutine.
type Launch struct {
	Text     string `json:"text"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Function string `json:"function"` // that it stands in
	Loop     *Loop  `json:"loop"`
}

// A Variable is a class of places that one value passes through, told by the name where it is made.
type Variable struct {
	Kind       string         `json:"kind"`
	Name       string         `json:"name"`
	Names      []string       `json:"names"`
	Type       string         `json:"type"`
	Scope      string         `json:"scope"` // local, parameter, field, global or value
	Struct     string         `json:"struct"`
	File       string         `json:"file"`
	Line       int            `json:"line"`
	Buffer     *int64         `json:"buffer"`
	BufferText string         `json:"buffer_text"`
	Global     bool           `json:"global"` // a global variable holds it, or what it is an element of
	Nil        bool           `json:"nil"`
	Unknown    bool           `json:"unknown"`
	Owner      *int           `json:"owner"`
	Via        string         `json:"via"`
	Parents    []int          `json:"parents"`
	Cancel     *int           `json:"cancel"`
	Operations []Operation    `json:"operations"`
	Kids       map[string]int `json:"kids"` // what is reached through it: Body, C, Done, element
	Methods    []Method       `json:"methods"`
	CloseAfter *Insertion     `json:"close_after"`
}

// An Operation on a variable.
type Operation struct {
	Kind        string `json:"kind"`
	File        string `json:"file"`
	Line        int    `json:"line"`
	EndLine     int    `json:"end_line"`
	Function    string `json:"function"`
	Text        string `json:"text"`
	Expression  string `json:"expression"`
	Buffer      *int64 `json:"buffer"`
	Deferred    bool   `json:"deferred"`
	Loop        bool   `json:"loop"`
	Goroutine   bool   `json:"goroutine"`
	Conditional bool   `json:"conditional"`
	Select      int    `json:"select"`   // number of the cases to choose from, 0 outside of a select
	Default     bool   `json:"default"`  // the select has a default: the operation never waits
	Repeated    bool   `json:"repeated"` // a loop starts the goroutine that it is in
	Exits       []int  `json:"exits"`    // lines where the function leaves before it, or for a range, breaks it off
	Uncalled    bool   `json:"uncalled"`
	Holding     []int  `json:"holding"`
}

// A Method ends what its type started.
type Method struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Called bool   `json:"called"`
}

// An Insertion is code that fits below a line.
type Insertion struct {
	File string `json:"file"`
	Line int    `json:"line"` // the new line comes after this one
	Code string `json:"code"`
}

// facts never fails as a whole: a report without reasons is better than none.
func facts(request FactsRequest) (answer Facts) {
	answer = Facts{Places: make([]Place, len(request.Waits)), Variables: []Variable{}, Resources: []int{}}
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
	r := &reporter{flow: f, index: map[object]int{}}
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
	index map[object]int
	queue []object
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

// refs are what the expressions may stand for.
func (r *reporter) refs(expressions ...ast.Expr) []int {
	all := []int{}
	for _, e := range expressions {
		objects, _ := r.objects(e)
		for _, o := range objects {
			if i := r.ref(o); !slices.Contains(all, i) {
				all = append(all, i)
			}
		}
	}
	return all
}

func (r *reporter) position(pos token.Pos) (string, int) {
	at := r.fset.Position(pos)
	return at.Filename, at.Line
}

func (r *reporter) describe(o object) Variable {
	v := Variable{Names: []string{}, Operations: []Operation{}, Methods: []Method{}, Parents: []int{}, Kids: map[string]int{}}
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
		if o.made.cancel != nil {
			cancel := r.ref(object{made: o.made.cancel})
			v.Cancel = &cancel
		}
	}
	for _, op := range operations {
		v.Operations = append(v.Operations, r.operation(op))
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
	r.name(&v, o, variables)
	r.relate(&v, o)
	r.buffer(&v, o)
	v.Nil = v.Kind == "channel" && o.class != nil && !v.Unknown && o.class.owner == nil && len(variables) > 0
	if v.Kind == "channel" && v.Name != "" {
		v.CloseAfter = r.closeAfter(operations, v.Unknown)
	}
	r.methods(&v, variables)
	return v
}

// name calls the object what the program calls it where it is made.
func (r *reporter) name(v *Variable, o object, variables []*types.Var) {
	if o.owner != nil {
		owner := Variable{}
		r.name(&owner, *o.owner, r.variablesOf(*o.owner))
		v.Scope, v.File, v.Line = "value", owner.File, owner.Line
		v.Name = owner.Name + o.via
		if o.via == "Done" {
			v.Name = owner.Name + ".Done()"
		}
		return
	}
	if o.made != nil {
		if variable := r.madeAs(o); variable != nil && variable.Name() != "_" {
			r.declare(v, variable)
			return
		}
	}
	if len(variables) > 0 && variables[0].Name() != "_" {
		// A parameter tells less than the variable that is passed for it.
		r.declare(v, variables[max(0, slices.IndexFunc(variables, func(v *types.Var) bool { return !r.isParameter(v) }))])
		return
	}
	v.Scope = "value"
	if o.made != nil {
		v.Name = shorten(r.text(o.made.node))
		v.File, v.Line = r.position(o.made.node.Pos())
	}
}

// relate tells what the object is reached through, and what is reached through it.
func (r *reporter) relate(v *Variable, o object) {
	p := r.placeOf(o).root()
	switch {
	case o.owner != nil:
		owner := r.ref(*o.owner)
		v.Owner, v.Via = &owner, strings.TrimPrefix(o.via, ".")
	case p.owner != nil:
		if owners, _ := r.objectsAt(p.owner); len(owners) > 0 {
			owner := r.ref(owners[0])
			v.Owner, v.Via = &owner, strings.TrimPrefix(p.via, ".")
		}
	}
	for _, via := range slices.Sorted(maps.Keys(p.kids)) {
		if via != "element" {
			v.Kids[strings.TrimPrefix(via, ".")] = r.ref(object{owner: r.intern(o), via: via})
			continue
		}
		if elements, _ := r.objectsAt(p.kids[via]); len(elements) == 1 {
			v.Kids[via] = r.ref(elements[0])
		}
	}
}

// heldByGlobal tells whether the variable is global, or an element of one that is.
func (r *reporter) heldByGlobal(v *types.Var) bool {
	if isGlobal(v) {
		return true
	}
	for owner := r.variable(v).root().owner; owner != nil; owner = owner.root().owner {
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

// madeAs is the variable that the object is first put into.
func (r *reporter) madeAs(o object) *types.Var {
	for _, node := range slices.Backward(o.made.path) {
		var names []ast.Expr
		switch node := node.(type) {
		case *ast.AssignStmt:
			names = node.Lhs
		case *ast.ValueSpec:
			for _, name := range node.Names {
				names = append(names, name)
			}
		case *ast.KeyValueExpr:
			names = []ast.Expr{node.Key}
		case ast.Expr:
			continue
		}
		for _, name := range names {
			if v := r.variableOf(name); v != nil {
				if objects, _ := r.objectsAt(r.variable(v)); slices.Contains(objects, o) {
					return v
				}
			}
		}
		return nil
	}
	return nil
}

func (r *reporter) variableOf(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := r.info.ObjectOf(e).(*types.Var)
		return v
	case *ast.SelectorExpr:
		v, _ := r.info.Uses[e.Sel].(*types.Var)
		return v
	case *ast.IndexExpr:
		return r.variableOf(e.X)
	}
	return nil
}

func (r *reporter) declare(v *Variable, variable *types.Var) {
	v.Name = variable.Name()
	v.File, v.Line = r.position(variable.Pos())
	switch {
	case variable.IsField():
		v.Scope = "field"
		v.Struct = r.structOf(variable)
	case isGlobal(variable):
		v.Scope = "global"
	case r.isParameter(variable):
		v.Scope = "parameter"
	default:
		v.Scope = "local"
	}
}

func (r *reporter) structOf(field *types.Var) string {
	if named := r.ownerOf(field); named != nil {
		return named.Obj().Name()
	}
	return ""
}

func (r *reporter) ownerOf(field *types.Var) *types.Named {
	for _, named := range r.named {
		if structure, ok := named.Underlying().(*types.Struct); ok {
			for i := range structure.NumFields() {
				if structure.Field(i) == field {
					return named
				}
			}
		}
	}
	return nil
}

func (r *reporter) isParameter(v *types.Var) bool {
	return slices.ContainsFunc(r.ordered, func(fn *function) bool { return slices.Contains(r.fields(fn.typ.Params), v) })
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

func (r *reporter) operation(op *operation) Operation {
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
	if op.fn != nil {
		out.Function = op.fn.name
	}
	if op.kind == "make" && op.buffer != nil {
		if size, ok := r.bufferSize(op); ok {
			out.Buffer = &size
		}
	}
	out.Deferred, out.Loop, out.Goroutine = op.isDeferred(), op.path.inLoop(), op.inGoroutine()
	out.Conditional, out.Uncalled = op.path.conditional(), op.uncalled()
	if choice := op.inSelect(); choice != nil {
		out.Select = len(choice.Body.List)
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

// methods are those of the field's struct that could end what waits there.
func (r *reporter) methods(v *Variable, variables []*types.Var) {
	if v.Scope != "field" {
		return
	}
	for _, variable := range variables {
		if !variable.IsField() {
			continue
		}
		named := r.ownerOf(variable)
		if named == nil {
			continue
		}
		for _, fn := range r.ordered {
			decl, ok := fn.node.(*ast.FuncDecl)
			if !ok || decl.Recv == nil || fn.object == nil || !receives(fn.object, named) {
				continue
			}
			switch decl.Name.Name {
			case "Stop", "Close", "Shutdown", "Cancel", "Quit", "Finish", "Terminate", "Kill", "stop", "close", "shutdown", "cancel", "quit":
				method := Method{Name: decl.Name.Name, Type: named.Obj().Name(), Called: fn.calls > 0}
				method.File, method.Line = r.position(decl.Pos())
				v.Methods = append(v.Methods, method)
			}
		}
	}
}

func receives(method *types.Func, named *types.Named) bool {
	signature, ok := method.Type().(*types.Signature)
	if !ok || signature.Recv() == nil {
		return false
	}
	t := signature.Recv().Type()
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	receiver, ok := t.(*types.Named)
	return ok && receiver.Obj() == named.Obj()
}

// closeAfter is where the channel can be closed once all has been sent: below the last send, and outside of its loops,
// where one function alone sends.
func (r *reporter) closeAfter(operations []*operation, unknown bool) *Insertion {
	var sender *function
	var last *operation
	for _, op := range operations {
		switch op.kind {
		case "close", "passed":
			return nil
		case "send":
			if sender != nil && op.fn != sender || op.fn == nil {
				return nil
			}
			sender, last = op.fn, op
		}
	}
	if sender == nil || unknown || sender.repeated || len(sender.launches) > 1 {
		return nil
	}
	if v := r.variableOf(last.expression); v != nil && sender.calls > 1 && slices.Contains(r.fields(sender.typ.Params), v) {
		return nil
	}
	stmt, around := ast.Stmt(nil), (*ast.BlockStmt)(nil)
	for i := len(last.path) - 1; i >= 0; i-- {
		if last.path[i] == sender.node {
			break
		}
		block, ok := last.path[i].(*ast.BlockStmt)
		if !ok {
			continue
		}
		inner := last.node
		if i+1 < len(last.path) {
			inner = last.path[i+1]
		}
		if slices.Contains(block.List, inner.(ast.Stmt)) {
			stmt, around = inner.(ast.Stmt), block
		}
		// Not above the block that declares the channel.
		if v := r.variableOf(last.expression); v != nil && v.Parent() != nil && block.Pos() <= v.Pos() && v.Pos() < block.End() {
			break
		}
	}
	if stmt == nil || r.fset.Position(stmt.End()).Line == r.fset.Position(around.Rbrace).Line {
		return nil // no line is free between them
	}
	if loop, ok := stmt.(*ast.ForStmt); ok && loop.Cond == nil && !breaks(loop.Body) {
		return nil
	}
	out := &Insertion{Code: "close(" + r.text(last.expression) + ")"}
	out.File, out.Line = r.position(stmt.End())
	return out
}
