"""The words of the view, in the reader's language, through gettext catalogues.

English is the language of the code, so a missing catalogue or a missing entry means English. Others live in
`locale/<language>/LC_MESSAGES/jupyter_goleak.po`, compiled beside it to `.mo`.
"""

from __future__ import annotations

import gettext
import locale
import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_goleak.model import Attempt, Run, Variant
from jupyter_goleak.view.output import visible

DOMAIN = "jupyter_goleak"
LOCALE = Path(__file__).parent / "locale"
ENGINE = "engine"
"""The context, in a catalogue, of what the engine tells in English with its values already in it."""

# What such a sentence holds that is no word of it: code, and numbers.
_VALUE = re.compile(r"`[^`]*`|\d+(?:\.\d+)*")
# Where a sentence is cut that is not known as a whole: between sentences, then between the parts of one; never in code.
_CUTS = tuple(re.compile(rf"((?:`[^`]*`|(?!{gap})[^`])+)({gap})([\s\S]*)") for gap in (r"(?<=\.) ", " …", "; ", ": "))
# How the race detector ends a program, and the two accesses in its report, each with its innermost call.
_RACES = 66
_RACE = "WARNING: DATA RACE"
_ACCESS = re.compile(
    r"^(?:Previous )?(?:atomic )?(?:read|write) at 0x\w+ by .*:\n +\S.*\n +(?:.*/)?(\S+:\d+)", re.I | re.M
)

# How the runtime, its race detector and the package flag begin to say why they end a program; a trace or the usage follows.
_CAUSE = re.compile(
    r"panic: |fatal error: |WARNING: DATA RACE$|SIG[A-Z]+: |flag (?:provided but not defined|needs an argument): |"
    r"invalid (?:boolean )?value \".*\" for (?:flag )?-"
)

_chosen = ""


def speak(language: str = "") -> None:
    """Let everything that is told no language speak this one from now on; with "" the locale's again."""
    global _chosen
    _chosen = language


def languages() -> list[str]:
    """The languages that there are words in: English, and those with a catalogue."""
    return sorted(
        ["en", *(each.name for each in LOCALE.iterdir() if (each / "LC_MESSAGES" / f"{DOMAIN}.mo").is_file())]
    )


