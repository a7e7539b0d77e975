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
    # What a function does instead of calling itself, and who need not be waited for, only its author knows.
    own = ["once-within-itself-settings", "waitgroup-missing-done-counts-itself"]
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
