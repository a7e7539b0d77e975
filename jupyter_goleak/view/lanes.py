"""Snapshots of a program's goroutines -> lanes to draw: one per goroutine, or one per program position.

`Lanes` takes snapshots in order of time and says at any moment what there is to draw, as `Bars`: columns of equal
length, one entry per coloured rectangle. Time runs from left to right in seconds; lane 0 is the first goroutine's and
lies between y = 0 and y = 1, the next one below it between 1 and 2, and so on: y grows downwards.

Up to `ONE_EACH` goroutines there is a lane for each, with a rectangle for each stretch of time in one state. Above
that, goroutines with the same `go` statement share a lane, in which each state's height is its share of the lane's
largest number; until a snapshot tells their states, they are drawn as "started", from the program's `go` statements.
The lanes of the first `ONE_EACH` goroutines are kept then too, each behind the one that it shares.

Source of the states' names: the runtime's own wait reasons, as a goroutine dump prints them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from jupyter_goleak.model import Birth, Frame, Goroutine, Leak, Snapshot
from jupyter_goleak.stack_dump import short_function
from jupyter_goleak.view.stretches import GRAIN, NOWHERE, Counts, Lane, Place

ONE_EACH = 60
"""More goroutines than this over a whole run are grouped: lanes thinner than a line of text tell nobody anything."""

RECTANGLES = 2400
"""As many as a page draws ten times a second without effort; with more lanes each keeps fewer changes."""

COUNTS = 1000
"""Counts that are kept from one snapshot to the next; of more only the newest."""

GROUPS = 40
MARGIN = 0.14

KINDS = ("running", "chan receive", "chan send", "select", "lock", "sleep", "io", "other")
"""Classes of states, each with a colour of its own, in the order in which a shared lane stacks them."""

_LOCKS = ("sync.", "semacquire")
_IO = ("IO wait", "syscall", "finalizer wait (IO)")
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


@dataclass(frozen=True, slots=True)
class Bars:
    """Rectangles to draw, as columns of equal length, and a name and a `go` line for each lane.

    `parents` says for each lane which one it is a part of, and -1 for those that stand by themselves. `kind` and `state` are indices into `KINDS` and `states`; `line` is 0 where there is none; `leaked` is 1 for the
    part of a lane that will never end; `number` is how many goroutines the rectangle stands for.
    """

    names: tuple[str, ...] = ()
    go_lines: tuple[int, ...] = ()
    leaks: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()
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
    """The lanes of one run. `born`, `snap` and `end` record; `bars` says what there is to draw."""

    def __init__(self) -> None:
        self._each: dict[int, Lane] = {}
        self._groups = Groups()
        self._numbers: Counter[str] = Counter()
        self._births: defaultdict[Place, deque[Birth]] = defaultdict(deque)
        self._called: dict[Place, str] = {}
        self._latest: tuple[Goroutine, ...] = ()
        self._counts: deque[tuple[float, int]] = deque(maxlen=COUNTS)
        self._waiting = 0
        self._too_many = False
        self._t = 0.0

    @property
    def grouped(self) -> bool:
        return self._too_many

    def born(self, birth: Birth) -> None:
        """Note that a `go` statement was executed; its goroutine gets a lane even where no snapshot shows it."""
        place = (birth.file, birth.line)
        self._t = max(self._t, birth.t)
        self._called.setdefault(place, birth.called)
        self._groups.born(self._called[place], place, birth.t)
        if not self._too_many:
            self._births[place].append(birth)
            self._waiting += 1
            self._group_if_too_many()

    def counted(self, t: float, count: int) -> None:
        """Note how many goroutines there were at `t`: it can tell when those ended that the next snapshot misses."""
        self._counts.append((t, count))

    def snap(self, snapshot: Snapshot) -> None:
        """Record where every goroutine was at that moment; those that are missing have ended."""
        t = self._t = max(self._t, snapshot.t)
        quiet = self._quiet(snapshot)
        if snapshot.goroutines is self._latest:
            if snapshot.complete:
                self._missed(t, quiet)
            return
        self._latest = snapshot.goroutines
        if quiet:
            self._missed(quiet[-1], quiet)
        groups: dict[tuple[str, Place], Counter[tuple[str, str, int | None]]] = {}
        most = max(24, min(GRAIN, RECTANGLES // max(1, len(self._each))))
        seen: set[int] = set()
        for goroutine in sorted(snapshot.goroutines, key=lambda each: each.id):
            if not goroutine.frames:
                continue  # where a list was cut off, its last entry
            function, place = self._origin(goroutine)
            stands = goroutine.position
            state = goroutine.state.removesuffix(" (leaked)")
            where = (kind_of(state), state, stands.line if stands else None)
            groups.setdefault((function, place), Counter())[where] += 1
            seen.add(goroutine.id)
            if not self._too_many or goroutine.id in self._each or len(self._each) < ONE_EACH:
                lane, since = self._lane_of(goroutine, function, place, t)
                lane.extend(since, ((*where, 1),), most)
                lane.extend(t, ((*where, 1),), most)
        if snapshot.complete:
            self._missed(t, quiet)
            for number, lane in self._each.items():
                if number not in seen and lane.open:
                    lane.close(_first_after(lane.stretches[-1].end, quiet, t))
        self._groups.snap(t, groups, complete=snapshot.complete)
        self._group_if_too_many()

    def end(self, t: float, leaks: Iterable[Leak] = ()) -> None:
        """The run is over at `t`: what leaked stays open to there, everything else ended when it was last seen."""
        t = self._t = max(self._t, t)
        self._missed(t, [])
        for leak in leaks:
            known = set(leak.ids)
            for number, lane in self._each.items():
                if number in known or (len(known) < leak.count and _stands_at(lane, leak)):
                    lane.leaked = 1
            self._too_many |= not leak.ids and leak.count > ONE_EACH
            self._groups.leaked(t, leak)
        for lane in (*self._each.values(), *self._groups.lanes):
            if lane.leaked and lane.open:
                lane.stretches[-1].end = t

    def bars(self) -> Bars:
        """Everything that there is to draw now. What still lives reaches up to the latest snapshot."""
        lanes, parents = self._with_members()
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
            tuple(f"{lane.name} ×{lane.peak:,}" if lane.shared and lane.peak > 1 else lane.name for lane in lanes),
            tuple(0 if lane.place[0].startswith("/") else lane.place[1] for lane in lanes),
            tuple(lane.leaked for lane in lanes),
            parents,
            tuple(states),
            self._too_many,
            *columns,
        )

    def stuck(self) -> list[tuple[float, int]]:
        """When the goroutines that leaked came to where they stay: (time, how many of them by then), in order of time."""
        total, steps = 0, []
        stuck = ((lane.stretches[-1].start, lane.leaked) for lane in self._drawn() if lane.leaked and lane.open)
        for t, number in sorted(stuck):
            total += number
            steps.append((t, total))
        return steps

    def _drawn(self) -> list[Lane]:
        return self._groups.lanes if self._too_many else list(self._each.values())

    def _with_members(self) -> tuple[list[Lane], tuple[int, ...]]:
        """The lanes to draw, each followed by those that are a part of it, and which one each is a part of."""
        if not self._too_many:
            return list(self._each.values()), (-1,) * len(self._each)
        lanes: list[Lane] = []
        parents: list[int] = []
        for group in self._groups.lanes:
            members = [lane for lane in self._each.values() if self._groups.is_part(lane, group)]
            parent = len(lanes)
            lanes += [group, *members] if group.peak > 1 else [group]
            parents += [-1, *[parent] * (len(lanes) - parent - 1)]
        return lanes, tuple(parents)

    def _group_if_too_many(self) -> None:
        if not self._too_many and len(self._each) + self._waiting > ONE_EACH:
            self._too_many = True
            self._each = dict(list(self._each.items())[:ONE_EACH])
            self._births.clear()

    def _lane_of(self, goroutine: Goroutine, function: str, place: Place, t: float) -> tuple[Lane, float]:
        """The goroutine's lane, and since when it is there: for a new one since the `go` statement that must have been its."""
        lane = self._each.get(goroutine.id)
        if lane is not None:
            return lane, t
        if goroutine.created_by is None:
            t = 0.0
        births = self._births[place]
        if births and births[0].t <= t:
            t = births.popleft().t
            self._waiting -= 1
        elif (missed := self._latest_missed(place)) is not None:
            return self._found(missed, goroutine.id)
        lane = self._each[goroutine.id] = self._new_lane(function, place)
        return lane, t

    def _latest_missed(self, place: Place) -> int | None:
        return next((key for key in reversed(self._each) if key < 0 and self._each[key].place == place), None)

    def _found(self, missed: int, number: int) -> tuple[Lane, float]:
        """A lane whose goroutine was taken for gone before it could begin, now that it is seen; and since when it is there.

        A `go` statement is noted before it is executed: what looks at the goroutines just then does not see the new one.
        """
        lane = self._each[missed]
        self._each = {number if key == missed else key: each for key, each in self._each.items()}
        since = lane.stretches[0].start
        lane.stretches.clear()
        return lane, since

    def _origin(self, goroutine: Goroutine) -> tuple[str, Place]:
        """The function that a goroutine was started with, and the `go` statement that started it."""
        if goroutine.id == 1:
            return "main", NOWHERE
        entry = _entry(goroutine)
        if goroutine.created_by is None:
            return short_function(entry.function) if entry else "func", NOWHERE
        place = (goroutine.created_by.file, goroutine.created_by.line)
        if entry is not None and (entry.user or place not in self._called):
            self._called[place] = short_function(entry.function)
        return self._called.get(place, "func"), place

    def _quiet(self, snapshot: Snapshot) -> list[float]:
        """When, since the last snapshot, nobody was there but those who are known from earlier and are there still."""
        if not snapshot.complete:
            return []
        known = sum(goroutine.id in self._each for goroutine in snapshot.goroutines)
        quiet = [t for t, count in self._counts if count <= known and t <= snapshot.t]
        self._counts.clear()
        return quiet

    def _missed(self, t: float, quiet: list[float]) -> None:
        """Give those their lane that began and ended since the snapshot before the one at `t`."""
        for place, births in self._births.items():
            while births and births[0].t <= t:
                birth = births.popleft()
                self._waiting -= 1
                lane = self._new_lane(self._called[place], place)
                lane.extend(birth.t, (("running", "running", None, 1),))
                lane.close(_first_after(birth.t, quiet, t))
                self._each[-1 - len(self._each)] = lane

    def _new_lane(self, function: str, place: Place) -> Lane:
        self._numbers[function] += 1
        name = function if function == "main" else f"{function} {self._numbers[function]}"
        return Lane(name, function, place)


