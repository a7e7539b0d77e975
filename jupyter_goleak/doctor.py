"""The control that the detector itself works: each part is tried for real, on a program with a leak planted in it."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_goleak import toolchain
from jupyter_goleak.errors import GoleakError
from jupyter_goleak.experiment import check
from jupyter_goleak.model import Report
from jupyter_goleak.toolchain import Toolchain

_PLANTED = """package main

import "time"

func main() {
	planted := make(chan int)
	for range 3 {
		go func() { planted <- 1 }()
	}
	time.Sleep(10 * time.Millisecond)
}
"""
_BROWSER_PARTS = ("ipywidgets", "bokeh", "anywidget", "IPython")


@dataclass(frozen=True, slots=True)
class Check:
    """One part: what it is, whether it works, what was seen, and the cure where it does not."""

    part: str
    works: bool
    seen: str
    cure: str = ""


def examine(go: str | None = None) -> Iterator[Check]:
    """All parts in the order in which they depend on each other; ends early where nothing more can work."""
    try:
        found = toolchain.find(go)
    except GoleakError as problem:
        yield Check("toolchain", False, "", str(problem))
        return
    yield Check("toolchain", True, f"{found.version} at {found.goroot}")
    cache = _tried("cache", lambda: _cache(found), "Make that folder writable, or set XDG_CACHE_HOME to one that is.")
    yield cache
    if not cache.works:
        return
    try:
        report = check(_PLANTED, no_fix=True, go=go)
    except GoleakError as problem:
        yield Check("probe", False, "", str(problem))
        return
    yield _probe(report)
    yield _proof(report, found)
    yield _browser()


def _tried(part: str, attempt: Callable[[], str], cure: str) -> Check:
    try:
        return Check(part, True, attempt())
    except GoleakError as problem:
        return Check(part, False, "", str(problem))
    except OSError as problem:
        return Check(part, False, str(problem), cure)


def _cache(found: Toolchain) -> str:
    helper = found.helper()
    with tempfile.TemporaryFile(dir=helper.parent):
        return f"the helper is built in {_shown(helper.parent)}"


def _shown(path: Path) -> str:
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def _probe(report: Report) -> Check:
    run = report.original
    if run is None or report.error is not None:
        message = report.error.message if report.error else "nothing was run"
        return Check("probe", False, message, "Run `go clean -cache`, then try again.")
    counts = f"{run.created} goroutines started, {run.end} at the end, {len(run.samples)} samples"
    works = (run.created, run.end) == (3, 4)
    return Check(
        "probe", works, counts, "" if works else "The planted program starts 3 and ends with 4: please report this."
    )


def _proof(report: Report, found: Toolchain) -> Check:
    leaks = [(leak.evidence, leak.count) for leak in report.leaks]
    if leaks == [("proven", 3)]:
        return Check("proof", True, "the planted leak of 3 goroutines is proven")
    if leaks == [("likely", 3)] and not found.can_prove:
        return Check(
            "proof", True, f"the planted leak is found; {found.version} cannot prove it, Go 1.26 and later can"
        )
    return Check(
        "proof", False, f"found {leaks or 'nothing'}", "The planted leak of 3 was not recognised: please report this."
    )


def _browser() -> Check:
    missing = [name for name in _BROWSER_PARTS if importlib.util.find_spec(name) is None]
    if missing:
        return Check("browser", False, f"missing: {', '.join(missing)}", "Run: pip install jupyter_goleak")
    bokeh = importlib.util.find_spec("bokeh")
    script = Path(bokeh.origin).parent / "server/static/js/bokeh.min.js" if bokeh and bokeh.origin else Path()
    if not script.is_file():
        return Check("browser", False, "bokeh brings no BokehJS", "Run: pip install --force-reinstall bokeh")
    return Check("browser", True, "widgets, plots and BokehJS are installed; nothing is fetched from a network")
