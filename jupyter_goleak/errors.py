"""The exception tree. Every message is one sentence that says what is wrong, where, and what to do; that of a build is all
that the compiler complained of, a line or more for each.

    GoleakError
    ├── UsageError          an option, a path or a cell that cannot be what was meant
    ├── ToolchainError      no Go, or one too old
    ├── BuildError          the program does not compile; carries the compiler's messages
    └── ProbeError          the program ran, but the probe's stream cannot be understood

A user's mistake always arrives as one of these, never as another exception.
"""

from __future__ import annotations

from dataclasses import dataclass


class GoleakError(Exception):
    """Base of all errors that this package raises on purpose."""

    kind = "error"
    line: int | None = None


class UsageError(GoleakError):
    """The request cannot be carried out as it was worded."""

    kind = "usage"


class ToolchainError(GoleakError):
    """There is no Go toolchain that can be used; the message names the ways to get one."""

    kind = "toolchain"


class ProbeError(GoleakError):
    """Bytes from the probe that break its own format."""

    kind = "probe"


@dataclass(frozen=True, slots=True)
class CompilerMessage:
    """One message of the Go compiler: `file` relative to the program, `line` and `column` counted from 1."""

    file: str
    line: int
    column: int
    text: str
    source_line: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class BuildError(GoleakError):
    """The program does not compile.

    `messages` are in the compiler's order and carry the line numbers of the text that the user wrote; `output`
    is what the compiler said, with paths shortened to the program's own.
    """

    kind = "build"

    def __init__(self, output: str, messages: tuple[CompilerMessage, ...] = ()) -> None:
        self.output = output
        self.messages = messages
        self.line = messages[0].line if messages else None
        told = "\n".join(map(str, messages))
        super().__init__(told or output.strip() or "go build failed and said nothing.")
