"""The search for a fix, on real Go: what it finds, what it must not offer, and that it can be stopped."""

from __future__ import annotations

import re

import pytest

from jupyter_goleak.events import Finished, Tried
from jupyter_goleak.experiment import Experiment, check
from jupyter_goleak.model import Report
from jupyter_goleak.options import Options
from jupyter_goleak.program import parse_program
from jupyter_goleak.toolchain import find
from tests.corpus import Case, end_cases, leaky_cases

pytestmark = pytest.mark.toolchain

CASES = {case.name: case for case in leaky_cases()}

# One for each way to mend; `benchmarks/repair.py` takes the whole corpus.
REPRESENTATIVE = (
    "abandoned-receiver-thumbnails",
    "abandoned-receiver-pipeline-stage",
    "abandoned-generator-invoice-numbers",
    "forgotten-sender-first-error",
    "forgotten-sender-double-send",
    "waitgroup-missing-done-crawler",
    "waitgroup-wait-in-loop-newsletter",
    "mutex-missing-unlock-recovered-panic",
    "mutex-relock-cart-total",
    "cond-lost-signal-bakery",
    "context-never-cancelled-cache-refresh",
    "worker-without-stop-mailer",
    "unclosed-pipe-report",
    "unclosed-pipe-minutes",
    "abandoned-receiver-shards",
    "deadlock-unclosed-results",
)

TWO_FILES = """\
-- go.mod --
module two

go 1.23
-- main.go --
package main

import "fmt"

func main() {
	words := make(chan string)
	go count(words)
	words <- "one"
	fmt.Println("sent")
}
-- count.go --
package main

func count(words <-chan string) {
	for range words {
	}
}
"""

# Nothing but another way of working would end that goroutine: it is meant to stay.
FOR_GOOD = """\
package main

import "fmt"

type none struct{}

func wait(_ none) { select {} }

func main() {
	go wait(none{})
	fmt.Println("done")
}
"""


def code(text: str) -> list[str]:
    """The text without its layout."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def without_comments(source: str) -> str:
    return "".join(line for line in source.splitlines(keepends=True) if not line.lstrip().startswith("//"))


@pytest.mark.parametrize("case", [CASES[name] for name in REPRESENTATIVE], ids=str)
def test_it_finds_the_fix_that_was_made_by_hand(case: Case) -> None:
    report = check(case.main, repair_budget=60)
    fix = report.fix
    assert fix is not None, report.attempts
    assert (fix.origin, fix.verified) == ("repair", True)
    assert fix.strategy == case.expect["strategy"], report.attempts
    assert fix.runs >= 10
    assert fix.why
    assert case.fixed is not None
    assert code(fix.apply()) == code(case.fixed)
    assert report.fixed is not None
    assert (report.fixed.verdict, report.fixed.leaks) == ("clean", ())
    assert report.attempts[-1].outcome in ("verified", "not tried")
    told = report.to_dict()
    assert set(told["fix"]) == {"origin", "title", "diff", "verified", "runs", "why"}
    assert {"title": fix.title, "outcome": "verified", "detail": ""} in told["attempts"]


def test_a_bubble_that_was_deadlocked_is_mended() -> None:
    case = next(case for case in end_cases() if case.name == "bubble-left-a-worker")
    if find().release < (1, 26):
        pytest.xfail("written for a later Go")
    report = check(case.main, repair_budget=60)
    assert report.fix is not None, report.attempts
    assert report.fixed is not None
    assert (report.fixed.verdict, report.fixed.exit_code) == ("clean", 0)


def test_fixes_combine() -> None:
    report = check(CASES["two-leaks-delivery"].main, repair_budget=60)
    assert report.fix is not None, report.attempts
    assert len(report.fix.strategy.split("+")) == 2
    assert report.fixed is not None
    assert report.fixed.verdict == "clean"


def test_the_lessons_program_without_its_hint(lesson: str) -> None:
    report = check(re.sub(r"(?m)^\s*// close\(input\).*\n", "", lesson), repair_budget=60)
    assert report.fix is not None, report.attempts
    assert (report.fix.origin, report.fix.code) == ("repair", "close(input)")
    lines = code(report.fix.source)
    assert lines[lines.index("close(input)") - 3 : lines.index("close(input)")] == [
        "for _, record := range records {",
        "input <- record",
        "}",
    ]


def test_a_fix_may_stand_in_another_file() -> None:
    report = check(
        TWO_FILES.replace("\twords <- ", "\tsend(words)\n\t//").replace(
            "package main\n\nfunc count",
            'package main\n\nfunc send(words chan<- string) { words <- "one" }\n\nfunc count',
        ),
        repair_budget=60,
    )
    assert report.fix is not None, report.attempts
    assert "close(words)" in report.fix.diff


def test_a_snippet_is_mended_where_it_was_written() -> None:
    report = check(
        'words := make(chan string)\ngo func() {\n\tfor range words {\n\t}\n}()\nwords <- "one"\n', repair_budget=60
    )
    assert report.fix is not None, report.attempts
    assert (report.fix.line, report.fix.code) == (7, "close(words)")


BAKERY = """\
A bakery in two packages.
-- go.mod --
module bakery

