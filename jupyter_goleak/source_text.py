"""A text as a user's file or cell holds it → the text that Go reads, with `\\n` line ends and no byte order mark. Pure."""

from __future__ import annotations

import re

from jupyter_goleak.errors import UsageError

MAX_BYTES = 4 << 20

_REFUSED = re.compile("\x00|(?<! --\n)\ufeff")  # a file of an archive may begin with a byte order mark, too


def normalise(text: str | bytes, name: str = "main.go") -> str:
    """The text with `\\n` line ends and no byte order mark.

    Raises UsageError for what Go takes for no text: invalid UTF-8, NUL, a byte order mark elsewhere, too large.
    """
    if len(text) > MAX_BYTES:
        raise UsageError(f"{name} is too large for a program: more than {MAX_BYTES >> 20} MB.")
    if isinstance(text, bytes):
        raw = text
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as problem:
            line = raw.count(b"\n", 0, problem.start) + 1
            raise error_at(
                line, f"{name} is not UTF-8 text: line {line} holds the byte 0x{raw[problem.start]:02x}."
            ) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    bad = _REFUSED.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        if bad.group() == "\x00":
            raise error_at(line, f"{name} is not Go text: line {line} holds a NUL character (0x00).")
        raise error_at(
            line, f"{name}: line {line} holds a byte order mark (U+FEFF), which only a file's start may: remove it."
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as problem:
        line = text.count("\n", 0, problem.start) + 1
        raise error_at(line, f"{name} is not Unicode text: line {line} holds half of a surrogate pair.") from None
    return text


def is_crlf(raw: str | bytes) -> bool:
    """Whether all of its lines end with a carriage return."""
    raw = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    return 0 < raw.count(b"\n") == raw.count(b"\r\n")


def error_at(line: int, message: str) -> UsageError:
    """An error that names that line."""
    error = UsageError(message)
    error.line = line
    return error
