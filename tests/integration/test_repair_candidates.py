"""Edits that the Go helper proposes: none of them only hides a leak, whatever the runs would say."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from jupyter_goleak.experiment import check
from jupyter_goleak.model import Leak
from jupyter_goleak.program import parse_program
from jupyter_goleak.rewriting import Edit, Rewriter
from jupyter_goleak.toolchain import find
from tests.corpus import Case, leaky_cases

pytestmark = pytest.mark.toolchain

# What makes a goroutine that stays look as if it did not: more time, an end before its time, no goroutine at all.
HIDING = re.compile(
    r"\btime\.(?:Sleep|AfterFunc)\(|\bos\.Exit\(|\bruntime\.(?:Goexit|Gosched|GC|KeepAlive|SetFinalizer)\(|\blog\.Fatal|\bpanic\("
    r"|\bsyscall\.|\bunsafe\."
)
GLOBAL = re.compile(r"^var (\w+)", re.M)

# Each comment would make the leak go away from sight, and not from the program.
HIDDEN = """\
package main

import (
	"fmt"
	"os"
	"time"
)

var kept []chan int

func serve(requests chan int) {
	%s
	go func() {
		requests <- 1
	}()
	%s
}

func main() {
	requests := make(chan int)
	%s
	serve(requests)
	time.Sleep(time.Millisecond)
	fmt.Println("served", len(kept) > 5, len(os.Args) > 5)
	%s
}
"""


def told(case: Case) -> list[Leak]:
    """The groups that the case's expectation speaks of, as a run would have found them."""
    groups = [*case.expect.get("leaks", []), *case.expect.get("alive", [])]
    if "main" in case.expect:
        groups.append({"evidence": "proven", "count": 1, **case.expect["main"]})
    unknown = Leak("proven", 1, "", "", "", None, "", None)
    known = {"evidence", "count", "state", "function", "file", "line", "created_by", "go_line"}
    return [
        replace(unknown, file="main.go", go_file="main.go", **{key: group[key] for key in known & set(group)})
        for group in groups
    ]


def proposed(case: Case) -> tuple[Edit, ...]:
    """What is proposed for the case, without a run."""
    return Rewriter(find().helper()).repairs(parse_program(case.main), told(case))


@pytest.mark.parametrize("case", leaky_cases(), ids=str)
def test_no_edit_only_hides_the_leak(case: Case) -> None:
    edits = proposed(case)
    before = Counter(HIDING.findall(case.main))
    for edit in edits:
        (file,) = edit.files
        assert not Counter(HIDING.findall(file.text)) - before, edit.title
        # A channel that a global holds on to can no longer be proven to leak, so a new global has to be of use.
        for name in set(GLOBAL.findall(file.text)) - set(GLOBAL.findall(case.main)):
            assert edit.strategy == "make-channel" or f"close({name})" in file.text or f"{name}.Unlock()" in file.text
        assert len(re.findall(r"\bgo\b", file.text)) >= len(re.findall(r"\bgo\b", case.main)), edit.title


def test_most_leaks_are_given_several_edits_to_choose_from() -> None:
    found = {case.name: len(proposed(case)) for case in leaky_cases()}
    # What a listener may see, what a function does instead of calling itself, and who need not be waited for, only the
    # author knows.
    own = [
        *("mutex-relock-listener", "mutex-relock-ring-of-friends", "once-within-itself-menu"),
        *("once-within-itself-settings", "waitgroup-missing-done-club", "waitgroup-missing-done-counts-itself"),
        "waitgroup-missing-done-nested-rooms",
    ]
    assert [name for name, count in found.items() if not count] == own
    assert sum(count > 1 for count in found.values()) > len(found) / 2


@pytest.mark.parametrize(
    ("place", "comment"),
    [
        (0, "// return"),
        (1, "// kept = append(kept, requests)"),
        (1, "// time.Sleep(3 * time.Second)"),
        (2, "// os.Exit(0)"),
        (3, "// os.Exit(0)"),
        (3, "// time.Sleep(3 * time.Second)"),
    ],
)
def test_what_stands_in_a_comment_and_only_hides_the_leak_is_not_taken(place: int, comment: str) -> None:
    comments = ["", "", "", ""]
    comments[place] = comment
    report = check(HIDDEN % tuple(comments), repair_budget=60)
    assert report.verdict == "leak"
    assert report.fix is not None, report.attempts
    assert (report.fix.origin, report.fix.verified) == ("repair", True)


