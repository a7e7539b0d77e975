"""The live view: events in, a widget that draws them out.

`LiveView.handle` is called on the thread that runs the cell, for every event of the engine, and costs next to nothing:
it only notes what changed, and passes it to the page at most `REFRESH` times a second, at once when something is new to
read. What goes to the page is always the whole state of a part, never a step: whatever page appears, reloads or falls
behind shows what holds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_goleak import events, model
from jupyter_goleak.events import Event
from jupyter_goleak.model import Variant
from jupyter_goleak.view.lanes import KINDS, Bars
from jupyter_goleak.view.series import packed
from jupyter_goleak.view.state import VARIANTS, Column, Scene
from jupyter_goleak.view.static import to_data_uri
from jupyter_goleak.view.words import Words

REFRESH = 10.0
LANES_EVERY = 2
"""Of so many refreshes one passes on the lanes: they are most of what there is to pass on, and the count tells how fast things go."""
HERE = Path(__file__).parent
SCRIPTS = ("page", "sparing", "charts", "panels", "findings", "fix", "clock", "view")
"""The page's script, in files that a reader can hold in mind; anywidget wants one module."""

_AT_ONCE = (events.Progress, events.Started, events.Returned, events.Ended, events.Tried, events.Finished)


@cache
def script() -> str:
    return "\n".join((HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def style() -> str:
    return (HERE / "live.css").read_text(encoding="utf-8")


def headless(environment: Any = os.environ) -> bool:
    """True where a cell is run by a program and no page looks on (nbclient, nbconvert, papermill): show the static form.

    Such runners say that nobody can answer `input()`. Voilà says so too, but shows widgets.
    """
    if environment.get("SERVER_SOFTWARE", "").startswith("voila"):
        return False
    request = _request()
    return request is None or not request.get("content", {}).get("allow_stdin", True)


def _request() -> dict[str, Any] | None:
    """The front end's request that is being carried out; None without a kernel."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    return None if kernel is None else dict(kernel.get_parent("shell") or {})


def prepare() -> None:
    """Do ahead, in any thread, what a kernel's first view would have to wait for: import bokeh, pack BokehJS."""
    from jupyter_goleak.view.bokehjs import packed
    from jupyter_goleak.view.figure import figures

    _widget_class()
    packed()
    figures()


@cache
def _widget_class() -> type[Any]:
    import anywidget
    import traitlets

    def synced() -> Any:
        return traitlets.Dict().tag(sync=True)

    parts = {f"{part}_{variant}": synced() for part in PARTS for variant in VARIANTS}
    return type(
        "GoLeakView",
        (anywidget.AnyWidget,),
        {
            "__doc__": "The page's half of a `LiveView`: one trait for each part of the picture.",
            "_esm": script(),
            "_css": style(),
            "figures": synced(),
            "words": synced(),
            "head": synced(),
            "still": traitlets.Unicode().tag(sync=True),
            "insert": synced(),
            "stoppable": traitlets.Bool().tag(sync=True),
            **parts,
        },
    )


_LOOKS = {"lane": "I", "bottom": "f", "top": "f", "number": "I", "kind": "B", "state": "H", "line": "I", "leaked": "B"}


def _packed_bars(bars: Bars) -> dict[str, Any]:
    """Most rectangles differ from others in their time alone: what else there is of them goes to the page once for all that share it."""
    rows = list(zip(*(getattr(bars, name) for name in _LOOKS), strict=True))
    looks = {look: number for number, look in enumerate(dict.fromkeys(rows))}
    columns = zip(*looks, strict=True) if looks else [()] * len(_LOOKS)
    return {
        "names": bars.names,
        "go_lines": bars.go_lines,
        "leaks": bars.leaks,
        "parents": bars.parents,
        "states": bars.states,
        "kinds": KINDS,
        "grouped": bars.grouped,
        "left": packed("f", bars.left),
        "right": packed("f", bars.right),
        "look": packed("I", [looks[row] for row in rows]),
        **{name: packed(_LOOKS[name], column) for name, column in zip(_LOOKS, columns, strict=True)},
    }


PARTS: dict[str, Callable[[Column, Words], dict[str, Any]]] = {
    "facts": lambda column, words: column.facts(words),
    "series": lambda column, words: column.series.columns(),
    "bars": lambda column, words: _packed_bars(column.bars()),
    "output": lambda column, words: {"pieces": column.printed()},
    "code": lambda column, words: column.code(),
}

_TOUCHES: dict[type[Any], tuple[str, ...]] = {
    events.Sampled: ("facts", "series"),
    events.Snapped: ("facts", "bars"),
    events.Marked: ("facts",),
    events.Born: ("facts", "bars"),
    events.Printed: ("facts", "output"),
    events.Returned: ("facts",),
    events.Started: tuple(PARTS),
    events.Ended: tuple(PARTS),
}


class LiveView:
    """Shows an experiment while it runs, and what was found when it is over.

    `on_stop` is called when the Stop button's message arrives, on the kernel's thread. `fixed_cell` gives the text of a new
    cell that holds a report's fix, or None. `close` frees the page's half; the view then shows nothing any more.
    """

    def __init__(
        self,
        *,
        title: str | None = None,
        on_stop: Callable[[], None] | None = None,
        words: Words | None = None,
        fixed_cell: Callable[[model.Report], str | None] = lambda _: None,
    ) -> None:
        from jupyter_goleak.view.bokehjs import loader
        from jupyter_goleak.view.figure import figures

        self.scene = Scene(title, words)
        self._on_stop = on_stop
        self._fixed_cell = fixed_cell
        self._cell = (_request() or {}).get("metadata", {}).get("cellId", "")
        self._dirty: set[tuple[str, Variant | None]] = set()
        self._due = 0.0
        self._refreshes = 0
        loader()
        self.widget = _widget_class()(
            figures=figures(),
            words=self.scene.words.catalogue(),
            head=self.scene.head(),
            stoppable=on_stop is not None,
            **self._all_parts(),
        )
        self.widget.on_msg(self._heard)

    def handle(self, event: Event) -> None:
        """Take one event of the engine, in order."""
        variant = self.scene.apply(event)
        if variant is None:
            self._dirty.add(("head", None))
        else:
            self._dirty.update((part, variant) for part in _TOUCHES[type(event)])
        if isinstance(event, events.Started):
            self._dirty.add(("head", None))
        if isinstance(event, events.Finished):
            self._dirty.update((part, each) for each in VARIANTS for part in ("facts", "code"))
            self.widget.still = to_data_uri(event.report, self.scene.words)
            if text := self._fixed_cell(event.report):
                self.widget.insert = {"text": text, "cell": self._cell}
        if isinstance(event, _AT_ONCE):
            self.flush()
        elif time.monotonic() >= self._due:
            self._refreshes += 1
            self.flush(lanes=self._refreshes % LANES_EVERY == 0)

    def flush(self, *, lanes: bool = True) -> None:
        """Pass on to the page whatever it has not got yet; the lanes only where asked."""
        self._due = time.monotonic() + 1 / REFRESH
        columns, words = self.scene.columns, self.scene.words
        now = {(part, variant) for part, variant in self._dirty if lanes or part != "bars"}
        with self.widget.hold_sync():
            for part, variant in sorted(now, key=str):
                if variant is None:
                    self.widget.head = self.scene.head()
                else:
                    setattr(self.widget, f"{part}_{variant}", PARTS[part](columns[variant], words))
        self._dirty -= now

    def close(self) -> None:
        self.widget.close()

    def _all_parts(self) -> dict[str, Any]:
        return {
            f"{name}_{variant}": part(self.scene.columns[variant], self.scene.words)
            for name, part in PARTS.items()
            for variant in VARIANTS
        }

    def _heard(self, widget: Any, content: Any, buffers: Any) -> None:
        if self._on_stop is not None and isinstance(content, dict) and content.get("do") == "stop":
            self._on_stop()
