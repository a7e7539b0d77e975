"""Stretches of time in which nothing changed, and lanes made of them.

A lane keeps a bounded number of stretches however long it lives: where they grow too fine for a screen, short ones give
way to their longer neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

GRAIN = 120
"""Changes of state that one lane keeps before it is drawn coarser: a few pixels each on a screen."""

Place = tuple[str, int]
"""The file and line of a `go` statement; `NOWHERE` for goroutines that none of the program's started."""
NOWHERE: Place = ("", 0)

Counts = tuple[tuple[str, str, int | None, int], ...]
"""(kind, state, line where it stands, number of goroutines) for each that differs, in the order of drawing."""


@dataclass(slots=True)
class Stretch:
    """A time in which nothing changed, for one goroutine (`counts` holds one) or for a group."""

    start: float
    end: float
    counts: Counts


@dataclass(slots=True)
class Lane:
    """One row: its name, where its goroutines come from, and stretches in order of time, without overlap."""

    name: str
    function: str
    place: Place
    stretches: list[Stretch] = field(default_factory=list)
    open: bool = True
    peak: int = 1
    leaked: int = 0
    shared: bool = False

    def extend(self, t: float, counts: Counts, most: int = GRAIN) -> None:
        """The goroutines are like that at `t`; what held until now held up to then. Keeps about `most` changes."""
        last = self.stretches[-1] if self.stretches else None
        if last and self.open:
            last.end = max(last.end, t)
            if last.counts == counts:
                return
        self.stretches.append(Stretch(t, t, counts))
        self.open = True
        self.peak = max(self.peak, sum(each[3] for each in counts))
        if len(self.stretches) > most:
            self.stretches = list(coarser(self.stretches, most))

    def close(self, t: float) -> None:
        if self.open and self.stretches:
            self.stretches[-1].end = max(self.stretches[-1].end, t)
        self.open = False


def coarser(stretches: list[Stretch], most: int) -> Iterator[Stretch]:
    """The same time with at most about half of `most` changes: of two short neighbours the longer one speaks for both.

    The last one stays as it is: it says what holds now.
    """
    *earlier, last = stretches
    grain = 2 * (last.end - stretches[0].start) / most
    kept: Stretch | None = None
    for each in earlier:
        if kept and each.start - kept.end < grain and min(length(kept), length(each)) < grain:
            longer = kept if length(kept) >= length(each) else each
            kept = Stretch(kept.start, each.end, longer.counts)
        else:
            if kept:
                yield kept
            kept = each
    if kept:
        yield kept
    yield last


def length(stretch: Stretch) -> float:
    return stretch.end - stretch.start
