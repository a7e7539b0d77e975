"""Edits that give back what was taken, a lock or a slot: on every way out, and not before it is no more needed."""

from __future__ import annotations

from textwrap import dedent

import pytest

from jupyter_goleak.model import Leak
from jupyter_goleak.program import parse_program
from jupyter_goleak.rewriting import Edit, Rewriter
from jupyter_goleak.toolchain import find

pytestmark = pytest.mark.toolchain

PRICES = """\
package main

import "sync"

type board struct {
	mu     sync.RWMutex
	prices map[string]int
	asked  int
}

func (b *board) price(fish string) int {
%s}

func main() {
	b := &board{prices: map[string]int{}}
	go b.price("cod")
}
"""

FERRIES = """\
package main

import "sync"

type ferry struct {
	sync.Mutex
	deck  sync.Mutex
	cars  int
	horns chan string
}

func main() {
	north, south := &ferry{horns: make(chan string)}, &ferry{}
	go func() {
%s	}()
	go func() {
%s	}()
	north.cars, south.cars = 0, 0
}
"""

LOCKERS = """\
package main

import "errors"

type key struct{ number int }

type lockers struct {
	free chan struct{}
	keys chan *key
}

func (l *lockers) Claim()     { l.free <- struct{}{} }
func (l *lockers) Release()   { <-l.free }
func (l *lockers) Get() *key  { return <-l.keys }
func (l *lockers) Put(k *key) { l.keys <- k }

var errWet = errors.New("wet")

func swim(l *lockers, wet bool) (any, error) {
%s}

func main() {
	l := &lockers{make(chan struct{}, 1), make(chan *key, 1)}
	swim(l, true)
	go swim(l, false)
}
"""


def proposed(source: str, *waits: tuple[str, str]) -> list[Edit]:
    """What is proposed where goroutines wait in such a state at the last line that holds this code."""
    lines = source.splitlines()
    leaks = [
        Leak("proven", 1, state, "", "main.go", max(i for i, line in enumerate(lines, 1) if code in line), "", None)
        for state, code in waits
    ]
    return list(Rewriter(find().helper()).repairs(parse_program(source), leaks))


def text(edit: Edit) -> str:
    (file,) = edit.files
    return file.text


def body(code: str, tabs: int = 1) -> str:
    return "".join("\t" * tabs + line + "\n" for line in dedent(code).strip().replace("    ", "\t").splitlines())


def asked(code: str) -> dict[str, str]:
    """The new text of `price` by the title of each edit, for a goroutine that waits for the write lock."""
    edits = proposed(PRICES % body(code), ("sync.RWMutex.Lock", "b.mu.Lock()"))
    return {edit.title: text(edit).partition("int {\n")[2].partition("}\n\nfunc main")[0] for edit in edits}


UPGRADE = "`b.mu.RUnlock()` before `b.mu.Lock()`"
FROM_THE_START = "take the write lock from the start"


def test_each_way_out_gets_the_unlock_that_was_deferred() -> None:
    told = asked("""
        b.mu.RLock()
        defer b.mu.RUnlock()
        if fish == "" { return 0 }
        if _, ok := b.prices[fish]; ok {
            return b.prices[fish]
        }
        b.mu.Lock()
        b.prices[fish] = len(fish)
        b.mu.Unlock()
        return len(fish)
    """)
    assert told[UPGRADE] == body("""
        b.mu.RLock()
        if fish == "" { b.mu.RUnlock(); return 0 }
        if _, ok := b.prices[fish]; ok {
            value := b.prices[fish]
            b.mu.RUnlock()
            return value
        }
        b.mu.RUnlock()
        b.mu.Lock()
        b.prices[fish] = len(fish)
        b.mu.Unlock()
        return len(fish)
    """)


def test_a_way_past_the_new_unlock_gets_its_own() -> None:
    told = asked("""
        b.mu.RLock()
        defer b.mu.RUnlock()
        if fish == "cod" {
            b.mu.Lock()
            defer b.mu.Unlock()
            b.prices[fish] = 1
            return 1
        }
        return len(fish)
    """)
    assert told[UPGRADE].endswith("\t}\n\tb.mu.RUnlock()\n\treturn len(fish)\n")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            """
            b.mu.RLock()
            defer b.mu.RUnlock()
            b.mu.Lock()
            b.prices[fish] = 1
            b.mu.Unlock()
            return b.prices[fish]
            """,
            id="read-after-the-write-lock",
        ),
        pytest.param(
            """
            b.mu.RLock()
            defer b.mu.RUnlock()
            if fish == "cod" {
                b.mu.Lock()
                b.prices[fish] = 1
                b.mu.Unlock()
            }
            return 1
            """,
            id="two-ways-meet-again",
        ),
        pytest.param(
            """
            b.mu.RLock()
            defer b.mu.RUnlock()
            known := b.asked
            b.mu.Lock()
            defer b.mu.Unlock()
            b.asked = known + 1
            return 1
            """,
            id="built-upon-what-was-read",
        ),
        pytest.param(
            """
            b.mu.RLock()
            defer b.mu.RUnlock()
            if fish == "" {
                panic("no fish")
            }
            b.mu.Lock()
            defer b.mu.Unlock()
            b.prices[fish] = 1
            return 1
            """,
            id="panic",
        ),
    ],
)
def test_a_read_lock_that_is_needed_is_not_given_back(code: str) -> None:
    told = asked(code)
    assert UPGRADE not in told
    assert told[FROM_THE_START].count("b.mu.Lock()") == told[FROM_THE_START].count("b.mu.Unlock()") == 1


