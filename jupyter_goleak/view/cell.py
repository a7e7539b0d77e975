"""One experiment in one cell: follow it to its end, with a live view or without, and let an interrupt stop it."""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Callable, Iterator

from IPython.display import clear_output, display

from jupyter_goleak.errors import GoleakError
from jupyter_goleak.experiment import Experiment
from jupyter_goleak.model import Finished, Report
from jupyter_goleak.view.words import Words


class Screen:
    """The cell's display: the live view at first, and in its place, at the end, all forms of the result.

    The bundle takes the view's place, rather than standing below it, so that a front end without widgets, or a saved
    notebook without a kernel, shows the result where the view was.
    """

    def __init__(self, experiment: Experiment, language: str) -> None:
        from jupyter_goleak.view.live import LiveView

        self._words = Words(language or None)
        self.view = LiveView(on_stop=experiment.stop, words=self._words)
        self._display = display(self.view.widget, display_id=True)

    def finish(self, report: Report) -> None:
        from jupyter_goleak.view.bundle import mimebundle

        self._display.update(mimebundle(report, self.view.widget, self._words), raw=True)

    def clear(self) -> None:
        """Show nothing: the cell's error will say what is wrong."""
        self.view.close()
        clear_output()

    def fail(self, problem: GoleakError) -> None:
        """Show nothing but the problem, in words, where no cell is left to have an error."""
        self.view.close()
        self._display.update({"text/plain": str(problem)}, raw=True)


def follow(experiment: Experiment, screen: Screen | None) -> Report:
    """Iterate the experiment to its end and return its report."""
    for event in experiment.events():
        if screen is not None:
            screen.view.handle(event)
        if isinstance(event, Finished):
            report = event.report
    if screen is not None:
        screen.finish(report)
    return report


@contextlib.contextmanager
def interrupt_calls(stop: Callable[[], None]) -> Iterator[None]:
    """While this lasts, an interrupt calls `stop`: it ends the programs, not the code that shows what was seen.

    From a thread, since a signal may arrive while the main thread holds a lock that `stop` wants. Outside the main
    thread Python allows no handler, and none is needed: interrupts go to the main one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: types.FrameType | None) -> None:
        threading.Thread(target=stop, name="goleak-stop", daemon=True).start()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
