"""One experiment in one cell: follow it to its end, with a live view or without, and let an interrupt stop it."""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

from IPython.display import clear_output, display

from jupyter_goleak.errors import GoleakError
from jupyter_goleak.experiment import Experiment
from jupyter_goleak.model import Event, Finished, Report
from jupyter_goleak.view.words import Words


class Screen:
    """The cell's display: the live view at first, and in its place, at the end, all forms of the result.

    The bundle takes the view's place, rather than standing below it, so that a front end without widgets, or a saved
    notebook without a kernel, shows the result where the view was. Where no page looks on there is no view at all.
    """

    def __init__(self, experiment: Experiment, language: str) -> None:
        from jupyter_goleak.view.live import LiveView, headless

        self._words = Words(language or None)
        self._view = None if headless() else LiveView(on_stop=experiment.stop, words=self._words)
        self._display = display(self._view.widget, display_id=True) if self._view else None

    def handle(self, event: Event) -> None:
        if self._view is not None:
            self._view.handle(event)
        if isinstance(event, Finished):
            self._show(mimebundle(event.report, self._view and self._view.widget, self._words))

    def clear(self) -> None:
        """Show nothing: the cell's error will say what is wrong."""
        if self._view is not None:
            self._view.close()
            clear_output()

    def fail(self, problem: GoleakError) -> None:
        """Show nothing but the problem, in words, where no cell is left to have an error."""
        if self._view is not None:
            self._view.close()
        self._show({"text/plain": str(problem)})

    def _show(self, bundle: dict[str, Any]) -> None:
        if self._display is None:
            display(bundle, raw=True)
        else:
            self._display.update(bundle, raw=True)


def follow(experiment: Experiment, screen: Screen | None) -> Report:
    """Iterate the experiment to its end and return its report."""
    for event in experiment.events():
        if screen is not None:
            screen.handle(event)
        if isinstance(event, Finished):
            report = event.report
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
