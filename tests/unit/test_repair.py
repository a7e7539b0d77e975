"""What the search for a fix judges by: what a program usually does, and what a changed one does differently."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_goleak.edits import single_edit, unified_diff
from jupyter_goleak.model import Birth, Leak, Mark, Run, Sample
from jupyter_goleak.program import Program, SourceFile
from jupyter_goleak.trials import reports_race
from jupyter_goleak.usual import Usual, sleeps, wanted

BORN = (Birth(0.1, "main.go", 3, "func"), Birth(0.2, "main.go", 3, "func"))


def leak(**values: Any) -> Leak:
    """A goroutine that waits to receive."""
    known = {
        "evidence": "proven",
        "count": 1,
        "state": "chan receive",
        "function": "main.f",
        "file": "main.go",
        "line": 9,
    }
    return Leak(**{**known, "created_by": "main.main", "go_line": 5, **values})


def run(stdout: str = "", **values: Any) -> Run:
    """A run that ended well."""
    known = {"variant": "original", "verdict": "clean", "exit_code": 0, "duration_s": 1.0, "births": BORN}
    return Run(**{**known, "stdout": stdout, **values})


def outcome(usual: Usual, changed: Run, **values: Any) -> str | None:
    """The outcome of the objection, None where there is none."""
    objection = usual.objection(changed, **values)
    return objection.outcome if objection else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(["a\nb\n"], "b\na\n", id="another-order"),
        pytest.param(["a\n"], "a\nworker ends\n", id="more-lines"),
        pytest.param(["took 12ms\n"], "took 15ms\n", id="a-duration"),
        pytest.param(["2026/01/02 10:00:00 up\n"], "2026/01/02 10:00:01 up\n", id="a-time"),
        pytest.param(["    dam_test.go:7: dry\n"], "    dam_test.go:9: dry\n", id="a-line-of-the-text"),
        pytest.param(["worker 1: a\n", "worker 3: a\n"], "worker 2: a\n", id="numbers-that-vary"),
        pytest.param(["ann won\n", "bob won\n"], "cid won\n", id="lines-that-vary"),
    ],
)
def test_what_varies_anyway_is_no_change(before: list[str], after: str) -> None:
    assert outcome(Usual(tuple(map(run, before))), run(after)) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(["a\nb\n"], "a\n", id="a-line-is-missing"),
        pytest.param(["a\na\n"], "a\n", id="once-instead-of-twice"),
        pytest.param(["rows: 2\n", "rows: 2\n"], "rows: 1\n", id="a-number-that-never-varied"),
        pytest.param(["worker 1: a\n", "worker 3: a\n"], "worker 2: b\n", id="the-text-around-numbers-that-vary"),
    ],
)
def test_what_it_always_prints_must_not_be_missing(before: list[str], after: str) -> None:
    assert outcome(Usual(tuple(map(run, before))), run(after)) == "changed output"


def test_the_error_stream_is_output_too() -> None:
    assert outcome(Usual((run(stderr="ready\n"),)), run()) == "changed output"


def test_a_count_of_goroutines_is_what_a_fix_changes() -> None:
    marks = (Mark(0.1, 1, "main.go", 4), Mark(1.0, 9, "main.go", 8))
    usual = Usual((run("after: 9\nleaked: 8\nrows: 5\n", marks=marks),))
    assert outcome(usual, run("after: 1\nleaked: 0\nrows: 5\n")) is None
    assert outcome(usual, run("after: 1\nleaked: 0\nrows: 4\n")) == "changed output"


def test_what_comes_to_life_may_count_more() -> None:
    usual = Usual((run("heard: 0\n"),))
    assert outcome(usual, run("heard: 3\n")) == "changed output"
    assert outcome(usual, run("heard: 3\n"), revives=True) is None
    assert outcome(usual, run("seen: 3\n"), revives=True) == "changed output"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"verdict": "deadlock", "exit_code": 2}, "deadlock"),
        ({"verdict": "timeout", "exit_code": None, "stopped": "timeout"}, "timeout"),
        ({"verdict": "crash", "exit_code": 2}, "crash"),
        ({"births": BORN[:1]}, "fewer goroutines"),
        ({"births": (*BORN, *BORN)}, None),
    ],
)
def test_it_ends_as_before_and_starts_as_many_goroutines(values: dict[str, Any], expected: str | None) -> None:
    assert outcome(Usual((run(),)), run(**values)) == expected


def test_where_the_clock_decides_how_many_start_one_run_may_have_fewer() -> None:
    usual = Usual((run(created=20, births=BORN * 10), run(created=12, births=BORN * 6)))
    assert outcome(usual, run(births=BORN)) is None
    assert usual.fewer([run(births=BORN), run(births=BORN * 2)])
    assert not usual.fewer([run(births=BORN), run(births=BORN * 4)])


def test_no_go_statement_may_be_left_out() -> None:
    other = Birth(0.3, "main.go", 8, "func")
    usual = Usual((run(created=5, births=(*BORN, other)), run(created=3, births=(*BORN, other))))
    assert outcome(usual, run(births=BORN * 3)) == "fewer goroutines"


def test_the_exit_code_of_a_program_that_hung_is_not_asked_of_its_fix() -> None:
    usual = Usual((run(verdict="deadlock", exit_code=2, stderr="fatal error: all goroutines are asleep\n"),))
    assert outcome(usual, run()) is None
    assert outcome(usual, run(verdict="crash", exit_code=2)) == "crash"
    assert not usual.slower([run(duration_s=60.0)])


def test_a_bubble_in_which_all_are_blocked_hangs() -> None:
    panic = "panic: deadlock: main bubble goroutine has exited but blocked goroutines remain\n"
    hung = run("=== RUN   TestDam\n--- FAIL: TestDam (0.00s)\n", verdict="crash", exit_code=2, stderr=panic)
    usual = Usual((hung,))
    assert outcome(usual, run("=== RUN   TestDam\n--- PASS: TestDam (0.00s)\nPASS\n")) is None
    assert outcome(usual, run("=== RUN   TestDam\n--- FAIL: TestDam (0.00s)\n", exit_code=1)) == "crash"
    assert outcome(usual, hung) == "deadlock"


def test_half_as_long_again_is_too_slow() -> None:
    usual = Usual((run(duration_s=1.0), run(duration_s=9.0)))
    assert not usual.slower([run(duration_s=1.4), run(duration_s=7.0)])
    assert usual.slower([run(duration_s=1.8), run(duration_s=7.0)])


def test_an_order_that_never_varied_is_kept() -> None:
    usual = Usual((run("a\nb\n"), run("a\nb\n"), run("a\nb\n")))
    assert usual.reordered([run("b\na\nnew\n"), run("b\nnew\na\n")])
    assert not usual.reordered([run("a\nnew\nb\n")])
    assert not usual.reordered([run("b\na\n"), run("a\nb\n")])


def test_a_leak_that_only_looks_alive_is_hidden() -> None:
    usual = Usual((run(verdict="leak", leaks=(leak(),)),))
    assert usual.hides(run(alive=(leak(evidence="alive", state="sleep"),)))
    assert not usual.hides(run(alive=(leak(evidence="alive", state="IO wait", created_by="net.accept"),)))
    assert not usual.hides(run())


def test_what_a_fix_has_to_end() -> None:
    waiting = leak(evidence="alive", state="sync.Mutex.Lock", created_by="", go_line=None)
    ticking = leak(evidence="alive", pattern="ticking-forever", created_by="main.watch")
    serving = leak(evidence="alive", pattern="unclosed-pipe")
    kept = leak(evidence="alive", pattern="unclosed-connection", created_by="net/http.(*Server).Serve", line=None)
    asleep = leak(evidence="alive", state="sleep")
    assert wanted(run(leaks=(leak(),), alive=(waiting, ticking, serving, kept, asleep))) == (leak(), ticking)
    assert wanted(run(verdict="deadlock", exit_code=2, alive=(waiting, asleep))) == (waiting,)


def test_the_share_of_runs_that_leak() -> None:
    leaking = run(verdict="leak", leaks=(leak(),))
    assert Usual((leaking,)).leaking == 1
    assert Usual((leaking, run(), run(), run())).leaking == 0.25


def test_a_program_that_mostly_sleeps() -> None:
    idle, busy = (Sample(0.1, 2, 1, running=number, runnable=0) for number in (1, 2))
    assert sleeps(run(samples=(idle,) * 9 + (busy,)))
    assert not sleeps(run(samples=(idle,) * 3 + (busy,) * 3))
    assert not sleeps(run(samples=(idle,) * 9, duration_s=0.01))
    assert not sleeps(run(samples=(Sample(0.1, 2, 1),) * 9))


def test_only_the_programs_own_races_count() -> None:
    frame = "=================={nl}WARNING: DATA RACE{nl}Write at 0x1 by goroutine 7:{nl}  {where}:3{nl}=================={nl}"
    assert reports_race(frame.format(nl="\n", where="/src/main.go"))
    assert not reports_race(frame.format(nl="\n", where="/src/runtime/coverage/goleak_probe.go"))
    assert not reports_race("no race at all\n")


def test_a_diff_speaks_of_every_file() -> None:
    before = Program("txtar", (SourceFile("b.go", "b\n"), SourceFile("main.go", "a\n")), "main.go")
    after = before.with_text("x\n").with_text("y\n", "b.go")
    assert unified_diff(before, before) == ""
    assert [line for line in unified_diff(before, after).splitlines() if line[0] in "+-"] == [
        "--- main.go (original)",
        "+++ main.go (fixed)",
        "-a",
        "+x",
        "--- b.go (original)",
        "+++ b.go (fixed)",
        "-b",
        "+y",
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [("a\n\tclose(c)\nb\n", (2, "close(c)")), ("a\nB\n", (2, "B")), ("a\n", None), ("x\na\ny\nb\n", None)],
)
def test_an_edit_of_one_line_is_told_by_it(after: str, expected: tuple[int, str] | None) -> None:
    before = Program("txtar", (SourceFile("b.go", "a\nb\n"), SourceFile("main.go", "a\nb\n")), "main.go")
    assert single_edit(before, before) == ("", 0, "")
    for name in ("main.go", "b.go"):
        told = (name, *expected) if expected else ("", 0, "")
        assert single_edit(before, before.with_text(after, name)) == told
    assert single_edit(before, before.with_text(after).with_text("c\n", "b.go")) == ("", 0, "")
