"""See goroutine leaks happen: `%%goleak` runs a Go program in a notebook cell, the leaky and the fixed variant side by side.

In a notebook: `%load_ext jupyter_goleak`, then `%%goleak` at the top of a later cell. In Python: `check(source_or_path,
**options) -> Report`. In a terminal: `python -m jupyter_goleak check PATH`. All three run the same engine and take the
same options (`jupyter_goleak.options`). What may go wrong is one of `jupyter_goleak.errors`.

Names load on first use, so that `%load_ext` stays quick and the engine needs nothing but Python.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_goleak.errors import BuildError, GoleakError, ProbeError, ToolchainError, UsageError
    from jupyter_goleak.experiment import check
    from jupyter_goleak.model import Report

__all__ = ["BuildError", "GoleakError", "ProbeError", "Report", "ToolchainError", "UsageError", "__version__", "check"]

__version__ = "0.1.0"

_HOMES = {"check": "experiment", "Report": "model"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext jupyter_goleak`: register `%goleak` and `%%goleak`, their settings and the completion of their options."""
    importlib.import_module(f"{__name__}.magic").load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext jupyter_goleak`: stop what runs in the background and take everything out of the shell again."""
    importlib.import_module(f"{__name__}.magic").unload(shell)
