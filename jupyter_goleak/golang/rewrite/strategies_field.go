package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// A doneField is a new channel in the struct whose method a goroutine waits in: closed when nobody wants the goroutine any more.
type doneField struct {
	*repairer
	w       *blocked
	named   *types.Named
	spec    *ast.StructType
	name    string
	channel string // how the method calls it
	cost    int
}

// selectOnField gives the type whose method the goroutine runs a channel that its own Stop, its user, or who alone receives
// from the goroutine closes.
func (r *repairer) selectOnField(w *blocked) {
	named, receiver := r.receiverOf(w.fn.named())
	if named == nil || receiver == "" {
		return
	}
	structure, spec := r.structure(named)
	if structure == nil || spec == nil {
		return
	}
	f := &doneField{repairer: r, w: w, named: named, spec: spec, name: "done", cost: 10}
	if taken := fieldNames(structure); slices.Contains(taken, f.name) {
		if f.name = "quit"; slices.Contains(taken, f.name) {
			return
		}
	}
	f.channel = receiver + "." + f.name
	if !w.fn.isLaunched() {
		f.cost = 13 // its caller goes on, and may want to do it again
	}
	f.closedByMethods()
	f.closedByReceiver()
	f.closedByHolders()
}

// draft makes the channel and lets the goroutine wait for it, too; nil where that cannot be.
func (f *doneField) draft() *draft {
	d := f.repairer.draft()
	zeros, compared := f.zeroValues(f.named)
	if compared || !f.wrap(d, f.w, f.channel) {
		return nil
	}
	d.field(f.spec, f.name+" chan struct{}")
	made := 0
	for _, file := range f.files {
		f.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			if literal, ok := node.(*ast.CompositeLit); ok && namedOf(f.info.TypeOf(literal)) == f.named {
				f.addField(d, literal, f.name, "make(chan struct{})")
				made++
			}
		})
	}
	if made == 0 {
		for _, holder := range f.declared(f.named) {
			d.after(holder.stmt, holder.name+"."+f.name+" = make(chan struct{})")
			made++
			zeros--
		}
	}
	if made == 0 || zeros > 0 {
		return nil // some value would not have the channel
	}
	return d
}

// zeroValues counts the places where the program has values of the type that no literal makes, and tells whether it compares the
// type with a literal.
func (r *repairer) zeroValues(named *types.Named) (zeros int, compared bool) {
	isValue := func(e ast.Expr) bool {
		t := r.info.TypeOf(e)
		if array, ok := types.Unalias(t).(*types.Array); ok {
			t = array.Elem()
		}
		_, pointer := types.Unalias(t).(*types.Pointer)
		return t != nil && !pointer && namedOf(t) == named
	}
	isLiteral := func(e ast.Expr) bool {
		_, ok := ast.Unparen(e).(*ast.CompositeLit)
		return ok && namedOf(r.info.TypeOf(e)) == named
	}
	count := func(is bool) {
		if is {
			zeros++
		}
	}
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				switch r.builtin(node) {
				case "new":
					count(isValue(node.Args[0]))
				case "make":
					slice, ok := r.info.TypeOf(node).Underlying().(*types.Slice)
					count(ok && len(node.Args) > 1 && namedOf(slice.Elem()) == named && !isPointer(slice.Elem()))
				}
			case *ast.ValueSpec:
				count(node.Type != nil && len(node.Values) == 0 && isValue(node.Type))
			case *ast.StructType:
				for _, field := range node.Fields.List {
					count(isValue(field.Type))
				}
			case *ast.MapType:
				count(isValue(node.Value))
			case *ast.FuncType:
				if node.Results != nil {
					for _, field := range node.Results.List {
						count(len(field.Names) > 0 && isValue(field.Type))
					}
				}
			case *ast.BinaryExpr:
				compared = compared || isLiteral(node.X) || isLiteral(node.Y)
			}
			return true
		})
	}
	return zeros, compared
}

