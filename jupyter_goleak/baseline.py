"""The original, run some more times: what varies between its runs is known better the more there are.

A `Baseline` begins with the one run that was shown. `begin()` starts a few more, `settle()` takes them in, and `more()`
looks once again, closely, before a changed program is said to do something else.
"""

from __future__ import annotations

from concurrent.futures import Future, wait

from jupyter_goleak.exploration import Schedule
from jupyter_goleak.model import Run
from jupyter_goleak.program import Program
from jupyter_goleak.trials import PROCESSORS, Trials
from jupyter_goleak.usual import Usual
from jupyter_goleak.workbench import Built

_FEW = (1, 2, 4)


class Baseline:
    """What `program`, which is `built`, usually does; `usual` holds it as far as its runs show, the first of them `run`."""

    def __init__(self, program: Program, built: Built, run: Run) -> None:
        self.usual = Usual((run,))
        self._program = program
        self._built = built
        self._hangs = run.verdict == "timeout"
        self._begun: list[Future[Run]] = []
        self._looked_closely = False

    def begin(self, trials: Trials) -> None:
        """Start the first runs, unless they are under way or the program would not end them."""
        if not self._begun and not self._hangs:
            self._begun = self._runs(trials, _FEW)

    def settle(self, patience: float) -> None:
        """Take in what was begun, once it has ended, or as much of it as has within so many seconds."""
        if len(self.usual.runs) == 1:
            self._take(self._begun, patience)

    def more(self, trials: Trials, patience: float) -> bool:
        """Run it again, several times; tell whether that was new."""
        if self._looked_closely or self._hangs:
            return False
        self._looked_closely = True
        self._take(self._runs(trials, (*PROCESSORS, *PROCESSORS)), patience)
        return True

    def alone(self, trials: Trials) -> Usual:
        """What it does with nothing beside it."""
        return Usual((self._runs(trials, (None,))[0].result(),))

    def _runs(self, trials: Trials, processors: tuple[int | None, ...]) -> list[Future[Run]]:
        return trials.runs(self._program, self._built, [Schedule(each, 0) for each in processors])

    def _take(self, runs: list[Future[Run]], patience: float) -> None:
        wait(runs, timeout=max(0.0, patience))
        done = [each.result() for each in runs if each.done() and not each.cancelled()]
        self.usual = Usual((*self.usual.runs, *done))
