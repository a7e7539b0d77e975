"""Source as highlighted rows, and diffs."""

from __future__ import annotations

import difflib

from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_goleak.view.output import visible
from jupyter_goleak.view.source import AROUND, KINDS, LONGEST, diff_rows, highlighted, source_rows

GO = 'package main\n\n// 주석\nfunc main() {\n\tprintln("a", 1, true, `raw\nstring`)\n}\n'


def joined(rows):
    return ["".join(text for _, text in tokens) for tokens in rows]


def test_tokens_are_named():
    kinds = {text: kind for line in highlighted(GO) for kind, text in line}
    assert kinds["func"] == "keyword"
    assert kinds["// 주석"] == "comment"
    assert kinds["1"] == "number"
    assert kinds['"a"'] == "string"
    assert set(kinds.values()) <= {*KINDS, ""}


@given(st.text(max_size=200))
@example("\ufeffpackage main")
def test_highlighting_loses_nothing(text):
    text = text.replace("\r", "")
    assert joined(highlighted(text)) == visible(text).split("\n")


def test_a_long_program_is_shown_around_its_marks():
    source = "\n".join(f"// line {n}" for n in range(1, LONGEST + 400))
    rows = source_rows(source, {500, 900})
    numbers = [row.new for row in rows if row.sign != "@"]
    assert numbers == [*range(500 - AROUND, 500 + AROUND + 1), *range(900 - AROUND, 900 + AROUND + 1)]
    assert [row.sign for row in rows].count("@") == 2


def test_a_diff_knows_both_line_numbers():
    rows = diff_rows("--- a\n+++ b\n@@ -3,3 +3,4 @@\n one\n-two\n+2\n+two and a half\n three\n")
    assert [(row.sign, row.old, row.new) for row in rows] == [
        (" ", 3, 3),
        ("-", 4, 0),
        ("+", 0, 4),
        ("+", 0, 5),
        (" ", 5, 6),
    ]


def test_hunks_are_set_apart_and_a_missing_line_end_is_no_row():
    rows = diff_rows("@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-c\n\\ No newline at end of file\n+d\n")
    assert [row.sign for row in rows] == ["-", "+", "@", "-", "+"]


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30))
def test_a_diffs_rows_lead_from_one_text_to_the_other(before, after):
    rows = diff_rows("\n".join(difflib.unified_diff(before, after, lineterm="", n=99)))
    if before != after:
        assert ["".join(text for _, text in row.tokens) for row in rows if row.sign in " -"] == before
        assert ["".join(text for _, text in row.tokens) for row in rows if row.sign in " +"] == after
    else:
        assert rows == []
