"""The Go helper: programs made ready to build, and fixes found in comments."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from jupyter_goleak.errors import BuildError, GoleakError, UsageError
from jupyter_goleak.experiment import check
from jupyter_goleak.program import parse_program, read_program
from jupyter_goleak.rewriting import Prepared, Rewriter, VariantSource
from jupyter_goleak.toolchain import find
from tests.corpus import clean_programs, deterministic_programs

pytestmark = pytest.mark.toolchain


def body(*lines: str, imports: str = "") -> str:
    """A whole program with these lines in func main; the first of them is line 4."""
    return "\n".join(["package main", imports, "func main() {", *("\t" + line for line in lines), "}", ""])


def changes(prepared: Prepared, variant: VariantSource | None) -> list[str]:
    """The lines that a variant has and the original has not, stripped."""
    assert variant is not None
    old, new = prepared.original.main_text.split("\n"), variant.main_text.split("\n")
    assert len(old) == len(new)
    return [line[2:].strip() for line in difflib.ndiff(old, new) if line.startswith("+ ")]


# ── ready to build ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_compiler_gets_the_users_lines(rewriter: Rewriter) -> None:
    for case in (*clean_programs(), *deterministic_programs()):
        file = rewriter.prepare(parse_program(case.main)).original.file("main.go")
        assert file.text == case.main
        shown, built = file.text.split("\n"), file.build_text.split("\n")
        assert len(shown) == len(built)
        for line, code in zip(shown, built, strict=True):
            changed = re.search(r"goleak|runtime/coverage|select \{ case /\*line", code)
            assert line == code or changed, f"{case.name}: {line!r} became {code!r}"


COUNTED = """\
package main

import (
	"fmt"
	. "runtime"
	rt "runtime"
)

type counter struct{ NumGoroutine int }

func (c counter) read() int { return c.NumGoroutine }

var first = rt.NumGoroutine()

func main() {
	read := NumGoroutine
	own := counter{NumGoroutine: 7}
	fmt.Println(NumGoroutine(), rt.NumGoroutine(), read(), first, own.read(), own.NumGoroutine)
	fmt.Println((rt.NumGoroutine)(), rt.
		NumGoroutine(), "rt.NumGoroutine()", `
rt.NumGoroutine()`)
	{
		rt := struct{ NumGoroutine func() int }{func() int { return 9 }}
		fmt.Println(rt.NumGoroutine(), NumGoroutine == nil)
	}
	{
		NumGoroutine := func() int { return 8 }
		fmt.Println(NumGoroutine() /* a comment */, /* another */ rt.NumGoroutine( /* none */ ))
	}
	defer NumGoroutine()
	_ = GOOS
}
"""


def test_every_use_of_numgoroutine_is_noted_and_no_other(each_go: str | None) -> None:
    report = check(COUNTED, go=each_go, no_fix=True)
    assert report.verdict == "clean"
    assert report.original is not None
    marks = sorted((mark.line, mark.value) for mark in report.original.marks)
    assert report.original.stdout == "1 1 1 1 7 7\n1 1 rt.NumGoroutine() \nrt.NumGoroutine()\n9 false\n8 1\n"
    assert marks == [(13, 1), (16, 1), (18, 1), (18, 1), (19, 1), (19, 1), (28, 1), (30, 1)]


SENDS = """\
package main

import "math"

type crate struct {
	labels chan string
	ratios chan float64
	errors chan error
	crates chan crate
	label  string
	ratio  *float64
	parts  [2]string
	inner  struct{ err error }
}

const fragile = 3

func (c *crate) ship(ratio float64, sealed bool) {
	go func() { c.labels <- c.label }()
	go func() { c.ratios <- *c.ratio }()
	go func() { c.labels <- c.parts[1] }()
	go func() { c.errors <- (c.inner.err) }()
	go func() {
		switch {
		case sealed:
			c.crates <- *c
		default:
		}
	}()
	go func() {
		select {
		default:
			c.ratios <- ratio
		}
	}()
	go func() { c.ratios <- fragile }()
	go func() { c.ratios <- math.Pi }()
	go func() {
	again:
		c.labels <- c.label; goto again
	}()
	go func() {
		c.
			errors <- c.
			inner.err
	}()
	ratio++
}

