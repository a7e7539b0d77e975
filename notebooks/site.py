"""Plain pages of all notebooks: `python notebooks/site.py [FOLDER]` (`build/site`, unless named).

Each page shows the outputs that its notebook holds, and leads to its neighbours and to itself in the other languages. The
pages need no kernel, no script, no other host and no network: a folder that any web server, or a double click, can show.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
SITE = Path("build") / "site"
STYLE = (
    "body{font:17px/1.6 system-ui,sans-serif;max-width:46em;margin:2em auto 4em;padding:0 1em;color:#1b1b1b;"
    "background:#fff;overflow-wrap:break-word}:lang(ko){word-break:keep-all}"
    "a{color:#0b5cad}li{margin:.4em 0}nav{font-size:15px}nav a+a{margin-left:1.5em}.anchor-link{display:none}"
    "table{display:block;overflow-x:auto;font-size:15px}td,th{padding:.2em .6em;text-align:left}"
    "pre{overflow-x:auto;font-size:14px;line-height:1.4;tab-size:4}"
    ".input_area pre{padding:.6em .8em}.output_area pre{white-space:pre-wrap}"
    "@media(min-width:36em){.text_cell :not(pre)>code{white-space:nowrap}}"
)


class Language(NamedTuple):
    """What a page says in one language beside its notebook's own words."""

    name: str
    title: str
    contents: str


LANGUAGES = {
    "en": Language("English", "Goroutine leaks", "Contents"),
    "ko": Language("한국어", "고루틴 누수", "차례"),
}


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


def page(notebook: NotebookNode, language: str, navigation: str = "") -> str:
    """One notebook as one HTML text; links lead from page to page."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(".ipynb)", ".html)")
    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True, mathjax_url="", require_js_url=""
    )
    body, resources = exporter.from_notebook_node(notebook)
    style = "\n".join(resources["inlining"]["css"])
    return _document(title_of(notebook), language, f"{navigation}\n{body}\n{navigation}", f"<style>{style}</style>")


def index(pages: list[tuple[str, str]], language: str, others: list[str]) -> str:
    """The page that leads to all of one language: pairs of file name and title."""
    title = LANGUAGES[language].title
    items = "\n".join(f'<li value="{name[:2]}">{_link(name, heading)}</li>' for name, heading in pages)
    links = "".join(_other(language, other, "index.html") for other in others)
    return _document(title, language, f"<nav>{links}</nav>\n<h1>{title}</h1>\n<ol>\n{items}\n</ol>")


def build(folder: Path) -> list[Path]:
    """Write all pages, and an index for each language; returns what was written."""
    read = {path: nbformat.read(path, as_version=4) for path in notebooks()}
    titles: dict[str, list[tuple[str, str]]] = {}
    for path, notebook in read.items():
        titles.setdefault(language_of(path), []).append((f"{path.stem}.html", title_of(notebook)))
    written = []
    for language, pages in titles.items():
        target = folder / _way("en", language) / "index.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(index(pages, language, [each for each in titles if each != language]), encoding="utf-8")
        written.append(target)
    for path, notebook in read.items():
        language, name = language_of(path), f"{path.stem}.html"
        target = folder / _way("en", language) / name
        target.write_text(page(notebook, language, _navigation(name, language, titles)), encoding="utf-8")
        written.append(target)
    return written


def _navigation(name: str, language: str, titles: dict[str, list[tuple[str, str]]]) -> str:
    """The way from one page to the contents, to its neighbours and to other languages."""
    pages = titles[language]
    here = next(number for number, (each, _) in enumerate(pages) if each == name)
    links = [_link("index.html", LANGUAGES[language].contents)]
    links += [_link(before, f"←\N{NO-BREAK SPACE}{title}") for before, title in pages[max(here - 1, 0) : here]]
    links += [_link(after, f"{title}\N{NO-BREAK SPACE}→") for after, title in pages[here + 1 : here + 2]]
    links += [
        _other(language, other, name)
        for other, there in titles.items()
        if other != language and name in (each for each, _ in there)
    ]
    return f"<nav>{''.join(links)}</nav>"


def _link(name: str, text: str) -> str:
    return f'<a href="{name}">{html.escape(text)}</a>'


def _other(here: str, there: str, name: str) -> str:
    return f'<a href="{_way(here, there)}{name}" lang="{there}" hreflang="{there}">{LANGUAGES[there].name}</a>'


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
    print(f"{len(written)} pages; begin with {written[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
