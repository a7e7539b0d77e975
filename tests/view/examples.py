"""Reports and events to look at, made of the model's own values."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from jupyter_goleak.events import Born, Ended, Event, Marked, Printed, Returned, Sampled, Snapped, Started
from jupyter_goleak.model import (
    Birth,
    Exploration,
    Fix,
    Frame,
    Goroutine,
    Leak,
    Mark,
    Report,
    Run,
    Sample,
    Snapshot,
    Variant,
)

SOURCE = """package main

import "runtime"

func main() {
	println(runtime.NumGoroutine())
	jobs := make(chan int)
	for i := 0; i < 2; i++ {
		go worker(jobs)
	}
	// close(jobs)
	println(runtime.NumGoroutine())
}

func worker(jobs <-chan int) {
	for range jobs {
	}
}
"""
FIXED = SOURCE.replace("// close", "close")
DIFF = "".join(
    difflib.unified_diff(SOURCE.splitlines(True), FIXED.splitlines(True), "main.go (original)", "main.go (fixed)", n=1)
)
MAIN = Goroutine(1, "sleep", (Frame("time.Sleep", "/go/src/time/sleep.go", 9), Frame("main.main", "main.go", 12, True)))


def worker(number: int, state: str = "chan receive") -> Goroutine:
    return Goroutine(
        number, state, (Frame("main.worker", "main.go", 16, user=True),), Frame("main.main", "main.go", 9, user=True)
    )


LEAK = Leak(
    evidence="proven",
    count=2,
    state="chan receive",
    function="main.worker",
    file="main.go",
    line=16,
    created_by="main.main",
    go_line=9,
    stack=(Frame("main.worker", "main.go", 16, user=True),),
    pattern="abandoned-receiver",
    explanation="2 workers wait in `for range jobs` (line 16) for a close that cannot come.",
    ids=(7, 8),
    go_file="main.go",
    made_file="main.go",
    made_line=7,
)


def original(**changes: object) -> Run:
    values: dict[str, object] = {
        "variant": "original",
        "verdict": "leak",
        "exit_code": 0,
        "duration_s": 1.0,
        "stdout": "hello <b>world</b>\n",
        "samples": (Sample(0.0, 1, 0, 1000, 2000), Sample(0.1, 3, 2, 3000, 2000), Sample(1.0, 3, 2, 3000, 4000)),
        "snapshots": (
            Snapshot(0.2, (MAIN, worker(7, "runnable"), worker(8))),
            Snapshot(0.4, (MAIN, worker(7), worker(8))),
            Snapshot(0.9, (MAIN, worker(7), worker(8))),
        ),
        "marks": (Mark(0.05, 1, "main.go", 6), Mark(0.95, 3, "main.go", 12)),
        "births": (Birth(0.08, "main.go", 9, "worker"), Birth(0.09, "main.go", 9, "worker")),
        "leaks": (LEAK,),
        "peak": 3,
        "end": 3,
        "created": 2,
        "explored": Exploration(1, 1),
    }
    return Run(**{**values, **changes})  # type: ignore[arg-type]


def fixed(**changes: object) -> Run:
    values: dict[str, object] = {
        "variant": "fixed",
        "verdict": "clean",
        "leaks": (),
        "end": 1,
        "samples": (Sample(0.0, 1, 0), Sample(0.1, 3, 2), Sample(0.3, 1, 2, 2000, 2000), Sample(1.0, 1, 2, 1000, 2000)),
        "snapshots": (Snapshot(0.2, (MAIN, worker(7), worker(8))), Snapshot(0.9, (MAIN,))),
        "marks": (),
        "explored": Exploration(),
    }
    return original(**{**values, **changes})


def report(**changes: object) -> Report:
    fix = Fix("commented-out", "uncomment `close(jobs)`", DIFF, verified=True, runs=1, source=FIXED, text=FIXED)
    values: dict[str, object] = {
        "go": "go1.27.3",
        "verdict": "leak",
        "original": original(),
        "fixed": fixed(),
        "fix": fix,
        "source": SOURCE,
    }
    return Report(**{**values, **changes})  # type: ignore[arg-type]


def run_events(run: Run, source: str, diff: str = "") -> Iterator[Event]:
    """What the engine yields of one run, in order of time."""
    variant: Variant = run.variant
    yield Started(variant, source, diff)
    timed: list[tuple[float, Event]] = [
        *((each.t, Sampled(variant, each)) for each in run.samples),
        *((each.t, Snapped(variant, each)) for each in run.snapshots),
        *((each.t, Marked(variant, each)) for each in run.marks),
        *((each.t, Born(variant, each)) for each in run.births),
        (0.06, Printed(variant, 0.06, "stdout", run.stdout)),
        (run.duration_s, Returned(variant, run.duration_s)),
    ]
    yield from (event for _, event in sorted(timed, key=lambda pair: pair[0]))
    yield Ended(variant, run)