func main() {
	c := &crate{labels: make(chan string), ratios: make(chan float64), errors: make(chan error), crates: make(chan crate)}
	c.ratio = new(float64)
	c.ship(0.5, true)
}
"""


def test_no_sender_hides_behind_what_it_sends(each_go: str | None) -> None:
    report = check(SENDS, go=each_go, no_fix=True, settle=0.3)
    assert report.original is not None, report.error
    places = sorted((leak.line, leak.go_line, leak.state, leak.count) for leak in report.leaks)
    alone = [(line, line) for line in (19, 20, 21, 22, 36, 37)]
    sends = sorted([*alone, (26, 23), (33, 30), (40, 38), (44, 42)])
    assert places == [(*place, "chan send", 1) for place in sends]
    assert {leak.evidence for leak in report.leaks} == {"proven" if find(each_go).can_prove else "likely"}


PREDECLARED = {
    "a type string": ("type string struct{ s []byte }", 'println(len(string{[]byte("x")}.s))'),
    "types int, bool, error and any": (
        "type int bool; type bool float64; type error bool; type any error",
        "var b error = 0.5; println(b > 0)",
    ),
    "variables": ("var string, int, len, any, append = 1, 2, 3, 4, 5", "println(string + int + len + any + append)"),
    "constants": ("const true, false, nil, iota = 1 > 2, 3, 4, 5", "println(true, false + nil + iota)"),
    "functions": ("func print() {}; func uint() {}; func func_() {}; func comparable() {}", "print(); uint(); comparable()"),
    "the probe's own": ("var goleakProbe, goleakProbe_ = 1, 2", "goleakProbe__ := goleakProbe + goleakProbe_; _ = goleakProbe__"),
}  # fmt: skip


@pytest.mark.parametrize("name", PREDECLARED)
def test_a_package_may_declare_any_name_itself(name: str, each_go: str | None) -> None:
    declared, used = PREDECLARED[name]
    lines = (
        "c := make(chan struct{})",
        "go func() { <-c }()",
        "read := rt.NumGoroutine",
        "_, _ = read(), rt.NumGoroutine()",
        used,
    )
    program = parse_program(body(*lines, imports=f'import rt "runtime"; {declared}'))
    report = check(program, go=each_go, no_fix=True, settle=0.1)
    assert report.original is not None, report.error
    assert [(leak.line, leak.go_line) for leak in report.leaks] == [(5, 5)]
    assert [mark.line for mark in report.original.marks] == [6, 7]


def test_a_module_of_an_older_language_is_built(each_go: str | None) -> None:
    text = body("read := runtime.NumGoroutine", "println(read())", imports='import "runtime"')
    report = check(f"-- go.mod --\nmodule old\n\ngo 1.15\n-- main.go --\n{text}", go=each_go, no_fix=True)
    assert report.original is not None, report.error
    assert report.original.stderr == "1\n"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (body("_ = runtime.NumGoroutine() + undefined1", imports='import "runtime"'), 4, 31),
        (body("f := runtime.NumGoroutine; _, _ = f, undefined1", imports='import "runtime"'), 4, 39),
        (body("_ = runtime.NumGoroutine(undefined1)", imports='import "runtime"'), 4, 27),
        (body("go func() {}(); undefined1()"), 4, 18),
        (body("c, d := make(chan int), 1; c <- d; undefined1()"), 4, 37),
        (body("c := make(chan int); c <- undefined1"), 4, 28),
        ("x := 1\n\n\t_ = x + undefined1\n", 3, 10),
        ("a(); x := 1; _ = x + undefined1\nfunc a() {}\n", 1, 22),
        ("n := 1\nadd()\nfunc add() { n += undefined1 }\n", 3, 19),
        ("package main; func main() { undefined1() }", 1, 29),
        ("package main /* of two\nlines */ func main() { undefined1() }", 2, 24),
        ("func f() {}\n\n/* two\nlines */ var x int = undefined1\nf()\nx++\n", 4, 22),
        ("f()\nfunc f() int {\n\treturn undefined1\n}\n", 3, 9),
        ("import \"os\"\nprintln(1)\n", 1, 8),
        ("func TestIt(t *testing.T) {\n\tundefined1()\n}\n", 2, 2),
        ("for {\n", 2, 1),
        ("x := []int{1,\n2\n}\n_ = x\n", 2, 2),
    ],
)  # fmt: skip
def test_the_compilers_messages_point_into_the_users_text(text: str, line: int, column: int) -> None:
    with pytest.raises(BuildError) as caught:
        build(text)
    message = caught.value.messages[0]
    assert (message.line, message.column) == (line, column), caught.value.output
    assert message.file in ("main.go", "main_test.go")


DIRECTED = """\
package main

