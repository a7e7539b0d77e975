"""Snapshots of a program's goroutines -> lanes to draw: one per goroutine, or one per program position.

`Lanes` takes snapshots in order of time and says at any moment what there is to draw, as `Bars`: columns of equal
length, one entry per coloured rectangle. Time runs from left to right in seconds; lane 0 is the first goroutine's and
lies between y = 0 and y = 1, the next one below it between 1 and 2, and so on: y grows downwards.

Up to `ONE_EACH` goroutines there is a lane for each, with a rectangle for each stretch of time in one state. Above
that, goroutines with the same function and the same `go` line share a lane, in which each state's height is its share
of the lane's largest number. However long the program runs, what is kept and drawn stays bounded: where it grows too
fine for a screen, stretches that are shorter than a screen's grain give way to their longer neighbours.

Source of the states' names: the runtime's own wait reasons, as a goroutine dump prints them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jupyter_goleak.model import Birth, Frame, Goroutine, Leak, Snapshot

ONE_EACH = 60
"""More goroutines than this over a whole run are grouped: lanes thinner than a line of text tell nobody anything."""

GRAIN = 120
"""Changes of state that one lane keeps before it is drawn coarser: a few pixels each on a screen."""

RECTANGLES = 2400
"""As many as a page draws ten times a second without effort; with more lanes each keeps fewer changes."""

GROUPS = 40
MARGIN = 0.14

KINDS = ("running", "chan receive", "chan send", "select", "lock", "sleep", "io", "other")
"""Classes of states, each with a colour of its own, in the order in which a shared lane stacks them."""

_LOCKS = ("sync.", "semacquire")
_IO = ("IO wait", "syscall", "finalizer wait (IO)")
_Place = tuple[str, int]
_Key = tuple[str, _Place]
_NOWHERE: _Place = ("", 0)
_WRAPPER = re.compile(r"\.gowrap\d+$")


def kind_of(state: str) -> str:
    """The class, one of `KINDS`, of a state as the runtime names it."""
    state = state.removesuffix(" (leaked)")
    if state in ("running", "runnable", "copystack", "preempted", "idle"):
        return "running"
    for kind in ("chan receive", "chan send", "select", "sleep"):
        if state.startswith(kind):
            return kind
    if state.startswith(_LOCKS):
        return "lock"
    return "io" if state.startswith(_IO) else "other"


def short_function(name: str) -> str:
    """A function's name as one says it: without the import path, and without `main.` in front."""
    return name.rpartition("/")[2].removeprefix("main.")


@dataclass(slots=True)
class Stretch:
    """A time in which nothing changed, for one goroutine (`counts` holds one) or for a group."""

    start: float
    end: float
    counts: tuple[tuple[str, str, int | None, int], ...]
    """(kind, state, line where it stands, number of goroutines), in the order of `KINDS`."""


@dataclass(slots=True)
class Lane:
    """One row: `ids` of the goroutines that it shows, and their stretches in order of time, without overlap."""

    name: str
    function: str
    place: _Place
    stretches: list[Stretch] = field(default_factory=list)
    open: bool = True
    peak: int = 1
    leaked: int = 0

    def extend(self, t: float, counts: tuple[tuple[str, str, int | None, int], ...], most: int = GRAIN) -> None:
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
            self.stretches = list(_coarser(self.stretches, most))

    def close(self, t: float) -> None:
        if self.open and self.stretches:
            self.stretches[-1].end = max(self.stretches[-1].end, t)
        self.open = False


def _coarser(stretches: list[Stretch], most: int) -> Iterator[Stretch]:
    """The same time with at most about half of `most` changes: of two short neighbours the longer one speaks for both.

    The last one stays as it is: it says what holds now.
    """
    *earlier, last = stretches
    grain = 2 * (last.end - stretches[0].start) / most
    kept: Stretch | None = None
    for each in earlier:
        if kept and each.start - kept.end < grain and min(_length(kept), _length(each)) < grain:
            longer = kept if _length(kept) >= _length(each) else each
            kept = Stretch(kept.start, each.end, longer.counts)
        else:
            if kept:
                yield kept
            kept = each
    if kept:
        yield kept
    yield last


