package main

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

// A Frame is one call under way. Called is the library's function that it called in turn, where that is known.
type Frame struct {
	Function string `json:"function"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Called   string `json:"called"`
}

// Facts answers facts: one Place for each wait, and the variables that they speak of, by their index.
type Facts struct {
	Places    []Place          `json:"places"`
	Variables []Variable       `json:"variables"`
	Given     map[string][]int `json:"given"`     // the bodies that each package may come to by the functions that it was given
	Resources []int            `json:"resources"` // responses, pipes, connections, listeners, timers and tickers, and what iter.Pull gives
	Weak      bool             `json:"weak"`      // the program has weak pointers, which the runtime's proof does not follow
	Problem   string           `json:"problem"`   // why the analysis broke off, if it did
}

// A Place is the blocking statement.
type Place struct {
	Found      bool       `json:"found"`
	Statement  string     `json:"statement"`
	Operation  string     `json:"operation"` // range, receive, send, select, or a method's name in small letters
	Expression string     `json:"expression"`
	Variable   *int       `json:"variable"`
	Others     []int      `json:"others"` // what else it may be: the same code serves several
	Ended      []int      `json:"ended"`  // what it may be, too, though something closes, cancels or stops that
	Given      string     `json:"given"`  // the function with the go statement, where the expression is its parameter
	Function   string     `json:"function"`
	File       string     `json:"file"`
	Line       int        `json:"line"`
	Cases      []Case     `json:"cases"`
	Loop       *Loop      `json:"loop"` // the innermost one around the statement, itself if it is a range
	Forever    bool       `json:"forever"`
	EachRound  bool       `json:"each_round"` // the loop declares what is waited for: another value in each round
	CommaOK    bool       `json:"comma_ok"`   // the receive tells, too, whether the channel is closed
	Same       bool       `json:"same"`       // the lock that it waits for is one that it holds, by all that the text tells
	Apart      bool       `json:"apart"`      // it is none of those that it holds, by all that the text tells
	Started    *Launch    `json:"started"`
	Holding    []int      `json:"holding"` // locks held by this function and its callers
	Stack      []Standing `json:"stack"`   // one for each frame
	Ahead      []int      `json:"ahead"`   // the bodies that it may yet come to from where it stands
	Silent     []Change   `json:"silent"`  // of what the loop around the Wait of a Cond asks for, and nobody is woken
	Reaches    []int      `json:"reaches"` // those that its calls under way may ever have come to, themselves included
	Taken      []Change   `json:"taken"`   // of what the loop around the Wait of a Cond asks for, by the function that waits itself
	Skips      []Skip     `json:"skips"`   // of a send or receive that takes a place of a semaphore for the function's callers
}

// A Skip is a way out of a function that has taken a place of a semaphore, past the calls that give it back.
type Skip struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Function string `json:"function"` // that it leaves
	Release  string `json:"release"`  // the call that it misses
	Lines    []int  `json:"lines"`    // where that stands
}

// A Copy is the receiver or parameter by which a function works on a copy of a struct, or, without a function, the variable of
// a loop.
type Copy struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Type     string `json:"type"`
	Function string `json:"function"`
	Receiver bool   `json:"receiver"`
}

// A Change is an assignment to what a loop's condition asks for.
type Change struct {
	Text string `json:"text"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// A Standing is the body of a function that a goroutine stands in, -1 where it is not found, and the line.
type Standing struct {
	Body int `json:"body"`
	Line int `json:"line"`
}

// A Case is one of a select.
type Case struct {
	Operation  string `json:"operation"` // send, receive or default
	Expression string `json:"expression"`
	Text       string `json:"text"`
	Line       int    `json:"line"`
	Variable   *int   `json:"variable"`
	Others     []int  `json:"others"` // what else it may be: the same code serves several
	Ended      []int  `json:"ended"`
	Nil        bool   `json:"nil"`        // its channel is a field that the value was made without
	Break      int    `json:"break_line"` // of a break at its end, which leaves the select and not the loop around it; 0 for none
	Given      string `json:"given"`
	Leaves     bool   `json:"leaves"` // it ends with a return, or with a break of the loop around the select
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
	Kind       string      `json:"kind"`
	Name       string      `json:"name"`
	Names      []string    `json:"names"`
	Type       string      `json:"type"`
	Scope      string      `json:"scope"` // local, parameter, field, global or value
	Struct     string      `json:"struct"`
	File       string      `json:"file"`
	Line       int         `json:"line"`
	Buffer     *int64      `json:"buffer"`
	BufferText string      `json:"buffer_text"`
	Global     bool        `json:"global"` // a global variable holds it, or what it is an element of
	Nil        bool        `json:"nil"`
	Unknown    bool        `json:"unknown"`
	Owner      *int        `json:"owner"`
	Via        string      `json:"via"`
	Parents    []int       `json:"parents"`
	Siblings   []int       `json:"siblings"` // the other results of the call that made it
	Derived    []int       `json:"derived"`  // what is made from a pipe, a connection, or what stands on one
	Cancel     *int        `json:"cancel"`
	Operations []Operation `json:"operations"`
	Lock       *int        `json:"lock"` // of a cond
	Methods    []Method    `json:"methods"`
	CloseAfter *Insertion  `json:"close_after"`
	Gathered   *Insertion  `json:"gathered"`   // where all of several senders were waited for, and it can be closed
	Deferrable bool        `json:"deferrable"` // whoever makes this cancel function may call it when it returns
	Sent       string      `json:"sent"`       // "one" value at most, "one each" of the goroutines that send, "" where that is not known
	Unset      bool        `json:"unset"`      // it is a field that some values of its struct are made without, and nothing sets it later
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
	Exits       []int  `json:"exits"`    // lines where the function leaves before it, for a range, breaks it off, or for an Add, leaves before what it counts is started
	Uncalled    bool   `json:"uncalled"`
	Holding     []int  `json:"holding"`
	Body        int    `json:"body"`        // of which function it is part, in the order of the text; -1 at package level
	Again       bool   `json:"again"`       // the program may come to it more than once
	Anew        bool   `json:"anew"`        // on a value that the same call of its function has made
	SelectLine  int    `json:"select_line"` // of the select whose case it is
	Tasks       []int  `json:"tasks"`       // of a Go, and of what iter.Pull makes: the bodies that it starts
	Timed       bool   `json:"timed"`       // a timer comes to it
	LastLine    int    `json:"last_line"`   // of the outermost loop around it, or its own
	Shared      bool   `json:"shared"`      // it may concern other values, too
	Once        bool   `json:"once"`        // the program comes to it at most once for each value that is made there
	Deferrable  bool   `json:"deferrable"`  // nothing needs the lock free, or the receive or close done, before the end of its function; of a Done: the goroutine may put it off at its start
	Often       bool   `json:"often"`       // the program may call or start the function around it more than once
	Certain     bool   `json:"certain"`     // nothing passes it by, for any value that is made where this one is
	BranchEnd   int    `json:"branch_end"`  // where the innermost part of its function ends that may be passed by, or the function itself
	Deferrer    int    `json:"deferrer"`    // the body at whose end it runs as part of a deferred literal, -1 for none
	BranchLine  int    `json:"branch_line"` // where the innermost branch around it begins that its function may pass by, 0 for none
	Outer       bool   `json:"outer"`       // its expression names only what is known where its function begins
	Copy        *Copy  `json:"copy"`        // by which it works on a copy
	Returned    bool   `json:"returned"`    // its function is a literal that is returned to whoever calls the one around it
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
