"""What a program prints -> short runs of plain text, each with a time, a stream and a style: never markup.

A program's output is untrusted text for whoever shows it. `Output` keeps it bounded (its first and its last part), reads the
colours out of it (ANSI's "select graphic rendition"), carries out a lone carriage return the way a terminal does,
and makes every other control character visible, also those that would turn the direction of the text around them.

A style is a string of words: `bold`, `dim`, `italic`, `underline`, `inverse`, `fg-N` and `bg-N` with N from 0 to 15, or
`fg#rrggbb` and `bg#rrggbb`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = 6_000
TAIL = 18_000
LINE = 1_200
"""Characters kept: of the beginning, of the end, and of one line."""

CLOCK = 0.1
"""Seconds within which two pieces of text count as printed at once."""

_PIECE = re.compile(
    r"\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\^_c-~=>78]|\n|\r(?!\n)|\r\n"
)
_UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,4000}\x1b?)?|\r)\Z")
_STEPS = (0, 95, 135, 175, 215, 255)
_SWITCHES = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("inverse",)}
_VISIBLE = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)} | {0x7F: "\u2421"}
_VISIBLE |= {
    code: f"\u27e8U+{code:04X}\u27e9"
    for code in (*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
_VISIBLE |= {0x2028: "\u23ce", 0x2029: "\u23ce", 0xFEFF: "\u27e8U+FEFF\u27e9"}


@dataclass(slots=True)
class Piece:
    """A run of text in one style, as it is to be shown."""

    t: float
    stream: str
    style: str
    text: str


def visible(text: str) -> str:
    """The text with every control character but tab and line end made visible."""
    return text.translate(_VISIBLE)


class Terminal:
    """One stream's reading state: the style that holds, and an escape sequence that is not complete yet."""

    def __init__(self) -> None:
        self._rest = ""
        self._style: dict[str, str] = {}

    def read(self, text: str) -> Iterator[tuple[str, str]]:
        """(style, text) pairs; a text of `"\\r"` asks to begin the line anew. Sequences may be cut anywhere."""
        text = self._rest + text
        unfinished = _UNFINISHED.search(text)
        self._rest = unfinished.group() if unfinished else ""
        text = text[: len(text) - len(self._rest)]
        at = 0
        for piece in _PIECE.finditer(text):
            if piece.start() > at:
                yield self.style, visible(text[at : piece.start()])
            at = piece.end()
            if piece.group() in ("\n", "\r\n"):
                yield self.style, "\n"
            elif piece.group() == "\r":
                yield self.style, "\r"
            elif piece.group(1) is not None:
                self._select(piece.group(1))
        if at < len(text):
            yield self.style, visible(text[at:])

    @property
    def style(self) -> str:
        return " ".join(self._style.values())

    def _select(self, numbers: str) -> None:
        codes = iter(int(each or 0) for each in re.split("[;:]", numbers))
        for code in codes:
            if code == 0:
                self._style.clear()
            elif code in _SWITCHES:
                self._style[_SWITCHES[code]] = _SWITCHES[code]
            elif code in _OFF:
                for name in _OFF[code]:
                    self._style.pop(name, None)
            elif code in (38, 48):
                colour = _extended(codes)
                if colour is not None:
                    self._style["fg" if code == 38 else "bg"] = ("fg" if code == 38 else "bg") + colour
            elif code in (39, 49):
                self._style.pop("fg" if code == 39 else "bg", None)
            else:
                for first, where, shift in ((30, "fg", 0), (40, "bg", 0), (90, "fg", 8), (100, "bg", 8)):
                    if first <= code < first + 8:
                        self._style[where] = f"{where}-{code - first + shift}"


def _extended(codes: Iterator[int]) -> str | None:
    """The colour after 38 or 48: one of 256, or red, green and blue."""
    kind = next(codes, None)
    if kind == 5:
        number = min(next(codes, -1), 255)
        if number < 0:
            return None
        if number < 16:
            return f"-{number}"
        if number >= 232:
            return f"#{8 + 10 * (number - 232):02x}" + f"{8 + 10 * (number - 232):02x}" * 2
        number -= 16
        return f"#{_STEPS[number // 36]:02x}{_STEPS[number // 6 % 6]:02x}{_STEPS[number % 6]:02x}"
    if kind == 2:
        red, green, blue = (min(next(codes, 0), 255) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    return None


class Output:
    """The output of one run, bounded. `left_out` is how many characters were dropped from its middle."""

    def __init__(self) -> None:
        self._terminals = {"stdout": Terminal(), "stderr": Terminal()}
        self._head: list[Piece] = []
        self._tail: deque[Piece] = deque()
        self._head_size = self._tail_size = 0
        self._column = 0
        self._cut = 0
        self.left_out = 0

    def write(self, t: float, stream: str, text: str) -> None:
        """Take what the program printed at `t` on that stream (`stdout` or `stderr`)."""
        for style, part in self._terminals[stream].read(text):
            if part == "\n":
                if self._cut:
                    self._add(t, stream, "dim", f" … (+{self._cut:,})")
                self._add(t, stream, style, part)
                self._column = self._cut = 0
            elif part == "\r":
                self._begin_line_anew()
            else:
                room = max(0, LINE - self._column)
                self._cut += len(part) - min(len(part), room)
                self._column += len(part)
                if room:
                    self._add(t, stream, style, part[:room])

    def pieces(self) -> list[Piece]:
        """What is kept, in order; where something was dropped from the middle, a piece says how much."""
        if not self.left_out:
            return [*self._head, *self._tail]
        t = self._tail[0].t if self._tail else 0.0
        return [*self._head, Piece(t, "stdout", "dim", f"\n… {self.left_out:,} …\n"), *self._tail]

    def _add(self, t: float, stream: str, style: str, text: str) -> None:
        into_head = not self._tail and self._head_size + len(text) <= HEAD
        pieces = self._head if into_head else self._tail
        last = pieces[-1] if pieces else None
        if last and (last.stream, last.style) == (stream, style) and t - last.t <= CLOCK and len(last.text) < LINE:
            last.text += text
        else:
            pieces.append(Piece(t, stream, style, text))
        if into_head:
            self._head_size += len(text)
            return
        self._tail_size += len(text)
        while self._tail_size > TAIL and len(self._tail) > 1:
            dropped = len(self._tail.popleft().text)
            self._tail_size -= dropped
            self.left_out += dropped

    def _begin_line_anew(self) -> None:
        self._column = self._cut = 0
        pieces = self._tail or self._head
        while pieces:
            kept, newline, gone = pieces[-1].text.rpartition("\n")
            pieces[-1].text = kept + newline
            if pieces is self._tail:
                self._tail_size -= len(gone)
            else:
                self._head_size -= len(gone)
            if newline:
                return
            pieces.pop()
