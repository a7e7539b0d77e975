"""The one corpus of Go programs: goldens, integration, browser and notebooks all take their programs from here.

    leaky/*.txtar         a program that leaks, the same program mended by hand, and what is to be found
    ends/*.txtar          a program that ends in an unusual way, and what is to be reported of it
    clean/*.go            a program that a naive tool would accuse, and that leaks nothing
    deterministic/*.go    a program that prints the same bytes in every run

`expect.json` has, all optional: `verdict`, `exit_code`, `truncated`, `note`, `pattern`, `strategy` (of the fix by hand),
`options` (keyword arguments of `check()`), `go` (the oldest version that compiles it), and `leaks` and `alive`: the
groups to be found, each with the fields of the report's JSON form that matter. A field that is not given may have
any value; a group that is not given may not be there, unless `alive` is not given at all. `said` are fragments of which
each stands in the explanation of one of the groups. In a `.go` file the same stands in the comment at the top, after the
story: `// key: JSON value`, one key a line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_goleak.program import parse_program

CORPUS = Path(__file__).resolve().parent

_KEY = re.compile(r"^(\w+): (.+)$")


@dataclass(frozen=True)
class Case:
    """One program of the corpus. `story` says where it happens, or what makes it special; `fixed` is the fix by hand."""

    name: str
    story: str
    main: str
    fixed: str | None = None
    expect: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.name


@cache
def leaky_cases() -> tuple[Case, ...]:
    """Programs with leaks, each with its fix by hand, sorted by name."""
    return tuple(_archive(path) for path in sorted((CORPUS / "leaky").glob("*.txtar")))


@cache
def end_cases() -> tuple[Case, ...]:
    """Programs that end in unusual ways, sorted by name."""
    return tuple(_archive(path) for path in sorted((CORPUS / "ends").glob("*.txtar")))


@cache
def clean_programs() -> tuple[Case, ...]:
    """Programs without leaks that look as if they had some, sorted by name."""
    return tuple(_program(path) for path in sorted((CORPUS / "clean").glob("*.go")))


@cache
def deterministic_programs() -> tuple[Case, ...]:
    """Programs that print the same in every run, sorted by name."""
    return tuple(_program(path) for path in sorted((CORPUS / "deterministic").glob("*.go")))


def _archive(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    files = {file.name: file.text for file in parse_program(text).files}
    story = " ".join(text.partition("\n-- ")[0].split())
    return Case(path.stem, story, files["main.go"], files.get("fixed.go"), json.loads(files["expect.json"]))


def _program(path: Path) -> Case:
    main = path.read_text(encoding="utf-8")
    comment = [line.removeprefix("// ") for line in main.partition("\npackage ")[0].splitlines()]
    expect = {match[1]: json.loads(match[2]) for line in comment[1:] if (match := _KEY.match(line))}
    return Case(path.stem, comment[0].partition(": ")[2], main, None, {"verdict": "clean", **expect})
