"""One experiment in one cell: follow it to its end, with a live view or without, and let an interrupt stop it."""

from __future__ import annotations

from collections.abc import Callable

from IPython.display import clear_output, display

from jupyter_goleak.errors import GoleakError
from jupyter_goleak.events import Event, Finished
from jupyter_goleak.exercise import Examination
from jupyter_goleak.experiment import Experiment
from jupyter_goleak.interrupts import interruptible
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
    """Iterate the experiment to its end and return its report; for an interrupt, see `interruptible`."""
    for event in interruptible(experiment):
        if screen is not None:
            screen.handle(event)
        if isinstance(event, Finished):
            report = event.report
    return report
