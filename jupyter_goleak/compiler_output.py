"""What the go command and the compiler print → errors that name the user's own files. Pure."""

from __future__ import annotations

import os
import re
from pathlib import Path

from jupyter_goleak.errors import BuildError, CompilerMessage

_MESSAGE = re.compile(
    r"^(?P<file>[^\s:][^:\n]*\.(?:go|mod)):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<text>.*(?:\n\t.*)*)", re.M
)
# What go says of a module that wants another Go: one that cannot be had, or may not be looked for.
_NOT_TO_BE_HAD = re.compile(r"^go: (download .+)$", re.M)
_TOO_OLD = re.compile(
    r"^go: (?:module )?(?P<module>.+) requires go >= (?P<wanted>\S+) \(running (?P<running>go \S+);.*$", re.M
)
_LEFT_OUT = re.compile(
    r"^(?:(?:package \S+: )?build constraints exclude all Go files in .*|go: no Go source files)$", re.M
)
_UNDER_WAY = ("go: finding ", "go: downloading ")
_MOST = 400
_OTHER = "install that Go, name it with --go, or lower the go line in go.mod"


def build_error(output: str, root: Path) -> BuildError:
    """The error in the output of a build; files below `root` are named relative to it."""
    prefix = f"{root}{os.sep}"
    shown = "\n".join(line for line in output.replace(prefix, "").splitlines() if not line.startswith(("# ", "FAIL")))
    shown = re.sub(r"^(\t?)(?:\./|\.\./)+", r"\1", shown, flags=re.M)
    # Behind a line directive's position, some messages give that in the text which the compiler read.
    shown = re.sub(r"(:\d+:\d+)\[[^\]\n]+:\d+:\d+\]", r"\1", shown)
    shown = _TOO_OLD.sub(rf"\g<module> wants Go \g<wanted>, and this is \g<running>: {_OTHER}.", shown)
    if "main_main" in shown and "function main is undeclared" in shown:
        shown = "The package has no func main, or build constraints keep it out: build tags are given with --tags."
    shown = _LEFT_OUT.sub(
        "Build constraints keep all files out of the package: build tags are given with --tags, and a file that imports C "
        "wants a C compiler and CGO_ENABLED=1.",
        shown,
    )
    messages = tuple(
        CompilerMessage(match["file"], int(match["line"]), int(match["column"] or 1), match["text"].strip())
        for match in _MESSAGE.finditer(shown)
    )
    return BuildError(shown, messages)


def why_not_fetched(said: str) -> str:
    """What the go command said of modules that it could not get, from where it names the first of them on."""
    lines = (line.strip() for line in said.splitlines() if not line.startswith(_UNDER_WAY))
    told = " ".join(filter(None, lines))
    return f"{told[:_MOST]}…" if len(told) > _MOST else told or "the go command said nothing"


def not_to_be_had(said: str) -> str:
    """Why the Go that a module wants cannot be used here, and what to do; "" where the output does not speak of that."""
    missing = _NOT_TO_BE_HAD.search(said)
    return f"{missing[1]}; {_OTHER}" if missing else ""