def _length(stretch: Stretch) -> float:
    return stretch.end - stretch.start


@dataclass(frozen=True, slots=True)
class Bars:
    """Rectangles to draw, as columns of equal length, and a name and a `go` line for each lane.

    `kind` and `state` are indices into `KINDS` and `states`; `line` is 0 where there is none; `leaked` is 1 for the
    part of a lane that will never end; `number` is how many goroutines the rectangle stands for.
    """

    names: tuple[str, ...] = ()
    go_lines: tuple[int, ...] = ()
    leaks: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    grouped: bool = False
    left: tuple[float, ...] = ()
    right: tuple[float, ...] = ()
    bottom: tuple[float, ...] = ()
    top: tuple[float, ...] = ()
    lane: tuple[int, ...] = ()
    kind: tuple[int, ...] = ()
    state: tuple[int, ...] = ()
    line: tuple[int, ...] = ()
    number: tuple[int, ...] = ()
    leaked: tuple[int, ...] = ()


class Lanes:
    """The lanes of one run. `snap` and `end` record; `bars` says what there is to draw."""

    def __init__(self) -> None:
        self._each: dict[int, Lane] = {}
        self._groups: dict[_Key, Lane] = {}
        self._numbers: Counter[str] = Counter()
        self._births: defaultdict[_Place, deque[Birth]] = defaultdict(deque)
        self._called: dict[_Place, str] = {}
        self._latest: tuple[Goroutine, ...] = ()
        self._too_many = False
        self._t = 0.0

    @property
    def grouped(self) -> bool:
        return self._too_many

    def born(self, birth: Birth) -> None:
        """Note that a `go` statement was executed; its goroutine gets a lane even where no snapshot shows it."""
        place = (birth.file, birth.line)
        self._called.setdefault(place, birth.called)
        if not self._too_many:
            self._births[place].append(birth)

    def snap(self, snapshot: Snapshot) -> None:
        """Record where every goroutine was at that moment; those that are missing have ended."""
        t = self._t = max(self._t, snapshot.t)
        if snapshot.goroutines is self._latest:
            return
        self._latest = snapshot.goroutines
        groups: dict[_Key, Counter[tuple[str, str, int | None]]] = {}
        seen: set[int] = set()
        most = max(24, min(GRAIN, RECTANGLES // max(1, len(self._each))))
        for goroutine in sorted(snapshot.goroutines, key=lambda each: each.id):
            key = self._key(goroutine)
            place = goroutine.position
            where = (kind_of(goroutine.state), goroutine.state.removesuffix(" (leaked)"), place.line if place else None)
            groups.setdefault(key, Counter())[where] += 1
            if not self._too_many:
                seen.add(goroutine.id)
                lane, since = self._lane_of(goroutine, key, t)
                lane.extend(since, ((*where, 1),), most)
                lane.extend(t, ((*where, 1),), most)
        if snapshot.complete:
            self._missed(t)
            for number, lane in self._each.items():
                if number not in seen:
                    lane.close(t)
            for key, lane in self._groups.items():
                if key not in groups:
                    lane.close(t)
        for key, counts in groups.items():
            if key not in self._groups and len(self._groups) < GROUPS:
                self._groups[key] = Lane(key[0], *key)
            if key in self._groups:
                self._groups[key].extend(t, tuple(sorted(((*where, n) for where, n in counts.items()), key=_order)))
        if len(self._each) > ONE_EACH:
            self._too_many = True
            self._each.clear()
            self._births.clear()

    def end(self, t: float, leaks: Iterable[Leak] = ()) -> None:
        """The run is over at `t`: what leaked stays open to there, everything else ended when it was last seen."""
        t = self._t = max(self._t, t)
        self._missed(t)
        for leak in leaks:
            for number in leak.ids:
                if number in self._each:
                    self._each[number].leaked = 1
            for key, lane in self._groups.items():
                if key[1] == (leak.go_file or leak.file, leak.go_line or 0):
                    lane.leaked += leak.count
        for lane in (*self._each.values(), *self._groups.values()):
            if lane.leaked and lane.open:
                lane.stretches[-1].end = t

    def bars(self) -> Bars:
        """Everything that there is to draw now. What still lives reaches up to the latest snapshot."""
        lanes = list((self._groups if self._too_many else self._each).values())
        states: dict[str, int] = {}
        rows: list[tuple[float, float, float, float, int, int, int, int, int, int]] = []
        for index, lane in enumerate(lanes):
            unit = (1 - 2 * MARGIN) / lane.peak
            for stretch in lane.stretches:
                last = stretch is lane.stretches[-1]
                right = max(stretch.end, self._t) if last and lane.open else stretch.end
                base = index + 1 - MARGIN
                for kind, state, line, number in stretch.counts:
                    stuck = int(bool(lane.leaked) and last and lane.open and kind not in ("running", "sleep", "io"))
                    top = base - number * unit
                    rows.append(
                        (
                            *(stretch.start, right, base, top, index),
                            *(KINDS.index(kind), states.setdefault(state, len(states)), line or 0, number, stuck),
                        )
                    )
                    base = top
        columns = tuple(zip(*rows, strict=True)) if rows else ((),) * 10
        return Bars(
            tuple(f"{lane.name} ×{lane.peak:,}" if self._too_many else lane.name for lane in lanes),
            tuple(0 if lane.place[0].startswith("/") else lane.place[1] for lane in lanes),
            tuple(lane.leaked for lane in lanes),
            tuple(states),
            self._too_many,
            *columns,
        )

    def stuck(self) -> list[tuple[float, int]]:
        """When the goroutines that leaked came to where they stay: (time, how many of them by then), in order of time."""
        total, steps = 0, []
        lanes = (self._groups if self._too_many else self._each).values()
        for t, number in sorted((lane.stretches[-1].start, lane.leaked) for lane in lanes if lane.leaked and lane.open):
            total += number
            steps.append((t, total))
        return steps

    def _lane_of(self, goroutine: Goroutine, key: _Key, t: float) -> tuple[Lane, float]:
        """The goroutine's lane, and since when it is there: for a new one since the `go` statement that must have been its."""
        lane = self._each.get(goroutine.id)
        if lane is not None:
            return lane, t
        function, place = key
        if goroutine.created_by is None:
            t = 0.0
        births = self._births[place]
        since = births.popleft().t if births and births[0].t <= t else t
        lane = self._each[goroutine.id] = self._new_lane(function, place)
        return lane, since

    def _key(self, goroutine: Goroutine) -> _Key:
        """What puts goroutines into one lane: the function that they were started with, and the line that started them."""
        if goroutine.id == 1:
            return "main", _NOWHERE
        entry = _entry(goroutine)
        if goroutine.created_by is None:
            return short_function(entry.function) if entry else "func", _NOWHERE
        place = (goroutine.created_by.file, goroutine.created_by.line)
        if entry is not None and (entry.user or place not in self._called):
            self._called[place] = short_function(entry.function)
        return self._called.get(place, "func"), place

    def _missed(self, t: float) -> None:
        """Give those their lane that began and ended since the snapshot before the one at `t`."""
        for place, births in self._births.items():
            while births and births[0].t <= t:
                birth = births.popleft()
                lane = self._new_lane(self._called[place], place)
                lane.extend(birth.t, (("running", "running", None, 1),))
                lane.close(t)
                self._each[-1 - len(self._each)] = lane

    def _new_lane(self, function: str, place: _Place) -> Lane:
        self._numbers[function] += 1
        name = function if function == "main" else f"{function} {self._numbers[function]}"
        return Lane(name, function, place)


def _entry(goroutine: Goroutine) -> Frame | None:
    """The call that the goroutine was started with: the compiler's wrapper around its arguments is none."""
    frames = [frame for frame in goroutine.frames if not _WRAPPER.search(frame.function)]
    own = [frame for frame in frames if frame.user]
    return own[-1] if own else frames[-1] if frames else None


def _order(count: tuple[str, str, int | None, int]) -> tuple[int, str, int]:
    return KINDS.index(count[0]), count[1], count[2] or 0
