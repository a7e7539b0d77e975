"""The catalogues: every sentence of the code is in each of them, nothing stale is, and the compiled file is the written one."""

from __future__ import annotations

import ast
import gettext
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import jupyter_goleak
from jupyter_goleak.view.words import DOMAIN, LOCALE, Words
from tests.view.examples import original

PACKAGE = Path(jupyter_goleak.__file__).parent
LANGUAGES = sorted(path.name for path in LOCALE.iterdir() if path.is_dir())
SPEAKERS = {"say", "words", "_say", "_words"}
each_language = pytest.mark.parametrize("language", LANGUAGES)


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def named(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def python_sentences(tree: ast.AST) -> Iterator[str | tuple[str, str]]:
    """What a module says: `say("…")`, `say.count("…", "…", n)`, and the pairs it calls `one` and `many`."""
    ones: list[str] = []
    manies: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and named(node.func) in SPEAKERS and node.args:
            if (sentence := literal(node.args[0])) is not None:
                yield sentence
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "count":
            texts = [literal(each) for each in node.args[:2]]
            if named(node.func.value) in SPEAKERS and None not in texts:
                yield (str(texts[0]), str(texts[1]))
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            pairs = (
                zip(target.elts, node.value.elts, strict=True)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                else [(target, node.value)]
            )
            for name, value in pairs:
                if named(name) in ("one", "many") and (text := literal(value)) is not None:
                    (ones if named(name) == "one" else manies).append(text)
    yield from zip(ones, manies, strict=True)


def page_sentences(text: str) -> Iterator[str | tuple[str, str]]:
    quoted = r'"((?:[^"\\]|\\.)*)"'
    yield from re.findall(rf"\bt\({quoted}", text)
    yield from re.findall(rf"\bt\.count\({quoted}, {quoted}", text)


def sentences() -> set[str | tuple[str, str]]:
    found: set[str | tuple[str, str]] = set()
    for path in PACKAGE.rglob("*.py"):
        found |= set(python_sentences(ast.parse(path.read_text(encoding="utf-8"))))
    for path in (PACKAGE / "view" / "js").glob("*.js"):
        found |= set(page_sentences(path.read_text(encoding="utf-8")))
    return found


def written(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_search_finds_what_the_code_says():
    code = (
        'say("a"); self._words("b"); say.count("c", "d", n); one = "e"\nmany = "f"\none, many = "g", "h"; print("no")'
    )
    assert set(python_sentences(ast.parse(code))) == {"a", "b", ("c", "d"), ("e", "f"), ("g", "h")}
    assert set(page_sentences('t("a"); t("b {n}", { n }); t.count("c", "d", 2); at("no")')) == {
        "a",
        "b {n}",
        ("c", "d"),
    }
    assert len(sentences()) > 150


@each_language
def test_every_sentence_has_its_entry_and_no_entry_is_stale(language):
    entries = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in written(language)
        if message.id and not message.context
    }
    said = sentences()
    assert not {each[0] for each in said if isinstance(each, tuple)} & said, "a catalogue has one entry for each"
    assert sorted(map(str, said - entries)) == [], "not translated"
    assert sorted(map(str, entries - said)) == [], "no longer said"


@each_language
def test_a_translation_has_the_places_of_its_sentence(language):
    for message in written(language):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(texts), f"{ids} is empty"
        for text in texts:
            assert fields(text) == fields(ids[-1]), (ids, text)


@each_language
def test_the_compiled_catalogue_is_the_written_one(language):
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in written(language):
        if message.context:
            assert compiled.pgettext(message.context, message.id) == message.string
        elif isinstance(message.id, str) and message.id:
            assert compiled.gettext(message.id) == message.string
        elif message.id:
            one, many = message.id
            assert [compiled.ngettext(one, many, 1)] == list(message.string)


def test_korean_is_spoken_in_sentences_with_numbers():
    korean = Words("ko")
    assert korean.count("{n} goroutine can never end.", "{n} goroutines can never end.", 12_345).startswith(
        "고루틴 12,345개"
    )
    assert korean("line {line}", line=7) == "7번째 줄"


def test_the_page_gets_every_korean_sentence_that_it_asks_for():
    catalogue = Words("ko").catalogue()
    for path in (PACKAGE / "view" / "js").glob("*.js"):
        for sentence in page_sentences(path.read_text(encoding="utf-8")):
            assert catalogue[sentence if isinstance(sentence, str) else sentence[0]]


def test_a_korean_report_has_no_english_verdict():
    from jupyter_goleak.view.text import to_text
    from tests.view.examples import report

    text = to_text(report(original=original(leaks=())), Words("ko"))
    assert "원본" in text and "수정본" in text
    assert "goroutine" not in text.partition("\n\n")[0]
