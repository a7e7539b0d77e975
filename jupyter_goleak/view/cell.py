"""One experiment in one cell: follow it to its end, with a live view or without, and let an interrupt stop it."""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Callable, Iterator

from IPython.display import clear_output, display

from jupyter_goleak.errors import GoleakError
from jupyter_goleak.events import Event, Finished, Started
from jupyter_goleak.exercise import Examination
from jupyter_goleak.experiment import Experiment
from jupyter_goleak.model import Report
from jupyter_goleak.view.words import Words


class Screen:
    """The cell's display: the live view, and in a second output, at the end, the still forms of the result.

    Two outputs, not one bundle in the view's place: JupyterLab, given a bundle with a widget whose kernel is gone, shows
    "model not found" and never looks at the bundle's other forms (tried with 4.6: a saved notebook then shows
    nothing). As it is, the live view hides the still while it is on the page, and where it is gone the still hides
    what it left. A cell that a program runs, with no page looking on, gets the still alone.
    """

    def __init__(
        self,
        experiment: Experiment | Examination,
        words: Words,
        fixed_cell: Callable[[Report], str | None] = lambda _: None,
    ) -> None:
        from jupyter_goleak.view.bundle import widget_bundle
        from jupyter_goleak.view.live import LiveView, headless

        self._words = words
        self._view = None if headless() else LiveView(on_stop=experiment.stop, words=self._words, fixed_cell=fixed_cell)
        if self._view is not None:
            display(widget_bundle(self._view.widget), raw=True)
        # Shown empty at once: what a thread shows after its cell has ended must have a place already.
        self._still = display({"text/html": "", "text/plain": ""}, raw=True, display_id=True)

    def handle(self, event: Event) -> None:
        if self._view is not None:
            self._view.handle(event)
        if isinstance(event, Finished):
            from jupyter_goleak.view.bundle import mimebundle

            self._still.update(mimebundle(event.report, self._words), raw=True)

    def clear(self) -> None:
        """Show nothing: the cell's error will say what is wrong."""
        self._close()
        clear_output()

    def fail(self, problem: GoleakError) -> None:
        """Show nothing but the problem, in words, where no cell is left to have an error."""
        self._close()
        self._still.update({"text/plain": str(problem)}, raw=True)

    def _close(self) -> None:
        if self._view is not None:
            self._view.close()


def follow(experiment: Experiment | Examination, screen: Screen | None) -> Report:
    """Iterate the experiment to its end and return its report.

    An interrupt before the program runs ends the build with KeyboardInterrupt; later it ends the programs, and the
    report comes with what was seen until then.
    """
    with contextlib.ExitStack() as running:
        for event in experiment.events():
            if isinstance(event, Started):
                running.enter_context(interrupt_calls(experiment.stop))
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
