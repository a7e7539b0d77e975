"""Output: what a program prints is text in a style, bounded, and never anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.view.output import HEAD, LINE, TAIL, Output, Terminal, visible


def text_of(output: Output) -> str:
    return "".join(piece.text for piece in output.pieces())


def printed(*texts: str) -> Output:
    output = Output()
    for n, text in enumerate(texts):
        output.write(float(n), "stdout", text)
    return output


def styles(text: str) -> list[tuple[str, str]]:
    return [(style, part) for style, part in Terminal().read(text) if part != "\n"]


@pytest.mark.parametrize(
    ("sequence", "style"),
    [
        ("\x1b[31m", "fg-1"),
        ("\x1b[1;4;92m", "bold underline fg-10"),
        ("\x1b[44m", "bg-4"),
        ("\x1b[38;5;9m", "fg-9"),
        ("\x1b[38;5;208m", "fg#ff8700"),
        ("\x1b[38;5;244m", "fg#808080"),
        ("\x1b[48;2;1;2;300m", "bg#0102ff"),
        ("\x1b[38:2:1:2:3m", "fg#010203"),
        ("\x1b[31m\x1b[39m", ""),
        ("\x1b[1m\x1b[22m", ""),
        ("\x1b[31;1m\x1b[m", ""),
        ("\x1b[38;5m", ""),
        ("\x1b[999m", ""),
    ],
)
def test_colours_are_read(sequence, style):
    assert styles(sequence + "x") == [(style, "x")]


@pytest.mark.parametrize(
    "sequence", ["\x1b[2J", "\x1b[?25l", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\x1b(", "\x1bM"]
)
def test_other_sequences_leave_no_trace(sequence):
    shown = "".join(part for _, part in styles(f"a{sequence}b"))
    assert shown.startswith("a") and shown.endswith("b")
    assert "\x1b" not in shown


@given(st.text(alphabet="ab\x1b[]0123;m\r\n\x07", max_size=60), st.integers(0, 60))
def test_it_does_not_matter_where_the_text_is_cut(text, cut):
    whole, parts = Output(), Output()
    whole.write(0.0, "stdout", text)
    parts.write(0.0, "stdout", text[:cut])
    parts.write(0.0, "stdout", text[cut:])
    assert text_of(parts) == text_of(whole)


@given(st.text(max_size=200))
def test_nothing_invisible_gets_through(text):
    shown = text_of(printed(text))
    assert not any(ord(each) < 32 and each not in "\t\n" for each in shown)
    assert not any(each in shown for each in "\x7f\u202e\u202d\u2066\u2067\u200f\u061c\ufeff")


def test_control_characters_are_made_visible():
    assert visible("a\x00b\x07\x7f") == "a\u2400b\u2407\u2421"
    assert visible("left \u202eright") == "left \u27e8U+202E\u27e9right"


def test_markup_stays_text():
    evil = "<script>alert(1)</script></style><!--"
    assert text_of(printed(evil)) == evil


def test_a_carriage_return_begins_the_line_anew_as_a_terminal_does():
    assert text_of(printed("kept\n10 %\r20 %", "\r100 %\n", "next\r\n")) == "kept\n100 %\nnext\n"


def test_streams_keep_their_colours_apart():
    output = Output()
    output.write(0.0, "stdout", "\x1b[31mred ")
    output.write(0.0, "stderr", "plain ")
    output.write(0.0, "stdout", "still red")
    assert [(piece.stream, piece.style) for piece in output.pieces()] == [
        ("stdout", "fg-1"),
        ("stderr", ""),
        ("stdout", "fg-1"),
    ]


def test_a_line_of_a_megabyte_is_cut_and_says_so():
    output = printed("x" * 1_000_000 + "\nnext\n")
    text = text_of(output)
    assert text == "x" * LINE + f" … (+{1_000_000 - LINE:,})\nnext\n"


def test_the_first_and_the_last_part_are_kept():
    output = Output()
    for n in range(20_000):
        output.write(n / 1000, "stdout", f"line {n}\n")
    text = text_of(output)
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 19998\nline 19999\n")
    assert len(text) <= HEAD + TAIL + 100
    assert output.left_out + HEAD + TAIL >= sum(len(f"line {n}\n") for n in range(20_000)) - 2 * LINE
    assert f"{output.left_out:,}" in text


def test_text_knows_when_it_came():
    assert [(piece.t, piece.text) for piece in printed("a", "b").pieces()] == [(0.0, "a"), (1.0, "b")]
