"""Plain pages of all notebooks: `python notebooks/site.py [FOLDER]` (`build/site`, unless named).

Each page shows the outputs that its notebook holds. The pages need no kernel, no script of any other host and no network: a
folder that any web server, or a double click, can show.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
SITE = Path("build") / "site"
LANGUAGES = {"en": "English", "ko": "한국어"}
STYLE = (
    "body{font:17px/1.6 system-ui,sans-serif;max-width:44em;margin:3em auto;padding:0 1em;color:#1b1b1b;background:#fff}"
    "a{color:#0b5cad}li{margin:.4em 0}.anchor-link{display:none}td,th{padding:.2em .6em;text-align:left}"
    "pre{overflow-x:auto;font-size:14px;line-height:1.4;tab-size:4}"
)


def notebooks() -> list[Path]:
    """All notebooks, in the order in which one reads them; each language in a folder of its own but English."""
    found = (path for path in HERE.rglob("[0-9][0-9]-*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    return sorted(found, key=lambda path: (language_of(path) != "en", language_of(path), path.name))


def language_of(path: Path) -> str:
    return "en" if path.parent == HERE else path.parent.name


def title_of(notebook: NotebookNode) -> str:
    """The first heading."""
    lines = (line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines())
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), "Untitled")


def page(notebook: NotebookNode, language: str) -> str:
    """One notebook as one HTML text; links lead from page to page."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(".ipynb)", ".html)")
    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True, mathjax_url="", require_js_url=""
    )
    body, resources = exporter.from_notebook_node(notebook)
    style = "\n".join(resources["inlining"]["css"])
    return _document(
        title_of(notebook), language, f'<p><a href="index.html">⟵</a></p>\n{body}', f"<style>{style}</style>"
    )


def index(pages: list[tuple[str, str]], language: str, others: list[str]) -> str:
    """The page that leads to all of one language: pairs of file name and title."""
    items = "\n".join(f'<li><a href="{name}">{html.escape(title)}</a></li>' for name, title in pages)
    links = " · ".join(
        f'<a href="{_way(language, other)}index.html" lang="{other}">{LANGUAGES.get(other, other)}</a>'
        for other in others
    )
    return _document("Goroutine leaks", language, f"<h1>Goroutine leaks</h1>\n<ul>\n{items}\n</ul>\n<p>{links}</p>")


def build(folder: Path) -> list[Path]:
    """Write all pages, and an index for each language; returns what was written."""
    by_language: dict[str, list[tuple[str, str]]] = {}
    written = []
    for path in notebooks():
        language = language_of(path)
        notebook = nbformat.read(path, as_version=4)
        target = folder / _way("en", language) / f"{path.stem}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        by_language.setdefault(language, []).append((target.name, title_of(notebook)))
        target.write_text(page(notebook, language), encoding="utf-8")
        written.append(target)
    for language, pages in by_language.items():
        target = folder / _way("en", language) / "index.html"
        others = [other for other in by_language if other != language]
        target.write_text(index(pages, language, others), encoding="utf-8")
        written.append(target)
    return written


def _way(here: str, there: str) -> str:
    """From a page of one language to the folder of the other; English stands at the top."""
    return ("../" if here != "en" else "") + (f"{there}/" if there != "en" else "")


def _document(title: str, language: str, body: str, head: str = "") -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{html.escape(title)}</title>\n'
        f"{head}\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def main(arguments: list[str]) -> int:
    written = build(Path(arguments[0]) if arguments else SITE)
    print(f"{len(written)} pages; begin with {written[0].parent / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
