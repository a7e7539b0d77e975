"""Events -> all that a picture of the experiment needs at this moment, as plain data. Knows nothing of Jupyter.

`Scene.apply` takes the events in the order in which the engine yields them; `Scene.head()` and the methods of each
`Column` say what there is to show. Asked twice in a row they say the same: a picture is drawn from this state alone, never
from what happened before, so that one which appears late misses nothing.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from jupyter_goleak import events, model
from jupyter_goleak.events import Event
from jupyter_goleak.model import Leak, Report, Run, Variant
from jupyter_goleak.view.lanes import Bars, Lanes
from jupyter_goleak.view.output import Output, visible
from jupyter_goleak.view.series import Series
from jupyter_goleak.view.source import diff_rows, source_rows
from jupyter_goleak.view.words import Words, notes, others, variant_names, verdict_sentence, verdict_word

VARIANTS: tuple[Variant, ...] = ("original", "fixed")
MARKS = 200
Status = Literal["waiting", "running", "settling", "ended"]


class Column:
    """One variant, from the start of its process to its verdict."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.status: Status = "waiting"
        self.t = 0.0
        self.source = self.diff = ""
        self.series = Series()
        self.lanes = Lanes()
        self.output = Output()
        self.printed_live = 0
        self.marks: list[model.Mark] = []
        self.returned: float | None = None
        self.run: Run | None = None

    def apply(self, event: Event) -> None:
        match event:
            case events.Started(source=source, diff=diff):
                self.__init__(self.variant)  # type: ignore[misc]
                self.status, self.source, self.diff = "running", source, diff
            case events.Sampled(sample=sample):
                self.series.add(sample if self.returned is None else self._as_before(sample))
                self.lanes.counted(sample.t, sample.count)
                self._reach(sample.t)
            case events.Snapped(snapshot=snapshot):
                self.lanes.snap(snapshot)
                self._reach(snapshot.t)
            case events.Marked(mark=mark):
                if len(self.marks) < MARKS:
                    self.marks.append(mark)
                self._reach(mark.t)
            case events.Born(birth=birth):
                self.lanes.born(birth)
                self._reach(birth.t)
            case events.Printed(t=t, stream=stream, text=text):
                self.output.write(t, stream, text)
                self.printed_live += len(text)
                self._reach(t)
            case events.Returned(t=t):
                self.status, self.returned = "settling", t
                self._reach(t)
            case events.Ended(run=run):
                if self.returned is None:
                    self._forget_the_search()
                self.status, self.run = "ended", run
                self._reach(run.duration_s)
                if self.printed_live < len(run.stdout) + len(run.stderr):
                    self._print_anew(run)
                self.lanes.end(self.t, run.leaks)
            case _:
                pass

    def _reach(self, t: float) -> None:
        self.t = max(self.t, t)

    def _print_anew(self, run: Run) -> None:
        """Of a flood of output only the latest is told while it lasts; the run knows its beginning as well."""
        self.output = Output()
        self.output.write(self.t, "stdout", run.stdout)
        self.output.write(self.t, "stderr", run.stderr)

    def _as_before(self, sample: model.Sample) -> model.Sample:
        """After `main` has returned the search for leaks takes memory of its own, which is not the program's."""
        if not self.series.samples:
            return sample
        last = self.series.samples[-1]
        return replace(sample, stack_bytes=last.stack_bytes, heap_bytes=last.heap_bytes)

    def _forget_the_search(self) -> None:
        """A run that was stopped is searched for leaks before its last sample is taken."""
        samples = self.series.samples
        if len(samples) > 1:
            samples[-1] = replace(samples[-1], stack_bytes=samples[-2].stack_bytes, heap_bytes=samples[-2].heap_bytes)

    def facts(self, words: Words) -> dict[str, Any]:
        """The small things: status, numbers, verdict, marks, leaks."""
        samples, run = self.series.samples, self.run
        facts: dict[str, Any] = {
            "status": self.status,
            "t": round(self.t, 3),
            "took": round(run.duration_s if run else self.t, 3),
            "returned": self.returned,
            "count": samples[-1].count if samples else 0,
            "peak": run.peak if run else self.series.peak,
            "end": run.end if run else None,
            "created": run.created if run else samples[-1].created if samples else 0,
            "memory": samples[-1].stack_bytes + samples[-1].heap_bytes if samples else 0,
            "marks": [[round(mark.t, 4), mark.value, mark.line] for mark in self.marks],
        }
        if run:
            facts |= {
                "verdict": run.verdict,
                "word": verdict_word(run, words),
                "sentence": verdict_sentence(run, words),
                "note": " ".join(notes(run, words)),
                "stopped": run.stopped,
                "exit_code": run.exit_code,
                "explored": run.explored.to_dict(),
                "leaks": [_leak(leak) for leak in run.leaks],
                "alive": [_leak(leak) for leak in run.alive],
                "leaked": self.leaked(),
            }
        return facts

    def leaked(self) -> list[tuple[float, int]]:
        """How many of those that leaked were stuck already, as steps in time; never more than there were at all."""
        stuck = self.lanes.stuck()
        if not stuck:
            return []
        counts = [(sample.t, sample.count) for sample in self.series.samples]
        steps: list[tuple[float, int]] = []
        for t in sorted({t for t, _ in (*stuck, *counts) if t >= stuck[0][0]}):
            number = stuck[bisect_right(stuck, (t, sys.maxsize)) - 1][1]
            at = bisect_right(counts, (t, sys.maxsize)) - 1
            number = min(number, counts[at][1]) if at >= 0 else number
            if not steps or steps[-1][1] != number:
                steps.append((t, number))
        return steps

    def bars(self) -> Bars:
        return self.lanes.bars()

    def printed(self) -> list[list[Any]]:
        """Output as `[time, stream, style, text]`."""
        return [[round(each.t, 3), each.stream, each.style, each.text] for each in self.output.pieces()]

    def code(self) -> dict[str, Any]:
        """The variant's text and what sets it apart, as highlighted rows."""
        marked = {
            line
            for leak in (self.run.leaks if self.run else ())
            for line in (leak.line, leak.go_line, leak.made_line)
            if line
        }
        return {
            "rows": [[row.sign, row.old, row.new, row.tokens] for row in source_rows(self.source, marked)]
            if self.source
            else [],
            "diff": [[row.sign, row.old, row.new, row.tokens] for row in diff_rows(self.diff)],
        }


