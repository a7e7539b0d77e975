"""What the engine tells in English is told again in the reader's language, and nothing of it is missing from a catalogue."""

from __future__ import annotations

import ast
import json
import re
import string
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import jupyter_goleak
from jupyter_goleak.model import Outcome
from jupyter_goleak.view import words
from jupyter_goleak.view.words import DOMAIN, ENGINE, LOCALE, Words

PACKAGE = Path(jupyter_goleak.__file__).parent
KOREAN = Words("ko")
HANGUL = re.compile("[가-힣]")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')

# How a title speaks of a function.
CALLED = ("`f`", "the goroutine", "the function")


def arguments(call: str) -> list[str]:
    """The arguments of a call in Go, from behind its opening parenthesis to the closing one."""
    found, depth, start, at = [], 0, 0, 0
    while depth >= 0:
        if literal := STRING.match(call, at):
            at = literal.end()
            continue
        depth += (call[at] in "([{") - (call[at] in ")]}")
        if depth < 0 or (depth == 0 and call[at] == ","):
            found.append(call[start:at].strip())
            start = at + 1
        at += 1
    return found


def titles(expression: str) -> Iterator[str]:
    """What a concatenation in Go may come to: each of `CALLED` for a function, `x` for any other value."""
    told = ""
    at = 0
    while at < len(expression):
        if literal := STRING.match(expression, at):
            told += json.loads(literal[0])
            at = literal.end()
        elif value := re.compile(r"[\w.]+(?:\([^\"+]*\))*").match(expression, at):
            code = {"describe(": "\0", "quoted(": "`x`"}
            told += next((stands for name, stands in code.items() if value[0].startswith(name)), "x")
            at = value.end()
        else:
            at += 1
    yield from {told.replace("\0", each) for each in CALLED}


def repairs() -> Iterator[str]:
    """Titles and reasons of the edits that the search for a fix may offer, as far as they stand in the text as such."""
    for path in sorted((PACKAGE / "golang" / "rewrite").glob("*.go")):
        text = path.read_text(encoding="utf-8")
        for offer in re.finditer(r"\.offer\(|\bhint\{", text):
            title = arguments(text[offer.end() :])[2 if offer[0] == ".offer(" else 0]
            if title.startswith('"') and '"' in title[1:]:
                yield from titles(title)
        for literal in STRING.findall(text) if path.name.startswith("strategies_") else ():
            if re.fullmatch(r"[A-Z`][^\n]{20,}\.", sentence := json.loads(literal)):
                yield sentence


def told_in_python() -> Iterator[str]:
    """Progress and objections that are told as they stand."""
    for path in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Progress", "Objection", "Attempt"):
                yield from (each.value for each in node.args if isinstance(each, ast.Constant) and each.value)


def test_the_search_sees_what_go_offers():
    assert arguments('"a", 1+f(2, 3), "b("+c(d)+") e",\n\t"F.")') == ['"a"', "1+f(2, 3)", '"b("+c(d)+") e"', '"F."']
    assert set(titles('"defer `"+r.text(a[0].b)+"` in "+describe(fn)+" now"')) == {
        "defer `x` in `f` now",
        "defer `x` in the goroutine now",
        "defer `x` in the function now",
    }
    assert len(set(repairs())) > 80
    assert "Looking for a fix …" in set(told_in_python())


@pytest.mark.parametrize("told", sorted({*repairs(), *told_in_python(), *typing.get_args(Outcome)}))
def test_what_the_engine_tells_has_korean_words(told):
    said = KOREAN.retell(told)
    assert HANGUL.search(said) or not re.sub("`[^`]*`", "", told).strip()
    assert sorted(re.findall("`[^`]*`", said)) == sorted(re.findall("`[^`]*`", told)), "the code is another"
    assert Words("en").retell(told) == Words("c").retell(told) == told


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("Looking for a fix …", "고칠 방법을 찾는 중 …"),
        ("Proving: close `a; b: {c}` after the last send …", "검증하는 중: 마지막 보내기 다음에 `a; b: {c}` 닫기 …"),
        (
            "`Broadcast` for `Signal`; close `a` after the last send",
            "`Signal` 대신 `Broadcast`; 마지막 보내기 다음에 `a` 닫기",
        ),
        ("uncomment `close(a)`", "`close(a)`의 주석 해제"),
        (
            "Proving: give `a` a buffer for every send: `make(chan int, 1)`; `b` for `c` …",
            "검증하는 중: `a`에 보내는 횟수만큼 버퍼 두기: `make(chan int, 1)`; `c` 대신 `b` …",
        ),
        ("it starts 3 instead of 4", "고루틴을 4개가 아니라 3개 시작합니다"),
        (
            "go1.24.11 cannot prove leaks (Go 1.26 and later can); a leak is called likely at best.",
            "go1.24.11은(는) 누수를 증명하지 못합니다(Go 1.26부터 가능). 그래서 누수는 기껏해야 ‘유력’으로 표시됩니다.",
        ),
        (
            "A ticker ticks until it is stopped. Unheard of {0}.",
            "ticker는 멈출 때까지 계속 신호를 보냅니다. Unheard of {0}.",
        ),
        ("stdout lacks '{1} {} {'", "stdout lacks '{1} {} {'"),
        ("close(input)", "close(input)"),
        ("", ""),
    ],
)
def test_values_and_what_nobody_knows_stay_as_they_are(told, said):
    assert KOREAN.retell(told) == said


def test_what_the_engine_told_stands_in_its_places():
    with (LOCALE / "ko" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        entries = [message for message in read_po(file, locale="ko") if message.context == ENGINE]
    assert len(entries) > 90
    for message in entries:
        places = [
            sorted(each[1] for each in string.Formatter().parse(text) if each[1])
            for text in (message.id, message.string)
        ]
        assert places[0] == places[1] == [str(n + 1) for n in range(len(places[0]))], message.id


def test_the_page_gets_no_entry_that_its_script_cannot_ask_for():
    assert not [key for key in KOREAN.catalogue() if not key.isprintable()]


def test_a_chosen_language_is_spoken_wherever_none_is_told():
    try:
        words.speak("ko")
        assert Words().language == "ko"
        assert Words("en").language == "en"
    finally:
        words.speak()
    assert Words().language == words.preferred_language()
