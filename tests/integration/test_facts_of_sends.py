"""The Go helper: how many values are sent on a channel, and where it could be closed after them."""

from __future__ import annotations

import pytest

from jupyter_goleak.rewriting import Rewriter
from tests.integration.questions import ask, subject

pytestmark = pytest.mark.toolchain


def test_where_a_close_fits(rewriter: Rewriter) -> None:
    def close_line(*lines: str) -> int | None:
        text = "\n".join(["c := make(chan int)", *lines, "<-c", ""])
        insertion = subject(ask(rewriter, text, "chan receive", text.count("\n"))).close_after
        return insertion and insertion.line

    assert close_line("c <- 1") == 2
    assert close_line("for {", "for i := range 3 {", "c <- i", "}", "break", "}") == 7
    assert close_line("go func() {", "c <- 1", "}()") == 3
    assert close_line("go func() { c <- 1 }()") is None
    assert close_line("for range 2 {", "go func() {", "c <- 1", "}()", "}") is None
    assert close_line("go func() {", "c <- 1", "}()", "go func() {", "c <- 2", "}()") is None
    assert close_line("for {", "c <- 1", "}") is None
    assert close_line("c <- 1", "close(c)") is None
    assert close_line("x()", "func x() {}") is None


TILL = """\
type till struct{ slips chan int }

func (t *till) open() { t.slips = make(chan int, 1) }

func (t *till) read() {
	<-t.slips
}

func (t *till) ring(n int) {
	t.slips <- n
}

"""
OFFICE = """\
type office struct{ trays map[string]chan int }

func (o *office) answer(id string) {
	tray := o.trays[id]
	tray <- 1
}

"""
# Where the program may close what is received from there, by the line of the receive.
CLOSES = {
    "a method that is there to send one": (TILL + "t := &till{}\nt.open()\ngo t.read()\nt.ring(1)\n", 6, None),
    "a global": (
        "package main\n\nvar c = make(chan int)\n\nfunc main() {\n\tgo func() {\n\t\t<-c\n\t}()\n\tc <- 1\n}\n", 7, (9, "close(c)"),
    ),
    "made anew on the way": (TILL + "t := &till{}\nt.open()\ngo t.read()\nt.open()\nt.ring(1)\n", 6, None),
    "a sender that is called twice": (TILL + "t := &till{}\nt.open()\ngo t.read()\nt.ring(1)\nt.ring(2)\n", 6, None),
    "a sender that a loop calls": (TILL + "t := &till{}\nt.open()\ngo t.read()\nfor n := range 2 {\n\tt.ring(n)\n}\n", 6, None),
    "one of each in a round": (
        "for n := range 2 {\n\tc := make(chan int)\n\tgo func() {\n\t\t<-c\n\t}()\n\tc <- n\n}\n", 4, (6, "close(c)"),
    ),
    "made only if there is none": (
        TILL + "t := &till{}\nfor n := range 2 {\n\tif t.slips == nil {\n\t\tt.open()\n\t}\n\tgo t.read()\n\tt.ring(n)\n}\n", 6, None,
    ),
    "sent only where all is well": (
        TILL + "t := &till{}\nt.open()\ngo t.read()\nif len(os.Args) > 1 {\n\treturn\n}\nt.ring(1)\n", 6, None,
    ),
    "a round that may end before": (
        TILL + "for n := range 2 {\n\tt := &till{}\n\tt.open()\n\tgo t.read()\n\tif n == 0 {\n\t\tcontinue\n\t}\n\tt.ring(n)\n}\n", 6, None,
    ),
    "what a call gives": (
        "c := make(chan int, 1)\nget := func() chan int { return c }\ngo func() {\n\t<-c\n}()\nget() <- 1\n", 4, None,
    ),
    "out of a map": (
        OFFICE + 'o := &office{map[string]chan int{}}\nfor _, id := range []string{"a", "b"} {\n\ttray := make(chan int, 1)\n'
        '\to.trays[id] = tray\n\tgo func() {\n\t\t<-tray\n\t}()\n\to.answer("a")\n}\n', 13, None,
    ),
    "one of a map's": (
        'm := map[string]chan int{}\nfor _, id := range []string{"a", "b"} {\n\tc := make(chan int)\n\tm[id] = c\n'
        '\tgo func() {\n\t\t<-c\n\t}()\n}\nm["a"] <- 1\n', 6, None,
    ),
    "of another value in each round": (
        TILL + "all := []*till{{make(chan int, 1)}, {make(chan int, 1)}}\nfor _, t := range all {\n\tgo t.read()\n}\n"
        "for _, t := range all {\n\tt.slips <- 1\n}\n", 6, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSES)
def test_a_close_fits_where_one_sender_comes_once_for_each_channel(rewriter: Rewriter, name: str) -> None:
    text, line, expected = CLOSES[name]
    insertion = subject(ask(rewriter, text, "chan receive", line)).close_after
    assert (insertion and (insertion.line, insertion.code)) == expected


SENDS = {
    "one value": ("c := make(chan int)\ngo func() {\n\tc <- 1\n}()\n", 3, "one"),
    "one for each channel": ("for range 2 {\n\tc := make(chan int)\n\tgo func() {\n\t\tc <- 1\n\t}()\n}\n", 4, "one"),
    "a value or an error": (
        "c := make(chan int)\ngo func() {\n\tif len(os.Args) > 1 {\n\t\tc <- 0\n\t\treturn\n\t}\n\tc <- 1\n}()\n", 7, "one",
    ),
    "one or the other": (
        "c := make(chan int)\ngo func() {\n\tif len(os.Args) > 1 {\n\t\tc <- 0\n\t} else {\n\t\tc <- 1\n\t}\n}()\n", 6, "one",
    ),
    "two in a row": ("c := make(chan int)\ngo func() {\n\tc <- 1\n\tc <- 2\n}()\n", 3, ""),
    "many goroutines": ("c := make(chan int)\nfor range 3 {\n\tgo func() {\n\t\tc <- 1\n\t}()\n}\n", 4, "one each"),
    "two goroutines": ("c := make(chan int)\ngo func() {\n\tc <- 1\n}()\ngo func() {\n\tc <- 2\n}()\n", 3, "one each"),
    "a goroutine in a loop": ("c := make(chan int)\ngo func() {\n\tfor range 3 {\n\t\tc <- 1\n\t}\n}()\n", 4, ""),
    "a helper in a loop": (
        "func tell(c chan int) {\n\tc <- 1\n}\n\nc := make(chan int)\nfor range 2 {\n\tgo func() {\n\t\tfor range 3 {\n\t\t\ttell(c)\n\t\t}\n\t}()\n}\n", 2, "",
    ),
    "a helper called twice": (
        "func tell(c chan int) {\n\tc <- 1\n}\n\nc := make(chan int)\ngo func() {\n\ttell(c)\n\ttell(c)\n}()\n", 2, "",
    ),
    "a recursive walk": (
        "func walk(n int, c chan int) {\n\tif n > 0 {\n\t\tc <- n\n\t\twalk(n-1, c)\n\t}\n}\n\nfunc all() chan int {\n\tc := make(chan int)\n"
        "\tgo walk(3, c)\n\treturn c\n}\n\n<-all()\n<-all()\n", 3, "",
    ),
    "a parallel walk": (
        "func walk(n int, c chan int) {\n\tif n > 0 {\n\t\tgo walk(n-1, c)\n\t}\n\tc <- n\n}\n\nc := make(chan int)\ngo walk(3, c)\n<-c\n", 5, "one each",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SENDS)
def test_how_many_values_are_sent(rewriter: Rewriter, name: str) -> None:
    text, line, expected = SENDS[name]
    assert subject(ask(rewriter, text, "chan send", line)).sent == expected


COUNTED = "wg.Add(1)\n\tgo func() {\n\t\tdefer wg.Done()\n\t\tc <- i\n\t}()"
TOO_EARLY = "wg.Add(1)\n\tgo func() {\n\t\twg.Done()\n\t\tc <- i\n\t}()"
GATHERED = {
    "all are waited for": (COUNTED, "", "wg.Wait()", True),
    "they tell it before they send": (TOO_EARLY, "", "wg.Wait()", False),
    "another one sends, too": (COUNTED, "go func() { c <- 7 }()", "wg.Wait()", False),
    "nobody waits for them": (COUNTED, "", "wg.Add(0)", False),
    "who waits has to receive before": (COUNTED, "for range c {\n}", "wg.Wait()", False),
}


@pytest.mark.parametrize("name", GATHERED)
def test_a_close_fits_where_all_senders_were_waited_for(rewriter: Rewriter, name: str) -> None:
    start, between, last, fits = GATHERED[name]
    head = "c, wg := make(chan int), &sync.WaitGroup{}\ngo func() {\n\tfor range c {\n\t}\n}()\n"
    text = f"{head}for i := range 3 {{\n\t{start}\n}}\n{between}\n{last}\n"
    insertion = subject(ask(rewriter, text, "chan receive", 3)).gathered
    assert (insertion and (insertion.line, insertion.code)) == ((text.count("\n"), "close(c)") if fits else None)
