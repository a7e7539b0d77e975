"""Samples of a run -> a bounded series to plot, from which no peak is lost however long the run lasts."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import groupby

from jupyter_goleak.model import Sample

POINTS = 400
"""A plot is a few hundred pixels wide; more points than that show nothing more."""


def packed(kind: str, values: object) -> bytes:
    """Numbers as the little block of bytes that a page reads as a typed array (`f`: float32, `I`: uint32, `B`: uint8)."""
    return array(kind, values).tobytes()  # type: ignore[call-overload, no-any-return]


class Series:
    """The samples of one run, in order of time, thinned out once there are more than twice `POINTS`."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.peak = 0

    def add(self, sample: Sample) -> None:
        if self.samples and sample.t < self.samples[-1].t:
            return
        self.samples.append(sample)
        self.peak = max(self.peak, sample.count)
        if len(self.samples) > 2 * POINTS:
            self._thin_out()

    def _thin_out(self) -> None:
        """Of two neighbours keep the one that differs more from what was kept before: peaks and troughs survive."""
        kept = self.samples[:1]
        rest = self.samples[1:-1]
        for one, two in zip(rest[::2], rest[1::2], strict=False):
            before = kept[-1].count
            kept.append(one if abs(one.count - before) > abs(two.count - before) else two)
        self.samples = [*kept, self.samples[-1]]

    def columns(self) -> dict[str, bytes]:
        """For `count`, and for `memory` (bytes of stacks and heap): the values, and as `…_t` since when each held, in seconds; all float32."""
        held = ((each.t, each.stack_bytes + each.heap_bytes) for each in self.samples)
        columns = {"count": _changes((each.t, each.count) for each in self.samples), "memory": _changes(held)}
        return {
            **{f"{name}_t": packed("f", [t for t, _ in changes]) for name, changes in columns.items()},
            **{name: packed("f", [value for _, value in changes]) for name, changes in columns.items()},
        }


def _changes(points: Iterable[tuple[float, int]]) -> list[tuple[float, int]]:
    """Of points in order of time the first of each value: between them nothing changes, so there is nothing more to draw."""
    return [next(same) for _, same in groupby(points, key=lambda point: point[1])]
