"""A report as a still: the form that shows where no script may run, as in a notebook that nobody trusts, on GitHub or nbviewer.

Such places strip inline `<svg>`, `<style>` and every script, but keep an `<img>` with its data inside, tables, `<details>`
and inline styles; so that is all that is used here. Whatever comes from a program is escaped.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Sequence

from jupyter_goleak.model import Attempt, Leak, Report, Run
from jupyter_goleak.view import drawing
from jupyter_goleak.view.output import Output, visible
from jupyter_goleak.view.picture import picture
from jupyter_goleak.view.source import Row, diff_rows
from jupyter_goleak.view.state import scene_of
from jupyter_goleak.view.words import Words, notes, others, place_word, variant_names, verdict_sentence

MOST_GROUPS = 40
# In a notebook that is trusted but has lost its kernel, the output above holds nothing but the words that a widget is missing.
_TIDY = "<style>.jp-OutputArea-child:has(+.jp-OutputArea-child .goleak-static):not(:has(.goleak)){display:none}</style>"
_CELL = "text-align:left;padding:6px 16px 6px 0;border-bottom:1px solid rgba(128,128,128,.3);vertical-align:baseline"
_MONO = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:12.5px;line-height:1.55"
_PRE = f"{_MONO};white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0;padding:8px 12px;unicode-bidi:isolate"
_SIGNS = {"+": "background:rgba(0,150,110,.16)", "-": "background:rgba(210,80,10,.16)"}
_TOKENS = {"comment": "opacity:.7;font-style:italic", "keyword": "font-weight:600"}


def to_svg(report: Report, words: Words | None = None) -> str:
    """The picture as an SVG document."""
    return drawing.to_svg(picture(scene_of(report, report.file, words)))


def to_png(report: Report) -> bytes:
    """The picture as PNG, in English. Raises ModuleNotFoundError where Pillow is missing."""
    return drawing.to_png(picture(scene_of(report, report.file, Words("en"))))


def to_data_uri(report: Report, words: Words | None = None) -> str:
    """The picture as an address that holds the SVG itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(to_svg(report, words).encode()).decode()


def to_html(report: Report, words: Words | None = None) -> str:
    """The report as a fragment of HTML: the picture, why, the table of what was left, the fix, the output."""
    words = words or Words()
    return f'<div class="goleak-static">{_TIDY}{"".join(_parts(report, words))}</div>'


def _parts(report: Report, words: Words) -> Iterator[str]:
    runs = [run for run in (report.original, report.fixed) if run is not None]
    if report.error:
        where = f" ({words('line {line}', line=report.error.line)})" if report.error.line else ""
        yield f"<p><b>{_text(words('The program does not compile.'))}</b>{_text(where)}</p>"
        yield f'<pre style="{_PRE}">{_text(report.error.message)}</pre>'
    if runs:
        names = variant_names(words, exercise=report.exercise is not None)
        said = " ".join(f"{names[run.variant]}: {verdict_sentence(run, words)}" for run in runs)
        yield f'<img alt="{_text(said)}" src="{to_data_uri(report, words)}" style="max-width:100%;height:auto;background:#fff"/>'
    for note in dict.fromkeys(note for run in runs for note in notes(run, words)):
        yield f"<p>{_text(note)}</p>"
    # In an exercise the learner's own goroutines matter, not those of the program that was given.
    told = report.fixed if report.exercise else report.original
    explained = [*report.leaks, *(told.alive if told else ())][:MOST_GROUPS]
    reasons = dict.fromkeys(group.explanation for group in explained if group.explanation)
    yield from (f'<p style="font-size:15px">{_coded(reason)}</p>' for reason in reasons)
    if told and (told.leaks or told.alive):
        yield _table(told, report.file, words)
    if report.fix:
        yield f"<p><b>{_coded(words.retell(report.fix.title))}</b></p>"
        if report.fix.why:
            yield f"<p>{_coded(words.retell(report.fix.why))}</p>"
        yield f'<pre style="{_PRE}">{"".join(map(_diff_row, diff_rows(report.fix.diff)))}</pre>'
    failed, untried = others(report.attempts, words, searched=report.searched)
    if failed:
        yield _attempts(failed, words, fixed=report.fix is not None)
    if untried:
        yield f"<p>{_text(untried)}</p>"
    for run in runs:
        if run.stdout or run.stderr:
            yield _output(run, words, exercise=report.exercise is not None)


