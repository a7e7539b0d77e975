"""A real leak, told in Korean from the engine's first word to the page."""

from __future__ import annotations

import re

import pytest

from jupyter_goleak.events import Finished, Progress
from jupyter_goleak.experiment import Experiment
from jupyter_goleak.model import Report
from jupyter_goleak.options import Options
from jupyter_goleak.program import parse_program
from jupyter_goleak.view.state import scene_of
from jupyter_goleak.view.static import to_html
from jupyter_goleak.view.text import WIDTH, _width, to_text
from jupyter_goleak.view.words import Words

pytestmark = pytest.mark.toolchain

PROGRAM = """\
package main

import (
	"sync"
	"time"
)

func main() {
	orders := make(chan string, 2)
	orders <- "tea"
	// close(orders)
	for i := 0; i < 2; i++ {
		go cook(orders)
	}
	var stove sync.Mutex
	stove.Lock()
	go func() { stove.Lock() }()
	time.Sleep(50 * time.Millisecond)
	stove.Unlock()
	stove.Lock()
	go func() { stove.Lock() }()
	time.Sleep(50 * time.Millisecond)
}

func cook(orders <-chan string) {
	for order := range orders {
		_ = order
	}
}
"""
CODE = re.compile(r"`[^`]*`")
# Words of the language Go and of its runtime, which Korean engineers write as they are.
GO = {"main", "worker", "nil", "select", "case", "context", "defer", "panic", "unlock", "close"}


@pytest.fixture(scope="module")
def told() -> tuple[list[str], Report]:
    """The progress and the report of one run."""
    progress: list[str] = []
    for event in Experiment(parse_program(PROGRAM), Options(no_fix=True), say=Words("ko")).events():
        if isinstance(event, Progress):
            progress.append(event.text)
        if isinstance(event, Finished):
            return progress, event.report
    raise AssertionError("an experiment ends with its report")


def english(sentence: str) -> list[str]:
    """The Latin words of a sentence outside of its code that are none of Go's."""
    return [word for word in re.findall("[A-Za-z]{2,}", CODE.sub("", sentence)) if word not in GO]


def test_an_explanation_names_code_and_lines_and_is_korean(told):
    _, report = told
    reasons = {leak.line: leak.explanation for leak in report.leaks}
    assert len(reasons) >= 2
    cooks = reasons[26]
    assert "고루틴 2개가 `for order := range orders`(26번째 줄)" in cooks
    assert "9번째 줄에서 만든 `orders`" in cooks and "`close(orders)`" in cooks
    assert "`stove" in next(reason for line, reason in reasons.items() if line != 26)
    for reason in reasons.values():
        assert not english(reason), reason


def test_progress_is_korean(told):
    progress, _ = told
    assert progress and not [text for text in progress if english(text)]


def test_text_and_page_show_it(told):
    _, report = told
    words = Words("ko")
    text, page = to_text(report, words), to_html(report, words)
    assert "영원히 끝나지 못합니다." in text and "영원히 끝나지 못합니다." in page
    reasons = [leak.explanation for leak in report.leaks]
    assert all(reason.replace(" ", "") in re.sub(r"\s", "", text) for reason in reasons)
    assert all(_width(line) <= WIDTH for line in text.splitlines())
    assert scene_of(report, words=words).columns["original"].facts(words)["sentence"].endswith("못합니다.")
