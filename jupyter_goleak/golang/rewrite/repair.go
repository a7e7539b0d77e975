package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"runtime/debug"
	"slices"
	"strings"
)

// A Repair is an edit that may end the waits it names: nothing is promised before it has been run.
type Repair struct {
	Strategy string   `json:"strategy"`
	Title    string   `json:"title"`
	Why      string   `json:"why"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Cost     int      `json:"cost"`
	Waits    []int    `json:"waits"` // those that it was made for, by their index in the request
	Revives  bool     `json:"revives"`
	Files    []Source `json:"files"` // whole new texts of the files that it changes
}

// Repairs answers repair: the candidates, the most promising first.
type Repairs struct {
	Candidates []Repair `json:"candidates"`
	Problem    string   `json:"problem"` // why the analysis broke off, if it did
}

// maxRepairs bounds the answer: nobody runs more than that within a reader's patience.
const maxRepairs = 60

// A strategy knows one way to end a wait. It proposes what may work; whether it does, the run tells.
type strategy interface {
	propose(r *repairer, w *blocked)
}

// strategies are asked in this order; what they propose is then ranked by cost.
var strategies = []strategy{
	closeAfterLastSend{},
	closeAfterSenders{},
	closeByOwner{},
	deferClose{},
	closeForSend{},
	closeInMethod{},
	bufferForSenders{},
	returnAfterSend{},
	drain{},
	releaseSlot{},
	makeChannel{},
	leaveLoop{},
	selectDone{},
	deferDone{},
	addBeforeGo{},
	moveWait{},
	deferUnlock{},
	unlockBeforeReturn{},
	releaseBeforeWait{},
	orderLocks{},
	unlockBeforeUpgrade{},
	passPointer{},
	broadcast{},
	signalChange{},
	loopOnPredicate{},
	deferCancel{},
	passContext{},
	callStop{},
	closeResource{},
	iterStop{},
	drainTimer{},
}

// A blocked is one group of waiting goroutines: the statement that waits, and the program around it.
type blocked struct {
	Wait
	index  int
	node   ast.Node // nil where it waits inside of a library
	path   walkPath
	fn     *function
	launch *launching
	main   bool
}

// A launching is a go statement.
type launching struct {
	stmt *ast.GoStmt
	path walkPath
	fn   *function // that it stands in
}

// A site is a place where a function of the program is called.
type site struct {
	call *ast.CallExpr
	path walkPath
	fn   *function
}

type repairer struct {
	*reporter
	waits   []*blocked
	callers map[*function][]site
	starts  map[*function][]*launching
	values  map[*function]bool // used otherwise than by calling them: their type must stay
	users   map[string]wrapped // files that are snippets, as the user wrote them
	sources map[string]string
	found   []Repair
	current *blocked
	shared  *sharing // see the method of that name
}

// repair never fails as a whole: a program without a candidate is one that only its author can mend.
func repair(request FactsRequest) (answer Repairs) {
	answer.Candidates = []Repair{}
	defer func() {
		if problem := recover(); problem != nil {
			answer.Problem = fmt.Sprintf("%v\n%s", problem, debug.Stack())
		}
	}()
	r := newRepairer(request)
	for _, wait := range r.waits {
		r.current = wait
		for _, strategy := range strategies {
			if problem := r.ask(strategy, wait); problem != "" {
				answer.Problem = problem
			}
		}
	}
	answer.Candidates = r.ranked()
	return answer
}

// ask keeps what the others have found where one strategy meets code that it cannot read.
func (r *repairer) ask(s strategy, w *blocked) (problem string) {
	defer func() {
		if p := recover(); p != nil {
			problem = fmt.Sprintf("%T: %v\n%s", s, p, debug.Stack())
		}
	}()
	s.propose(r, w)
	return ""
}

func newRepairer(request FactsRequest) *repairer {
	f := analyse(load(request.Program, request.Goroot, request.Exports))
	r := &repairer{
		reporter: &reporter{flow: f, index: map[object]int{}},
		callers:  map[*function][]site{},
		starts:   map[*function][]*launching{},
		values:   map[*function]bool{},
		users:    map[string]wrapped{},
		sources:  map[string]string{},
	}
	for _, source := range request.Files {
		r.sources[source.Name] = source.Text
		if strings.HasSuffix(source.Name, ".go") && isSnippet(request.Form, source.Text) {
			r.users[source.Name], _ = wrap(source)
		}
	}
	launches := map[*ast.GoStmt]*launching{}
	for _, file := range r.files {
		r.walk(file.syntax, func(node ast.Node, path []ast.Node) {
			switch node := node.(type) {
			case *ast.GoStmt:
				launches[node] = &launching{node, slices.Clone(path), r.enclosing(path)}
			case *ast.Ident:
				if object, ok := r.info.Uses[node].(*types.Func); ok && !isCalled(node, path) {
					if fn := r.byObject[object.Origin()]; fn != nil {
						r.values[fn] = true
					}
				}
			case *ast.CallExpr:
				here := site{node, slices.Clone(path), r.enclosing(path)}
				for _, target := range r.targetsOf(node) {
					if len(path) > 0 {
						if stmt, ok := path[len(path)-1].(*ast.GoStmt); ok {
							r.starts[target] = append(r.starts[target], launches[stmt])
							continue
						}
					}
					r.callers[target] = append(r.callers[target], here)
				}
			}
		})
	}
	for i, wait := range request.Waits {
		w := &blocked{Wait: wait, index: i}
		if len(wait.Frames) > 0 {
			w.node, w.path = r.blocking(wait.State, wait.Frames[0])
			w.main = wait.Started.Line == 0
			w.node, w.path = wholeSelect(w.node, w.path)
		}
		if w.node != nil {
			w.fn = r.enclosing(w.path)
		}
		for stmt, launch := range launches {
			if file, line := r.position(stmt.Pos()); line == wait.Started.Line && (wait.Started.File == "" || file == wait.Started.File) {
				w.launch = launch
			}
		}
		r.waits = append(r.waits, w)
	}
	return r
}

// isCalled tells whether the name is that of a function in a call of it.
func isCalled(name *ast.Ident, path walkPath) bool {
	child := ast.Node(name)
	for _, around := range slices.Backward(path) {
		switch around := around.(type) {
		case *ast.SelectorExpr:
			if around.Sel != child {
				return false
			}
		case *ast.IndexExpr:
			if around.X != child {
				return false
			}
		case *ast.ParenExpr:
		case *ast.CallExpr:
			return around.Fun == child
		default:
			return false
		}
		child = around
	}
	return false
}

// wholeSelect is the select that the node is the case of, or the node itself.
func wholeSelect(node ast.Node, path walkPath) (ast.Node, walkPath) {
	child := node
	for i, around := range slices.Backward(path) {
		switch around := around.(type) {
		case *ast.CommClause:
			if around.Comm == child && i >= 2 {
				return path[i-2], path[:i-2]
			}
			return node, path
		case *ast.BlockStmt:
			return node, path
		}
		child = around
	}
	return node, path
}

// ranked are the candidates by cost. The same text is one candidate, whoever proposed it.
func (r *repairer) ranked() []Repair {
	byText := map[string]int{}
	unique := []Repair{}
	for _, candidate := range r.found {
		key := ""
		for _, file := range candidate.Files {
			key += file.Name + "\x00" + file.Text + "\x00"
		}
		if i, known := byText[key]; known {
			same := &unique[i]
			if candidate.Cost < same.Cost {
				candidate.Waits = append(candidate.Waits, same.Waits...)
				*same = candidate
			} else {
				same.Waits = append(same.Waits, candidate.Waits...)
			}
			continue
		}
		byText[key] = len(unique)
		unique = append(unique, candidate)
	}
	for i := range unique {
		slices.Sort(unique[i].Waits)
		unique[i].Waits = slices.Compact(unique[i].Waits)
		// What several waits ask for is worth trying first.
		unique[i].Cost -= 3 * (len(unique[i].Waits) - 1)
	}
	slices.SortStableFunc(unique, func(a, b Repair) int { return cmp.Compare(a.Cost, b.Cost) })
	return unique[:min(len(unique), maxRepairs)]
}

// reviving are the strategies that let blocked goroutines do what they never came to do: what counts that will print
// other numbers. The others only let them end.
var reviving = map[string]bool{
	"make-channel": true, "release-slot": true, "defer-done": true, "add-before-go": true, "add-count": true, "move-wait": true,
	"defer-unlock": true, "unlock-before-return": true, "release-before-send": true, "order-locks": true,
	"unlock-before-upgrade": true, "pass-pointer": true, "broadcast": true, "loop-on-predicate": true,
}

// A draft is a candidate in the making: edits by file.
type draft struct {
	r      *repairer
	edits  map[*typedFile][]edit
	anchor token.Pos
	broken bool
}

func (r *repairer) draft() *draft { return &draft{r: r, edits: map[*typedFile][]edit{}} }

// offer turns the draft into a candidate, unless its text is no Go or changes nothing.
func (d *draft) offer(strategy string, cost int, title, why string) {
	if d.broken || len(d.edits) == 0 {
		return
	}
	out := Repair{Strategy: strategy, Title: title, Why: why, Cost: cost, Waits: []int{d.r.current.index}, Revives: reviving[strategy]}
	out.File, out.Line = d.r.position(d.anchor)
	for _, file := range d.r.files {
		edits := d.edits[file]
		if len(edits) == 0 {
			continue
		}
		before, whole := d.r.sources[file.name], apply(file.text, edits)
		if _, err := parser.ParseFile(token.NewFileSet(), "", whole, parser.SkipObjectResolution); err != nil {
			return
		}
		after := whole
		if snippet, ok := d.r.users[file.name]; ok {
			mapped := make([]edit, len(edits))
			for i, e := range edits {
				start, ok := snippet.toUser(e.start)
				end, alsoOK := snippet.toUser(e.end)
				if !ok || !alsoOK || end-start != e.end-e.start {
					return
				}
				mapped[i] = edit{start, end, e.text}
			}
			after = apply(before, mapped)
		}
		after = formatted(before, after)
		if after == before {
			return
		}
		out.Files = append(out.Files, Source{file.name, after})
	}
	if len(out.Files) == 0 {
		return
	}
	d.r.found = append(d.r.found, out)
}

// formatted is the new text as gofmt writes it, where the old one was written so: else lines that nobody touched would
// change as well.
func formatted(before, after string) string {
	if clean, err := format.Source([]byte(before)); err != nil || string(clean) != before {
		return after
	}
	if clean, err := format.Source([]byte(after)); err == nil {
		return string(clean)
	}
	return after
}
