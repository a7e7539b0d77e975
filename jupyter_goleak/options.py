"""What a user may ask for, said once: an option has one name in the terminal, the magic, `check()` and `%config`.

`OPTIONS` is the table; `Options` holds one set of parsed values. Durations are written as in Go (`500ms`, `20s`,
`1m30s`; a bare number is seconds) and held as float seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from jupyter_goleak.errors import UsageError

Place = Literal["everywhere", "notebook", "terminal"]

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def text(value: Any) -> str:
    """A text, or a path as one, that a process can be handed. Raises UsageError for anything else."""
    given = _encodable(os.fspath(value) if isinstance(value, os.PathLike) else value)
    if "\0" in given:
        raise UsageError(f"{given!r} holds the character NUL, which no process can be handed.")
    return given


def _encodable(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{value!r} is not a text.")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError(f"{value!r} is not Unicode text: it holds half of a surrogate pair.") from None
    return value


def duration(value: str | float) -> float:
    """Seconds in a duration as Go writes it. Raises UsageError for anything else, or for a negative one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:
            seconds = float("inf")
    else:
        stripped = value.strip() if isinstance(value, str) else ""
        positive = stripped.removeprefix("-")
        parts = _DURATION_PART.findall(positive)
        if parts and "".join(number + unit for number, unit in parts) == positive:
            seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
            seconds = -seconds if stripped != positive else seconds
        else:
            try:
                seconds = float(stripped)
            except ValueError:
                raise UsageError(
                    f"{value!r} is not a duration: write it as in Go, such as 500ms, 20s or 1m30s."
                ) from None
    if not 0 <= seconds < float("inf"):
        raise UsageError(f"{value!r} is not a duration: it must not be negative, and it must end.")
    return seconds


def assignment(value: str | tuple[str, str]) -> tuple[str, str]:
    """`K=V`, or `K` and `V`, as a pair. Raises UsageError where there is no name before the first `=`."""
    if isinstance(value, tuple) and len(value) == 2:
        name, content = map(text, value)
        equals = "" if "=" in name else "="
    else:
        name, equals, content = text(value).partition("=")
    if not equals or not name:
        raise UsageError(f"{value!r} is not NAME=VALUE.")
    return name, content


