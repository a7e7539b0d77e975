"""Snippets: Go without a package clause, made whole files by the Go helper."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from jupyter_goleak.errors import UsageError
from jupyter_goleak.experiment import check
from jupyter_goleak.program import parse_program
from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.toolchain import find

pytestmark = pytest.mark.toolchain

SNIPPETS = {
    "statements alone": ('fmt.Println(strings.ToUpper("a"))\n', "A\n"),
    "in any order": (
        "show(point{1, limit})\n"
        "import \"fmt\"\n"
        "func show(p point) { fmt.Println(p.x, p.String(), count) }\n"
        "const limit = 2\n"
        "type point struct{ x, y int }\n"
        "func (p point) String() string { return fmt.Sprint(p.y) }\n"
        "var count = seed + 1\n"
        "var seed = 3\n",
        "1 2 4\n",
    ),
    "methods of generic types": (
        "type box[T any] struct{ v T }\nfunc (b box[T]) get() T { return b.v }\nfunc of[T any](v T) box[T] { return box[T]{v} }\nprintln2(of(4).get())\n"
        "func println2(a ...any) { fmt.Println(a...) }\n",
        "4\n",
    ),
    "a function literal first": ('func() { fmt.Println("called") }()\n', "called\n"),
    "a literal with parameters": ('func(n int) { fmt.Println(n) }(3)\nfunc(n int) int { return n }(4)\n', "3\n"),
    "its own main": ('func main() { fmt.Println(helper()) }\n\nfunc helper() int { return 5 }\nvar unused = 1\n', "5\n"),
    "labels, semicolons and comments": (
        "// first\nouter: for i := 0; ; i++ { // in\n\tswitch { case i > 2: break outer }\n}\n/* block\n*/ fmt.Println(\"x\"); fmt.Println(\"y\") // last",
        "x\ny\n",
    ),
    "a variable of its own package's name": ('rand := struct{ Intn int }{4}\nfmt.Println(rand.Intn)\n', "4\n"),
    "local variables that shadow": ("x := 1\nvar y = x + 1\nfmt.Println(x, y)\n", "1 2\n"),
    "functions that use variables of the snippet": (
        "jobs := make(chan int, 1)\nfunc work() { fmt.Println(<-jobs) }\njobs <- 6\nwork()\n", "6\n"
    ),
    "recursion over a variable of the snippet": (
        "depth := 0\nfunc down(n int) int {\n\tdepth++\n\tif n == 0 {\n\t\treturn depth\n\t}\n\treturn down(n - 1)\n}\nfmt.Println(down(3))\n", "4\n"
    ),
    "functions below that use each other and variables above": (
        "total := 0\nsteps := 3\nping()\nfmt.Println(total)\n// ping and pong count down.\nfunc ping() {\n\ttotal++\n\tif total < steps {\n\t\tpong()\n\t}\n}\n\nfunc pong() { ping() }\n", "3\n"
    ),
    "variables that use variables of statements": (
        "n := 3\nvar y = n * 2\nvar z = f()\nfunc f() int { return y }\nfunc g() int { return z + f() }\nfmt.Println(g())\n", "12\n"
    ),
    "a directive below a statement": ("x := 1\n//go:noinline\nfunc f() int { return 2 }\nfmt.Println(x + f())\n", "3\n"),
    "names that are a field's or a package's, too": (
        'limit := 1\nsort := "up"\ntype t struct{ limit, f int }\nfunc (t) get() t { x := []int{2, 1}; slices.Sort(x); sort.Ints(x); return t{limit: x[0], f: 2} }\n'
        "fmt.Println(t{f: 1}.f, t{}.get().f)\nlast := limit\nfunc f() int { return last }\nfmt.Println(f(), sort)\n",
        "1 2\n1 up\n",
    ),
    "a variable of its type's name": (
        "type job struct{ n int }\nfunc (j job) next() job { return job{j.n + 1} }\nfunc first() job { return job{1} }\njob := first().next()\nfmt.Println(job.n)\n", "2\n"
    ),
    "line directives": (
        "show(1)\n//line gen.y:100\nshow(100)\n\nfunc show(int) {\n\t_, file, line, _ := runtime.Caller(1)\n\t_, own, here, _ := runtime.Caller(0)\n\tfmt.Println(path.Base(file), line, path.Base(own), here)\n}\nshow(109)\n",
        "main.go 1 gen.y 104\ngen.y 100 gen.y 104\ngen.y 107 gen.y 104\n",
    ),
    "groups": ("import (\n\t\"fmt\"\n\t\"os\"\n)\n\nvar (\n\ta = 1\n\tb = 2\n)\n\nfmt.Fprintln(os.Stdout, a+b)\n", "3\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippets_run(name: str, each_go: str | None) -> None:
    text, printed = SNIPPETS[name]
    report = check(text + "\n", go=each_go, no_fix=True)
    assert report.original is not None, report.error
    assert (report.verdict, report.original.stdout) == ("clean", printed)


def test_a_snippets_channel_is_no_global(each_go: str | None) -> None:
    report = check(
        "var jobs = make(chan int)\ngo func() { <-jobs }()\ntime.Sleep(time.Millisecond)\n", go=each_go, no_fix=True
    )
    evidence = "proven" if find(each_go).can_prove else "likely"
    assert [(leak.evidence, leak.line, leak.go_line) for leak in report.leaks] == [(evidence, 2, 2)]


@pytest.mark.parametrize(
    ("code", "imported"),
    [
        ("rand.Intn(3)", "math/rand"),
        ("rand.IntN(3)", "math/rand/v2"),
        ("rand.Read(b)", "crypto/rand"),
        ("rand.Int(rand.Reader, n)", "crypto/rand"),
        ("rand.Seed(1); rand.Read(b)", "math/rand"),
        ("rand.Float64()", "math/rand"),
        ('template.New("x")', "text/template"),
        ('template.HTML("x")', "html/template"),
        ('pprof.Lookup("goroutine")', "runtime/pprof"),
        ("pprof.Index(w, r)", "net/http/pprof"),
        ("json.Marshal(x)", "encoding/json"),
        ("json.MarshalWrite(w, x)", "encoding/json/v2"),
        ("var s scanner.Scanner; s.Next()", "text/scanner"),
        ("var s scanner.ErrorList; s.Sort()", "go/scanner"),
        ("ctx, _ := context.WithCancel(nil)", "context"),
        ("var x atomic.Int64; x.Add(1)", "sync/atomic"),
        ("http.Get(url.PathEscape(x))", "net/http net/url"),
        ("errors.Is(a, b)", "errors"),
        ("utf8.RuneLen('a')", "unicode/utf8"),
        ("func f(r io.Reader) {}; f(nil)", "io"),
        ("errgroup.WithContext(ctx)", ""),
        ("fmt.lower()", ""),
        ('import fmt "os"; fmt.Exit(1)', ""),
        ("var fmt struct{ Println func() }; fmt.Println()", ""),
    ],
)  # fmt: skip
def test_missing_imports_are_found(rewriter: Rewriter, code: str, imported: str) -> None:
    header = rewriter.prepare(parse_program(code + "\n")).original.file("main.go").build_text.split("\n")[0]
    assert re.findall(r'import "(.+?)"', header) == imported.split()


BROKEN = {
    "a brace that is missing": ("func main() {\n\tgo func() {\n\t\tfmt.Println(1)\n", 4, "unexpected EOF"),
    "a brace that is missing in a function": ("f()\nfunc f() {\n\tif true {\n}\nfmt.Println(2)\n", 6, "unexpected EOF"),
    "a brace that is missing before main": ("func f() {\n\tg()\n\nfunc main() {\n}\n", 4, "unexpected name main"),
    "a brace too many": ("func main() {\n\tfmt.Println(1)\n}\n}\n", 4, "outside function body"),
    "a brace too many among statements": ("if true {\n\tf()\n}\n}\nfmt.Println(2)\n", 4, "outside function body"),
    "a brace on a line of its own": ("func main()\n{\n\tfmt.Println(1)\n}\n", 2, "before {"),
    "a brace below a for": ("func main() {\n\tfor i := 0; i < 3; i++\n\t{\n\t}\n}\n", 2, "expected {"),
    "a parenthesis that is missing": ("func f( {\n}\nfmt.Println(1)\n", 1, "unexpected {"),
    "a parenthesis too many": ("func main() {\n\tfmt.Println(1))\n}\n", 2, "unexpected )"),
    "a method": ("type t int\nfunc (x t) f() {\n\tx := \n}\nfmt.Println(1)\n", 4, "unexpected }"),
    "an import": ("fmt.Println(1)\nimport os\n", 2, "missing import path"),
    "a comment without an end": ("fmt.Println(1)\n/* unclosed\nfmt.Println(2)\n", 2, "comment not terminated"),
    "a string without an end": ('fmt.Println(1)\nfmt.Println("a)\n', 2, "newline in string"),
    "a test with more parameters": ("func TestSums(t *testing.T, n int) {}\n", 1, "wrong signature for TestSums"),
    "smart quotes": ("fmt.Println(“hello”)\n", 1, "U+201C"),
    "smart quotes in main": ("func main() {\n\tfmt.Println(‘a’)\n}\n", 2, "U+2018"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_compiler_says_first_is_what_is_wrong(name: str, each_go: str | None) -> None:
    text, line, said = BROKEN[name]
    report = check(text, go=each_go)
    assert report.error is not None
    assert said in report.error.message
    assert report.error.line == line


UNCLEAR = {
    "a method and a variable of a statement": (
        "n := 1\ntype t int\nfunc (x t) get() int {\n\treturn n\n}\nfmt.Println(t(1).get())\n", 4, "Method get cannot see n"
    ),
    "a generic function and a variable": (
        "n := 1\nfunc get[T any]() int { return n }\nfmt.Println(get[int]())\n", 2, "The generic function get cannot see n"
    ),
    "a type and a variable": ("n := 1\ntype t [n]int\nfmt.Println(t{})\n", 2, "This declaration cannot see n"),
    "a call above the variable": ("n := 1\nfmt.Println(get())\nm := 2\nfunc get() int { return n + m }\n", 2, "declared below, at line 3"),
    "a package clause below": ('import "fmt"\npackage main\nfunc main() { fmt.Println() }\n', 2, "The package clause stands below"),
    "a statement beside tests": ("n := 1\nfunc TestIt(t *testing.T) { t.Log(n) }\n", 1, "outside of the tests"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_the_compiler_would_say_less_clearly(name: str, rewriter: Rewriter) -> None:
    text, line, said = UNCLEAR[name]
    with pytest.raises(UsageError, match=said) as caught:
        rewriter.prepare(parse_program(text))
    assert caught.value.line == line


def test_messages_name_the_places_of_the_snippet_alone(each_go: str | None) -> None:
    report = check("func f() {}\n\nfunc f() {}\nf()\n", go=each_go)
    assert report.error is not None
    assert report.error.message == "main.go:3:6: f redeclared in this block\n\tmain.go:1:6: other declaration of f"


CGO = """\
import "os"

