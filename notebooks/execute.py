"""Run notebooks without a browser: `python notebooks/execute.py NOTEBOOK…`.

Prints what each `%%goleak` cell found, and where the executed copy stands. Ends with an error where a cell fails.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
EXECUTED = Path("build") / "notebooks"


def execute(path: Path) -> Path:
    """Run one notebook, in its own folder, in this Python's kernel; returns the path of the executed copy."""
    notebook = nbformat.read(path, as_version=4)
    # A translation stands in a folder that has its language's name.
    folder = path.resolve().parent
    language = folder.name if folder.parent == HERE else "en"
    # A kernel warns that it talks in plain text with this very machine; who runs a notebook need not read that.
    quiet = ["--IPKernelApp.log_level=ERROR"]
    NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}, extra_arguments=quiet
    ).execute(env={**os.environ, "LANGUAGE": language})
    copy = (EXECUTED if language == "en" else EXECUTED / language) / path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, copy)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("%%goleak"):
            for output in cell.outputs:
                print(output.get("data", {}).get("text/plain", ""), end="\n\n")
    return copy


def main(paths: list[str]) -> int:
    for path in paths:
        try:
            print(f"The executed notebook, with its pictures: {execute(Path(path)).resolve()}")
        except CellExecutionError as problem:
            print(f"{path}: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
