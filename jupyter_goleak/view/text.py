"""A report as plain text, for terminals and for whoever reads without pictures. Needs neither Jupyter nor bokeh."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from jupyter_goleak.model import Attempt, Report, Run, Sample
from jupyter_goleak.stack_dump import short_function
from jupyter_goleak.view.output import visible
from jupyter_goleak.view.words import (
    Words,
    notes,
    numbers,
    others,
    place_word,
    variant_names,
    verdict_sentence,
    verdict_word,
)

WIDTH = 100
BARS = "▁▂▃▄▅▆▇█"
CHART = 48
MOST_GROUPS = 20
MOST_OTHERS = 6
SIGNS = {"clean": "✓", "leak": "✗", "deadlock": "■", "crash": "▲", "timeout": "◷", "build-error": "▲"}
_COLOURS = {"clean": "32", "leak": "31", "deadlock": "31", "crash": "31", "timeout": "33", "build-error": "31"}


def to_text(report: Report, words: Words | None = None, *, colour: bool = False, columns: int = WIDTH) -> str:
    """The report in a terminal's letters, without a line end behind the last line; with ANSI colours where asked.

    Sentences take at most so many columns, the table as many as it needs.
    """
    return "\n".join(_Writer(report, words or Words(), colour, columns).lines())


class _Writer:
    def __init__(self, report: Report, words: Words, colour: bool, columns: int) -> None:
        self._report, self._words, self._colour, self._columns = report, words, colour, columns

    def lines(self) -> Iterator[str]:
        report, words = self._report, self._words
        if report.error:
            yield self._paint("31", f"{SIGNS['build-error']} {words('The program does not compile.')}")
            yield from (f"  {visible(line)}" for line in report.error.message.splitlines())
            if report.original is None:
                return
            yield ""
        runs = [run for run in (report.original, report.fixed) if run is not None]
        peak = max((run.peak for run in runs), default=1)
        end = max((run.duration_s for run in runs), default=1.0)
        names = variant_names(words, exercise=report.exercise is not None)
        indent = max((_width(names[run.variant]) for run in runs), default=0) + 2
        for run in runs:
            yield from self._run(run, names[run.variant], indent, peak, end)
        # In an exercise the learner's own goroutines matter, not those of the program that was given.
        told = report.fixed if report.exercise else report.original
        if told:
            yield from self._groups(told)
        explained = [*report.leaks, *(told.alive if told else ())][:MOST_GROUPS]
        for reason in dict.fromkeys(group.explanation for group in explained if group.explanation):
            yield ""
            yield from self._wrapped(visible(reason))
        yield from self._fix()

    def _run(self, run: Run, name: str, indent: int, peak: int, end: float) -> Iterator[str]:
        words = self._words
        verdict = f"{SIGNS.get(run.verdict, '?')} {verdict_word(run, words)}"
        yield f"{_padded(name, indent)}{self._paint(_COLOURS.get(run.verdict, '0'), verdict)}: {verdict_sentence(run, words)}"
        if run.samples:
            yield f"{' ' * indent}{chart(run.samples, run.duration_s, end, peak)}"
        yield f"{' ' * indent}{numbers(run, words)}"
        for note in notes(run, words):
            yield from self._wrapped(note, " " * indent, " " * indent)

    def _groups(self, run: Run) -> Iterator[str]:
        groups = [*run.leaks, *run.alive]
        if not groups:
            return
        words = self._words
        kinds = {"proven": words("proven"), "likely": words("likely"), "alive": words("alive")}
        titles = ("Count", "Evidence", "State", "Function", "Blocked at line", "Started at line")
        rows = [tuple(words(title) for title in titles)]
        main = self._report.file
        for leak in groups[:MOST_GROUPS]:
            place = place_word(leak.file, leak.line, main)
            started = place_word(leak.go_file, leak.go_line, main)
            started += f" ({short_function(leak.created_by)})" if leak.created_by else ""
            function = " ".join((short_function(leak.function), *(f"[{tag}]" for tag in leak.tags)))
            rows.append((f"{leak.count:,}", kinds[leak.evidence], leak.state, function, place, started))
        rows = [tuple(map(visible, row)) for row in rows]
        widths = [max(_width(row[column]) for row in rows) for column in range(len(titles))]
        yield ""
        for row in rows:
            first = " " * (widths[0] - _width(row[0])) + row[0]
            rest = (_padded(text, width) for text, width in zip(row[1:], widths[1:], strict=True))
            yield "  ".join((first, *rest)).rstrip()
        if len(groups) > MOST_GROUPS:
            yield f"… +{len(groups) - MOST_GROUPS}"

    def _fix(self) -> Iterator[str]:
        fix, words = self._report.fix, self._words
        if fix is not None:
            yield ""
            proof = (
                words("not verified")
                if not fix.verified
                else words("verified in {n} runs", n=fix.runs)
                if fix.runs > 1
                else words("verified by running it")
            )
            yield from self._wrapped(f"{words('Fix')}: {visible(words.retell(fix.title))} ({proof})")
            if fix.why:
                yield from self._wrapped(words.retell(fix.why))
            for line in fix.diff.splitlines():
                if not line.startswith(("---", "+++")):
                    yield self._paint({"+": "32", "-": "31", "@": "36"}.get(line[:1], ""), f"  {visible(line)}")
        failed, untried = others(self._report.attempts, words, searched=self._report.searched)
        most = MOST_OTHERS if fix is not None else MOST_GROUPS
        if failed:
            yield ""
            yield f"{words('What else was tried')}:" if fix is not None else words("No fix was found. Tried:")
            yield from self._attempts(failed, most)
        if untried:
            yield from ("", *self._wrapped(untried))

    def _attempts(self, attempts: Sequence[Attempt], most: int) -> Iterator[str]:
        """What was tried, what became of it, and in short why."""
        retell = self._words.retell
        for attempt in attempts[:most]:
            reason = attempt.detail.partition("\n")[0]
            told = f"{retell(attempt.outcome)} ({visible(retell(reason))})" if reason else retell(attempt.outcome)
            yield from self._wrapped(f"{visible(retell(attempt.title))}: {told}", "  ", "    ")
        if len(attempts) > most:
            yield f"  … +{len(attempts) - most}"

    def _wrapped(self, text: str, first: str = "", rest: str = "") -> Iterator[str]:
        """Lines no wider than asked; a wide letter takes two columns, which `textwrap` does not know."""
        padded = "".join(f"{each}\0" if _width(each) == 2 else each for each in text)
        lines = textwrap.wrap(padded, self._columns, initial_indent=first, subsequent_indent=rest)
        return (line.replace("\0", "") for line in lines)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text


def chart(samples: tuple[Sample, ...], duration: float, end: float, peak: int) -> str:
    """The count over time as a row of small bars: each shows the highest count of its share of the time."""
    width = max(1, round(CHART * min(1.0, duration / end))) if end > 0 else 1
    tops = [0] * width
    for sample, following in zip(samples, (*samples[1:], None), strict=True):
        until = following.t if following else duration
        first = min(width - 1, int(width * sample.t / duration)) if duration > 0 else 0
        last = min(width - 1, int(width * until / duration)) if duration > 0 else 0
        for bar in range(first, max(first, last) + 1):
            tops[bar] = max(tops[bar], sample.count)
    return "".join(BARS[min(len(BARS) - 1, top * len(BARS) // (peak + 1))] for top in tops)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