def _attempts(attempts: Sequence[Attempt], words: Words, *, fixed: bool) -> str:
    title = words("What else was tried") if fixed else words("No fix was found. Tried:")
    rows = "".join(
        f"<li>{_coded(words.retell(each.title))}: {_text(words.retell(each.outcome))}</li>"
        for each in attempts[:MOST_GROUPS]
    )
    return f"<details{'' if fixed else ' open'}><summary>{_text(title)}</summary><ul>{rows}</ul></details>"


def _table(run: Run, main: str, words: Words) -> str:
    titles = ("Count", "Evidence", "State", "Function", "Blocked at line", "Started at line")
    head = "".join(f'<th scope="col" style="{_CELL}">{_text(words(title))}</th>' for title in titles)
    groups = [*run.leaks, *run.alive]
    rows = "".join(f"<tr>{_cells(leak, main, words)}</tr>" for leak in groups[:MOST_GROUPS])
    more = f"<p>… +{len(groups) - MOST_GROUPS}</p>" if len(groups) > MOST_GROUPS else ""
    return f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _cells(leak: Leak, main: str, words: Words) -> str:
    evidence = {"proven": words("proven"), "likely": words("likely"), "alive": words("alive")}[leak.evidence]
    started = f"{place_word(leak.go_file, leak.go_line, main)} {leak.created_by}"
    function = " ".join((leak.function, *(f"[{tag}]" for tag in leak.tags)))
    values = (f"{leak.count:,}", evidence, leak.state, function, place_word(leak.file, leak.line, main), started)
    return "".join(f'<td style="{_CELL}">{_text(value)}</td>' for value in values)


def _diff_row(row: Row) -> str:
    if row.sign == "@":
        return "⋯\n"
    line = "".join(
        f'<span style="{_TOKENS[kind]}">{_text(text)}</span>' if kind in _TOKENS else _text(text)
        for kind, text in row.tokens
    )
    return f'<span style="{_SIGNS.get(row.sign, "")}">{row.new or row.old:>4} {row.sign} {line}</span>\n'


def _output(run: Run, words: Words, *, exercise: bool) -> str:
    output = Output()
    output.write(0.0, "stdout", run.stdout)
    output.write(0.0, "stderr", run.stderr)
    shown = "".join(
        f'<span style="{_style(piece.style)}">{_text(piece.text)}</span>' if piece.style else _text(piece.text)
        for piece in output.pieces()
    )
    if exercise:
        name = {"original": words("Output of the given program"), "fixed": words("Output of your program")}[run.variant]
    else:
        name = {"original": words("Output of the original"), "fixed": words("Output of the fixed variant")}[run.variant]
    return f'<details><summary>{_text(name)}</summary><pre style="{_PRE}">{shown}</pre></details>'


_COLOURS = ("#3b4048", "#c6372c", "#00795c", "#8f6a00", "#2a6fc9", "#a0458f", "#00778a", "#7c848f") * 2
_FONTS = {
    "bold": "font-weight:700",
    "dim": "opacity:.65",
    "italic": "font-style:italic",
    "underline": "text-decoration:underline",
}


def _style(style: str) -> str:
    """A style's words as inline CSS."""
    rules = []
    for word in style.split():
        side, _, rest = word.partition("-") if "-" in word else (word[:2], "", word[2:])
        if word in _FONTS:
            rules.append(_FONTS[word])
        elif side in ("fg", "bg"):
            colour = rest if rest.startswith("#") else _COLOURS[int(rest)]
            rules.append(f"{'color' if side == 'fg' else 'background'}:{colour}")
    return ";".join(rules)


def _coded(sentence: str) -> str:
    return "".join(
        f'<code style="{_MONO}">{_text(part)}</code>' if index % 2 else _text(part)
        for index, part in enumerate(sentence.split("`"))
    )


def _text(text: str) -> str:
    return html.escape(visible(text), quote=True)