def test_the_write_lock_from_the_start_is_given_back_at_the_end() -> None:
    told = asked("""
        b.mu.RLock()
        if fish == "" {
            b.mu.RUnlock()
            return 0
        }
        b.mu.Lock()
        b.prices[fish] = 1
        b.mu.Unlock()
        return 1
    """)
    assert told[FROM_THE_START].count("b.mu.Unlock()") == 2


BOTH_WAYS = [("north{0}", "south{0}"), ("south{0}", "north{0}")]


def crossing(field: str) -> str:
    one, other = (
        body(
            f"{first}.Lock()\ndefer {first}.Unlock()\n{second}.Lock()\ndefer {second}.Unlock()\nnorth.cars--\nsouth.cars++",
            2,
        )
        for first, second in ((a.format(field), b.format(field)) for a, b in BOTH_WAYS)
    )
    return FERRIES % (one, other)


@pytest.mark.parametrize("field", ["", ".deck"])
def test_two_values_of_one_type_are_locked_in_one_order(field: str) -> None:
    north, south = f"north{field}", f"south{field}"
    source = crossing(field)
    best, *others = proposed(source, ("sync.Mutex.Lock", f"\t{north}.Lock()"))
    assert best.title in {
        f"take `{a}` before `{b}` in the goroutine as well" for a, b in ((north, south), (south, north))
    }
    one, other = text(best).split("}()")[:2]
    for locks in (north, south):
        assert one.count(f"{locks}.Unlock()") == other.count(f"{locks}.Unlock()") == 1
    in_order = [half.index(f"{north}.Lock()") < half.index(f"{south}.Lock()") for half in (one, other)]
    assert in_order[0] == in_order[1]
    assert not [
        edit.title for edit in others if "smaller" in edit.title or "release" in edit.title or "both" in edit.title
    ]


def test_an_order_that_others_keep_as_well_is_not_turned_round_in_one_place() -> None:
    source = crossing("").replace(
        "\tnorth.cars, south.cars",
        body("north.Lock()\nsouth.Lock()\nsouth.Unlock()\nnorth.Unlock()") + "\tnorth.cars, south.cars",
    )
    told = {
        edit.title for edit in proposed(source, ("sync.Mutex.Lock", "\tsouth.Lock()")) if edit.strategy == "order-locks"
    }
    assert told == {"take `north` before `south` in the goroutine as well"}


@pytest.mark.parametrize(("after", "lets_go"), [("north.cars++", False), ('_ = len("tut")', True)])
def test_what_is_written_after_a_wait_keeps_its_lock(after: str, *, lets_go: bool) -> None:
    sends = body(f'north.Lock()\ndefer north.Unlock()\nnorth.horns <- "tut"\n{after}', 2)
    edits = proposed(FERRIES % (sends, "\t\tnorth.cars++\n"), ("chan send", "north.horns <-"))
    told = {edit.title.partition("<-")[0] for edit in edits if not edit.title.endswith("again after")}
    assert ("release `north` before `north.horns " in told) == lets_go


def swimming(code: str) -> list[Edit]:
    return proposed(LOCKERS % body(code), ("chan send", "l.free <-"), ("chan receive", "<-l.keys }"))


@pytest.mark.parametrize(
    ("take", "give"), [("l.Claim()", "l.Release()"), ("k := l.Get()", "l.Put(k)")], ids=["slots", "pool"]
)
def test_what_one_method_takes_another_gives_back_on_every_way_out(take: str, give: str) -> None:
    best, *others = swimming(f"""
        {take}
        if wet {{
            return nil, errWet
        }}
        {give}
        return 1, nil
    """)
    assert (best.strategy, best.title) == ("release-slot", f"`defer {give}` right after `{take.removeprefix('k := ')}`")
    assert body(f"{take}\ndefer {give}\nif wet {{\n    return nil, errWet\n}}\nreturn 1, nil") in text(best)
    assert not [edit.title for edit in others if edit.strategy == "call-stop"], "main has taken nothing"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("k := l.Get()\nif wet {\n    return k, nil\n}\nl.Put(k)\nreturn 1, nil", id="returned"),
        pytest.param(
            "k := l.Get()\nif wet {\n    go func() { l.Put(k) }()\n    return nil, errWet\n}\nl.Put(k)\nreturn 1, nil",
            id="given-to-a-goroutine",
        ),
        pytest.param(
            "l.Claim()\nif wet {\n    l.Release()\n    return nil, errWet\n}\nreturn l, nil", id="kept-by-the-caller"
        ),
    ],
)
def test_what_is_handed_on_is_not_given_back(code: str) -> None:
    assert not [edit.title for edit in swimming(code) if edit.strategy in ("release-slot", "call-stop")]
