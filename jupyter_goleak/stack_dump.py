"""Text of a goroutine dump → goroutines; text of a grouped profile → counted stacks. Pure.

A dump is what `runtime.Stack`, a goroutine profile with `debug=2`, or a crash prints: one block per goroutine, the
innermost call first. A grouped profile (`debug=1`) counts the goroutines that share a stack.

`Places` tells which folder holds the user's code: frames in files below it are the user's. Blocks that are not
goroutines, such as a panic's message, are passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jupyter_goleak.model import Frame, Goroutine, Labels

# Go 1.26 writes labels into the brackets, Go 1.27 behind them.
_HEADER = re.compile(
    r"goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^\]]*?)(?: labels:\{(.*)\})?\](?: \{(.*)\})?:$"
)
_ORIGIN = re.compile(r"\[originating from goroutine \d+\]:$")
_LABEL = re.compile(r'("(?:[^"\\]|\\.)*"|[^:,]+): ?("(?:[^"\\]|\\.)*"|[^,]*)(?:, ?|$)')
_UNNAMED = "command-line-arguments"
_PROFILE_GROUP = re.compile(r"(\d+) @")
_PROFILE_FRAME = re.compile(r"#\t0x[0-9a-f]+\t+(\S.*?)\+0x[0-9a-f]+\t+(.+):(\d+)$")


@dataclass(frozen=True, slots=True)
class Places:
    """Code below `root` is the user's; its files are named relative to `base`. `package` is what to call a package that Go
    has no name for, since its files were named one by one."""

    root: Path
    base: Path
    package: str = "main"

    def user_file(self, file: str) -> str | None:
        """The name that the user knows a file by, None for a library's."""
        below = file.removeprefix(f"{self.root}/")
        if below == file or "/vendor/" in f"/{below}":
            return None
        return os.path.relpath(file, self.base)


@dataclass(frozen=True, slots=True)
class CountedStack:
    """`count` goroutines with one stack, innermost call first, as a grouped profile tells them."""

    count: int
    frames: tuple[Frame, ...]


def short_function(name: str) -> str:
    """A function's name as one says it: without the import path, and without `main.` in front."""
    return name.rpartition("/")[2].removeprefix("main.")


def package_of(name: str) -> str:
    """The import path in a function's full name."""
    folder, slash, rest = name.rpartition("/")
    return folder + slash + rest.partition(".")[0]


def parse_dump(text: str, places: Places) -> tuple[Goroutine, ...]:
    """The goroutines of a dump, in its order. A block cut off in its middle is read as far as it goes."""
    goroutines = []
    for block in text.split("\n\n"):
        header, _, body = block.lstrip("\n").partition("\n")
        match = _HEADER.match(header)
        if match is None:
            continue
        frames, created_by, ancestors = _read_stack(body, places)
        status = match[2].split(", ")[0]
        goroutines.append(
            Goroutine(
                id=int(match[1]),
                state=status.replace(" (leaked)", "").replace(" (scan)", ""),
                frames=frames,
                created_by=created_by,
                leaked=" (leaked)" in status,
                labels=_read_labels(match[3] or match[4] or ""),
                ancestors=ancestors,
            )
        )
    return tuple(goroutines)


def parse_profile(text: str, places: Places) -> tuple[CountedStack, ...]:
    """The counted stacks of a grouped profile, the most frequent first."""
    stacks: list[CountedStack] = []
    count, frames = 0, list[Frame]()

    def close() -> None:
        if count:
            stacks.append(CountedStack(count, tuple(frames)))

    for line in text.splitlines():
        if match := _PROFILE_GROUP.match(line):
            close()
            count, frames = int(match[1]), []
        elif match := _PROFILE_FRAME.match(line):
            frames.append(_frame(match[1].strip(), match[2], int(match[3]), places))
    close()
    return tuple(stacks)


# A program's goroutines share few stacks, and dumps repeat them many times a second.
@lru_cache(maxsize=4096)
def _read_stack(body: str, places: Places) -> tuple[tuple[Frame, ...], Frame | None, tuple[Frame, ...]]:
    frames: list[Frame] = []
    created_by: Frame | None = None
    ancestors: list[Frame] = []
    in_ancestor = False
    for function, place in _calls(body):
        if place is None:
            in_ancestor = in_ancestor or bool(_ORIGIN.match(function))
            continue
        file, line = place
        if function.startswith("created by "):
            name = function.removeprefix("created by ").split(" in goroutine ")[0]
            created_by = created_by or _frame(name, file, line, places)
            continue
        frame = _frame(function.rpartition("(")[0] or function, file, line, places)
        (ancestors if in_ancestor else frames).append(frame)
    return tuple(frames), created_by, tuple(ancestors)


def _calls(body: str) -> Iterator[tuple[str, tuple[str, int] | None]]:
    """Pairs of a call's line and its place; a line without a place below it comes with None."""
    lines = body.split("\n")
    for index, line in enumerate(lines):
        if not line or line.startswith("\t"):
            continue
        below = lines[index + 1] if index + 1 < len(lines) else ""
        if not below.startswith("\t"):
            yield line, None
            continue
        file, _, number = below.strip().partition(" +0x")[0].rpartition(":")
        yield line, (file, int(number)) if number.isdigit() else None


def _frame(function: str, file: str, line: int, places: Places) -> Frame:
    known_as = places.user_file(file)
    if function.startswith(_UNNAMED):
        function = places.package + function.removeprefix(_UNNAMED)
    return Frame(function, known_as or file, line, user=known_as is not None)


def _read_labels(text: str) -> Labels:
    return tuple((_unquoted(key), _unquoted(value)) for key, value in _LABEL.findall(text))


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
