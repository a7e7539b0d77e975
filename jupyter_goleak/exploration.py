"""Many runs over schedules: a leak may hide from one run and show in the next.

Each run gets another number of processors and another seed for the yields that were built in at the statements where
goroutines meet. The schedules follow from one seed, so that an exploration can be repeated; what a schedule makes the
goroutines do is likely to repeat with it, not certain.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace

from jupyter_goleak.model import Exploration, Leak, Run

_PROCESSORS = (1, 2, 4, None)
_MOST = 1 << 31


@dataclass(frozen=True, slots=True)
class Schedule:
    """What sets one run apart: GOMAXPROCS (None: as many as there are) and the seed of its yields."""

    processors: int | None
    seed: int


def schedules(runs: int, seed: int) -> list[Schedule]:
    """As many schedules as asked for, the same ones for the same seed."""
    chance = random.Random(seed)
    return [Schedule(_PROCESSORS[number % len(_PROCESSORS)], chance.randrange(1, _MOST)) for number in range(runs)]


def explore(run: Callable[[Schedule], Run], over: Sequence[Schedule], executor: Executor) -> Iterator[Run]:
    """The runs under those schedules, as they finish. `run` must be one that the executor can carry out.

    Ending the iteration early gives up what has not begun.
    """
    futures = [executor.submit(run, schedule) for schedule in over]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def merged(first: Run, others: Sequence[Run], seed: int) -> Run:
    """The first run, with the leaks of all and how many of them leaked. Evidence and count are the best seen.

    What is alive is the first run's, but for what leaked in others only: the same goroutines are not told twice.
    """
    runs = [first, *others]
    best: dict[tuple[object, ...], Leak] = {}
    for run in runs:
        for leak in run.leaks:
            known = best.get(leak.position)
            if known is None or (leak.evidence == "proven", leak.count) > (known.evidence == "proven", known.count):
                best[leak.position] = leak
    leaks = tuple(sorted(best.values(), key=lambda leak: leak.rank))
    hidden = best.keys() - {leak.position for leak in first.leaks}
    alive = tuple(group for group in first.alive if group.position not in hidden)
    verdict = first.verdict
    if verdict == "clean":
        verdict = next((run.verdict for run in others if run.verdict != "clean"), "clean")
    explored = Exploration(len(runs), sum(bool(run.leaks) for run in runs), seed)
    note = first.note or next((run.note for run in others if not run.end_seen), "")
    end_seen = all(run.end_seen for run in runs)
    return replace(first, verdict=verdict, leaks=leaks, alive=alive, explored=explored, note=note, end_seen=end_seen)
