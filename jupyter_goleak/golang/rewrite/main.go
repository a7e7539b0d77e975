// Command rewrite does on Go's syntax trees what the Python side needs done: it reads one JSON request from standard
// input and writes one JSON answer to standard output. The first argument is the verb:
//
//	prepare     all variants of a program that its text itself holds, ready to build
//	instrument  the given files, ready to build
//	facts       what types and syntax tell about the places where goroutines wait
//	repair      edits that may end those waits
//	sleeps      how long the calls of time.Sleep in the text are
//
// A mistake of the user is part of the answer (exit code 0); a broken request is told on standard error (exit code 2).
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// A Source is a file of the program, its name relative to the program's folder.
type Source struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// A Problem is a mistake in the user's text, at a line and column of that text.
type Problem struct {
	Kind    string `json:"kind"` // "syntax" or "usage"
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rewrite:", err)
		os.Exit(2)
	}
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("want one verb, have %d arguments", len(args))
	}
	switch args[0] {
	case "prepare":
		return answer(stdin, stdout, prepare)
	case "instrument":
		return answer(stdin, stdout, instrument)
	case "repair":
		return answer(stdin, stdout, repair)
	case "facts":
		return answer(stdin, stdout, facts)
	case "sleeps":
		return answer(stdin, stdout, sleeps)
	}
	return fmt.Errorf("unknown verb %q", args[0])
}

func answer[Request, Answer any](stdin io.Reader, stdout io.Writer, verb func(Request) Answer) error {
	var request Request
	if err := json.NewDecoder(stdin).Decode(&request); err != nil {
		return fmt.Errorf("the request is not what was agreed: %w", err)
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(verb(request))
}