def whole(value: str | int) -> int:
    """A whole number. Raises UsageError for anything else."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            return int(value)
    raise UsageError(f"{value!r} is not a whole number.")


def positive(value: str | int) -> int:
    """A whole number from 1 up. Raises UsageError for anything else."""
    with contextlib.suppress(UsageError):
        if (number := whole(value)) > 0:
            return number
    raise UsageError(f"{value!r} is not a whole number from 1 up.")


def words(value: str | Iterable[str]) -> tuple[str, ...]:
    """Words split as a shell splits them. Raises UsageError where a quote is never closed."""
    if not isinstance(value, (str, bytes)) and isinstance(value, Iterable):
        return tuple(map(text, value))
    try:
        return tuple(shlex.split(text(value)))
    except ValueError as problem:
        raise UsageError(f"This cannot be split into words ({problem}): {value!r}.") from None


def standard_input(value: str) -> str:
    """The text itself, or with a leading `@` the content of that file. Raises UsageError where it cannot be read."""
    if not _encodable(value).startswith("@"):
        return value
    if value == "@":
        raise UsageError("'@' names no file: write @FILE, or the text itself.")
    try:
        # Not as text: that would make other line ends of the file's own.
        return Path(os.path.expanduser(text(value[1:]))).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as problem:
        raise UsageError(f"{value[1:]} cannot be read: {problem.strerror or problem}.") from None


def pattern(value: str) -> str:
    """A regular expression that compiles. Raises UsageError where it does not."""
    expression = text(value)
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError) as problem:
        raise UsageError(f"{value!r} is not a regular expression: {problem}.") from None
    return expression


def yes_or_no(value: bool) -> bool | None:
    """True, or None for False. Raises UsageError for anything else: a text such as "no" would count as True."""
    if not isinstance(value, bool):
        raise UsageError(f"{value!r} is neither True nor False.")
    return value or None


def _several(value: Any) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        return tuple(value.items())
    if not isinstance(value, (str, bytes)) and isinstance(value, Iterable):
        return tuple(value)
    return (value,)


@dataclass(frozen=True, slots=True)
class Options:
    """One request, parsed. Field names are the options' names with `_` for `-`."""

    name: str | None = None
    fixes: str | None = None
    no_fix: bool = False
    repair_budget: float = 20.0
    timeout: float = 60.0
    for_: float | None = None
    settle: float = 1.0
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    stdin: str = ""
    race: bool = False
    tags: str = ""
    gomaxprocs: int | None = None
    explore: int | None = None
    seed: int | None = None
    go: str | None = None
    ignore: tuple[str, ...] = ()
    ancestry: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Options:
        """Options from parsed arguments; what is None, or belongs to the notebook or terminal alone, is passed over."""
        known = {each.name for each in fields(cls)}
        given: dict[str, Any] = {key: value for key, value in values.items() if key in known and value is not None}
        lists: dict[str, Any] = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
        return cls(**(given | lists))

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Options:
        """Options from Python's keyword arguments: text is read as on the command line, other values stand as they are.

        Raises UsageError for a name that is none of the options, and for a value that its option cannot have.
        """
        rows = {option.dest: option for option in options_for("terminal")}
        parsed: dict[str, Any] = {}
        for name, value in values.items():
            row = rows.get("for_" if name == "for" else name)
            if row is None:
                raise UsageError(f"check() has no option {name!r}; it takes: {', '.join(rows)}.")
            parsed[row.dest] = row.read(value)
        return cls.of(parsed).outside_of_cells()

    def outside_of_cells(self) -> Options:
        """These options. Raises UsageError where they name what only another cell of a notebook can hold."""
        if self.fixes is not None:
            raise UsageError(
                f"--fixes {self.fixes} speaks of the program of another cell, which only a notebook has: "
                "leave it out to run this program by itself."
            )
        return self


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table: how an option is spelled, read and explained."""

    flag: str
    help: str
    parse: Callable[[Any], Any] | None = None
    metavar: str | None = None
    repeated: bool = False
    place: Place = "everywhere"
    short: str | None = None
    configurable: bool = False

    @property
    def dest(self) -> str:
        name = self.flag.removeprefix("--").replace("-", "_")
        return name + "_" if name == "for" else name

    @property
    def names(self) -> tuple[str, ...]:
        return (self.short, self.flag) if self.short else (self.flag,)

    def read(self, value: Any) -> Any:
        """A value given in Python: text and what one text would stand for are both understood."""
        if value is None:
            return None
        parse = self.parse or yes_or_no
        try:
            return tuple(map(parse, _several(value))) if self.repeated else parse(value)
        except UsageError as problem:
            raise UsageError(f"{self.flag}: {problem}") from None

    def argument(self) -> dict[str, Any]:
        """Keyword arguments for `argparse`'s `add_argument` and IPython's `@argument`."""
        if self.parse is None:
            return {"dest": self.dest, "action": "store_true", "default": None, "help": self.help}
        parse = self.parse

        def convert(given: str) -> Any:
            try:
                return parse(given)
            except UsageError as problem:
                raise argparse.ArgumentTypeError(str(problem)) from None

        action = {"action": "append"} if self.repeated else {}
        return {
            "dest": self.dest,
            "type": convert,
            "metavar": self.metavar,
            "default": None,
            "help": self.help,
            **action,
        }


OPTIONS: tuple[Option, ...] = (
    Option("--name", "Call this cell's program A, so that a later cell can fix it.", text, "A"),
    Option("--fixes", "This cell holds the fixed variant of the program called A (_: the last one).", text, "A"),
    Option("--no-fix", "Run the original alone; look for no fix.", configurable=True),
    Option("--repair-budget", "Time that the search for a fix may take (20s).", duration, "TIME", configurable=True),
    Option("--timeout", "Stop a program that has not ended by then (60s).", duration, "TIME", configurable=True),
    Option("--for", "Run a program that never ends for that long, then report.", duration, "TIME"),
    Option(
        "--settle", "Time that goroutines get to end after main has returned (1s).", duration, "TIME", configurable=True
    ),
    Option(
        "--args",
        "The program's arguments in one quoted string, as in --args '-n 3'; tests take -test.run NAME.",
        words,
        "ARGS",
    ),
    Option("--env", "Set a variable in the program's environment; may be repeated.", assignment, "K=V", repeated=True),
    Option("--stdin", "The program's standard input: a text, or @FILE.", standard_input, "TEXT"),
    Option("--race", "Build with Go's race detector (needs a C compiler).", configurable=True),
    Option("--tags", "Build tags, separated by commas.", text, "TAGS", configurable=True),
    Option("--gomaxprocs", "Processors that the program may use.", positive, "N", configurable=True),
    Option("--explore", "Run the program N times under different schedules.", positive, "N"),
    Option("--seed", "Seed of the schedules that --explore tries.", whole, "S"),
    Option("--go", "Path of the go command to use.", text, "PATH", configurable=True),
    Option(
        "--ignore",
        "Count, but do not report, leaks whose function or creator matches; may be repeated.",
        pattern,
        "REGEXP",
        repeated=True,
    ),
    Option("--ancestry", "Record the whole chain of creators of each goroutine.", configurable=True),
    Option("--output", "Bind the report to this name.", text, "NAME", place="notebook", short="-o"),
    Option("--quiet", "Show nothing; useful with -o.", place="notebook", short="-q"),
    Option("--background", "Free the cell at once; the view goes on.", place="notebook"),
    Option("--save", "Write the report to this file (.html, .svg, .png or .json).", text, "PATH", place="notebook"),
    Option("--insert", "Put a verified fix into a new cell below.", place="notebook"),
    Option("--exercise", "Check this cell against the exercise of that name.", text, "NAME", place="notebook"),
    Option("--hint", "Tell one more hint for that exercise.", place="notebook"),
    Option("--json", "Print one JSON object and nothing else.", place="terminal"),
)


def options_for(place: Literal["notebook", "terminal"]) -> tuple[Option, ...]:
    """The rows that apply there, in the table's order."""
    return tuple(option for option in OPTIONS if option.place in ("everywhere", place))


