"""From text to notebook: `python notebooks/build.py [NOTEBOOK.md…]`; all of them, where none is named.

The text (MyST Markdown) is the source. The `.ipynb` beside it is made from it: the same cells, and the outputs of a run from
top to bottom, in their still form, so that they show where no kernel runs. With `--check` nothing is run or written:
the exit code tells whether each notebook still holds the cells of its text, and each translation the code of its English
text.
"""

from __future__ import annotations

import argparse
import os
import sys
from itertools import zip_longest
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def texts() -> list[Path]:
    """All sources, in the order in which one reads them."""
    return sorted(path for path in HERE.rglob("[0-9][0-9]-*.md") if ".ipynb_checkpoints" not in path.parts)


def language_of(path: Path) -> str:
    """English, unless a folder's name says otherwise."""
    folder = path.resolve().parent
    return "en" if folder == HERE else folder.name


def read(path: Path) -> NotebookNode:
    """The notebook that a text holds, without outputs. The same text gives the same cells, ids included."""
    parsed = jupytext.read(path, fmt="md:myst")
    cells = []
    for number, cell in enumerate(parsed.cells):
        make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        cells.append(make(cell.source, id=f"cell-{number:02}", metadata=dict(cell.metadata)))
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def execute(notebook: NotebookNode, path: Path) -> None:
    """Run the notebook in this Python's kernel, in the folder of `path`. Raises CellExecutionError where a cell fails."""
    client = NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env={**os.environ, "LANGUAGE": language_of(path)})
    # What the run says of this machine's Python is of no use to a reader, and changes with it.
    notebook.metadata["language_info"] = {"name": "python"}


def sources(notebook: NotebookNode) -> list[tuple[str, str]]:
    """What a reader may edit: kind and text of each cell."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def in_step(path: Path) -> bool:
    """Whether the notebook beside the text is there and holds the same cells."""
    made = path.with_suffix(".ipynb")
    return made.is_file() and sources(nbformat.read(made, as_version=4)) == sources(read(path))


def differences(english: NotebookNode, translation: NotebookNode) -> list[str]:
    """Where a translation leaves its English notebook: other kinds of cells, other code, other headings. One line each."""
    found = []
    if len(translation.cells) != len(english.cells):
        found.append(f"{len(translation.cells)} cells, and {len(english.cells)} in English")
    for number, (theirs, ours) in enumerate(zip(english.cells, translation.cells, strict=False)):
        if ours.cell_type != theirs.cell_type:
            found.append(f"cell {number} is {ours.cell_type}, and {theirs.cell_type} in English")
        elif ours.cell_type == "code" and ours.source != theirs.source:
            pairs = zip_longest(*(each.source.splitlines(keepends=True) for each in (ours, theirs)))
            line, pair = next((line, pair) for line, pair in enumerate(pairs, 1) if pair[0] != pair[1])
            found.append(f"cell {number}, line {line}: {pair[0]!r}, and {pair[1]!r} in English")
        elif ours.cell_type == "markdown" and headings(ours) != headings(theirs):
            found.append(f"cell {number} has the headings {headings(ours)}, and {headings(theirs)} in English")
    return found


def headings(cell: NotebookNode) -> list[str]:
    """The levels of a text cell's headings, as `#` and `##`."""
    return [line.split(" ")[0] for line in cell.source.splitlines() if line.startswith("#")]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="build.py", description="Make the notebooks from their texts, with outputs.")
    parser.add_argument("texts", nargs="*", type=Path, metavar="NOTEBOOK.md")
    parser.add_argument("--check", action="store_true", help="run nothing; tell which notebooks are out of step")
    given = parser.parse_args(arguments)
    failed = False
    for path in given.texts or texts():
        if given.check:
            if not in_step(path):
                failed = True
                print(f"{path}: its notebook holds other cells; make it anew with `python notebooks/build.py {path}`.")
            if language_of(path) != "en" and (english := HERE / path.name).is_file():
                for difference in differences(read(english), read(path)):
                    failed = True
                    print(f"{path}: {difference}.")
            continue
        notebook = read(path)
        try:
            execute(notebook, path)
        except CellExecutionError as problem:
            failed = True
            print(f"{path}: {problem}", file=sys.stderr)
            continue
        nbformat.write(notebook, path.with_suffix(".ipynb"))
        print(path.with_suffix(".ipynb"), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
