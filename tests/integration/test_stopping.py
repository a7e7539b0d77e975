"""Experiments that somebody ends before their own end: what was seen is told, and nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_goleak.events import Finished, Printed, Returned, Sampled
from jupyter_goleak.experiment import Experiment, check
from jupyter_goleak.interrupts import interruptible
from jupyter_goleak.model import Report
from jupyter_goleak.options import Options
from jupyter_goleak.program import parse_program

pytestmark = pytest.mark.toolchain

FOR_EVER = """\
fmt.Println("open")
go func() { select {} }()
for {
	time.Sleep(time.Millisecond)
}
"""


def stopped_at(source: str, moment: type, how: Callable[[Experiment], object], **options: Any) -> Report:
    """The report of a program that is stopped as soon as an event of that type has come."""
    experiment = Experiment(parse_program(source), Options(no_fix=True, **options))
    report, stopped = None, False
    for event in interruptible(experiment):
        if isinstance(event, moment) and not stopped:
            stopped = True
            how(experiment)
        if isinstance(event, Finished):
            report = event.report
    assert report is not None
    return report


def stop_from_another_thread(experiment: Experiment) -> None:
    thread = threading.Thread(target=experiment.stop)
    thread.start()
    thread.join()


@pytest.mark.parametrize("how", [Experiment.stop, stop_from_another_thread])
def test_a_stopped_program_still_shows_what_was_seen(how: Callable[[Experiment], object]) -> None:
    report = stopped_at(FOR_EVER, Printed, how)
    run = report.original
    assert run is not None
    assert (report.verdict, run.stopped, run.exit_code, run.stdout) == ("timeout", "user", None, "open\n")
    assert [(leak.evidence, leak.state, leak.line) for leak in run.leaks] == [("proven", "select (no cases)", 2)]


@pytest.fixture
def interrupts_arrive() -> Iterator[None]:
    """Whoever runs the tests in the background of a shell has interrupts ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(_: Experiment) -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("interrupts_arrive")
def test_an_interrupt_while_waiting_stops_the_program() -> None:
    report = stopped_at(FOR_EVER, Sampled, lambda _: threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start())
    assert report.original is not None and report.original.stopped == "user"


@pytest.mark.usefixtures("interrupts_arrive")
def test_an_interrupt_ends_the_whole_experiment() -> None:
    report = stopped_at(FOR_EVER, Sampled, interrupt, explore=1000, timeout=3600.0)
    assert report.original is not None
    assert (report.original.stopped, report.original.explored.runs) == ("user", 1)


@pytest.mark.usefixtures("interrupts_arrive")
@pytest.mark.parametrize("call", ["mkdir", "fork_exec"])
@pytest.mark.parametrize("turn", [1, 2])
def test_an_interrupt_amid_a_build_cuts_nothing_off(call: str, turn: int) -> None:
    turns = 0

    def interrupt_after_call(_frame: types.FrameType, event: str, called: Any) -> None:
        nonlocal turns
        if event == "c_return" and called.__name__ == call:
            turns += 1
            if turns == turn:
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(interrupt_after_call)
    try:
        with pytest.raises(KeyboardInterrupt):
            check(FOR_EVER, tags="never_built_before")
    finally:
        sys.setprofile(None)
    assert turns >= turn
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_stops_the_settling_gets_the_findings() -> None:
    source = "lost := make(chan int)\ngo func() { lost <- 1 }()\ngo time.Sleep(time.Hour)\n"
    run = stopped_at(source, Returned, Experiment.stop, settle=600.0).original
    assert run is not None and run.stopped == "user"
    assert {(group.evidence, group.state) for group in (*run.leaks, *run.alive)} == {
        ("proven", "chan send"),
        ("alive", "sleep"),
    }


@pytest.mark.parametrize("settle", ["99999h", 1e15])
def test_a_settling_time_may_have_any_length(settle: str | float) -> None:
    source = "go time.Sleep(400 * time.Millisecond)\ntime.Sleep(time.Hour)\n"
    run = check(source, for_="100ms", settle=settle, no_fix=True).original
    assert run is not None
    assert (run.stopped, run.verdict, run.end) == ("for", "clean", 1)
    assert 0.1 <= run.duration_s < 0.4


def test_where_watching_fails_the_program_does_not_outlive_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_goleak.execution._Process.step", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        check(FOR_EVER, no_fix=True)


def test_a_viewer_that_walks_away_leaves_nothing_running() -> None:
    events = Experiment(parse_program(FOR_EVER), Options(no_fix=True)).events()
    assert any(isinstance(event, Printed) for event in events)
    events.close()  # type: ignore[attr-defined]


def test_a_program_that_ignores_sigterm_is_killed() -> None:
    source = 'signal.Ignore(syscall.SIGTERM)\nfmt.Println("deaf")\nselect {\ncase <-time.After(time.Hour):\n}\n'
    report = stopped_at(source, Printed, Experiment.stop)
    assert report.original is not None
    assert (report.original.exit_code, report.original.stdout) == (None, "deaf\n")


def test_the_program_dies_with_whoever_watches_it(tmp_path: Path, eventually: Callable[..., object]) -> None:
    source = "fmt.Println(os.Getpid())\nselect {\ncase <-time.After(time.Hour):\n}\n"
    (tmp_path / "watch.py").write_text(
        textwrap.dedent(f"""
            from jupyter_goleak.events import Printed
            from jupyter_goleak.experiment import Experiment
            from jupyter_goleak.program import parse_program
            for event in Experiment(parse_program({source!r})).events():
                if isinstance(event, Printed):
                    print(event.text, flush=True)
        """)
    )
    watcher = subprocess.Popen(
        [sys.executable, "watch.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with watcher:
        assert watcher.stdout is not None
        program = int(watcher.stdout.readline())
        watcher.kill()
    assert eventually(lambda: not _runs(program))


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
