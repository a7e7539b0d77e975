"""Edits that close what was opened: at the end that wakes who waits, on every way out, and never what is kept for later."""

from __future__ import annotations

import pytest

from tests.corpus import leaky_cases
from tests.integration.proposals import proposed

pytestmark = pytest.mark.toolchain

CASES = {case.name: case for case in leaky_cases()}

# A post office keeps its lines to other offices open, to use them again.
KEPT = """\
package main

import (
	"bufio"
	"fmt"
	"net"
)

type office struct{ lines map[string]net.Conn }

func answer(line net.Conn) {
	words := bufio.NewScanner(line)
	for words.Scan() {
		fmt.Fprintln(line, "heard", words.Text())
	}
}

func (o *office) ask(town, word string) string {
	if _, open := o.lines[town]; open {
		return "busy\\n"
	}
	here, there := net.Pipe()
	o.lines[town] = here
	go answer(there)
	fmt.Fprintln(here, word)
	heard, _ := bufio.NewReader(here).ReadString('\\n')
	return heard
}

func main() {
	o := &office{map[string]net.Conn{}}
	fmt.Print(o.ask("Ulm", "hello"))
}
"""


def test_what_is_kept_for_later_is_not_closed_at_once() -> None:
    assert not any("defer here.Close()" in text for _, text in proposed(KEPT))
    for changed in (
        KEPT.replace("\to.lines[town] = here\n", ""),
        KEPT.replace("_, open := o.lines[town]; open", 'town == ""'),  # then nobody looks for it there
    ):
        assert any("defer here.Close()" in text for _, text in proposed(changed))


def test_who_reads_is_told_by_the_writers_end() -> None:
    first, *_ = proposed(CASES["unclosed-pipe-guest-list"].main)
    assert first[0].title == "`defer w.Close()` right after it is opened"


def test_a_deferred_close_moves_up_past_the_ways_out() -> None:
    case = CASES["http-body-unclosed-bakery-menu"]
    (edit, text), *_ = proposed(case.main)
    assert edit.title == "`defer answer.Body.Close()` right after it is opened"
    assert case.fixed is not None
    assert text == case.fixed.replace("\tdefer server.Close()\n", "")
