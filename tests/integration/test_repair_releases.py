"""Edits that let go of a lock before a wait: only where nothing that it guards is used without it."""

from __future__ import annotations

import re
from textwrap import dedent, indent

import pytest

from jupyter_goleak.experiment import check
from tests.integration.proposals import proposed

pytestmark = pytest.mark.toolchain

# A keeper of a lighthouse reports to the harbour under the lock that the harbour's own goroutine takes before it listens.
LIGHTHOUSE = """\
package main

import (
	"bufio"
	"os"
	"sync"
	"time"
)

type radio struct {
	calls chan string
	sent  int
}

func (r *radio) call(word string) { r.calls <- word }

func (r *radio) count(word string) {
	r.sent++
	r.calls <- word
}

type lighthouse struct {
	mu     sync.Mutex
	radio  *radio
	masts  map[string]*radio
	onFog  func(word string)
	log    *bufio.Writer
	nights int
}

func (l *lighthouse) tune(to *radio) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.radio, l.masts["north"], l.onFog = to, to, to.call
}

func (l *lighthouse) report() {
%s}

func main() {
	heard := &radio{calls: make(chan string)}
	l := &lighthouse{masts: map[string]*radio{}, log: bufio.NewWriter(os.Stdout)}
	l.tune(heard)
	go l.report()
	time.Sleep(10 * time.Millisecond)
	go func() {
		l.mu.Lock()
		l.nights++
		l.mu.Unlock()
		<-heard.calls
	}()
	time.Sleep(10 * time.Millisecond)
}
"""


def released(code: str) -> list[str]:
    """The bodies of `report` that are proposed to let go of the lock."""
    source = LIGHTHOUSE % indent(dedent(code), "\t")
    found = []
    for edit, text in proposed(source):
        if edit.strategy == "release-before-send":
            body = text.partition("func (l *lighthouse) report() {\n")[2].partition("\n}\n")[0]
            found.append(dedent(body) + "\n")
    return found


@pytest.mark.parametrize(
    ("call", "early", "late"),
    [
        ("l.radio.call(word)", "radio := l.radio", "radio.call(word)"),
        ('l.masts["north"].call(word)', 'found := l.masts["north"]', "found.call(word)"),
        ("l.onFog(word)", "onFog := l.onFog", "onFog(word)"),
    ],
    ids=["field", "map", "function"],
)
def test_what_is_called_is_found_under_the_lock_still(call: str, early: str, late: str) -> None:
    before = f'word := "fog"\nl.mu.Lock()\n{call}\nl.mu.Unlock()\n'
    assert f'word := "fog"\nl.mu.Lock()\n{early}\nl.mu.Unlock()\n{late}\n' in released(before)
    deferred = f'word := "fog"\nl.mu.Lock()\ndefer l.mu.Unlock()\n{call}\n'
    assert f'word := "fog"\nl.mu.Lock()\n{early}\nl.mu.Unlock()\n{late}\n' in released(deferred)


def test_a_name_that_the_function_has_is_not_taken_for_another_value() -> None:
    code = 'radio := "fog"\nl.mu.Lock()\nl.radio.call(radio)\nl.mu.Unlock()\n'
    assert 'radio := "fog"\nl.mu.Lock()\ncurrent := l.radio\nl.mu.Unlock()\ncurrent.call(radio)\n' in released(code)


# Each leaves `report` with something that must not be done without the lock: after the wait, in a callee, put off, or under
# another name.
@pytest.mark.parametrize(
    "code",
    [
        "l.mu.Lock()\nl.radio.count(string(rune(l.nights)))\nl.mu.Unlock()\n",
        'l.mu.Lock()\nl.radio.count("fog")\nl.mu.Unlock()\n',
        'l.mu.Lock()\nl.radio.calls <- "fog"\nl.log.WriteString("fog")\nl.mu.Unlock()\n',
        'l.mu.Lock()\nw := l.log\nl.radio.calls <- "fog"\nw.WriteString("fog")\nl.mu.Unlock()\n',
        'l.mu.Lock()\nmasts := l.masts\nl.radio.calls <- "fog"\nmasts["south"] = nil\nl.mu.Unlock()\n',
        'l.mu.Lock()\nl.radio.calls <- "fog"\nl.nights++\nl.mu.Unlock()\n',
        'l.mu.Lock()\ndefer l.mu.Unlock()\ndefer func() { l.nights++ }()\nl.radio.calls <- "fog"\n',
    ],
    ids=["argument", "inside-the-callee", "library", "library-by-name", "map-by-name", "after", "put-off"],
)
def test_what_the_lock_guards_is_not_used_without_it(code: str) -> None:
    for body in released(code):
        # Whatever comes after the first unlock is done under the lock again.
        rest = body.partition("l.mu.Unlock()\n")[2]
        free, again, held = rest.partition("l.mu.Lock()\n")
        assert not re.search(r"nights|count|log|w\.|masts", free)
        assert again
        assert "l.mu.Unlock()" in body if "defer l.mu.Unlock()" in code else held.count("l.mu.Unlock()") == 1