go 1.23
-- main.go --
package main

import (
	"fmt"

	"bakery/oven"
)

func main() {
	o := oven.Light(2)
	for tray := range 4 {
		o.Put(tray)
	}
	o.Finish()
	fmt.Println("all baked")
}
-- oven/oven.go --
package oven

type Oven struct{ trays chan int }

func Light(bakers int) *Oven {
	o := &Oven{trays: make(chan int)}
	for range bakers {
		go o.bake()
	}
	return o
}

func (o *Oven) bake() {
	for range o.trays {
	}
}

func (o *Oven) Put(tray int) { o.trays <- tray }

func (o *Oven) Finish() {
	close(o.trays)
}
"""


@pytest.mark.parametrize("instead", ["\t// close(o.trays)\n", ""], ids=["commented-out", "searched-for"])
def test_a_fix_in_another_file_of_an_archive_keeps_the_archive(instead: str) -> None:
    report = check(BAKERY.replace("\tclose(o.trays)\n", instead), repair_budget=60)
    assert report.fix is not None, report.attempts
    assert report.fix.verified
    assert report.fix.diff.startswith("--- oven/oven.go (original)\n+++ oven/oven.go (fixed)\n")
    assert report.fix.diff.count("\n--- ") == 0
    assert code(report.fix.apply()) == code(BAKERY)


def test_the_line_of_an_edit_is_told_with_its_file() -> None:
    report = check(BAKERY.replace("\to.Finish()\n", ""), repair_budget=60)
    assert report.fix is not None, report.attempts
    assert (report.fix.file, report.fix.line, report.fix.code) == ("main.go", 11, "defer o.Finish()")
    assert report.original is not None
    (leak,) = report.original.leaks
    assert leak.explanation.endswith("`defer o.Finish()` at line 11 of main.go ends them.")


def test_what_comments_hold_is_not_searched_for() -> None:
    report = check(CASES["abandoned-receiver-audit-log"].main)
    assert report.fix is not None
    assert report.fix.origin == "commented-out"
    assert not any(attempt.outcome == "verified" for attempt in report.attempts)


@pytest.mark.parametrize("options", [{"repair_budget": 0}, {"no_fix": True}], ids=["no-budget", "no-fix"])
def test_without_a_budget_nothing_is_tried(options: dict[str, object]) -> None:
    report = check(CASES["abandoned-receiver-thumbnails"].main, **options)
    assert (report.verdict, report.fix, report.fixed, report.attempts) == ("leak", None, None, ())


def test_where_no_edit_is_sure_to_be_right_the_report_says_so() -> None:
    report = check(CASES["once-within-itself-settings"].main)
    assert (report.fix, report.attempts, report.searched) == (None, (), True)
    assert not check(CASES["once-within-itself-settings"].main, no_fix=True).searched


def test_where_no_fix_is_found_none_is_offered() -> None:
    report = check(FOR_GOOD, repair_budget=60)
    assert report.verdict == "leak"
    if report.fix is not None:
        assert report.fixed is not None
        assert report.fixed.verdict == "clean"
    else:
        assert report.fixed is None


def test_a_clean_program_costs_no_search() -> None:
    report = check('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("fine") }\n')
    assert (report.verdict, report.fix, report.attempts) == ("clean", None, ())


def test_the_search_can_be_stopped() -> None:
    experiment = Experiment(parse_program(CASES["two-leaks-delivery"].main), Options(repair_budget=60))
    report: Report | None = None
    for event in experiment.events():
        if isinstance(event, Tried):
            experiment.stop()
        if isinstance(event, Finished):
            report = event.report
    assert report is not None
    assert (report.verdict, report.fix, report.fixed) == ("leak", None, None)
    assert {attempt.outcome for attempt in report.attempts} >= {"not tried"}


def test_a_viewer_that_walks_away_during_the_search_leaves_nothing_running() -> None:
    experiment = Experiment(parse_program(CASES["two-leaks-delivery"].main), Options(repair_budget=60))
    events = experiment.events()
    assert any(isinstance(event, Tried) for event in events)
    events.close()  # type: ignore[attr-defined]