class Groups:
    """Lanes that goroutines share: one for each `go` statement, and one for each function that none started."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, Place], Lane] = {}
        self._started: Counter[Place] = Counter()
        self._unseen: set[tuple[str, Place]] = set()

    @property
    def lanes(self) -> list[Lane]:
        return list(self._lanes.values())

    def born(self, function: str, place: Place, t: float) -> None:
        """Another one was started there. Counted as "started" until a snapshot tells more."""
        self._started[place] += 1
        lane = self._lane(function, place)
        if lane is not None and self._key(function, place) in self._unseen:
            lane.extend(t, (("other", "started", None, self._started[place]),))

    def snap(
        self, t: float, groups: dict[tuple[str, Place], Counter[tuple[str, str, int | None]]], *, complete: bool
    ) -> None:
        """Record how many are where, by origin."""
        counts: dict[tuple[str, Place], Counter[tuple[str, str, int | None]]] = {}
        for (function, place), standing in groups.items():
            if (lane := self._lane(function, place)) is not None:
                lane.name = function
                counts.setdefault(self._key(function, place), Counter()).update(standing)
        for key, lane in self._lanes.items():
            if key in counts:
                lane.extend(t, _in_order(counts[key]))
                self._unseen.discard(key)
            elif complete:
                lane.close(t)

    def leaked(self, t: float, leak: Leak) -> None:
        """Those of a leak stay; where no snapshot could show them, the leak itself tells how many are where."""
        place = (leak.go_file or leak.file, leak.go_line or 0)
        lane = self._lane(short_function(leak.function), place)
        if lane is None:
            return
        if self._key(lane.function, place) in self._unseen or not lane.open or not lane.stretches:
            since = lane.stretches[-1].end if lane.stretches else t
            lane.extend(since, ((kind_of(leak.state), leak.state, leak.line, leak.count),))
        lane.leaked += leak.count
        if lane.leaked > sum(number for *_, number in lane.stretches[-1].counts):
            lane.stretches[-1].counts = ((kind_of(leak.state), leak.state, leak.line, lane.leaked),)
            lane.peak = max(lane.peak, lane.leaked)

    def is_part(self, lane: Lane, group: Lane) -> bool:
        """Whether a single goroutine's lane is a part of that shared one."""
        return self._key(lane.function, lane.place) == self._key(group.function, group.place)

    def _lane(self, function: str, place: Place) -> Lane | None:
        """The lane of that origin, if there is one or room for one."""
        key = self._key(function, place)
        if key not in self._lanes and len(self._lanes) < GROUPS:
            self._lanes[key] = Lane(function, function, place, shared=True)
            self._unseen.add(key)
        return self._lanes.get(key)

    @staticmethod
    def _key(function: str, place: Place) -> tuple[str, Place]:
        return (function if place == NOWHERE else "", place)


def _stands_at(lane: Lane, leak: Leak) -> bool:
    """Whether a lane's goroutine is one of a leak that is too large to name them all."""
    if lane.place != (leak.go_file or leak.file, leak.go_line or 0) or not lane.open:
        return False
    return [each[1:3] for each in lane.stretches[-1].counts] == [(leak.state, leak.line)]


def _first_after(since: float, times: list[float], otherwise: float) -> float:
    return next((t for t in times if t > since), otherwise)


def _in_order(counts: Counter[tuple[str, str, int | None]]) -> Counts:
    return tuple(sorted(((*where, number) for where, number in counts.items()), key=_order))


def _entry(goroutine: Goroutine) -> Frame | None:
    """The call that the goroutine was started with: the compiler's wrapper around its arguments is none."""
    frames = [frame for frame in goroutine.frames if not _WRAPPER.search(frame.function)]
    own = [frame for frame in frames if frame.user]
    return own[-1] if own else frames[-1] if frames else None


def _order(count: tuple[str, str, int | None, int]) -> tuple[int, str, int]:
    return KINDS.index(count[0]), count[1], count[2] or 0
