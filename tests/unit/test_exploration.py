"""Schedules that repeat, and many runs told as one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.exploration import Schedule, explore, merged, schedules
from jupyter_goleak.model import Exploration, Leak, Run


def leak(line: int, count: int = 1, evidence: str = "proven") -> Leak:
    return Leak(evidence, count, "chan send", "main.f", "main.go", line, "main.main", 3)  # type: ignore[arg-type]


def run(*groups: Leak, verdict: str = "") -> Run:
    leaks, alive = (tuple(each for each in groups if (each.evidence == "alive") is lives) for lives in (False, True))
    told = verdict or ("leak" if leaks else "clean")
    return Run("original", told, 0, 1.0, leaks=leaks, alive=alive)  # type: ignore[arg-type]


@given(st.integers(0, 50), st.integers())
def test_the_same_seed_gives_the_same_schedules(runs: int, seed: int) -> None:
    once = schedules(runs, seed)
    assert once == schedules(runs, seed)
    assert len(once) == runs
    assert all(schedule.seed > 0 for schedule in once), "0 would mean: no yields"


def test_another_seed_gives_others() -> None:
    assert schedules(8, 1) != schedules(8, 2)


def test_any_executor_will_do() -> None:
    over = schedules(5, 7)
    with ThreadPoolExecutor(3) as pool:
        seen = list(explore(lambda schedule: run(leak(schedule.seed)), over, pool))
    assert {each.leaks[0].line for each in seen} == {schedule.seed for schedule in over}


def test_one_end_that_nobody_saw_is_told_of_all() -> None:
    together = merged(run(), [run(), replace(run(), end_seen=False, note="It went.")], 1)
    assert (together.end_seen, together.note) == (False, "It went.")


def test_leaving_early_gives_up_what_has_not_begun() -> None:
    begun: list[Schedule] = []
    left = threading.Event()

    def once(schedule: Schedule) -> Run:
        begun.append(schedule)
        if len(begun) > 1:
            left.wait()
        return run()

    with ThreadPoolExecutor(1) as pool:
        runs = explore(once, schedules(1000, 1), pool)
        next(runs)
        runs.close()  # type: ignore[attr-defined]
        left.set()
    assert len(begun) <= 2


def test_leaks_of_all_runs_are_told_once_and_at_their_worst() -> None:
    first = run(leak(5, 2))
    told = merged(first, [run(), run(leak(5, 9, "likely"), leak(7)), run(leak(5, 3))], seed=4)
    assert [(each.line, each.count, each.evidence) for each in told.leaks] == [(5, 3, "proven"), (7, 1, "proven")]
    assert told.explored == Exploration(runs=4, leaking=3, seed=4)


def test_what_is_alive_in_one_run_and_leaks_in_another_is_told_once() -> None:
    first = run(leak(5, 2), leak(5, 1, "alive"), leak(7, 4, "alive"), leak(9, 3, "alive"))
    told = merged(first, [run(leak(7, 4, "likely")), run(leak(9, 8, "alive"))], seed=4)
    assert [(each.line, each.count, each.evidence) for each in (*told.leaks, *told.alive)] == [
        (7, 4, "likely"),
        (5, 2, "proven"),
        (5, 1, "alive"),
        (9, 3, "alive"),
    ]


def test_a_leak_that_hides_in_the_first_run_is_the_verdict() -> None:
    assert merged(run(), [run(), run(leak(5))], seed=1).verdict == "leak"
    assert merged(run(), [run(verdict="deadlock")], seed=1).verdict == "deadlock"
