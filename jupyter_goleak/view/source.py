"""Go source and unified diffs -> lines of highlighted tokens, as data: whoever draws them decides on the markup.

A token is `(kind, text)`, with kind one of `KINDS` or an empty string for plain text. Highlighting is Pygments'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_goleak.view.output import visible

KINDS = ("keyword", "type", "string", "number", "comment", "function", "builtin", "operator")
LONGEST = 600
"""Lines of source that a panel shows; a longer program is shown around the lines that matter."""

AROUND = 12

Token = tuple[str, str]
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def highlighted(source: str) -> list[list[Token]]:
    """The source's lines as tokens; joined, the texts of a line give the line back, with what is invisible made visible."""
    from pygments.lexers.go import GoLexer
    from pygments.token import Token as T

    kinds = (
        (T.Comment, "comment"),
        (T.Literal.String, "string"),
        (T.Literal.Number, "number"),
        (T.Keyword.Type, "type"),
        (T.Keyword.Constant, "builtin"),
        (T.Keyword, "keyword"),
        (T.Name.Builtin, "builtin"),
        (T.Name.Function, "function"),
        (T.Operator, "operator"),
    )
    lines: list[list[Token]] = [[]]
    if source.startswith("\ufeff"):  # the lexer drops it
        lines[-1].append(("", visible("\ufeff")))
    for kind, text in GoLexer(stripnl=False, ensurenl=False).get_tokens(source):
        name = next((name for parent, name in kinds if kind in parent), "")
        first, *rest = text.split("\n")
        for index, part in enumerate((first, *rest)):
            if index:
                lines.append([])
            if part:
                lines[-1].append((name, visible(part)))
    return lines


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source panel or diff. `sign` is `+`, `-`, ` `, or `@` for a gap; numbers are 0 where they do not apply."""

    sign: str
    old: int
    new: int
    tokens: tuple[Token, ...]


def source_rows(source: str, marked: set[int] | None = None) -> list[Row]:
    """The program as rows; a very long one only around the marked lines."""
    lines = highlighted(source.removesuffix("\n"))
    if len(lines) <= LONGEST:
        return [Row(" ", n, n, tuple(tokens)) for n, tokens in enumerate(lines, 1)]
    near = {n for mark in marked or {1} for n in range(mark - AROUND, mark + AROUND + 1) if 1 <= n <= len(lines)}
    rows: list[Row] = []
    for n in sorted(near)[:LONGEST]:
        if n > 1 and n - 1 not in near:
            rows.append(Row("@", 0, 0, ()))
        rows.append(Row(" ", n, n, tuple(lines[n - 1])))
    return rows


def diff_rows(diff: str) -> list[Row]:
    """A unified diff as rows; its file headers are left out."""
    rows: list[Row] = []
    old = new = 0
    for line in diff.splitlines():
        hunk = _HUNK.match(line)
        if hunk:
            old, new = int(hunk[1]), int(hunk[2])
            if rows:
                rows.append(Row("@", 0, 0, ()))
        elif old == new == 0 or line.startswith("\\"):
            continue
        else:
            sign, text = (line[:1] or " "), line[1:]
            tokens = tuple(highlighted(text)[0])
            rows.append(Row(sign, old if sign != "+" else 0, new if sign != "-" else 0, tokens))
            old += sign != "+"
            new += sign != "-"
    return rows


def marked_lines(rows: list[Row]) -> set[int]:
    """The numbers, in the fixed text, of the lines that a diff adds."""
    return {row.new for row in rows if row.sign == "+"}
