"""The Go helper: which locks a function leaves with, and how long it may keep them."""

from __future__ import annotations

import pytest

from jupyter_goleak.rewriting import Rewriter
from tests.integration.questions import ask, subject

pytestmark = pytest.mark.toolchain

LOCK = "sync.Mutex.Lock"
LEAVES = ("return-locked", "end-locked", "break-locked", "continue-locked")


LOCKS = """\
type bank struct {
	mu sync.Mutex
	in, out sync.Mutex
	n int
}

func (b *bank) sum() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

func (b *bank) pay(n int) bool {
	b.mu.Lock()
	if n > b.n {
		return false
	}
	if n == 0 {
		b.mu.Unlock()
		return true
	}
	println(b.sum())
	b.mu.Unlock()
	return true
}

func (b *bank) both() {
	b.in.Lock()
	b.out.Lock()
	b.out.Unlock()
	b.in.Unlock()
}

var b bank
b.pay(1)
b.both()
"""


def test_locks_and_who_holds_them(rewriter: Rewriter) -> None:
    facts = ask(rewriter, LOCKS, LOCK, 8, callers=(22, 35))
    mutex = subject(facts)
    assert (mutex.kind, mutex.name, mutex.scope, mutex.struct) == ("mutex", "mu", "field", "bank")
    assert [facts.variables[i].name for i in facts.places[0].holding] == ["mu"]
    assert [each.line for each in mutex.sites("return-locked")] == [16]
    assert mutex.sites("end-locked") == ()
    facts = ask(rewriter, LOCKS, LOCK, 29)
    assert subject(facts).name == "out"
    assert [facts.variables[i].name for i in facts.places[0].holding] == ["in"]


# The body of a function that takes `mu`, from line 3 on, and where it leaves with it.
WAYS_OUT = {
    "a round skipped": ("for range 3 {\n\tmu.Lock()\n\tif ok() {\n\t\tcontinue\n\t}\n\tmu.Unlock()\n}\n", [("continue", 6)]),
    "a loop broken off": ("for {\n\tmu.Lock()\n\tif ok() {\n\t\tbreak\n\t}\n\tmu.Unlock()\n}\n", [("break", 6)]),
    "an outer loop's next round": ("rows:\nfor range 3 {\n\tfor {\n\t\tmu.Lock()\n\t\tif ok() {\n\t\t\tcontinue rows\n\t\t}\n\t\tmu.Unlock()\n\t}\n}\n", [("continue", 8)]),
    "freed behind the loop": ("for {\n\tmu.Lock()\n\tif ok() {\n\t\tbreak\n\t}\n\tmu.Unlock()\n}\nmu.Unlock()\n", []),
    "freed by each round's end": ("for ; ; mu.Unlock() {\n\tmu.Lock()\n\tif ok() {\n\t\tcontinue\n\t}\n}\n", []),
    "held by the outer loop": ("for range 3 {\n\tmu.Lock()\n\tfor {\n\t\tif ok() {\n\t\t\tbreak\n\t\t}\n\t}\n\tmu.Unlock()\n}\n", []),
    "a case that frees it and breaks": ("mu.Lock()\nswitch {\ncase ok():\n\tmu.Unlock()\n\tbreak\n}\nif ok() {\n\treturn\n}\nmu.Unlock()\n", []),
    "tried": ("if !mu.TryLock() {\n\treturn\n}\nif ok() {\n\treturn\n}\nmu.Unlock()\n", [("return", 7)]),
    "tried in a condition": ("if mu.TryLock() {\n\tif ok() {\n\t\treturn\n\t}\n\tmu.Unlock()\n}\n", [("return", 5)]),
    "freed by a local closure": ("mu.Lock()\nfree := func() { mu.Unlock() }\nif ok() {\n\treturn\n}\nfree()\n", [("return", 6)]),
    "deferred by a local closure": ("mu.Lock()\nfree := func() { mu.Unlock() }\ndefer free()\nif ok() {\n\treturn\n}\n", []),
    "a closure handed on": ("mu.Lock()\nfree := func() { mu.Unlock() }\ntime.AfterFunc(1, free)\n", []),
    "freed by a callee": ("mu.Lock()\nif ok() {\n\treturn\n}\nfree()\n", [("return", 5)]),
    "deferred on one way only": ("mu.Lock()\nif ok() {\n\tdefer mu.Unlock()\n}\n", [("end", 7)]),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS_OUT)
