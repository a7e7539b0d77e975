"""A report as one HTML file: the interactive view with everything that it needs inside, for any browser, offline.

The page runs the same script as the live widget, on a model that holds the report's last state instead of a kernel's.
"""

from __future__ import annotations

import base64
import html
import json
from typing import Any

from jupyter_goleak.model import Report
from jupyter_goleak.view.state import VARIANTS, scene_of
from jupyter_goleak.view.words import Words

_SHELL = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ margin: 0 auto; max-width: 1500px; padding: 12px 24px; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111317; --jp-layout-color0: #111317; --jp-ui-font-color0: #eceff3; }} }}
{style}</style>
</head>
<body>
<noscript>{without_script}</noscript>
<script type="application/json" id="state">{state}</script>
<script>{bokehjs}</script>
<script type="module">
{script}
</script>
</body>
</html>
"""

_START = """
globalThis[BOKEH] = { promise: Promise.resolve(globalThis.Bokeh) };
const bytesOf = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0)).buffer;
const state = JSON.parse(document.getElementById("state").textContent, (key, value) => (value?.base64 === undefined ? value : bytesOf(value.base64)));
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => document.body.classList.toggle("theme-dark", dark.matches);
dark.addEventListener("change", theme);
theme();
new View({ get: (name) => state[name], on() {}, off() {}, send() {} }, document.body);
"""


def to_page(report: Report, words: Words | None = None) -> str:
    """The file's text. It asks no network for anything."""
    from jupyter_goleak.view.bokehjs import bokehjs
    from jupyter_goleak.view.figure import figures
    from jupyter_goleak.view.live import PARTS, script, style
    from jupyter_goleak.view.static import to_html

    words = words or Words()
    scene = scene_of(report, report.file, words)
    state: dict[str, Any] = {
        "figures": figures(),
        "words": words.catalogue(),
        "head": scene.head(),
        "still": "",
        "insert": {"text": report.fix.apply()} if report.fix and report.fix.verified else {},
        "stoppable": False,
    }
    for variant in VARIANTS:
        for name, part in PARTS.items():
            state[f"{name}_{variant}"] = part(scene.columns[variant], words)
    return _SHELL.format(
        language=html.escape(words.language),
        title=html.escape(report.file),
        style=style(),
        without_script=to_html(report, words),
        state=_for_script(json.dumps(state, default=_bytes)),
        bokehjs=_for_script(bokehjs()),
        script=_for_script(script().replace("export default", "const widget =") + _START),
    )


def _bytes(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} has no place in a page's state")


def _for_script(text: str) -> str:
    """Text that cannot end its script element, whatever a program has printed."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")