# In each `open` starts a goroutine, and what `%s` does with it tells whether it may end when `open` returns.
BELL = """\
package main

import (
	"context"
	"fmt"
	"time"
)

type bell struct {
	rings  chan string
	cancel context.CancelFunc
}

type tower struct{ bells map[string]*bell }

func (b *bell) hang(ctx context.Context) {
	for {
		select {
		case ring := <-b.rings:
			fmt.Println(ring)
		case <-ctx.Done():
			return
		}
	}
}

func (t *tower) open(ctx context.Context, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	b := &bell{rings: make(chan string)%s}
	go b.hang(ctx)
	%s
	return nil
}

func main() {
	t := &tower{bells: map[string]*bell{}}
	_ = t.open(context.Background(), "great")
	time.Sleep(time.Millisecond)
	fmt.Println(len(t.bells))
}
"""

KEPT = {
    "it rings": ("", "b.rings <- name", True),
    "it rings in a function": ("", "func() { b.rings <- name }()", True),
    "it has a cancel of its own": ("", 'if name == "" {\n\t\treturn fmt.Errorf("no name")\n\t}\n\tdefer cancel()', True),
    "it goes on at once": ("", "_ = cancel", False),
    "it keeps the cancel": (", cancel: cancel", "t.bells[name] = b\n\tb.rings <- name", False),
    "it keeps a function that cancels": ("", "b.cancel = func() { cancel() }\n\tt.bells[name] = b\n\tb.rings <- name", False),
    "another function keeps it": (", cancel: cancel", "func(b *bell) { t.bells[name] = b }(b)\n\tb.rings <- name", False),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT)
def test_nothing_ends_at_a_return_that_it_outlives(case: str) -> None:
    field, rest, may_end = KEPT[case]
    text = BELL % (field, rest)
    line = text[: text.index("select {")].count("\n") + 1
    start = text[: text.index("go b.hang")].count("\n") + 1
    leak = Leak(
        "proven", 1, "select", "main.(*bell).hang", "main.go", line, "main.(*tower).open", start, go_file="main.go"
    )
    titles = {edit.title for edit in Rewriter(find().helper()).repairs(parse_program(text), [leak])}
    assert ("`defer cancel()` right after it is made" in titles) == may_end
    at_return = {title for title in titles if "`(*tower).open` closes when it returns" in title}
    assert not at_return or may_end
    facts = Rewriter(find().helper()).facts(parse_program(text), [leak])
    cancels = [variable for variable in facts.variables if variable.kind == "cancel" and variable.sites("make")]
    assert [cancel.deferrable for cancel in cancels] == [may_end]


REPLACED = """\
package main

type lamp struct {
	orders chan string
	out    chan struct{}
}

func light() *lamp {
	l := &lamp{orders: make(chan string, 1), out: make(chan struct{})}
	go l.burn()
	return l
}

func (l *lamp) burn() {
	for {
		select {
		case <-l.orders:
		case <-l.out:
			return
		}
	}
}

type street struct{ lamps map[string]*lamp }

func (s *street) put(name string) { s.lamps[name] = light() }

func relit(name string) (*lamp, error) {
	l := light()
	l.orders <- name
	return l, nil
}

func main() {
	s := &street{map[string]*lamp{}}
	s.put("corner")
	s.put("corner")
	l, _ := relit("bridge")
	close(l.out)
	close(s.lamps["corner"].out)
}
"""


def test_a_constructors_caller_that_hands_out_what_it_got_ends_nothing() -> None:
    leak = Leak("proven", 1, "select", "main.(*lamp).burn", "main.go", 16, "main.light", 10, go_file="main.go")
    edits = Rewriter(find().helper()).repairs(parse_program(REPLACED), [leak])
    for edit in edits:
        (file,) = edit.files
        for function in ("func light(", "func (s *street) put(", "func relit("):
            body = file.text.partition(function)[2].partition("\n}\n")[0].partition("\nfunc ")[0]
            assert "defer" not in body, edit.title
