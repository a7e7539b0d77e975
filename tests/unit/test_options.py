"""The table of options: what each takes, what each refuses, and that all places read it the same way."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.errors import UsageError
from jupyter_goleak.options import (
    OPTIONS,
    Options,
    assignment,
    duration,
    joined,
    options_for,
    pattern,
    positive,
    standard_input,
    unrecognised,
    whole,
    words,
)


def parser_of(place: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    for option in options_for(place):
        parser.add_argument(*option.names, **option.argument())
    return parser


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("20s", 20.0),
        ("1m30s", 90.0),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("7ns", 7e-9),
        (" 2s ", 2.0),
        ("3", 3.0),
        (0, 0.0),
        (1.25, 1.25),
    ],
)
def test_a_duration_is_written_as_in_go(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "10 s", "s", "5d", "-1s", "-1", "inf", "nan", "1s2", "1s,2s", -1, float("nan")]
)
def test_what_is_no_duration_is_refused_with_a_sentence(text):
    with pytest.raises(UsageError, match="is not a duration"):
        duration(text)


@pytest.mark.parametrize("text", ["-1s", "-1", "-1m30s", -1])
def test_a_negative_duration_is_told_to_be_negative(text):
    with pytest.raises(UsageError, match="must not be negative"):
        duration(text)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from([("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)])),
        min_size=1,
        max_size=4,
    )
)
def test_the_parts_of_a_duration_add_up(parts):
    text = "".join(f"{number}{unit}" for number, (unit, _) in parts)
    assert duration(text) == pytest.approx(sum(number * factor for number, (_, factor) in parts))


@given(
    st.text(st.characters(exclude_characters="=\0", codec="utf-8"), min_size=1),
    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
)
def test_an_assignment_splits_at_the_first_equals_sign(name, value):
    assert assignment(f"{name}={value}") == assignment((name, value)) == (name, value)


@pytest.mark.parametrize("text", ["", "NAME", "=value"])
def test_an_assignment_needs_a_name_and_an_equals_sign(text):
    with pytest.raises(UsageError, match="NAME=VALUE"):
        assignment(text)


@pytest.mark.parametrize("text", ["0", "-3", "2.5", "many", ""])
def test_a_count_starts_from_one(text):
    with pytest.raises(UsageError, match="whole number"):
        positive(text)


def test_a_seed_is_any_whole_number():
    assert (whole("-7"), whole(0)) == (-7, 0)
    with pytest.raises(UsageError, match="'x' is not a whole number"):
        whole("x")


def test_words_split_as_in_a_shell():
    assert words("-n 3 'two words'") == ("-n", "3", "two words")
    assert words(["as", "they are"]) == words(iter(["as", "they are"])) == ("as", "they are")
    with pytest.raises(UsageError, match="cannot be split"):
        words("'never closed")


def test_standard_input_wants_the_name_of_its_file():
    with pytest.raises(UsageError, match="'@' names no file"):
        standard_input("@")


def test_standard_input_is_a_text_or_a_file(tmp_path):
    (tmp_path / "in.txt").write_bytes(b"one\r\ntwo\r \xff")
    assert standard_input("text") == "text"
    assert standard_input(f"@{tmp_path / 'in.txt'}").encode("utf-8", "surrogateescape") == b"one\r\ntwo\r \xff"
    with pytest.raises(UsageError, match="No such file"):
        standard_input(f"@{tmp_path / 'missing'}")
    with pytest.raises(UsageError, match="No such file"):
        standard_input("@~nobody-of-that-name/in.txt")


def test_a_pattern_must_compile():
    assert pattern("main\\..*") == "main\\..*"
    with pytest.raises(UsageError, match="not a regular expression"):
        pattern("(")


@pytest.mark.parametrize("place", ["notebook", "terminal"])
def test_every_engine_option_is_offered_everywhere_and_arrives(place):
    offered = {option.dest for option in options_for(place)}
    assert {field.name for field in fields(Options)} <= offered
    nothing = vars(parser_of(place).parse_args([]))
    assert set(nothing.values()) == {None}
    assert Options.of(nothing) == Options()


def test_parsed_arguments_become_options():
    line = "--for 2s --env A=1 --env B=x=y --args '-v 3' --no-fix --gomaxprocs 2 --ignore a.* --fixes A --go /x/go"
    options = Options.of(vars(parser_of("terminal").parse_args(list(words(line)))))
    assert options == Options(
        for_=2.0,
        env=(("A", "1"), ("B", "x=y")),
        args=("-v", "3"),
        no_fix=True,
        gomaxprocs=2,
        ignore=("a.*",),
        fixes="A",
        go="/x/go",
    )


def test_a_refusal_reaches_the_parsers_own_error():
    with pytest.raises(argparse.ArgumentError, match="--timeout: 'soon' is not a duration"):
        parser_of("notebook").parse_args(["--timeout", "soon"])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"stdin": b""}, "--stdin: b'' is not a text."),
        ({"stdin": "\ud800"}, "--stdin: '\\ud800' is not Unicode text: it holds half of a surrogate pair."),
        ({"args": 5}, "--args: 5 is not a text."),
        ({"args": ["a\0"]}, "--args: 'a\\x00' holds the character NUL, which no process can be handed."),
        ({"env": {"A": 5}}, "--env: 5 is not a text."),
        ({"env": "A=\0"}, "--env: 'A=\\x00' holds the character NUL, which no process can be handed."),
        ({"env": {"A=B": "C"}}, "--env: ('A=B', 'C') is not NAME=VALUE."),
        ({"tags": 5}, "--tags: 5 is not a text."),
        ({"ignore": 5}, "--ignore: 5 is not a text."),
        ({"timeout": []}, "--timeout: [] is not a duration: write it as in Go, such as 500ms, 20s or 1m30s."),
        ({"explore": 2.5}, "--explore: 2.5 is not a whole number from 1 up."),
        ({"seed": "x"}, "--seed: 'x' is not a whole number."),
        ({"gomaxprocs": True}, "--gomaxprocs: True is not a whole number from 1 up."),
        (
            {"timeout": True},
            "--timeout: True is not a duration: write it as in Go, such as 500ms, 20s or 1m30s.",
        ),
        (
            {"settle": 10**309},
            f"--settle: {10**309} is not a duration: it must not be negative, and it must end.",
        ),
        ({"race": "no"}, "--race: 'no' is neither True nor False."),
        ({"no_fix": 0}, "--no-fix: 0 is neither True nor False."),
        (
            {"ignore": "a{99999999999}"},
            "--ignore: 'a{99999999999}' is not a regular expression: the repetition number is too large.",
        ),
    ],
)
def test_a_value_that_cannot_be_meant_is_one_sentence_with_the_options_name(values, sentence):
    with pytest.raises(UsageError) as caught:
        Options.parse(values)
    assert str(caught.value) == sentence


def test_a_path_is_as_good_as_its_text():
    paths = {"ignore": Path("main"), "go": Path("/go"), "args": [Path("a")], "tags": Path("b")}
    assert Options.parse(paths) == Options(ignore=("main",), go="/go", args=("a",), tags="b")


def test_only_a_cell_can_fix_another_one():
    with pytest.raises(UsageError, match="--fixes A speaks of the program of another cell"):
        Options.parse({"fixes": "A"})


def test_names_are_unique_and_each_option_says_what_it_does():
    names = [name for option in OPTIONS for name in option.names]
    assert len(names) == len(set(names))
    for option in OPTIONS:
        assert option.help.endswith("."), option.flag
        assert option.flag.startswith("--"), option.flag
        assert (option.parse is None) == (option.metavar is None), option.flag


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (["--settle", "-1s"], ["--settle=-1s"]),
        (["--args", "-v", "main.go"], ["--args=-v", "main.go"]),
        (["--args", "--verbose=3"], ["--args=--verbose=3"]),
        (["--args", "--json"], ["--args", "--json"]),
        (["--args", "--timeout=3s"], ["--args", "--timeout=3s"]),
        (["--args=-a", "-b"], ["--args=-a", "-b"]),
        (["--race", "-v"], ["--race", "-v"]),
        (["--json", "-"], ["--json", "-"]),
        (["--name", "--", "-x"], ["--name", "--", "-x"]),
    ],
)
def test_a_value_may_begin_with_a_dash(arguments, read):
    assert joined(arguments, "terminal") == read


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--timeuot", "5"], "There is no option --timeuot here; did you mean --timeout?"),
        (["--tim=5"], "There is no option --tim here; did you mean --timeout?"),
        (["5", "--frobnicate"], "There is no option --frobnicate here."),
        (["two.go"], "Only one PATH can be given, and 'two.go' is one more."),
        (["--json"], "Only one PATH can be given, and '--json' is one more."),
    ],
)
def test_what_is_no_option_is_told_with_the_one_that_was_meant(extra, sentence):
    assert unrecognised(extra, [name for option in OPTIONS for name in option.names]) == sentence
