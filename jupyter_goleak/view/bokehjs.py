"""BokehJS for the page, out of the installed bokeh package: one hidden widget carries it, once for each kernel.

The page never fetches anything from a network. The loader's state holds BokehJS compressed (about 0.4 MB), so a page that
is reloaded gets it again from the kernel. It is imported as a module of its own and touches no global name: another
Bokeh on the page, of whatever version, is not disturbed and does not disturb.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any


@cache
def bokehjs() -> str:
    """BokehJS as shipped in the installed bokeh: the core, which has plots but no tables and no WebGL."""
    import bokeh

    return (Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js").read_text(encoding="utf-8")


@cache
def packed() -> bytes:
    """BokehJS, compressed for the way to the page."""
    return gzip.compress(bokehjs().encode(), 6)


@cache
def loader() -> Any:
    """The hidden widget that brings BokehJS to every page that shows this kernel."""
    import anywidget
    import traitlets

    class BokehLoader(anywidget.AnyWidget):
        _esm = Path(__file__).with_name("bokehjs.js")
        bokehjs = traitlets.Bytes().tag(sync=True)

    return BokehLoader(bokehjs=packed())