@pytest.mark.parametrize(
    "code",
    [
        'l.mu.Lock()\nif l.nights == 0 {\n\tl.radio.calls <- "fog"\n\tl.nights++\n}\nl.mu.Unlock()\n',
        'l.mu.Lock()\nnight := l.nights + 1\nl.radio.calls <- "fog"\nl.nights = night\nl.mu.Unlock()\n',
        'l.mu.Lock()\nfor range l.masts {\n\tl.radio.calls <- "fog"\n}\nl.mu.Unlock()\n',
        'l.mu.Lock()\nl.radio.calls <- "fog"\nif len(os.Args) > 9 {\n\tl.mu.Unlock()\n\tl.mu.Lock()\n}\nl.mu.Unlock()\n',
        'again:\nl.mu.Lock()\nl.radio.calls <- "fog"\nif len(os.Args) > 9 {\n\tgoto again\n}\nl.mu.Unlock()\n',
    ],
    ids=["check-then-act", "read-then-write", "loop", "taken-again", "goto"],
)
def test_what_belongs_together_is_not_torn_apart(code: str) -> None:
    assert not [body for body in released(code) if body.count("Unlock()") != code.count("Unlock()") + 1]
    assert not any("nights" in code or "range" in code for _ in released(code))


def test_a_round_that_is_left_early_gives_the_lock_back_once() -> None:
    code = (
        "for _, word := range os.Args {\n\tl.mu.Lock()\n\tif err := l.send(word); err != nil {\n"
        "\t\tl.mu.Unlock()\n\t\tcontinue\n\t}\n\tl.mu.Unlock()\n}\n"
    )
    source = LIGHTHOUSE % indent(code, "\t") + (
        "\nfunc (l *lighthouse) send(word string) error {\n\tl.radio.calls <- word\n\treturn nil\n}\n"
    )
    for edit, text in proposed(source):
        body = text.partition("func (l *lighthouse) report() {\n")[2].partition("\n}\n")[0]
        assert edit.strategy != "release-before-send" or body.count("Unlock()") == body.count(".Lock()")


HUB = """\
package main

import (
	"fmt"
	"sync"
	"time"
)

type hub struct {
	mu     sync.Mutex
	closed bool
	events chan string
}

func (h *hub) publish(event string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.events <- event
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.events)
	}
}

func main() {
	h := &hub{events: make(chan string)}
	go h.publish("opened")
	time.Sleep(10 * time.Millisecond)
	go h.close()
	time.Sleep(10 * time.Millisecond)
	fmt.Println("left")
}
"""


def test_a_lock_that_keeps_a_channel_open_is_not_let_go_of_before_the_send() -> None:
    assert not [edit.title for edit, _ in proposed(HUB) if edit.strategy == "release-before-send"]


KITCHEN = """\
package main

import (
	"fmt"
	"sync"
	"time"
)

type kitchen struct {
	mu     sync.Mutex
	orders []string
}

func (k *kitchen) order(dish string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.orders = append(k.orders, dish)
}

func (k *kitchen) cook(closing, bell <-chan struct{}) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		select {
		case <-bell:
			k.orders = k.orders[1:]
		case <-closing:
			return len(k.orders)
		}
	}
}

func main() {
	k := &kitchen{}
	closing, bell := make(chan struct{}), make(chan struct{})
	left := make(chan int, 1)
	go func() { left <- k.cook(closing, bell) }()
	time.Sleep(10 * time.Millisecond)
	ordered := make(chan struct{})
	go func() {
		k.order("soup")
		close(ordered)
	}()
	<-ordered
	close(closing)
	fmt.Println(<-left, "left")
}
"""