import (
	"fmt"
	"runtime"
)

func main() {
	c := make(chan int)
//line gen.y:100
	go func() { <-c }()
	fmt.Println(runtime.NumGoroutine())
/*line sub/other.go:7:3*/ go func() { select {} }()
	_, file, line, _ := runtime.Caller(0)
	fmt.Println(file, line)
}
"""


def test_line_directives_are_told_as_go_tells_them(tmp_path: Path, each_go: str | None) -> None:
    (tmp_path / "go.mod").write_text("module directed\n")
    (tmp_path / "main.go").write_text(DIRECTED)
    for program in (read_program(tmp_path), parse_program(DIRECTED)):
        report = check(program, go=each_go, no_fix=True)
        assert report.original is not None, report.error
        places = [("gen.y", 100), ("sub/other.go", 7)]
        assert sorted((leak.file, leak.line) for leak in report.leaks) == places
        assert sorted((leak.go_file, leak.go_line) for leak in report.leaks) == places
        assert [(birth.file, birth.line) for birth in report.original.births] == places
        assert [(mark.file, mark.line) for mark in report.original.marks] == [("gen.y", 101)]
        count, caller = report.original.stdout.splitlines()
        assert count == "2"
        if program.form == "package":
            absolute = find(each_go).release >= (1, 27)
            assert caller == (f"{tmp_path}/sub/other.go 8" if absolute else "sub/other.go 8")


def test_paths_are_kept_where_the_environment_trims_them(monkeypatch: pytest.MonkeyPatch, each_go: str | None) -> None:
    monkeypatch.setenv("GOFLAGS", "-trimpath")
    report = check(body("go func() { select {} }()"), go=each_go, no_fix=True)
    assert [(leak.file, leak.line) for leak in report.leaks] == [("main.go", 4)]


def build(text: str) -> None:
    from jupyter_goleak.experiment import Experiment

    for _ in Experiment(parse_program(text)).events():
        pass


def test_a_whole_file_imports_for_itself(rewriter: Rewriter) -> None:
    text = body('fmt.Println("x")')
    built = rewriter.prepare(parse_program(text)).original.file("main.go").build_text
    assert built == text.replace("main\n", 'main; import _ "runtime/coverage"/*line :1:13*/\n', 1)


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("package shop\n\nfunc Sell() {}\n", "library", 1),
        ("// A shop.\npackage main\n\nfunc sell() {}\n", "no func main", 2),
        ("func a() {}\ntype b int\n", "does nothing", 1),
        ('func main() {}\n\nfmt.Println("x")\n', "outside of func main", 3),
        ("x()\nfunc main() {}\n", "outside of func main", 1),
        (body("x() //goleak:later"), "no marker", 4),
        (body("//goleak:leak"), "stands alone", 4),
    ],
)  # fmt: skip
def test_what_the_compiler_would_say_less_clearly(rewriter: Rewriter, text: str, said: str, line: int) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        rewriter.prepare(parse_program(text))
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text", ["package main\n\nfunc main() {\n\tx :=\n}\n", "if {\n", "package main\nfunc {", "x := `\n", "x()\n/*"]
)
def test_what_does_not_parse_comes_back_with_the_message(rewriter: Rewriter, text: str) -> None:
    prepared = rewriter.prepare(parse_program(text))
    assert prepared.parse_error is not None
    assert prepared.parse_error.text
    assert 0 < prepared.parse_error.line <= text.count("\n") + 1
    assert (prepared.marked, prepared.candidates) == (None, ())
    assert prepared.original.main_text == text


def probed(rewriter: Rewriter, archive: str) -> list[str]:
    """The files that import the probe, each with the name it has for it."""
    found = re.compile(r'^package \w+; import (\w+) "runtime/coverage"', re.M)
    files = rewriter.prepare(parse_program(archive)).original.files
    return [f"{file.name}: {match[1]}" for file in files if (match := found.search(file.build_text))]


def test_whatever_runs_or_calls_the_probe_imports_it(rewriter: Rewriter) -> None:
    main, uses = "func main() {}\n", 'import "runtime"\nvar n = runtime.NumGoroutine()\n'
    starts = "func f() { go f() }\n"
    for archive, files in (
        (f"-- main.go --\npackage main\n{main}-- a/a.go --\npackage a\n", ["main.go: _"]),
        (
            f"-- main.go --\npackage main\n{uses}{main}-- b.go --\npackage main // two\n",
            ["main.go: goleakProbe", "b.go: _"],
        ),
        (
            f"-- cmd/x/main.go --\npackage main; {main}-- a/a.go --\npackage a\n{uses}",
            ["cmd/x/main.go: _", "a/a.go: goleakProbe"],
        ),
        ("-- a.go --\npackage a\n-- a_test.go --\npackage a\n", ["a_test.go: _"]),
        (
            f"-- a.go --\npackage a\n{uses}-- a_test.go --\npackage a_test\n{starts}",
            ["a.go: goleakProbe", "a_test.go: goleakProbe"],
        ),
    ):
        assert probed(rewriter, archive) == files


def test_files_for_another_system_are_none_of_the_programs(rewriter: Rewriter) -> None:
    archive = (
        "-- lib.go --\npackage lib\n-- lib_test.go --\npackage lib\n"
        "-- gen.go --\n//go:build ignore\n\npackage main\n\nfunc main() { go f() }\n"
        "-- lib_plan9.go --\npackage main\n-- other.go --\n//go:build windows || (js && wasm)\n\npackage main\n"
        "-- slow_test.go --\n//go:build slow\n\npackage lib_test\n\nfunc f() { go f() }\n"
    )
    assert probed(rewriter, archive) == ["lib_test.go: _", "slow_test.go: goleakProbe"]


def test_a_file_of_its_own_is_built_whatever_its_constraint_says(each_go: str | None) -> None:
    report = check("//go:build ignore\n\n" + body('println("built")'), go=each_go, no_fix=True)
    assert report.original is not None, report.error
    assert report.original.stderr == "built\n"


# ── markers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_markers_make_the_fixed_variant_line_for_line(rewriter: Rewriter) -> None:
    text = body(
        "ch := make(chan int) //goleak:leak",
        "//goleak:fix ch := make(chan int, 1)",
        "go func() { ch <- 1 }() //goleak:fix go func() { close(ch) }()",
        "// goleak:fix <-ch",
        'println("//goleak:fix not()", `',
        "//goleak:leak",
        "`)",
    )
    prepared = rewriter.prepare(parse_program(text))
    assert prepared.marked is not None
    assert prepared.candidates == ()
    assert prepared.original.main_text == text
    assert prepared.marked.main_text == body(
        "",
        "ch := make(chan int, 1)",
        "go func() { close(ch) }()",
        "<-ch",
        'println("//goleak:fix not()", `',
        "//goleak:leak",
        "`)",
    ).replace("\t\n", "\n", 1)


def test_markers_work_in_snippets(rewriter: Rewriter) -> None:
    prepared = rewriter.prepare(
        parse_program("ch := make(chan int)\ngo func() { <-ch }()\n//goleak:fix close(ch); fmt.Println()\n")
    )
    assert changes(prepared, prepared.marked) == ["close(ch); fmt.Println()"]
    assert prepared.marked is not None
    assert 'import "fmt"' in prepared.marked.file("main.go").build_text


# ── fixes that stand in comments ────────────────────────────────────────────────────────────────────────────────

CANDIDATES: dict[str, tuple[tuple[str, ...], list[tuple[str, int, list[str]]]]] = {
    "a statement": (("ch := make(chan int)", "// close(ch)  ", "<-ch"), [("uncomment `close(ch)`", 5, ["close(ch)"])]),
    "without a space": (("//close(ch)",), [("uncomment `close(ch)`", 4, ["close(ch)"])]),
    "behind code": (("x() // close(ch)",), [("uncomment `close(ch)`", 4, ["x(); close(ch)"])]),
    "behind a brace": (("if x { // return", "}"), [("uncomment `return`", 4, ["if x { return"])]),
    "in a block comment": (("/* close(ch) */",), [("uncomment `close(ch)`", 4, ["close(ch)"])]),
    "prose": (("// done", "// the channel is full", "// x", "// TODO: close(ch)", "// see main", "// a, b", "// 채널", "// n++ counts workers"), []),
    "what only prints": (('// fmt.Println("x")', "// println(1)", '// log.Printf("x")'), []),
    "in a string": (('x("// close(ch)", `', "// close(ch)", "`)"), []),
    "several lines": (
        ("// for range ch {", "// \tx()", "// }"),
        [("uncomment `for range ch { …`", 4, ["for range ch {", "x()", "}"]), ("uncomment `x()`", 5, ["x()"])],
    ),
    "below prose": (("// This ends them:", "//", "// close(ch)"), [("uncomment `close(ch)`", 6, ["close(ch)"])]),
    "each of several": (
        ("// close(ch)", "// wg.Wait()"),
        [("uncomment `close(ch) …`", 4, ["close(ch)", "wg.Wait()"]), ("uncomment `close(ch)`", 4, ["close(ch)"]), ("uncomment `wg.Wait()`", 5, ["wg.Wait()"])],
    ),
    "the most promising first": (
        ("// x = 1", "_ = 1", "// defer x()", "_ = 1", "// x()", "_ = 1", "// mu.Unlock()"),
        [
            ("uncomment `mu.Unlock()`", 10, ["mu.Unlock()"]),
            ("uncomment `defer x()`", 6, ["defer x()"]),
            ("uncomment `x = 1`", 4, ["x = 1"]),
            ("uncomment `x()`", 8, ["x()"]),
        ],
    ),
    "a case": (
        ("select {", "case <-ch:", "// case <-done:", "// \treturn", "}"),
        [
            ("uncomment `case <-done: …`", 6, ["case <-done:", "return"]),
            ("uncomment `case <-done:`", 6, ["case <-done:"]),
            ("uncomment `return`", 7, ["return"]),
        ],
    ),
    "an argument": (("ch := make(chan int /*, 1*/)",), [("uncomment `, 1`", 4, ["ch := make(chan int , 1)"])]),
    "a remark among arguments": (("f(a /* first */, b)", "x := 1 /* one */ + 2"), []),
    "another version of the line above": (
        ("ch := make(chan int) // unbuffered", "// ch := make(chan int, 3)"),
        [("`ch := make(chan int, 3)` for `ch := make(chan int)`", 4, ["ch := make(chan int, 3)", ""]), ("uncomment `ch := make(chan int, 3)`", 5, ["ch := make(chan int, 3)"])],
    ),
    "another version of the line below": (
        ("// for range done {", "for range ch {", "}"),
        [("`for range done {` for `for range ch {`", 5, ["", "for range done {"])],
    ),
    "another version of the call": (
        ("ch := make(chan int) // make(chan int, 1)",),
        [("`ch := make(chan int, 1)` for `ch := make(chan int)`", 4, ["ch := make(chan int, 1)"])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CANDIDATES)
def test_code_in_comments_is_offered(rewriter: Rewriter, name: str) -> None:
    lines, expected = CANDIDATES[name]
    declared = "var ch, done chan int; var x func(); var a, b, wg, mu, f int"
    prepared = rewriter.prepare(parse_program(body(*lines, imports=declared)))
    found = [(each.title, each.line, changes(prepared, each.variant)) for each in prepared.candidates]
    assert found == expected


def test_code_outside_of_functions_and_unknown_names_are_not_offered(rewriter: Rewriter) -> None:
    text = body("// close(nowhere)", "// os.Exit(1)") + "// close(ch)\n"
    assert rewriter.prepare(parse_program(text)).candidates == ()


def test_code_in_the_comments_of_a_snippet_is_offered(rewriter: Rewriter) -> None:
    text = "func work(c chan int) {\n\t<-c\n}\n\nch := make(chan int)\ngo work(ch)\n// close(ch)\n\n// last speaks of the end.\nfunc last() {\n\t// defer wg.Done()\n}\n"
    prepared = rewriter.prepare(parse_program(text))
    assert [(each.title, each.line) for each in prepared.candidates] == [
        ("uncomment `close(ch)`", 7),
        ("uncomment `defer wg.Done()`", 11),
    ]
    assert changes(prepared, prepared.candidates[0].variant) == ["close(ch)"]


def test_no_more_candidates_than_one_can_try(rewriter: Rewriter) -> None:
    text = body("var ch chan int", *("// close(ch)\n\tprintln()" for _ in range(50)))
    assert len(rewriter.prepare(parse_program(text)).candidates) == 12


def test_the_lessons_cure_is_the_first_candidate(rewriter: Rewriter, lesson: str) -> None:
    prepared = rewriter.prepare(parse_program(lesson))
    assert [(each.title, each.line) for each in prepared.candidates] == [("uncomment `close(input)`", 38)]


def test_a_helper_that_fails_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(GoleakError, match=r"cannot be started: .*; delete it, and it is built anew"):
        Rewriter(tmp_path / "nothing").prepare(parse_program("x()\n"))
    with pytest.raises(GoleakError, match="failed"):
        Rewriter(Path("/bin/false")).prepare(parse_program("x()\n"))
