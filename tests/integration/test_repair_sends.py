"""Edits against senders that wait: right for other inputs, too, than those of the run in which the leak was seen."""

from __future__ import annotations

import pytest

from jupyter_goleak.experiment import check
from tests.corpus import leaky_cases
from tests.integration.proposals import proposed

pytestmark = pytest.mark.toolchain

TWO_SENDS = """\
package main

import "fmt"

func walk(path string) <-chan string {
	steps := make(chan string)
	go func() {
		defer close(steps)
		for _, turn := range path {
			switch turn {
			case 'l':
				steps <- "left"
			default:
				steps <- "straight on"
			}
		}
	}()
	return steps
}

func main() {
	for step := range walk("slsl") {
		fmt.Println(step)
		break
	}
}
"""


def test_all_sends_of_a_generator_are_guarded_together() -> None:
    guarded = [text for edit, text in proposed(TWO_SENDS) if edit.strategy == "select-done"]
    assert guarded
    for text in guarded:
        assert 'case steps <- "left":\n' in text
        assert 'case steps <- "straight on":\n' in text


def test_a_signal_that_has_come_is_not_asked_for_again() -> None:
    last_word = next(case.main for case in leaky_cases() if case.name == "forgotten-sender-last-word")
    (first, _), *others = proposed(last_word)
    assert first.title == "give `heard` a buffer for every send: `make(chan bool, 1)`"
    assert not any(edit.title == "`select` on `ctx.Done()` as well" for edit, _ in others)


REQUEST = """\
package main

import (
	"fmt"
	"time"
)

type order struct {
	minutes int
	plate   chan string
}

func kitchen(orders <-chan order) {
	for o := range orders {
		time.Sleep(time.Duration(o.minutes) * time.Millisecond)
		o.plate <- "soup"
	}
}

func eat(orders chan<- order, minutes int) string {
	o := order{minutes: minutes, plate: make(chan string)}
	orders <- o
	select {
	case dish := <-o.plate:
		return dish
	case <-time.After(30 * time.Millisecond):
		return "gone home hungry"
	}
}

func main() {
	orders := make(chan order)
	go kitchen(orders)
	fmt.Println(eat(orders, 60))
	close(orders)
	time.Sleep(60 * time.Millisecond)
}
"""


def test_whoever_answers_a_request_gets_room_for_the_answer() -> None:
    edit, text = proposed(REQUEST)[0]
    assert edit.strategy == "buffer"
    assert "plate: make(chan string, 1)}" in text


@pytest.mark.parametrize(
    "several",
    [
        REQUEST.replace("\torders <- o\n", "\torders <- o\n\torders <- o\n").replace(
            "chan order)\n\tgo", "chan order, 2)\n\tgo"
        ),
        REQUEST.replace('\t\to.plate <- "soup"\n', '\t\tfor range o.minutes {\n\t\t\to.plate <- "soup"\n\t\t}\n'),
        REQUEST.replace(
            "\tgo kitchen(orders)\n",
            "\tpassed := make(chan order, 4)\n\tgo kitchen(passed)\n"
            "\tgo func() {\n\t\tfor o := range orders {\n\t\t\tpassed <- o\n\t\t\tpassed <- o\n\t\t}\n\t}()\n",
        ),
    ],
    ids=["sent-twice", "answered-often", "passed-on"],
)
def test_a_buffer_is_offered_only_where_the_text_bounds_what_is_sent(several: str) -> None:
    assert several != REQUEST
    assert "buffer" not in [edit.strategy for edit, _ in proposed(several)]


RECURSION = """\
package main

import "fmt"

func split(from, to int, halves chan<- int) {
	if to-from > 1 {
		middle := (from + to) / 2
		split(from, middle, halves)
		halves <- middle
		split(middle, to, halves)
	}
}

func main() {
	halves := make(chan int)
	go func() {
		split(0, 8, halves)
		close(halves)
	}()
	fmt.Println(<-halves)
}
"""


def test_no_buffer_is_guessed() -> None:
    assert "buffer" not in [edit.strategy for edit, _ in proposed(RECURSION)]
    assert "buffer" not in check(RECURSION, repair_budget=0).original.leaks[0].explanation


EITHER = """\
package main

import (
	"errors"
	"fmt"
	"time"
)

func main() {
	letters := []string{"a", "b", ""}
	replies := make(chan error)
	for _, letter := range letters {
		go func() {
			if letter == "" {
				replies <- errors.New("empty")
				return
			}
			replies <- nil
		}()
	}
	fmt.Println(<-replies != nil)
	time.Sleep(time.Millisecond)
}
"""


def test_sends_that_exclude_each_other_need_one_place() -> None:
    texts = [text for edit, text in proposed(EITHER) if edit.strategy == "buffer"]
    assert len(texts) == 1
    assert "make(chan error, len(letters))" in texts[0]
    both = EITHER.replace("\t\t\t\treturn\n", "")
    (text,) = [text for edit, text in proposed(both) if edit.strategy == "buffer"]
    assert "make(chan error, 2*len(letters))" in text
