"""Edits against goroutines that nobody ends: right for other inputs, too, than those of the run in which the leak was seen."""

from __future__ import annotations

import pytest

from jupyter_goleak.experiment import check
from tests.corpus import leaky_cases
from tests.integration.proposals import proposed

pytestmark = pytest.mark.toolchain

EARLY_RETURN = """\
package main

import (
	"errors"
	"fmt"
	"time"
)

func pour(glasses chan<- int, bottles []int) error {
	for _, bottle := range bottles {
		if bottle < 0 {
			return errors.New("a broken bottle")
		}
		glasses <- bottle
	}
	close(glasses)
	return nil
}

func main() {
	glasses := make(chan int)
	go func() {
		for glass := range glasses {
			fmt.Println("cheers", glass)
		}
	}()
	fmt.Println(pour(glasses, []int{3, 5, -1}))
	time.Sleep(20 * time.Millisecond)
}
"""


def closes_once(text: str) -> bool:
    return text.count("close(glasses)") == 1


def test_a_close_that_an_early_return_passes_by_is_deferred_and_no_other_is_added() -> None:
    (first, text), *others = proposed(EARLY_RETURN)
    assert first.strategy == "defer-close"
    assert "bottles []int) error {\n\tdefer close(glasses)\n" in text
    assert all(closes_once(text) for _, text in (*others, (first, text)))


def test_the_reason_tells_the_way_out_that_passes_the_close_by() -> None:
    report = check(EARLY_RETURN, repair_budget=0)
    assert report.original.leaks[0].explanation.endswith(
        "is closed only at line 16, and the way out at line 12 passes that by. "
        "A `defer close(glasses)` in place of that would come on every way out."
    )


def test_what_waits_behind_the_close_keeps_it_from_being_deferred() -> None:
    waits = EARLY_RETURN.replace("\tclose(glasses)\n", "\tclose(glasses)\n\t<-empty\n").replace(
        "bottles []int) error", "bottles []int, empty chan bool) error"
    )
    waits = waits.replace("-1}))", "-1}, make(chan bool, 1)))")
    edit, text = proposed(waits)[0]
    assert edit.strategy == "close-before-return"
    assert "\t\t\tclose(glasses)\n\t\t\treturn errors.New" in text


@pytest.mark.parametrize(
    "changed",
    [
        # It may be tried again, with the same channel.
        EARLY_RETURN.replace(
            "\tfmt.Println(pour(glasses, []int{3, 5, -1}))\n",
            "\tfor range 2 {\n\t\tfmt.Println(pour(glasses, []int{3, 5, -1}))\n\t}\n",
        ),
        # Whoever called it sends on.
        EARLY_RETURN.replace("\ttime.Sleep(20", "\tglasses <- 0\n\ttime.Sleep(20"),
    ],
    ids=["again", "sends-on"],
)
def test_no_close_is_deferred_where_the_channel_is_still_used(changed: str) -> None:
    assert changed != EARLY_RETURN
    assert not any("defer close(glasses)" in text for _, text in proposed(changed))


RECOVERED = """\
package main

import (
	"fmt"
	"sync"
	"time"
)

func calmly(task func()) {
	defer func() { fmt.Println("calm again:", recover()) }()
	task()
}

func main() {
	var guests sync.WaitGroup
	guests.Add(1)
	go calmly(func() {
		if time.Now().Year() > 1 {
			panic("wasp")
		}
		guests.Done()
	})
	go func() {
		guests.Wait()
		fmt.Println("all gone")
	}()
	time.Sleep(50 * time.Millisecond)
}
"""


def test_a_done_that_is_added_takes_the_place_of_the_one_that_was_passed_by() -> None:
    edit, text = proposed(RECOVERED)[0]
    assert edit.strategy == "defer-done"
    assert "go calmly(func() {\n\t\tdefer guests.Done()\n" in text
    assert all(text.count("guests.Done()") == 1 for _, text in proposed(RECOVERED))


def test_a_done_in_every_round_is_not_made_one_for_all() -> None:
    rounds = RECOVERED.replace("\t\tguests.Done()\n", "\t\tfor range 1 {\n\t\t\tguests.Done()\n\t\t}\n")
    assert not any("defer guests.Done()" in text for _, text in proposed(rounds))


BREAK = """\
package main

import (
	"fmt"
	"time"
)

func lamp(switches <-chan int, morning <-chan bool) {
	for {
		select {
		case n := <-switches:
			fmt.Println("switched", n)
		case <-morning:
			break
		}
	}
}

func main() {
	switches, morning := make(chan int), make(chan bool)
	go lamp(switches, morning)
	switches <- 1
	morning <- true
	time.Sleep(20 * time.Millisecond)
}
"""


def test_a_break_that_leaves_only_the_select_is_made_to_leave_the_loop() -> None:
    edit, text = proposed(BREAK)[0]
    assert edit.strategy == "leave-loop"
    assert "\t\tcase <-morning:\n\t\t\treturn\n" in text
    followed = BREAK.replace("\t\t}\n\t}\n}\n", '\t\t}\n\t}\n\tfmt.Println("off")\n}\n').replace(
        "\tfor {\n", "\tfor len(switches) == 0 {\n"
    )
    edit, text = proposed(followed)[0]
    assert edit.strategy == "leave-loop"
    assert "\tloop:\n" in f"\t{text}".replace("\nloop:", "\n\tloop:")
    assert "\t\tcase <-morning:\n\t\t\tbreak loop\n" in text
    explanation = check(BREAK, repair_budget=0).original.leaks[0].explanation
    assert "`case <-morning` (line 13) ends nothing: the `break` at line 14 leaves only the `select`" in explanation