def test_a_select_that_returns_takes_the_lock_again_in_each_case() -> None:
    report = check(KITCHEN, repair_budget=60)
    assert report.fix is not None, report.attempts
    assert report.fix.title.endswith("and take it again in each case")
    before = "\t\tselect {\n\t\tcase <-bell:\n\t\t\tk.orders"
    after = "\t\tk.mu.Unlock()\n\t\tselect {\n\t\tcase <-bell:\n\t\t\tk.mu.Lock()\n\t\t\tk.orders"
    expected = KITCHEN.replace(before, after).replace(
        "\t\t\treturn len(k.orders)", "\t\t\tk.mu.Lock()\n\t\t\treturn len(k.orders)"
    )
    assert report.fix.apply() == expected


# What receives may leave before all is sent.
DESK = """\
package main

import (
	"fmt"
	"time"
)

type desk struct {
	letters chan string
	stamps  int // of those used
}

func open() *desk {
	return &desk{
		letters: make(chan string),
		stamps:  0, // so far
	}
}

func (d *desk) sort() {
	for letter := range d.letters {
		if letter == "last" {
			return
		}
	}
}

func (d *desk) post(letter string) {
	d.letters <- letter
}

func main() {
%s	time.Sleep(10 * time.Millisecond)
	fmt.Println("closed")
}
"""
LATE = '\td.post("last")\n\tgo d.post("late")\n'
SORTED_ONCE = f"\td := open()\n\tgo d.sort()\n{LATE}"
SORTED_TWICE = f'\td := open()\n\tgo d.sort()\n\tgo d.sort()\n\td.post("last")\n{LATE}'
SORTED_IN_A_LOOP = f'\td := open()\n\tfor range 2 {{\n\t\tgo d.sort()\n\t}}\n\td.post("last")\n{LATE}'
SORTED_IN_A_LITERAL = f"\td := open()\n\tsort := func() {{ d.sort() }}\n\tgo sort()\n{LATE}"


def test_who_alone_receives_tells_that_it_has_left() -> None:
    report = check(DESK % SORTED_ONCE, repair_budget=60)
    assert report.fix is not None, report.attempts
    assert report.fix.title == "`select` on a new channel `d.done`, which `sort` closes when it returns"
    text = report.fix.apply()
    assert "\tstamps  int // of those used\n\tdone    chan struct{}\n}" in text
    assert "\t\tstamps:  0, // so far\n\t\tdone:    make(chan struct{}),\n\t}" in text
    assert "func (d *desk) sort() {\n\tdefer close(d.done)\n" in text


@pytest.mark.parametrize(
    "main", [SORTED_TWICE, SORTED_IN_A_LOOP, SORTED_IN_A_LITERAL], ids=["twice", "loop", "literal"]
)
def test_one_of_several_receivers_does_not_close_for_all(main: str) -> None:
    titles = [edit.title for edit, _ in proposed(DESK % main)]
    assert not [title for title in titles if title.endswith("which `sort` closes when it returns")]


# Each adds another way to have a desk, or to end it.
@pytest.mark.parametrize(
    "more",
    [
        "func spare() *desk { return new(desk) }\n",
        "type office struct {\n\tdesk\n\tfloor int\n}\n",
        "var front desk\n",
        "func (d *desk) empty() bool { return *d == (desk{}) }\n",
    ],
    ids=["new", "embedded", "variable", "compared"],
)
def test_a_channel_in_a_struct_is_made_for_all_of_its_values(more: str) -> None:
    titles = [edit.title for edit, _ in proposed(DESK % SORTED_ONCE + "\n" + more)]
    assert not [title for title in titles if "`d.done`" in title]


STOPS = DESK + "\nfunc (d *desk) Stop() { fmt.Println(d.stamps) }\n"


@pytest.mark.parametrize(
    ("ends", "may_close"),
    [
        ("\td.Stop()\n", True),
        ("\tdefer d.Stop()\n\td.Stop()\n", False),
        ("\tfor range 2 {\n\t\td.Stop()\n\t}\n", False),
    ],
    ids=["once", "twice", "loop"],
)
def test_a_method_that_may_run_twice_does_not_close(ends: str, may_close: bool) -> None:
    titles = [edit.title for edit, _ in proposed(STOPS % (SORTED_TWICE + ends))]
    assert any(title.endswith("`d.done`, which `Stop` closes") for title in titles) is may_close
