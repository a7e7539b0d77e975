"""A report as a notebook stores it: all the forms in which a front end may want it; and as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_goleak.errors import UsageError
from jupyter_goleak.model import Report
from jupyter_goleak.view.static import to_html, to_png, to_svg
from jupyter_goleak.view.text import to_text
from jupyter_goleak.view.words import Words

WIDGET = "application/vnd.jupyter.widget-view+json"
FORMATS = (".html", ".svg", ".png", ".json")


def mimebundle(report: Report, words: Words | None = None) -> dict[str, Any]:
    """The report's still forms by MIME type: plain text, and HTML that needs no script and no trust."""
    words = words or Words()
    return {"text/plain": to_text(report, words), "text/html": to_html(report, words)}


def widget_bundle(widget: Any) -> dict[str, Any]:
    """A widget by MIME type, and by no other: where widgets cannot be shown nothing shall stand in its place."""
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def place(path: str | Path) -> Path:
    """Where a report is to be saved. Raises UsageError for an ending that says no format, or a folder that is not there."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path.name!r} says no format that a report has: end it in {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise UsageError(f"{path} cannot be written: there is no folder {path.parent}.")
    return path


def save(report: Report, path: str | Path, words: Words | None = None) -> None:
    """Write the report to a file; its ending says how: `.html`, `.svg`, `.png` or `.json`.

    The `.html` is one file, interactive, and asks no network for anything. Raises UsageError for another ending, or
    where the file cannot be written.
    """
    path = place(path)
    match path.suffix.lower():
        case ".html":
            from jupyter_goleak.view.page import to_page

            content = to_page(report, words).encode()
        case ".svg":
            content = to_svg(report, words).encode()
        case ".png":
            content = to_png(report)
        case _:
            content = (json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n").encode()
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem.strerror or problem}.") from None