def joined(arguments: Iterable[str], place: Literal["notebook", "terminal"]) -> list[str]:
    """The arguments, with a value that begins with a dash put to its option by `=`, where argparse would take it for an
    option of its own: `--args -v` becomes `--args=-v`."""
    rows = options_for(place)
    known = {name for row in rows for name in row.names}
    wanting = {name for row in rows if row.parse is not None for name in row.names}
    told: list[str] = []
    for argument in arguments:
        dashed = argument.startswith("-") and argument not in ("-", "--")
        if told and told[-1] in wanting and dashed and argument.partition("=")[0] not in known:
            told[-1] += f"={argument}"
        else:
            told.append(argument)
    return told


def unrecognised(extra: Sequence[str], flags: Sequence[str]) -> str:
    """What to say of arguments that are none of these options, and more than the path."""
    word = next((each for each in extra if each.startswith("-")), extra[0])
    flag = word.partition("=")[0]
    # Behind `--` an option is a path, too.
    if not flag.startswith("-") or flag in flags:
        return f"Only one PATH can be given, and {word!r} is one more."
    near = [each for each in flags if each.startswith(flag)] or difflib.get_close_matches(flag, flags, 1, 0.75)
    return f"There is no option {flag} here{f'; did you mean {near[0]}?' if near else '.'}"
