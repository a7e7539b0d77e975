"""The still picture of a report: both variants side by side, each with its verdict, its count over time and its lanes.

It shows what the live view shows at its end, from the same scene and with the same rules, as shapes to draw. It needs
neither a browser nor bokeh.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from jupyter_goleak.view.drawing import Area, Disc, Drawing, Line, Shape, Text, box
from jupyter_goleak.view.lanes import KINDS
from jupyter_goleak.view.state import Column, Scene
from jupyter_goleak.view.words import Words, numbers, verdict_sentence, verdict_word

WIDTH = 1080
GAP = 36
LEFT = 112
PLOT = 150
HEAD = 104
MOST_LANES = 60

INK, SOFT, GRID, PAPER = "#1f2328", "#5b6470", "#e3e6ea", "#ffffff"
LEAK, CLEAN, HATCH = "#c44601", "#00795c", "#5c1f00"
VERDICTS = {"clean": CLEAN}
STATES = dict(
    zip(KINDS, ("#009e73", "#3d8fd1", "#8cc8f2", "#cc79a7", "#e69f00", "#bfc5cd", "#d8c600", "#8a919b"), strict=True)
)
LINES = {"original": LEAK, "fixed": CLEAN}


def picture(scene: Scene) -> Drawing:
    """Draw a scene that is over. Columns without a run are left out."""
    columns = [column for column in scene.columns.values() if column.run is not None]
    words = scene.words
    end = max((column.t for column in columns), default=1.0) or 1.0
    peak = max((max([column.series.peak, *(mark.value for mark in column.marks)]) for column in columns), default=1)
    lanes = max((column.bars().parents.count(-1) for column in columns), default=0)
    shared = any(column.lanes.grouped for column in columns)
    lane = max(18.0, min(40.0, 340 / max(lanes, 1))) if shared else max(7.0, min(20.0, 340 / max(lanes, 1)))
    width = (WIDTH - GAP * (len(columns) - 1)) / max(len(columns), 1)
    scale = _Scale(end * 1.04, max(peak, 2) * 1.25, lane, width)
    shapes: list[Shape] = []
    for index, column in enumerate(columns):
        shapes += _Painter(column, scene, scale, index * (width + GAP)).shapes()
    height = HEAD + PLOT + 40 + (lanes * lane + 46 if lanes else 0)
    names = scene.names()
    sentences = [f"{names[each.variant]}: {verdict_sentence(each.run, words)}" for each in columns if each.run]
    return Drawing(WIDTH, height, tuple(shapes), scene.title or "goleak", " ".join(sentences))


class _Scale:
    def __init__(self, end: float, top: float, lane: float, width: float) -> None:
        self.end, self.top, self.lane, self.width = end, top, lane, width

    def x(self, t: float) -> float:
        return LEFT + (self.width - LEFT - 8) * min(t, self.end) / self.end

    def y(self, count: float) -> float:
        return HEAD + PLOT * (1 - count / self.top)


class _Painter:
    """Draws one column, `left` pixels from the drawing's edge."""

    def __init__(self, column: Column, scene: Scene, scale: _Scale, left: float) -> None:
        self._column, self._scale, self._left = column, scale, left
        self._words, self._name = scene.words, scene.names()[column.variant]

    def shapes(self) -> Iterator[Shape]:
        yield from self._head()
        yield from self._axes()
        yield from self._count()
        yield from self._lanes()

    def _x(self, t: float) -> float:
        return self._left + self._scale.x(t)

    def _head(self) -> Iterator[Shape]:
        column, words, left, right = self._column, self._words, self._left, self._left + self._scale.width
        run = column.run
        assert run is not None
        colour = VERDICTS.get(run.verdict, LEAK)
        yield Area(box(left, 0, right, 4), colour)
        yield Text(left, 26, self._name, 14, SOFT, bold=True)
        word = verdict_word(run, words)
        yield Text(right, 26, word, 14, colour, bold=True, anchor="end")
        yield from _badge(run.verdict, right - 24 - _wide(word, 8.2), 21, colour)
        yield Text(left, 54, verdict_sentence(run, words), 20, INK, bold=True)
        yield Text(left, 78, numbers(run, words), 13, SOFT)

    def _axes(self) -> Iterator[Shape]:
        scale = self._scale
        bottom = HEAD + PLOT
        for count in ticks(scale.top, 4, whole=True):
            y = scale.y(count)
            yield Line(((self._x(0), y), (self._x(scale.end), y)), GRID)
            yield Text(self._x(0) - 10, y + 4, f"{count:,.0f}", 12, SOFT, anchor="end")
        for t in ticks(scale.end, 5):
            yield Line(((self._x(t), HEAD), (self._x(t), bottom)), GRID)
            yield Text(self._x(t), bottom + 20, f"{t:.6g} s", 12, SOFT, anchor="middle")

    def _count(self) -> Iterator[Shape]:
        column, scale = self._column, self._scale
        run = column.run
        assert run is not None
        colour = LINES[column.variant]
        base = scale.y(0)
        steps = [(sample.t, float(sample.count)) for sample in column.series.samples]
        if steps:
            path = _steps([*steps, (column.t, float(run.end))], self._x, scale.y)
            yield Area(((path[0][0], base), *path, (path[-1][0], base)), colour, 0.16)
            leaked = [(t, float(n)) for t, n in column.leaked()]
            if leaked:
                stuck = _steps([*leaked, (column.t, leaked[-1][1])], self._x, scale.y)
                yield Area(((stuck[0][0], base), *stuck, (stuck[-1][0], base)), LEAK, 0.2, "#d98a5f")
            yield Line(tuple(path), colour, 2.6)
        if column.returned is not None:
            yield Line(((self._x(column.returned), HEAD), (self._x(column.returned), base)), SOFT, dashed=True)
        for mark in column.marks[:12]:
            x, y = self._x(mark.t), scale.y(mark.value)
            yield Disc(x, y, 6.5, PAPER, INK, corners=4)
            late = mark.t > scale.end / 2
            label = self._words("{n} (line {line})", n=f"{mark.value:,}", line=mark.line)
            yield Text(x + (-3 if late else 3), y - 11, label, 12, INK, bold=True, anchor="end" if late else "start")

    def _lanes(self) -> Iterator[Shape]:
        bars, scale = self._column.bars(), self._scale
        if not bars.names:
            return
        top = HEAD + PLOT + 40
        every = math.ceil(12 / scale.lane)
        rows = {lane: row for row, lane in enumerate(lane for lane, parent in enumerate(bars.parents) if parent < 0)}
        for lane, index in rows.items():
            name = bars.names[lane]
            if index % every == 0:
                short = name if len(name) <= 15 else f"…{name[-14:]}"
                yield Text(self._x(0) - 10, top + (index + 0.5) * scale.lane + 4, short, 12, SOFT, anchor="end")
        present: dict[str, bool] = {}
        for i, left in enumerate(bars.left):
            if bars.lane[i] not in rows:
                continue
            shift = rows[bars.lane[i]] - bars.lane[i]
            kind = KINDS[bars.kind[i]]
            present[kind] = True
            end = self._x(scale.end) if bars.leaked[i] else max(self._x(bars.right[i]), self._x(left) + 3)
            shape = box(
                self._x(left),
                top + (bars.bottom[i] + shift) * scale.lane,
                end,
                top + (bars.top[i] + shift) * scale.lane,
            )
            yield Area(shape, STATES[kind], 1.0, HATCH if bars.leaked[i] else None)
        legend: list[tuple[str, str, str | None]] = [
            (kind_word(kind, self._words), STATES[kind], None) for kind in KINDS if kind in present
        ]
        if any(bars.leaked):
            legend.append((self._words("never ends"), "#f1dccf", HATCH))
        yield from self._legend(legend, top + len(rows) * scale.lane + 22)

    def _legend(self, entries: list[tuple[str, str, str | None]], y: float) -> Iterator[Shape]:
        """Names of colours in a row, or in two where they are many."""
        x, right = self._x(0), self._left + self._scale.width
        for word, colour, hatch in entries:
            wide = 38 + _wide(word, 6.6)
            if x + wide > right:
                x, y = self._x(0), y + 18
            yield Area(box(x, y - 9, x + 15, y + 1), colour, 1.0, hatch)
            yield Text(x + 20, y + 1, word, 12, SOFT)
            x += wide


