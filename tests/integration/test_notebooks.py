"""The notebooks, run from top to bottom without a browser, as `make demo` runs them; what they claim they assert."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.toolchain

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.rglob("[0-9][0-9]-*.ipynb")), ids=lambda path: str(path.relative_to(NOTEBOOKS))
)
def test_a_notebook_runs_and_keeps_its_pictures_without_a_kernel(path, tmp_path, go):
    done = subprocess.run(
        [sys.executable, str(NOTEBOOKS / "execute.py"), str(path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    executed = tmp_path / "build" / "notebooks" / path.relative_to(NOTEBOOKS)
    assert str(executed) in done.stdout
    assert ("고루틴" in done.stdout) == (path.parent.name == "ko")
    assert executed.stat().st_size < 200_000
    cells = [cell for cell in nbformat.read(executed, as_version=4).cells if cell.source.startswith("%%goleak")]
    assert cells
    for cell in cells:
        data = [output.get("data", {}) for output in cell.outputs]
        assert any("data:image/svg+xml" in each.get("text/html", "") for each in data)
        assert not any(WIDGET in each for each in data)


def test_the_demo_prints_both_verdicts(tmp_path, go):
    done = subprocess.run(
        [sys.executable, str(NOTEBOOKS / "execute.py"), str(NOTEBOOKS / "01-abandoned-receivers.ipynb")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "leak" in done.stdout
    assert "clean" in done.stdout
    assert "`queue`, made at line 28, is never closed" in done.stdout


def test_a_cell_that_fails_fails_the_run(tmp_path, go):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "fails.ipynb")
    done = subprocess.run(
        [sys.executable, str(NOTEBOOKS / "execute.py"), "fails.ipynb"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
