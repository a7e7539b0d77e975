"""The course without running it: text and notebook hold the same cells, each translation the code of its English notebook;
exercises are the ones that are judged, and the pages made of it need nothing else."""

from __future__ import annotations

import base64
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from jupyter_goleak import exercise
from jupyter_goleak.view.words import LOCALE

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
TEXTS = sorted(NOTEBOOKS.rglob("[0-9][0-9]-*.md"))
ENGLISH = [text for text in TEXTS if text.parent == NOTEBOOKS]
TRANSLATIONS = [text for text in TEXTS if text.parent != NOTEBOOKS]
LANGUAGES = sorted(path.name for path in LOCALE.iterdir() if path.is_dir())
# The script that a language is written in, where that tells it from English.
SCRIPTS = {"ko": re.compile("[가-힣]")}
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

    def test_its_outputs_speak_its_language(self, build, text):
        language = build.language_of(text)
        told = [
            alternative
            for cell in notebook_of(text).cells
            for output in cell.get("outputs", ())
            for alternative in re.findall(r'<img alt="([^"]+)"', output.get("data", {}).get("text/html", ""))
        ]
        assert told
        for each in told:
            for name, script in SCRIPTS.items():
                assert bool(script.search(each)) == (name == language), each

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


def test_the_whole_course_is_there_in_every_language():
    assert sorted(SCRIPTS) == LANGUAGES
    for language in LANGUAGES:
        found = [text.name for text in TRANSLATIONS if text.parent == NOTEBOOKS / language]
        assert found == [text.name for text in ENGLISH], language


@pytest.mark.parametrize("text", TRANSLATIONS, ids=named)
def test_a_translation_is_in_step_with_its_english_notebook(build, text):
    found = build.differences(build.read(NOTEBOOKS / text.name), build.read(text))
    assert not found, "\n".join([named(text), *found])


CELL = "```{code-cell} ipython3\n1 + 1\n```\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("1 + 1", "1 + 2", "cell 1, line 1: '1 + 2', and '1 + 1' in English"),
        ("1 + 1", "1 + 1\n2", "cell 1, line 1: '1 + 1\\n', and '1 + 1' in English"),
        ("# A", "# B\n\n## C", "cell 0 has the headings ['#', '##'], and ['#'] in English"),
        (CELL, "+++\n\nB\n", "cell 1 is markdown, and code in English"),
        (CELL, "", "1 cells, and 2 in English"),
    ],
)
def test_what_is_out_of_step_is_named(build, tmp_path, old, new, told):
    english, translation = tmp_path / "01-a.md", tmp_path / "01-b.md"
    english.write_text(f"# A\n\n{CELL}", encoding="utf-8")
    translation.write_text(english.read_text(encoding="utf-8").replace("# A", "# B"), encoding="utf-8")
    assert build.differences(build.read(english), build.read(translation)) == []
    translation.write_text(english.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert build.differences(build.read(english), build.read(translation)) == [told]


@pytest.mark.parametrize("name", exercise.names())
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exercise_has_its_task_and_as_many_hints_in_every_language(name, language):
    english, translated = exercise.load(name), exercise.load(name, language)
    assert len(translated.hints) == len(english.hints), f"{name} has other hints in {language}"
    for number, text in enumerate((translated.task, *translated.hints)):
        where = f"{name}: " + (f"hint {number}" if number else "the task")
        assert SCRIPTS[language].search(text), f"{where} does not speak {language}"


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
    folders = [tmp_path, *(tmp_path / language for language in LANGUAGES)]
    pages = ["index.html", *(f"{text.stem}.html" for text in ENGLISH)]
    assert sorted(written) == sorted(folder / page for folder in folders for page in pages)
    for path in written:
        page = path.read_text(encoding="utf-8")
        for other in folders:
            twin = os.path.relpath(other / path.name, path.parent)
            assert (f'href="{twin}" lang=' in page) == (other != path.parent), f"{path} and {twin}"
        assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page), path
        assert "@import" not in page
        assert "<script" not in page
        for link in re.findall(r'href="([^"#:]+)"', page):
            assert (path.parent / link).is_file(), f"{path.name} leads to {link}"
    first = (tmp_path / "01-abandoned-receivers.html").read_text(encoding="utf-8")
    assert "data:image/svg+xml" in first
    assert "goroutines can never end" in first
    for index, language, title in ((tmp_path, "en", "Abandoned receivers"), (tmp_path / "ko", "ko", "버려진 수신자")):
        page = (index / "index.html").read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in page and title in page
