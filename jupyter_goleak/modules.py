"""Which module or workspace a folder of the user's belongs to: where its imports come from."""

from __future__ import annotations

import os
from pathlib import Path


def module_root(directory: Path) -> Path | None:
    """The folder of the go.mod that holds for a directory, None where there is none."""
    return _enclosing(directory, "go.mod")


def workspace(directory: Path) -> Path | None:
    """The folder of the go.work that holds for a directory, None where there is none."""
    named = os.environ.get("GOWORK")
    if named:
        return None if named == "off" else Path(named).parent
    return _enclosing(directory, "go.work")


def in_module(directory: Path) -> bool:
    """Whether a module or a workspace says where the imports of a program in that directory come from."""
    return bool(module_root(directory) or workspace(directory))


def _enclosing(directory: Path, name: str) -> Path | None:
    return next((folder for folder in (directory, *directory.parents) if (folder / name).is_file()), None)