// closedByMethods has the type's own Stop close it.
func (f *doneField) closedByMethods() {
	for _, fn := range f.ordered {
		other, self := f.receiverOf(fn)
		if other != f.named || self == "" || fn.calls == 0 || fn == f.w.fn || fn.isLaunched() {
			continue
		}
		decl := fn.node.(*ast.FuncDecl)
		stops := isEnding(decl.Name.Name)
		if clock := f.clock(f.w); clock != nil {
			stops = stops || slices.ContainsFunc(f.on(*clock, "stop"), func(op *operation) bool { return op.fn == fn })
		}
		if !stops || f.mayRunTwice(fn, f.named) {
			continue
		}
		d := f.draft()
		if d == nil {
			return
		}
		if closing := f.closing(fn); closing != nil {
			d.after(closing, "close("+self+"."+f.name+")") // what keeps it from being closed twice is there
		} else {
			d.last(decl.Body, "close("+self+"."+f.name+")")
		}
		d.offer(f.doneStrategy(f.w), f.cost, "`select` on a new channel `"+f.channel+"`, which `"+decl.Name.Name+"` closes", doneSignalWhy)
	}
}

// closedByReceiver has the method close it that alone receives what the goroutine sends, and that runs once for each value.
func (f *doneField) closedByReceiver() {
	for _, use := range f.sent(f.w) {
		receives := f.on(use.object, "receive", "range")
		if len(receives) == 0 || receives[0].fn == nil || receives[0].fn == f.w.fn {
			continue
		}
		fn := receives[0].fn
		named, self := f.receiverOf(fn)
		alone := !slices.ContainsFunc(receives, func(op *operation) bool { return op.fn != fn })
		if named != f.named || self == "" || !alone || !f.runsOnceForEach(fn, named) {
			continue
		}
		if d := f.draft(); d != nil {
			d.first(fn.body, "defer close("+self+"."+f.name+")")
			// Before what the one who started them closes: that may go on for long.
			d.offer(f.doneStrategy(f.w), 11, "`select` on a new channel `"+f.channel+"`, which `"+fn.node.(*ast.FuncDecl).Name.Name+"` closes when it returns", doneSignalWhy)
		}
		return
	}
}

// closedByHolders has the functions close it that have made such a value and want it no more.
func (f *doneField) closedByHolders() {
	holders := slices.DeleteFunc(f.holders(f.named), func(h holder) bool {
		return f.makesLiteral(h.fn, f.named) || !f.isFreshly(h.v, f.named) || !f.mayEnd(h.fn, nil, h.v)
	})
	if len(holders) == 0 {
		return
	}
	if d := f.draft(); d != nil {
		for _, holder := range holders {
			d.after(holder.stmt, "defer close("+holder.name+"."+f.name+")")
		}
		d.offer(f.doneStrategy(f.w), f.cost+5, "`select` on a new channel `"+f.channel+"`, which "+describe(holders[0].fn)+" closes when it returns", doneSignalWhy)
	}
}

// closing is the statement with which the function closes a channel, nil where it closes none or several.
func (r *repairer) closing(fn *function) ast.Stmt {
	var found ast.Stmt
	count := 0
	ast.Inspect(fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ExprStmt:
			if call, ok := node.X.(*ast.CallExpr); ok && r.builtin(call) == "close" {
				found = node
				count++
			}
		}
		return true
	})
	if count != 1 {
		return nil
	}
	return found
}

// makesLiteral tells whether the function builds a value of the type itself.
func (r *repairer) makesLiteral(fn *function, named *types.Named) bool {
	found := false
	if fn == nil || fn.body == nil {
		return false
	}
	ast.Inspect(fn.body, func(node ast.Node) bool {
		literal, ok := node.(*ast.CompositeLit)
		found = found || ok && namedOf(r.info.TypeOf(literal)) == named && r.isGenerator(fn)
		return !found
	})
	return found
}

// structure is the type's struct and its text.
func (r *repairer) structure(named *types.Named) (*types.Struct, *ast.StructType) {
	structure, ok := named.Underlying().(*types.Struct)
	if !ok {
		return nil, nil
	}
	var found *ast.StructType
	for _, file := range r.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok && r.info.Defs[spec.Name] == named.Obj() {
				found, _ = spec.Type.(*ast.StructType)
			}
			return found == nil
		})
	}
	return structure, found
}

func fieldNames(structure *types.Struct) []string {
	names := make([]string, structure.NumFields())
	for i := range names {
		names[i] = structure.Field(i).Name()
	}
	return names
}

// field adds a field to a struct.
func (d *draft) field(structure *ast.StructType, field string) {
	list := structure.Fields.List
	one := !strings.Contains(d.r.raw(structure), "\n")
	switch {
	case len(list) == 0:
		d.insert(structure.Fields.Closing, "\n\t"+field+"\n")
	case one:
		d.insert(list[len(list)-1].End(), "; "+field)
	default:
		d.after(list[len(list)-1], field)
	}
}