def test_where_a_function_leaves_with_a_lock(rewriter: Rewriter, name: str) -> None:
    body, ways = WAYS_OUT[name]
    frees = "func free() { mu.Unlock() }\n" if "\nfree()" in body and ":=" not in body else ""
    text = f"var mu sync.Mutex\nfunc work() {{\n{body}}}\nfunc ok() bool {{ return len(os.Args) > 1 }}\n{frees}go work()\nmu.Lock()\n"
    mutex = subject(ask(rewriter, text, LOCK, text.count("\n")))
    # The lock of the snippet itself stays locked at its end.
    found = [(site.kind.removesuffix("-locked"), site.line) for site in mutex.sites(*LEAVES) if site.function == "work"]
    assert found == ways


def test_who_takes_a_lock_for_its_callers_leaves_with_it_rightly(rewriter: Rewriter) -> None:
    text = "type door struct{ mu sync.Mutex }\nfunc (d *door) shut() { d.mu.Lock() }\nfunc (d *door) open() { d.mu.Unlock() }\nd := &door{}\nd.shut()\nd.shut()\nd.open()\n"
    assert subject(ask(rewriter, text, LOCK, 2, callers=(6,))).sites(*LEAVES) == ()


# What follows the lock in line 4, and whether it may be kept until the end.
KEPT = {
    "nothing": ("x++\nmu.Unlock()\n", True),
    "what waits for nobody": ("mu.Unlock()\nx += strings.Count(fmt.Sprint(1), add(\"1\"))\n", True),
    "under the lock": ("if ok() {\n\tmu.Unlock()\n\treturn\n}\nlook()\nmu.Unlock()\n", True),
    "a call that locks": ("mu.Unlock()\nlook()\n", False),
    "a receive": ("mu.Unlock()\n<-c\n", False),
    "a library": ("mu.Unlock()\ntime.Sleep(1)\n", False),
    "deferred": ("defer look()\nmu.Unlock()\n", False),
    "started": ("mu.Unlock()\ngo look()\n", True),
    "freed by a closure": ("free := func() { mu.Unlock() }\nfree()\n", False),
    "freed by a callee": ("if ok() {\n\tfree()\n}\n", False),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_how_long_a_lock_may_be_kept(rewriter: Rewriter, name: str) -> None:
    body, kept = KEPT[name]
    text = f"var mu sync.Mutex\nvar c = make(chan int)\nfunc work() {{\nmu.Lock()\n{body}}}\nvar x int\nfunc add(s string) string {{ return s }}\nfunc ok() bool {{ return len(os.Args) > 1 }}\nfunc free() {{ mu.Unlock() }}\nfunc look() {{\n\tmu.Lock()\n\tdefer mu.Unlock()\n}}\ngo work()\nlook()\n"
    lock = subject(ask(rewriter, text, LOCK, 4)).sites("lock")[0]
    assert (lock.line, lock.deferrable) == (4, kept)


PAIR = "type cup struct{ mu sync.Mutex }\nfunc pour(a, b *cup) {\n\ta.mu.Lock()\n\tb.mu.Lock()\n}\n"


@pytest.mark.parametrize(
    ("rest", "same", "apart"),
    [
        ("x, y := &cup{}, &cup{}\ngo pour(x, y)\n", False, True),
        ("var x, y cup\ngo pour(&x, &y)\n", False, True),
        ("x := &cup{}\ngo pour(x, x)\n", True, False),
        ("x, y := &cup{}, &cup{}\ny = x\ngo pour(x, y)\n", False, False),
        ("all := []*cup{{}, {}}\ngo pour(all[0], all[1])\n", False, False),
    ],
    ids=["two that are made", "two that are declared", "one twice", "another name for it", "elements"],
)
def test_whether_two_locks_are_one(rewriter: Rewriter, rest: str, same: bool, apart: bool) -> None:
    text = PAIR + rest
    place = ask(rewriter, text, LOCK, 4, go_line=text.count("\n")).places[0]
    assert (place.same, place.apart) == (same, apart)


def test_the_locals_of_a_call_are_not_those_of_the_next(rewriter: Rewriter) -> None:
    text = "type dir struct {\n\tmu sync.Mutex\n\tsubs []*dir\n}\nfunc (d *dir) size() {\n\td.mu.Lock()\n\tfor _, sub := range d.subs {\n\t\tsub.size()\n\t}\n\td.mu.Unlock()\n}\ngo new(dir).size()\n"
    assert not ask(rewriter, text, LOCK, 6, go_line=12, callers=(8, 8)).places[0].same
