"""Who may yet wake a goroutine that waits, by hand-made facts: what is past, what is deferred, what else may be meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from jupyter_goleak.explanation import English, explain
from jupyter_goleak.facts import Case, Facts, Operation, Place, Standing, Variable
from jupyter_goleak.model import Evidence, Frame, Leak, Run
from jupyter_goleak.patterns import Wait, will_be_served, will_be_woken

# The bodies of the programs below, as the facts number them.
MAIN, WAITER, HELPER, LITERAL = range(4)

SERVED = "what is still at work may yet wake it"


def operation(kind: str, line: int = 10, body: int = MAIN, **changes: Any) -> Operation:
    """Something done at one line, once, by a plain statement."""
    usual: dict[str, Any] = {
        "kind": kind,
        "file": "main.go",
        "line": line,
        "end_line": line,
        "function": "main",
        "text": "",
        "expression": "",
        "buffer": None,
        "deferred": False,
        "loop": False,
        "goroutine": False,
        "conditional": False,
        "select": 0,
        "default": False,
        "repeated": False,
        "exits": (),
        "uncalled": False,
        "holding": (),
        "body": body,
        "again": False,
        "anew": False,
        "select_line": 0,
        "tasks": (),
        "timed": False,
        "last_line": changes.get("end_line", line),
        "shared": False,
        "deferrable": False,
        "once": True,
        "often": False,
        "deferrer": -1,
        "branch_line": 0,
        "branch_end": 99,
        "certain": True,
        "outer": False,
        "copy": None,
        "returned": False,
    }
    return Operation(**usual | changes)


def variable(kind: str, *operations: Operation, **changes: Any) -> Variable:
    """A local variable `x`, known to the last use."""
    usual: dict[str, Any] = {
        "kind": kind,
        "name": "x",
        "names": ("x",),
        "type": "",
        "scope": "local",
        "struct": "",
        "file": "main.go",
        "line": 3,
        "buffer": None,
        "buffer_text": "",
        "global_": False,
        "nil": False,
        "unknown": False,
        "owner": None,
        "via": "",
        "parents": (),
        "siblings": (),
        "derived": (),
        "cancel": None,
        "operations": operations,
        "lock": None,
        "methods": (),
        "close_after": None,
        "gathered": None,
        "deferrable": False,
        "sent": "",
        "unset": False,
    }
    return Variable(**usual | changes)


def case(operation: str, variable: int | None, *others: int) -> Case:
    return Case(operation, "x", "", 20, variable, others, (), "")


def place(operation: str = "receive", subject: int | None = 0, **changes: Any) -> Place:
    """Line 20 of the waiter, which calls nobody."""
    usual: dict[str, Any] = {
        "found": True,
        "statement": "",
        "operation": operation,
        "expression": "x",
        "variable": subject,
        "others": (),
        "ended": (),
        "given": "",
        "function": "waiter",
        "file": "main.go",
        "line": 20,
        "cases": (),
        "loop": None,
        "forever": False,
        "each_round": False,
        "comma_ok": False,
        "same": False,
        "apart": False,
        "started": None,
        "holding": (),
        "stack": (Standing(WAITER, 20),),
        "ahead": frozenset(),
        "reaches": frozenset({WAITER}),
        "silent": (),
        "taken": (),
        "skips": (),
    }
    return Place(**usual | changes)


def sleeping(line: int = 5, body: int = MAIN, *reaches: int, outer: Sequence[Standing] = ()) -> Place:
    """Where a goroutine sleeps, in a function that may yet come to those others."""
    stack = (Standing(body, line), *outer)
    within = {each.body for each in stack} | set(reaches)
    return place(
        "call", None, line=line, function="main", stack=stack, ahead=frozenset(reaches), reaches=frozenset(within)
    )


def leak(evidence: Evidence, state: str, *frames: str, go_line: int = 4) -> Leak:
    stack = tuple(
        Frame(each, "main.go" if each.startswith("main.") else "lib.go", 1, each.startswith("main.")) for each in frames
    )
    return Leak(evidence, 1, state, "main.waiter", "main.go", 20, "main.main", go_line, stack, go_file="main.go")


def waits(variables: Sequence[Variable], *where: Place | tuple[Place, Leak], deadlock: bool = False) -> list[Wait]:
    """The waits of one run: the first is the one in question, who sleeps is alive."""
    pairs = [
        each
        if isinstance(each, tuple)
        else (each, leak("alive", "sleep") if each.operation == "call" else leak("likely", "chan receive"))
        for each in where
    ]
    facts = Facts(tuple(pair[0] for pair in pairs), tuple(variables))
    every: list[Wait] = []
    every += [Wait(group, at, facts, English(), deadlock, every) for at, group in pairs]
    return every


# ── past a line ─────────────────────────────────────────────────────────────────────────────────────────────────

ORDER = {
    "before it": (operation("send", 10), sleeping(5), True),
    "at it": (operation("send", 5), sleeping(5), True),
    "inside of a statement of several lines": (operation("send", 4, end_line=6), sleeping(5), True),
    "past it": (operation("send", 4), sleeping(5), False),
    "past it, in a loop": (operation("send", 4, last_line=6), sleeping(5), True),
    "past a defer": (operation("close", 4, deferred=True), sleeping(5), True),
    "before a call that leads there": (operation("send", 40, HELPER), sleeping(5, MAIN, HELPER), True),
    "inside of a call, past it in the caller": (
        operation("send", 4),
        sleeping(50, HELPER, outer=[Standing(MAIN, 5)]),
        False,
    ),
    "inside of a call, before it in the caller": (
        operation("send", 6),
        sleeping(50, HELPER, outer=[Standing(MAIN, 5)]),
        True,
    ),
    "in a function that does not lead there": (operation("send", 40, HELPER), sleeping(5), False),
    "in a function that makes the value anew": (
        operation("send", 40, HELPER, anew=True),
        sleeping(5, MAIN, HELPER),
        False,
    ),
    "inside of the function that made the value": (
        operation("send", 60, HELPER, anew=True),
        sleeping(50, HELPER, outer=[Standing(MAIN, 5)]),
        True,
    ),
    "in a task that it starts": (operation("go", 4, tasks=(LITERAL,)), sleeping(50, LITERAL), True),
    "beside a task that it starts": (operation("go", 4, tasks=(LITERAL,)), sleeping(50, HELPER), False),
}


@pytest.mark.parametrize("name", ORDER)
def test_who_may_yet_come_to_an_operation(name: str) -> None:
    site, where, comes = ORDER[name]
    (sleeper,) = waits([variable("channel", site)], where)
    assert sleeper.comes_to([site]) is comes


def test_where_a_goroutine_stands_in_a_function() -> None:
    (sleeper,) = waits([], sleeping(50, HELPER, outer=[Standing(MAIN, 5), Standing(WAITER, 20)]))
    assert sleeper.stands_in(operation("send", body=MAIN)) == 5
    assert sleeper.stands_in(operation("send", body=LITERAL)) is None


# ── who waits before he comes to it ─────────────────────────────────────────────────────────────────────────────

BLOCKED = place("receive", 1, line=7, stack=(Standing(MAIN, 7),), reaches=frozenset({MAIN}))


@pytest.mark.parametrize(
    ("site", "stuck"),
    [
        (operation("send", 10), True),
        (operation("send", 5), False),
        (operation("send", 5, last_line=9), True),
        (operation("close", 5, deferred=True), True),
        (operation("send", 40, HELPER), False),
        (operation("go", 5, HELPER, tasks=(MAIN,)), True),
        (operation("go", 5, HELPER, tasks=(LITERAL,)), False),
    ],
    ids=["before it", "past it", "in a loop", "deferred", "elsewhere", "its task", "the task of another"],
)
def test_who_should_do_it_and_waits_himself(site: Operation, stuck: bool) -> None:
    waiter, other = waits([variable("channel", site), variable("channel")], place(), BLOCKED)
    assert waiter.stuck([site]) == ((other, site) if stuck else None)


def test_who_is_at_work_is_not_stuck_unless_all_are_asleep() -> None:
    site = operation("send", 10)
    alive = (BLOCKED, leak("alive", "chan receive"))
    waiter, _ = waits([variable("channel", site), variable("channel")], place(), alive)
    assert waiter.stuck([site]) is None
    waiter, other = waits([variable("channel", site), variable("channel")], place(), alive, deadlock=True)
    assert waiter.stuck([site]) == (other, site)


def test_who_receives_what_it_is_to_send_is_stuck_before_it_sends() -> None:
    site = operation("send", 20, WAITER)
    for does, stuck in (("receive", True), ("send", False)):
        waiter, _ = waits([variable("channel", site)], place(), place(does))
        assert (waiter.stuck([site]) is not None) is stuck


def test_nobody_is_stuck_by_himself() -> None:
    site = operation("send", 30, WAITER)
    (waiter,) = waits([variable("channel", site)], place())
    assert waiter.stuck([site]) is None


# ── several values ──────────────────────────────────────────────────────────────────────────────────────────────


def test_every_value_that_may_be_meant_is_a_wait_of_its_own() -> None:
    (waiter,) = waits([variable("channel")] * 3, place(others=(1, 2)))
    assert [(each.place.variable, each.place.others) for each in waiter.possible()] == [(0, ()), (1, ()), (2, ())]


def test_cases_are_combined() -> None:
    both = place("select", None, cases=(case("receive", 0, 1), case("send", 2, 3)))
    (waiter,) = waits([variable("channel")] * 4, both)
    chosen = [tuple(each.variable for each in one.place.cases) for one in waiter.possible()]
    assert chosen == [(0, 2), (0, 3), (1, 2), (1, 3)]
    assert not any(each.others for one in waiter.possible() for each in one.place.cases)


def test_of_very_many_combinations_the_first_are_taken() -> None:
    many = place("select", None, cases=tuple(case("receive", 0, 1, 2) for _ in range(5)))
    (waiter,) = waits([variable("channel")] * 3, many)
    assert len(waiter.possible()) == 24


def test_what_was_made_where_the_goroutine_was_started_is_meant() -> None:
    elsewhere, here = (variable("channel", operation("make", line)) for line in (8, 4))
    (waiter,) = waits([elsewhere, here], place(others=(1,), cases=(case("receive", 0, 1),)))
    narrowed = waiter.narrowed().place
    assert (narrowed.variable, narrowed.others) == (1, ())
    assert [(each.variable, each.others) for each in narrowed.cases] == [(1, ())]


def made_in(function: str, *operations: Operation, **changes: Any) -> Variable:
    return variable("channel", operation("make", 8, HELPER, function=function), *operations, **changes)


def test_the_likeliest_value_is_not_the_only_one_that_may_yet_come() -> None:
    near, served = made_in("main"), made_in("source", operation("send"))
    for where in (place(others=(1,)), place("select", None, cases=(case("receive", 0, 1),))):
        waiter, _ = waits([near, served], where, sleeping())
        run = Run("original", "leak", 0, 1.0, leaks=(waiter.leak,), alive=(leak("alive", "sleep"),))
        told = explain(run, waiter.facts)
        assert told.leaks == ()
        assert any(group.explanation.endswith(f"{SERVED}.") for group in told.alive)


def test_what_the_starter_made_is_not_what_it_was_given() -> None:
    waiter, _ = waits([made_in("source"), made_in("main")], place(others=(1,), given="main"), sleeping())
    assert waiter.narrowed().place.others == (1,)
    either = replace(case("receive", 0, 1), given="main")
    waiter, _ = waits([made_in("source"), made_in("main")], place("select", None, cases=(either,)), sleeping())
    assert waiter.narrowed().place.cases == (either,)


def test_another_tests_value_is_meant_only_where_its_own_test_made_none() -> None:
    own, other = made_in("TestTea"), made_in("a function literal in TestCake")
    shared, helped = made_in("TestCake", global_=True), made_in("newCup")
    group = replace(leak("likely", "chan receive"), test="TestTea/green")
    for variables, meant in (
        ((other, own), [1]),
        ((other, own, shared, helped), [1, 2, 3]),
        ((other, helped), [0, 1]),
        ((other, variable("channel")), [0, 1]),
    ):
        others = tuple(range(1, len(variables)))
        (waiter,) = waits(variables, (place(others=others, cases=(case("receive", 0, *others),)), group))
        kept = waiter.within_its_test().place
        assert [kept.variable, *kept.others] == meant
        assert [kept.cases[0].variable, *kept.cases[0].others] == meant
        (waiter,) = waits(variables, place(others=others))
        assert waiter.within_its_test() == waiter


# ── woken from outside ──────────────────────────────────────────────────────────────────────────────────────────


def clocked(*stops: Operation) -> list[Variable]:
    """A timer's channel, and the timer."""
    return [variable("channel", owner=1, via="C"), variable("timer", *stops, name="egg", line=2)]


