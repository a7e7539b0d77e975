"""The course without running it: text and notebook hold the same cells, exercises are the ones that are judged, and the
pages made of it need nothing else."""

from __future__ import annotations

import base64
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from jupyter_goleak import exercise

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
TEXTS = sorted(NOTEBOOKS.rglob("[0-9][0-9]-*.md"))
EXERCISE = re.compile(r"%%goleak --exercise (\S+) -o attempt\n(.*)", re.DOTALL)
MOST_BYTES = 200_000


def script(name: str) -> ModuleType:
    """A script of the notebooks' folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"notebooks_{name}", NOTEBOOKS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build() -> ModuleType:
    return script("build")


@pytest.fixture(scope="module")
def site() -> ModuleType:
    return script("site")


def notebook_of(text: Path) -> nbformat.NotebookNode:
    return nbformat.read(text.with_suffix(".ipynb"), as_version=4)


def code_of(text: Path) -> list[str]:
    return [cell.source for cell in notebook_of(text).cells if cell.cell_type == "code"]


def named(path: Path) -> str:
    return str(path.relative_to(NOTEBOOKS))


def test_every_notebook_has_a_text_and_every_text_a_notebook(build):
    assert build.texts()
    assert {path.with_suffix("") for path in NOTEBOOKS.rglob("[0-9][0-9]-*.ipynb")} == {
        path.with_suffix("") for path in build.texts()
    }


@pytest.mark.parametrize("text", TEXTS, ids=named)
class TestEachNotebook:
    def test_it_holds_the_cells_of_its_text(self, build, text):
        assert build.sources(notebook_of(text)) == build.sources(build.read(text))

    def test_its_outputs_show_without_a_kernel_and_are_small(self, text):
        notebook = notebook_of(text)
        assert "widgets" not in notebook.metadata
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                assert output.output_type != "error"
                data = output.get("data", {})
                assert "application/vnd.jupyter.widget-view+json" not in data
                assert len(str(data).encode()) <= MOST_BYTES
            if cell.source.startswith("%%goleak"):
                assert any(
                    "data:image/svg+xml" in output.get("data", {}).get("text/html", "") for output in cell.outputs
                )

    def test_it_names_no_folder_of_the_machine_that_made_it(self, text):
        made = text.with_suffix(".ipynb").read_text(encoding="utf-8")
        pictures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", made)
        texts = [made, *(base64.b64decode(picture).decode() for picture in pictures)]
        for each in texts:
            assert not re.search(r"/tmp/|/home/|/root/|goleak-[a-z0-9_]{8}/|" + re.escape(sys.prefix), each)

    def test_its_exercise_is_the_one_that_is_judged(self, text):
        exercises = [found for source in code_of(text) if (found := EXERCISE.fullmatch(source))]
        if text.name.startswith("00-"):
            assert not exercises
            return
        ((name, program),) = (found.groups() for found in exercises)
        assert program.strip() == exercise.load(name).given.source.strip()
        assert code_of(text)[-1] == "attempt.passed"


def test_every_exercise_stands_in_one_notebook_of_each_language():
    languages = {text.parent for text in TEXTS}
    for folder in languages:
        found = [
            match[1] for text in sorted(folder.glob("[0-9][0-9]-*.md")) for match in EXERCISE.finditer(text.read_text())
        ]
        assert sorted(found) == sorted(exercise.names())


def test_a_notebook_out_of_step_is_told(build, tmp_path, capsys):
    text = tmp_path / "01-a.md"
    text.write_text("# A\n\n```{code-cell} ipython3\n1 + 1\n```\n", encoding="utf-8")
    notebook = build.read(text)
    assert build.sources(notebook) == [("markdown", "# A"), ("code", "1 + 1")]
    nbformat.write(notebook, text.with_suffix(".ipynb"))
    assert build.main(["--check", str(text)]) == 0
    text.write_text(text.read_text(encoding="utf-8").replace("1 + 1", "1 + 2"), encoding="utf-8")
    assert build.main(["--check", str(text)]) == 1
    assert "01-a.md: its notebook holds other cells" in capsys.readouterr().out


@pytest.mark.toolchain
def test_a_text_becomes_a_notebook_with_outputs(build, tmp_path, go, capsys):
    text = tmp_path / "01-a.md"
    text.write_text(
        "# A\n\n```{code-cell} ipython3\n%load_ext jupyter_goleak\n```\n\n"
        "```{code-cell} ipython3\n%%goleak --no-fix -o found\nselect {}\n```\n\n"
        "```{code-cell} ipython3\nassert found.verdict == 'deadlock'\n```\n",
        encoding="utf-8",
    )
    assert build.main([str(text)]) == 0
    (picture,) = [cell for cell in notebook_of(text).cells if cell.source.startswith("%%goleak")]
    assert any("text/html" in output.get("data", {}) for output in picture.outputs)
    text.write_text(text.read_text(encoding="utf-8").replace("'deadlock'", "'clean'"), encoding="utf-8")
    assert build.main([str(text)]) == 1
    assert "AssertionError" in capsys.readouterr().err


def test_the_site_has_a_page_for_each_notebook_and_asks_nobody(site, tmp_path):
    written = site.build(tmp_path)
    assert {path.name for path in written} >= {"index.html", *(f"{text.stem}.html" for text in TEXTS)}
    for path in written:
        page = path.read_text(encoding="utf-8")
        assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page), path
        assert "@import" not in page
        assert "<script" not in page
        for link in re.findall(r'href="([^"#:]+)"', page):
            assert (path.parent / link).is_file(), f"{path.name} leads to {link}"
    first = (tmp_path / "01-abandoned-receivers.html").read_text(encoding="utf-8")
    assert "data:image/svg+xml" in first
    assert "goroutines can never end" in first
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Abandoned receivers" in index
