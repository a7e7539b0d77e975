"""What a program usually does, learnt from several runs, and what a changed program does differently. Pure.

What varies between runs of the same program (the order of lines, numbers, which goroutine did the work) cannot tell a
harmless edit from a harmful one; what is the same in all of them can. A changed program has to print all that the original
always prints, exit as it does, and start as many goroutines. It may print more: code that was never reached now runs.

Numbers are compared as they stand where the original always printed the same, except for points in time, for lines of the
program's text, and for those in lines that tell a count of goroutines: that is what a fix changes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from jupyter_goleak.model import Leak, Outcome, Run
from jupyter_goleak.stack_dump import tells_of_bubble

SLOWER = 1.5  # times as long is too slow
_NOTED = 2000  # go statements that the probe notes, at most
_STEADY = 1.02  # times as many goroutines, in all, are still the same number: the runtime starts a few of its own
_SLACK_S = 0.1  # what starting and scheduling may add to any run

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_FAILED = re.compile(r" *--- FAIL: ")  # what the package testing says of a test
_MOMENT = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d|\b\d\d?:\d\d:\d\d(?:\.\d+)?|0x[0-9a-f]+|\b\d+(?:\.\d+)?(?:ns|µs|us|ms|m?s)\b|m=\+\d+\.\d+|(?<=\.go:)\d+"
)

# What is alive and yet waits for something that the program itself failed to do.
_NEGLECTED = frozenset({"ticking-forever", "unclosed-connection", "unclosed-pipe"})
_BLOCKED = ("chan receive", "chan send", "select", "semacquire", "sync.", "coroutine")


@dataclass(frozen=True)
class Objection:
    """Why a run is not what the original would have done."""

    outcome: Outcome
    detail: str = ""


def wanted(run: Run) -> tuple[Leak, ...]:
    """The groups of goroutines that a fix has to end: leaks, what nothing will ever stop, and of a program that hangs
    all that waits in it.

    What `main` itself has started may serve for as long as the program lives, and what a library keeps is the library's.
    """
    hangs = run.verdict in ("deadlock", "timeout")
    neglected = (
        group
        for group in run.alive
        if (group.pattern in _NEGLECTED and group.created_by != "main.main" and group.line is not None)
        or (hangs and group.state.startswith(_BLOCKED))
    )
    return (*run.leaks, *neglected)


def hangs(run: Run) -> bool:
    """Whether it cannot go on: all of it, or a bubble of `testing/synctest`, which the runtime ends with a panic."""
    return run.verdict in ("deadlock", "timeout") or tells_of_bubble(run.stderr)


def sleeps(run: Run) -> bool:
    """Whether the program hardly needs a processor, so that many runs of it do not disturb each other."""
    # The one that is always running takes the sample.
    idle = [each.running == 1 and each.runnable == 0 for each in run.samples if each.running is not None]
    return run.duration_s > 0.2 and sum(idle) > 0.8 * len(run.samples)


@dataclass(frozen=True)
class Usual:
    """The behaviour of a program, as far as these runs of it show."""

    runs: tuple[Run, ...]

    @cached_property
    def exit_codes(self) -> frozenset[int | None]:
        """How it may exit. One that hangs cannot tell; then it is expected to succeed."""
        ended = {run.exit_code for run in self.runs if not hangs(run)}
        return frozenset(ended or {0})

    @cached_property
    def started(self) -> int:
        """How many go statements it executes at least."""
        return min(len(run.births) for run in self.runs)

    @cached_property
    def steady(self) -> bool:
        """Whether it starts the same number of goroutines in every run; else the clock or chance decides."""
        counts = [max(run.created, len(run.births)) for run in self.runs]
        return max(counts) <= _STEADY * min(counts)

    @cached_property
    def _places(self) -> int:
        """How many different go statements it executes at least."""
        return min(len(_places(run)) for run in self.runs)

    @cached_property
    def duration(self) -> float | None:
        """Seconds until `main` returns at the quickest, None where it does not."""
        ended = [run.duration_s for run in self.runs if not hangs(run)]
        return min(ended, default=None)

    @cached_property
    def leaking(self) -> float:
        """The share of the runs that leaked."""
        return sum(bool(wanted(run)) or run.verdict != "clean" for run in self.runs) / len(self.runs)

    @cached_property
    def _lines(self) -> dict[str, Counter[str]]:
        return {stream: _common(_lines(text) for text in self._texts(stream)) for stream in ("stdout", "stderr")}

    @cached_property
    def _shapes(self) -> dict[str, Counter[str]]:
        return {stream: _common(_shapes(text) for text in self._texts(stream)) for stream in ("stdout", "stderr")}

    @cached_property
    def _counts(self) -> frozenset[str]:
        """Numbers that may be counts of goroutines, or differences of such."""
        values = {mark.value for run in self.runs for mark in run.marks}
        return frozenset(str(abs(a - b)) for a in values for b in (*values, 0))

    def _texts(self, stream: str) -> list[str]:
        if stream == "stderr":
            # A crash prints the stacks of all goroutines.
            return [run.stderr if run.exit_code == 0 else "" for run in self.runs]
        return [_without_failures(run.stdout) if hangs(run) else run.stdout for run in self.runs]

    def objection(self, run: Run, *, revives: bool = False) -> Objection | None:
        """What that run of a changed program does wrong, None where it does all that the original always does.

        With `revives`, numbers may be others than before. Whether it leaks is not asked here.
        """
        if run.verdict in ("deadlock", "timeout") and run.stopped != "for":
            return Objection(run.verdict)
        if tells_of_bubble(run.stderr):
            return Objection("deadlock")
        if run.exit_code not in self.exit_codes:
            return Objection("crash", f"it exits with {run.exit_code}")
        all_noted = len(run.births) < _NOTED
        if (self.steady and len(run.births) < self.started) or (all_noted and len(_places(run)) < self._places):
            return Objection("fewer goroutines", f"it starts {len(run.births)} instead of {self.started}")
        for stream, text in (("stdout", run.stdout), ("stderr", run.stderr)):
            if missing := self._shapes[stream] - _shapes(text):
                return Objection("changed output", f"{stream} lacks {next(iter(missing))!r}")
            missing = self._lines[stream] - _lines(text)
            if not revives and (lost := [line for line in missing if not self._tells_counts(line)]):
                return Objection("changed output", f"{stream} lacks {lost[0]!r}")
        return None

    def reordered(self, runs: Sequence[Run]) -> bool:
        """Whether these runs print the same lines in another order, which is each time the same as that of the
        original was."""
        before = {tuple(self._ordered(run.stdout)) for run in self.runs}
        after = {tuple(self._ordered(run.stdout)) for run in runs}
        return len(self.runs) > 2 and len(before) == len(after) == 1 and before != after

    def _ordered(self, text: str) -> list[str]:
        """The lines that it always prints, in the order of this text."""
        left = Counter(self._shapes["stdout"])
        kept = []
        for line in text.splitlines():
            shape = _shape(line)
            if left[shape] > 0:
                left[shape] -= 1
                kept.append(shape)
        return kept

    def fewer(self, runs: Sequence[Run]) -> bool:
        """Whether none of these runs starts at least half as many goroutines, where their number varies."""
        return max(len(run.births) for run in runs) < self.started / 2

    def slower(self, runs: Sequence[Run]) -> bool:
        """Whether even the quickest of these runs takes half as long again: what slows the others down may be load."""
        if self.duration is None:
            return False
        return min(run.duration_s for run in runs) > SLOWER * self.duration + _SLACK_S

    def hides(self, run: Run) -> bool:
        """Whether goroutines stay alive there that the original did not keep: a leak by another name."""
        known = {group.created_by for original in self.runs for group in (*original.alive, *original.leaks)}
        usual = max(sum(group.count for group in original.alive) for original in self.runs)
        alive = [group for group in run.alive if group.created_by]
        return sum(group.count for group in alive) > usual and any(group.created_by in known for group in alive)

    def _tells_counts(self, line: str) -> bool:
        return any(number in self._counts for number in _NUMBER.findall(line))


def _without_failures(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not _FAILED.match(line))


def _common(counters: Iterable[Counter[str]]) -> Counter[str]:
    """What is in all of them, as often as in the one that has it least."""
    first, *others = counters
    for other in others:
        first = first & other
    return first


def _places(run: Run) -> frozenset[tuple[str, int]]:
    return frozenset((birth.file, birth.line) for birth in run.births)


def _lines(text: str) -> Counter[str]:
    return Counter(_MOMENT.sub("#", line) for line in text.splitlines())


def _shapes(text: str) -> Counter[str]:
    return Counter(_shape(line) for line in text.splitlines())


def _shape(line: str) -> str:
    return _NUMBER.sub("#", _MOMENT.sub("#", line))