RUNNING = "`egg` (line 2) may yet fire"
STOPS = {
    "never stopped": (clocked(), (), RUNNING),
    "stopped": (clocked(operation("stop", 12)), (), ""),
    "perhaps stopped": (clocked(operation("stop", 12, certain=False)), (), RUNNING),
    "stopped in the branch where it waits": (
        clocked(operation("stop", 18, WAITER, certain=False, branch_end=22)),
        (),
        "",
    ),
    "stopped in another branch": (clocked(operation("stop", 18, WAITER, certain=False, branch_end=19)), (), RUNNING),
    "another is yet to stop it": (clocked(operation("stop", 12)), (sleeping(8),), RUNNING),
    "its own stop is deferred": (clocked(operation("stop", 12, WAITER, deferred=True)), (), RUNNING),
    "another's stop is deferred, who still runs": (
        clocked(operation("stop", 12, deferred=True)),
        (sleeping(14),),
        RUNNING,
    ),
    "another's stop was deferred, who has gone": (clocked(operation("stop", 12, deferred=True)), (), ""),
    "one of two stops has not run": (
        clocked(operation("stop", 12, WAITER, deferred=True), operation("stop", 30, HELPER)),
        (),
        "",
    ),
    "stopped, and set again right after": (clocked(operation("stop", 12), operation("reset", 13)), (), RUNNING),
    "stopped here, and set again there": (clocked(operation("stop", 12), operation("reset", 30, HELPER)), (), RUNNING),
    "nothing calls what sets it again": (
        clocked(operation("stop", 12), operation("reset", 30, HELPER, uncalled=True)),
        (),
        "",
    ),
    "it would be set again after the wait": (
        clocked(operation("stop", 12), operation("reset", 30, WAITER)),
        (),
        "",
    ),
}


