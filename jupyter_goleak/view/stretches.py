"""Stretches of time in which nothing changed, and lanes made of them.

A lane keeps a bounded number of stretches however long it lives: where they grow too fine for a screen, fewer are shown, and each state
keeps its share of the time.
"""

from __future__ import annotations

from collections import defaultdict
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
    """The same time with about a third of `most` changes: of those that follow each other fast one speaks for some, each as often as it is due.

    Long stretches stay as they are, and so does the last one: it says what holds now.
    """
    *earlier, last = stretches
    grain = 3 * (last.end - stretches[0].start) / most
    due: defaultdict[Counts, float] = defaultdict(float)
    short: list[Stretch] = []
    for each in earlier:
        if short and (each.end - short[0].start > grain or each.start - short[-1].end > grain):
            yield _speaker(short, due)
            short = []
        if length(each) < grain:
            short.append(each)
        else:
            yield each
    if short:
        yield _speaker(short, due)
    yield last


def _speaker(short: list[Stretch], due: defaultdict[Counts, float]) -> Stretch:
    """One for all of these: of their states that which has been shown least, measured by how long it was `due`."""
    for each in short:
        due[each.counts] += length(each)
    counts = max((each.counts for each in short), key=due.__getitem__)
    due[counts] -= sum(map(length, short))
    return Stretch(short[0].start, short[-1].end, counts)


def length(stretch: Stretch) -> float:
    return stretch.end - stretch.start