def preferred_language(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the user's locale asks for, as `ko` or `en`."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return environment[name].split(":")[0].split(".")[0].split("_")[0].lower() or "en"
    return (locale.getlocale()[0] or "en").split("_")[0].lower()


class Words:
    """One language's words. Called with an English sentence and values it says the sentence in that language."""

    def __init__(self, language: str | None = None) -> None:
        self.language = language or _chosen or preferred_language()
        self._catalogue = gettext.translation(DOMAIN, LOCALE, [self.language], fallback=True)

    def __call__(self, sentence: str, **values: object) -> str:
        return self._catalogue.gettext(sentence).format(**values)

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """The sentence for one thing or for `n` of them; `{n}` stands for the number, with its thousands apart."""
        return self._catalogue.ngettext(one, many, n).format(n=f"{n:,}", **values)

    def retell(self, told: str) -> str:
        """What the engine has told in English (a title, a reason, a note), in this language; as it is where it has no words.

        The catalogue holds such a sentence with `{1}`, `{2}`, … in the places of its code and its numbers. One that is put
        together from several is retold part by part.
        """
        values: list[str] = []

        def place(value: re.Match[str]) -> str:
            values.append(value[0])
            return f"{{{len(values)}}}"

        sentence = _VALUE.sub(place, told)
        said = self._catalogue.pgettext(ENGINE, sentence)
        if said != sentence:
            return said.format("", *values)
        for cut in _CUTS:
            if parts := cut.fullmatch(told):
                return self.retell(parts[1]) + parts[2] + self.retell(parts[3])
        return told

    def catalogue(self) -> dict[str, str]:
        """Every entry, for the page, whose script speaks English unless told otherwise.

        A sentence with a plural stands under its singular; languages with a catalogue so far have one form for both.
        """
        entries: dict[str | tuple[str, int], str] = getattr(self._catalogue, "_catalog", {})
        simple = {key: value for key, value in entries.items() if isinstance(key, str) and key and "\x04" not in key}
        return simple | {key[0]: value for key, value in entries.items() if isinstance(key, tuple) and key[1] == 0}


def seconds(duration: float) -> str:
    """A time span as one reads it: `0.42 s`, `12.3 s`, `3 min 20 s`."""
    if duration < 9.995:
        return f"{duration:.2f} s"
    if duration < 99.95:
        return f"{duration:.1f} s"
    return f"{duration // 60:.0f} min {duration % 60:.0f} s"


def verdict_word(run: Run, words: Words) -> str:
    """A run's verdict in a word or two, for a badge."""
    if run.verdict == "timeout" and run.stopped in ("user", "for"):
        return words("stopped")
    return {
        "clean": words("clean"),
        "leak": words("leak"),
        "deadlock": words("deadlock"),
        "crash": words("crash"),
        "timeout": words("time-out"),
        "build-error": words("does not compile"),
    }.get(run.verdict, run.verdict)


def variant_names(words: Words, *, exercise: bool = False) -> dict[Variant, str]:
    """What the two variants are called; in an exercise the original is the given program, and the other the learner's."""
    if exercise:
        return {"original": words("the given program"), "fixed": words("your program")}
    return {"original": words("original"), "fixed": words("fixed")}


def place_word(file: str, line: int | None, main: str) -> str:
    """A line as one says it: its number, with the file's name where that is not the main one."""
    return "–" if line is None else str(line) if file in ("", main) else f"{file}:{line}"


def last_words(run: Run) -> str:
    """Why a run ended, as the runtime or the package flag worded it, or else the last line on standard error."""
    lines = [line.strip() for line in run.stderr.splitlines() if line.strip()]
    first = visible(next(filter(_CAUSE.match, lines), lines[-1] if lines else ""))
    return first if len(first) <= 120 else f"{first[:119]}…"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _race(run: Run, words: Words) -> str:
    places = list(dict.fromkeys(_ACCESS.findall(run.stderr)))
    if not places:
        return ""
    return words("The race detector reported a data race: {places}.", places=", ".join(places[:2]))


def _crash(run: Run, words: Words) -> str:
    message, race = last_words(run), _race(run, words)
    if race and (run.exit_code == _RACES or message == _RACE):
        return race
    failed = [line.split()[2] for line in run.stdout.splitlines() if line.startswith("--- FAIL: ")]
    if not _CAUSE.match(message):
        if run.exit_code is not None and run.exit_code < 0:
            return words("The signal {signal} ended it.", signal=_signal_name(-run.exit_code))
        if failed:
            return words("Failed: {tests} (exit code {code}).", tests=visible(", ".join(failed)), code=run.exit_code)
    if message:
        return words("It crashed: {message} (exit code {code}).", message=message, code=run.exit_code)
    return words("It ended with exit code {code}.", code=run.exit_code)


def numbers(run: Run, words: Words) -> str:
    """What was counted in a run."""
    return words(
        "peak {peak} · at the end {end} · started {created} · time {time}",
        peak=f"{run.peak:,}",
        end=f"{run.end:,}",
        created=f"{run.created:,}",
        time=seconds(run.duration_s),
    )


def others(attempts: Sequence[Attempt], words: Words, *, searched: bool) -> tuple[list[Attempt], str]:
    """Of the attempts those that failed, and in a sentence how many were left out, or that a search came to none; "" else."""
    if searched and not attempts:
        return [], words("No edit was found that is sure to be right.")
    failed = [each for each in attempts if each.outcome != "verified" and (each.outcome != "not tried" or each.detail)]
    n = sum(each.outcome == "not tried" and not each.detail for each in attempts)
    return failed, words.count("{n} other edit was not tried.", "{n} other edits were not tried.", n) if n else ""


def verdict_sentence(run: Run, words: Words) -> str:
    """What became of a run, in one sentence; of one that crashed and leaked, in two."""
    proven = sum(leak.count for leak in run.leaks if leak.evidence == "proven")
    likely = sum(leak.count for leak in run.leaks if leak.evidence == "likely")
    if run.verdict == "deadlock":
        return words("All goroutines are asleep: the program waits for itself.")
    if run.verdict == "crash":
        if not run.leaks:
            return _crash(run, words)
        return f"{_crash(run, words)} {verdict_sentence(replace(run, verdict='leak'), words)}"
    if run.verdict == "build-error":
        return words("The program does not compile.")
    if proven:
        return words.count("{n} goroutine can never end.", "{n} goroutines can never end.", proven + likely)
    if likely:
        return words.count("{n} goroutine seems stuck for good.", "{n} goroutines seem stuck for good.", likely)
    if run.stopped == "user":
        return words("You stopped it after {time}; no leak was seen until then.", time=seconds(run.duration_s))
    if run.stopped == "for":
        return words("It ran for {time}, as asked; no leak was seen.", time=seconds(run.duration_s))
    if run.verdict == "timeout":
        return words("Stopped after {time}: it did not end by itself.", time=seconds(run.duration_s))
    if not run.end_seen:
        return words("No leak was seen, but nobody could look at what it left.")
    if run.alive:
        n = sum(each.count for each in run.alive)
        return words.count(
            "No leak; {n} goroutine was still at work.", "No leak; {n} goroutines were still at work.", n
        )
    if run.ignored:
        return words.count("No leak but {n} that is ignored.", "No leak but {n} that are ignored.", run.ignored)
    if run.explored.runs > 1:
        return words("Every goroutine ended, in each of {n} runs.", n=run.explored.runs)
    return words("Every goroutine ended.")


def notes(run: Run, words: Words) -> list[str]:
    """What a reader must know to weigh a run's findings: why nothing could be proven, what was left out, and a race where the
    verdict tells of something else."""
    ignored = words("ignored: {n}", n=run.ignored) if run.ignored else ""
    race = _race(run, words)
    told = run.verdict == "crash" and _crash(run, words) == race
    return [note for note in (words.retell(run.note), ignored, "" if told else race) if note]