@pytest.mark.parametrize("name", STOPS)
def test_a_timer_wakes_until_it_is_stopped(name: str) -> None:
    variables, others, told = STOPS[name]
    waiter, *_ = waits(variables, place(), *others)
    assert will_be_woken(waiter) == told


OUTSIDE = {
    "time.After": ([variable("channel", operation("make", text="time.After(lunch)"))], "`time.After(lunch)` (line 10) may yet fire"),
    "a signal": (
        [variable("channel", operation("passed", text="signal.Notify(x, os.Interrupt)"))],
        "`signal.Notify(x, os.Interrupt)` (line 10) asks for signals, and one may yet come",
    ),
    "given to another library": ([variable("channel", operation("passed", text="metrics.Register(x)"))], ""),
    "a timer comes to the close": ([variable("channel", operation("close", 12, timed=True))], "a timer may yet come to line 12"),
    "a timer comes to a receive": ([variable("channel", operation("receive", 12, timed=True))], ""),
    "a context with a deadline": (
        [variable("channel", owner=1, via="Done"), variable("context", operation("make", text="context.WithTimeout(up, day)"))],
        "the end of `x` may yet come by itself",
    ),
    "a parent's deadline": (
        [
            variable("channel", owner=1, via="Done"),
            variable("context", operation("make", text="context.WithCancel(up)"), name="ctx", parents=(2,)),
            variable("context", operation("make", text="context.WithDeadline(top, noon)"), name="up"),
        ],
        "the end of `ctx` may yet come by itself",
    ),
    "no deadline": (
        [variable("channel", owner=1, via="Done"), variable("context", operation("make", text="context.WithCancel(up)"))],
        "",
    ),
    "a read deadline": ([variable("connection", operation("setreaddeadline", 12))], "the deadline of line 12 may yet come"),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_outside_of_the_goroutines(name: str) -> None:
    variables, told = OUTSIDE[name]
    (waiter,) = waits(variables, place())
    assert will_be_woken(waiter) == told


def test_any_value_that_may_be_meant_may_wake_it() -> None:
    silent = variable("channel")
    (waiter,) = waits([silent, variable("channel", owner=2, via="C"), clocked()[1]], place(others=(1,)))
    assert will_be_woken(waiter) == RUNNING
    either = place("select", None, cases=(case("receive", 0), case("receive", 0, 1)))
    (waiter,) = waits([silent, variable("channel", owner=2, via="C"), clocked()[1]], either)
    assert will_be_woken(waiter) == RUNNING


# ── served by who is still at work ──────────────────────────────────────────────────────────────────────────────

SERVING = {
    ("receive", "send"): True,
    ("receive", "close"): True,
    ("receive", "receive"): False,
    ("range", "close"): True,
    ("send", "receive"): True,
    ("send", "range"): True,
    ("send", "close"): False,
    ("lock", "unlock"): True,
    ("lock", "runlock"): True,
    ("lock", "unlock-value"): True,
    ("lock", "runlock-call"): True,
    ("lock", "lock"): False,
    ("rlock", "unlock"): True,
    ("rlock", "runlock"): False,
    ("rlock", "unlock-call"): True,
}


@pytest.mark.parametrize(("needs", "does"), SERVING, ids=" ".join)
def test_what_lets_it_go_on(needs: str, does: str) -> None:
    waiter, _ = waits([variable("mutex" if "lock" in needs else "channel", operation(does))], place(needs), sleeping())
    assert will_be_served(waiter) == (SERVED if SERVING[needs, does] else "")


@pytest.mark.parametrize(
    ("kind", "does", "told"),
    [
        ("waitgroup", "done", SERVED),
        ("waitgroup", "done-call", SERVED),
        ("waitgroup", "add", ""),
        ("cond", "signal", SERVED),
        ("cond", "broadcast", SERVED),
        ("cond", "broadcast-call", SERVED),
    ],
)
def test_what_a_wait_waits_for(kind: str, does: str, told: str) -> None:
    waiter, _ = waits([variable(kind, operation(does))], place("wait"), sleeping())
    assert will_be_served(waiter) == told


def test_a_task_of_go_is_waited_for_while_it_runs() -> None:
    group = [variable("waitgroup", operation("go", 4, WAITER, tasks=(LITERAL,)))]
    waiter, _ = waits(group, place("wait"), sleeping(50, LITERAL))
    assert will_be_served(waiter) == SERVED
    waiter, _ = waits(group, place("wait"), sleeping(50, HELPER))
    assert will_be_served(waiter) == ""


def test_who_was_signalled_waits_for_the_lock_of_the_condition() -> None:
    variables = [variable("cond", lock=1), variable("mutex", operation("unlock", deferred=True))]
    for state, told in (("sync.Mutex.Lock", SERVED), ("sync.Cond.Wait", "")):
        waiter, _ = waits(variables, (place("wait"), leak("likely", state)), sleeping())
        assert will_be_served(waiter) == told


def test_who_is_past_it_serves_no_more() -> None:
    waiter, _ = waits([variable("channel", operation("send", 4))], place(), sleeping(5))
    assert will_be_served(waiter) == ""


def test_only_who_is_at_work_serves() -> None:
    variables = [variable("channel", operation("send", 10)), variable("channel")]
    waiter, _ = waits(variables, place(), BLOCKED)
    assert will_be_served(waiter) == ""


def test_a_context_ends_with_its_parent() -> None:
    cancel = variable("cancel", operation("call", 10))
    variables = [
        variable("channel", owner=1, via="Done"),
        variable("context", parents=(2,), cancel=4),
        variable("context", cancel=3),
        cancel,
        variable("cancel"),
    ]
    waiter, _ = waits(variables, place(), sleeping())
    assert will_be_served(waiter) == SERVED
    waiter, _ = waits([*variables[:2], variable("context", cancel=4), *variables[3:]], place(), sleeping())
    assert will_be_served(waiter) == ""


def test_the_other_end_of_a_pipe_serves() -> None:
    reader, writer = variable("pipe", siblings=(1,)), variable("pipe", operation("write", 10), siblings=(0,))
    waiter, _ = waits(
        [reader, writer], (place("read"), leak("likely", "select", "io.(*pipe).read", "main.waiter")), sleeping()
    )
    assert will_be_served(waiter) == SERVED
    waiter, _ = waits(
        [reader, variable("pipe")],
        (place("read"), leak("likely", "select", "io.(*pipe).read", "main.waiter")),
        sleeping(),
    )
    assert will_be_served(waiter) == ""


def test_the_alternatives_of_a_case_count() -> None:
    silent, served = variable("channel"), variable("channel", operation("send"))
    for cases, told in (
        ((case("receive", 0),), ""),
        ((case("receive", 0), case("receive", 1)), SERVED),
        ((case("receive", 0, 1),), SERVED),
        ((case("send", 0, 1),), ""),
        ((case("default", None),), ""),
    ):
        waiter, _ = waits([silent, served], place("select", None, cases=cases), sleeping())
        assert will_be_served(waiter) == told


def test_a_select_inside_of_a_library_is_its_own_business() -> None:
    group = leak("likely", "select", "net/http.(*Server).Shutdown", "main.waiter")
    (waiter,) = waits([], (place("call", None), group))
    assert will_be_served(waiter) == "`http.(*Server).Shutdown` waits there, and only that library knows what for"
    locked = leak("likely", "sync.Mutex.Lock", "net/http.(*Server).Shutdown", "main.waiter")
    (waiter,) = waits([], (place("call", None), locked))
    assert will_be_served(waiter) == ""


def test_who_is_at_work_in_the_same_library_serves() -> None:
    group = leak("likely", "chan receive", "database/sql.(*DB).conn", "main.waiter")
    for inside, told in (("database/sql.(*Rows).Next", SERVED), ("encoding/json.Marshal", "")):
        other = (sleeping(), leak("alive", "sleep", inside, "main.main"))
        waiter, _ = waits([], (place("call", None), group), other)
        assert will_be_served(waiter) == told