def kind_word(kind: str, words: Words) -> str:
    """A class of states in the reader's words; channel operations keep the runtime's."""
    return {
        "running": words("running"),
        "lock": words("lock"),
        "sleep": words("sleep"),
        "io": words("I/O"),
        "other": words("other"),
    }.get(kind, kind)


def _badge(verdict: str, x: float, y: float, colour: str) -> Iterator[Shape]:
    """The verdict's shape: it says without colour what the colour says."""
    match verdict:
        case "clean":
            yield Disc(x, y, 9, colour)
            yield Line(((x - 4, y), (x - 1, y + 3.5), (x + 4.5, y - 3.5)), PAPER, 2.2)
        case "leak":
            yield Disc(x, y, 9.5, colour, corners=8, turned=math.pi / 8)
            yield Line(((x - 3.5, y - 3.5), (x + 3.5, y + 3.5)), PAPER, 2.2)
            yield Line(((x + 3.5, y - 3.5), (x - 3.5, y + 3.5)), PAPER, 2.2)
        case "deadlock":
            yield Area(box(x - 8, y - 8, x + 8, y + 8), colour)
            yield Line(((x - 2.8, y - 4), (x - 2.8, y + 4)), PAPER, 2.2)
            yield Line(((x + 2.8, y - 4), (x + 2.8, y + 4)), PAPER, 2.2)
        case "timeout":
            yield Disc(x, y, 9, colour)
            yield Line(((x, y - 5.5), (x, y), (x + 4, y + 2.5)), PAPER, 2.2)
        case _:
            yield Disc(x, y + 2, 10.5, colour, corners=3)
            yield Line(((x, y - 3), (x, y + 2)), PAPER, 2.2)
            yield Disc(x, y + 5, 1.3, PAPER)


def _wide(word: str, letter: float) -> float:
    """About how wide a word stands, where a Latin letter takes `letter` pixels and a Korean one twice that."""
    return letter * sum(2 if ord(each) > 0x1100 else 1 for each in word)


def ticks(top: float, about: int, *, whole: bool = False) -> list[float]:
    """Round numbers from 0 up to `top`, about that many; whole ones where asked."""
    rough = top / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    if whole:
        step = max(1.0, step)
    return [round(step * n, 9) for n in range(int(top / step) + 1)]


def _steps(points: list[tuple[float, float]], x: object, y: object) -> list[tuple[float, float]]:
    path: list[tuple[float, float]] = []
    for t, value in points:
        if path:
            path.append((x(t), path[-1][1]))  # type: ignore[operator]
        path.append((x(t), y(value)))  # type: ignore[operator]
    return path