// Two is what C says.

// #include <stdio.h>
// static int two(void) { return 2; }
import "C"; x := 1

fmt.Fprintln(os.Stdout, C.two(), x)
"""


def test_c_stands_above_the_import_of_c(each_go: str | None) -> None:
    if not find(each_go).cgo:
        pytest.skip("needs a C compiler")
    for text in (CGO, CGO.partition("says.\n\n")[2]):
        report = check(text, go=each_go, no_fix=True)
        assert report.original is not None, report.error
        assert report.original.stdout == "2 1\n"
        broken = text.replace("2;", "nothing;")
        report = check(broken, go=each_go, no_fix=True)
        assert report.error is not None
        assert "nothing" in report.error.message
        assert report.error.line == broken[: broken.index("nothing")].count("\n") + 1


LARGE: dict[str, Callable[[int], str]] = {
    "comments and statements": lambda n: f"x{n} := {n}; _ = x{n} // it is {n}\n// close(x{n})\n\n",
    "functions": lambda n: f"func f{n}() {{}} // it is {n}\n",
    "functions that use variables": lambda n: f"x{n} := {n}\nfunc f{n}() int {{ return x{n} }}\n",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_snippet_takes_the_time_of_its_length(name: str, rewriter: Rewriter) -> None:
    program = parse_program("".join(map(LARGE[name], range(40_000))) + "fmt.Println()\n")
    began = time.perf_counter()
    rewriter.instrument(program)
    # The square of the length would take more than a minute.
    assert time.perf_counter() - began < 15