def test_a_break_behind_a_value_may_be_a_habit() -> None:
    habit = BREAK.replace('"switched", n)\n', '"switched", n)\n\t\t\tbreak\n')
    edit, text = proposed(habit)[0]
    assert edit.strategy == "leave-loop"
    assert text == habit.replace("<-morning:\n\t\t\tbreak\n", "<-morning:\n\t\t\treturn\n")


def test_a_break_that_skips_the_rest_of_a_case_is_left_alone() -> None:
    skips = BREAK.replace(
        "\t\tcase <-morning:\n\t\t\tbreak\n",
        '\t\tcase early := <-morning:\n\t\t\tif early {\n\t\t\t\tbreak\n\t\t\t}\n\t\t\tfmt.Println("dark")\n',
    )
    assert "leave-loop" not in [edit.strategy for edit, _ in proposed(skips)]


ONE_OF_MANY = """\
package main

import (
	"fmt"
	"time"
)

func sleeper(bed int, alarm <-chan bool) {
	<-alarm
	fmt.Println("up")
}

func main() {
	alarm := make(chan bool)
	for bed := range 3 {
		go sleeper(bed, alarm)
	}
	alarm <- true
	time.Sleep(20 * time.Millisecond)
}
"""


def test_a_signal_for_all_is_a_close_and_no_longer_a_send() -> None:
    edit, text = proposed(ONE_OF_MANY)[0]
    assert edit.title == "`close(alarm)` for `alarm <- true`"
    assert "alarm <- true" not in text
    assert "close-after-last-send" not in [edit.strategy for edit, _ in proposed(ONE_OF_MANY)]


@pytest.mark.parametrize(
    "changed",
    [
        ONE_OF_MANY.replace("\t<-alarm\n", "\tif !<-alarm {\n\t\treturn\n\t}\n"),
        ONE_OF_MANY.replace("\t<-alarm\n", "\tfor range 2 {\n\t\t<-alarm\n\t}\n"),
        ONE_OF_MANY.replace("\talarm <- true\n", "\tfor range 2 {\n\t\talarm <- true\n\t}\n"),
    ],
    ids=["looked-at", "waited-for-again", "sent-again"],
)
def test_a_value_that_means_something_is_still_sent(changed: str) -> None:
    assert changed != ONE_OF_MANY
    assert "close-for-send" not in [edit.strategy for edit, _ in proposed(changed)]


METHOD = """\
package main

import (
	"fmt"
	"sync"
)

type mill struct {
	sacks  chan int
	ground sync.WaitGroup
}

func open() *mill {
	m := &mill{sacks: make(chan int, 4)}
	go m.grind()
	return m
}

func (m *mill) grind() {
	for sack := range m.sacks {
		fmt.Println("flour", sack)
		m.ground.Done()
	}
}

func (m *mill) bring(sack int) {
	m.ground.Add(1)
	m.sacks <- sack
}

func (m *mill) Close() {
	m.ground.Wait()
}

func main() {
	m := open()
	m.bring(1)
	m.Close()
}
"""


def test_the_method_that_ends_a_type_closes_what_its_goroutine_ranges_over() -> None:
    (edit, text), *others = proposed(METHOD)
    assert edit.title == "close `m.sacks` in `Close`"
    assert "\tm.ground.Wait()\n\tclose(m.sacks)\n}" in text
    assert not any("m.sacks <- sack\n\tclose(m.sacks)" in text for _, text in others)
    assert "`close(m.sacks)` after line" not in check(METHOD, repair_budget=0).original.leaks[0].explanation


def test_it_closes_before_it_waits_for_the_goroutine_itself() -> None:
    joins = METHOD.replace("\tfor sack := range", "\tdefer m.ground.Done()\n\tfor sack := range")
    joins = joins.replace("\t\tm.ground.Done()\n", "").replace("\tgo m.grind()", "\tm.ground.Add(1)\n\tgo m.grind()")
    joins = joins.replace("\tm.ground.Add(1)\n\tm.sacks <-", "\tm.sacks <-").replace(
        "\tm.Close()\n", "\tgo func() { m.Close() }()\n\tfor len(m.sacks) > 0 {\n\t}\n"
    )
    assert any("\tclose(m.sacks)\n\tm.ground.Wait()\n}" in text for _, text in proposed(joins))


CALLED = """\
package main

import "fmt"

func listen(station string) <-chan string {
	songs := make(chan string, 1)
	songs <- "a song of " + station
	return songs
}

func main() {
	heard := make(chan bool)
	go func() {
		for song := range listen("the sea") {
			fmt.Println(song)
			heard <- true
		}
	}()
	<-heard
}
"""


def test_a_loop_that_is_written_out_asks_for_its_channel_once() -> None:
    guarded = [text for edit, text in proposed(CALLED) if edit.strategy == "select-done"]
    assert guarded
    assert all(text.count('listen("the sea")') == 1 for text in guarded)
    assert any('\tvalues := listen("the sea")\n\t\tfor {\n' in text for text in guarded)


def test_what_stands_behind_an_interface_is_closed_as_well() -> None:
    (edit, text), *_ = proposed(
        next(case.main for case in leaky_cases() if case.name == "worker-without-stop-open-drawer")
    )
    assert edit.title == "`defer d.Close()`"
    assert '\td := open("Emil", "Momo", "Pippi")\n\tdefer d.Close()\n' in text