def _leak(leak: Leak) -> dict[str, Any]:
    said = {name: visible(getattr(leak, name)) for name in ("function", "state", "created_by", "explanation")}
    places = {"go_file": leak.go_file or leak.file, "made_file": leak.made_file, "made_line": leak.made_line}
    return leak.to_dict() | said | places


@dataclass(slots=True)
class Tries:
    """How the search for a fix goes."""

    done: int = 0
    total: int = 0
    latest: tuple[model.Attempt, ...] = ()


class Scene:
    """The whole experiment: both columns, and what belongs to neither."""

    def __init__(self, title: str | None = None, words: Words | None = None) -> None:
        self.title = title or ""
        self.words = words or Words()
        self.progress = ""
        self.tries = Tries()
        self.report: Report | None = None
        self.columns: dict[Variant, Column] = {variant: Column(variant) for variant in VARIANTS}

    def apply(self, event: Event) -> Variant | None:
        """Take one event; returns the variant that it changed, or None where it changed the head."""
        match event:
            case events.Progress(text=text):
                self.progress = text
            case events.Tried(attempt=attempt, tried=tried, total=total):
                self.tries = Tries(tried, total, (*self.tries.latest, attempt)[-50:])
            case events.Finished(report=report):
                self._finish(report)
            case events.Explored():
                pass  # the progress beside it says all that is shown of it
            case _:
                if isinstance(event, events.Started):
                    self.progress = ""
                self.columns[event.variant].apply(event)
                return event.variant
        return None

    def _finish(self, report: Report) -> None:
        self.report, self.progress = report, ""
        self.tries.latest = report.attempts or self.tries.latest
        fixed = self.columns["fixed"]
        if report.fixed and report.fix:
            fixed.diff = report.fix.diff or fixed.diff
        original = self.columns["original"]
        original.source = original.source or report.source

    @property
    def has_fixed(self) -> bool:
        return self.columns["fixed"].status != "waiting"

    def names(self) -> dict[Variant, str]:
        """What the columns are called."""
        return variant_names(self.words, exercise=bool(self.report and self.report.exercise))

    def head(self) -> dict[str, Any]:
        """What belongs to no column."""
        report, retell = self.report, self.words.retell
        failed, untried = others(self.tries.latest, self.words, searched=report is not None and report.searched)
        fix = report.fix if report else None
        error = report.error if report else None
        return {
            "title": visible(self.title),
            "names": self.names(),
            "progress": retell(self.progress),
            "finished": report is not None,
            "go": report.go if report else "",
            "file": report.file if report else "",
            "verdict": report.verdict if report else None,
            "error": error.to_dict() | {"message": visible(error.message)} if error else None,
            "fix": fix.to_dict() | {"title": visible(retell(fix.title)), "why": retell(fix.why)} if fix else None,
            "tried": self.tries.done,
            "total": self.tries.total,
            "attempts": [
                [visible(retell(each.title)), each.outcome, retell(each.detail), retell(each.outcome)]
                for each in (self.tries.latest if report is None else failed)
            ],
            "untried": untried,
        }


def replay(report: Report) -> Iterator[Event]:
    """A report's events, as far as it still knows them: times of output are gone, so all of it comes at the end."""
    for run, source, diff in (
        (report.original, report.source, ""),
        (report.fixed, report.fix.source if report.fix else report.source, report.fix.diff if report.fix else ""),
    ):
        if run is None:
            continue
        yield events.Started(run.variant, source, diff)
        timed: list[tuple[float, Event]] = [(sample.t, events.Sampled(run.variant, sample)) for sample in run.samples]
        timed += [(snapshot.t, events.Snapped(run.variant, snapshot)) for snapshot in run.snapshots]
        timed += [(birth.t, events.Born(run.variant, birth)) for birth in run.births]
        if run.stopped is None and run.verdict in ("clean", "leak"):
            timed.append((run.duration_s, events.Returned(run.variant, run.duration_s)))
        timed += [(mark.t, events.Marked(run.variant, mark)) for mark in run.marks]
        yield from (event for _, event in sorted(timed, key=lambda pair: pair[0]))
        if run.stdout:
            yield events.Printed(run.variant, 0.0, "stdout", run.stdout)
        if run.stderr:
            yield events.Printed(run.variant, 0.0, "stderr", run.stderr)
        yield events.Ended(run.variant, run)
    yield events.Finished(report)


def scene_of(report: Report, title: str | None = None, words: Words | None = None) -> Scene:
    """The scene as it stands when the report is done."""
    scene = Scene(title, words)
    for event in replay(report):
        scene.apply(event)
    return scene
