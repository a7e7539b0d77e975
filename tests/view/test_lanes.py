"""Lanes: one for each goroutine, or one for each program position, from snapshots."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.model import Birth, Frame, Goroutine, Leak, Snapshot
from jupyter_goleak.stack_dump import short_function
from jupyter_goleak.view.lanes import KINDS, ONE_EACH, RECTANGLES, Bars, Lanes, kind_of
from jupyter_goleak.view.stretches import GRAIN, NOWHERE, Lane, length

MAIN = Goroutine(1, "sleep", (Frame("main.main", "main.go", 3, user=True),))
LEAK = Leak("proven", 1, "chan receive", "main.worker", "main.go", 20, "main.main", 5, ids=(7,))


def goroutine(number: int, state: str = "chan receive", line: int = 20, go_line: int = 5) -> Goroutine:
    return Goroutine(
        number, state, (Frame("main.worker", "main.go", line, True),), Frame("main.main", "main.go", go_line, True)
    )


def alone(bars: Bars, values: tuple) -> tuple:
    """Of one value for each lane those of lanes that are no part of another."""
    return tuple(value for value, parent in zip(values, bars.parents, strict=True) if parent < 0)


def lanes_of(*snapshots: Snapshot) -> Lanes:
    lanes = Lanes()
    for snapshot in snapshots:
        lanes.snap(snapshot)
    return lanes


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("running", "running"),
        ("runnable", "running"),
        ("chan receive", "chan receive"),
        ("chan receive (nil chan)", "chan receive"),
        ("chan receive (leaked)", "chan receive"),
        ("chan send", "chan send"),
        ("select", "select"),
        ("select (no cases)", "select"),
        ("sync.Mutex.Lock", "lock"),
        ("sync.WaitGroup.Wait", "lock"),
        ("semacquire", "lock"),
        ("sleep", "sleep"),
        ("IO wait", "io"),
        ("syscall", "io"),
        ("GC worker (idle)", "other"),
    ],
)
def test_every_state_has_its_kind(state, kind):
    assert kind_of(state) == kind


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("main.worker", "worker"),
        ("main.main.func1", "main.func1"),
        ("example.com/shop/store.(*Cache).refresh", "store.(*Cache).refresh"),
        ("net/http.(*Server).Serve", "http.(*Server).Serve"),
    ],
)
def test_functions_are_named_as_one_says_them(name, short):
    assert short_function(name) == short


def test_a_lane_begins_at_the_go_statement_and_ends_when_the_goroutine_is_gone():
    lanes = Lanes()
    lanes.born(Birth(0.5, "main.go", 5, "worker"))
    lanes.snap(Snapshot(1.0, (MAIN, goroutine(7))))
    lanes.snap(Snapshot(2.0, (MAIN,)))
    lanes.snap(Snapshot(3.0, (MAIN, MAIN)))
    bars = lanes.bars()
    assert bars.names == ("main", "worker 1")
    assert bars.go_lines == (0, 5)
    worker = bars.lane.index(1)
    assert (bars.left[worker], bars.right[worker]) == (0.5, 2.0)
    assert (bars.left[0], bars.right[0]) == (0.0, 3.0)
    assert KINDS[bars.kind[worker]] == "chan receive"
    assert bars.line[worker] == 20


def test_each_change_of_state_or_line_is_a_rectangle_of_its_own():
    states = [("runnable", 19), ("runnable", 19), ("chan receive", 20), ("chan receive", 22)]
    lanes = lanes_of(*(Snapshot(float(t), (goroutine(7, *state),)) for t, state in enumerate(states, 1)))
    bars = lanes.bars()
    assert list(zip(bars.left, bars.right, bars.line, strict=True)) == [(1, 3, 19), (3, 4, 20), (4, 4, 22)]


def test_one_that_no_snapshot_saw_is_shown_from_its_birth_to_the_next_snapshot():
    lanes = Lanes()
    lanes.snap(Snapshot(1.0, (MAIN,)))
    lanes.born(Birth(1.2, "main.go", 9, "fetch"))
    lanes.snap(Snapshot(1.5, (MAIN, goroutine(7))))
    bars = lanes.bars()
    assert set(bars.names) == {"main", "worker 1", "fetch 1"}
    short = bars.lane.index(bars.names.index("fetch 1"))
    assert (bars.left[short], bars.right[short]) == (1.2, 1.5)


def test_one_that_came_and_went_between_two_snapshots_of_the_same_goroutines_ends_at_the_second():
    same = (MAIN,)
    lanes = lanes_of(Snapshot(0.1, same))
    lanes.born(Birth(0.15, "main.go", 5, "worker"))
    lanes.snap(Snapshot(0.2, same))
    lanes.born(Birth(0.5, "main.go", 5, "worker"))
    lanes.snap(Snapshot(0.6, (MAIN, goroutine(9))))
    bars = lanes.bars()
    assert bars.names == ("main", "worker 1", "worker 2")
    spans = {lane: (left, right) for lane, left, right in zip(bars.lane, bars.left, bars.right, strict=True)}
    assert (spans[1], spans[2]) == ((0.15, 0.2), (0.5, 0.6))


def test_a_count_tells_when_those_ended_that_the_next_snapshot_misses():
    lanes = lanes_of(Snapshot(0.1, (MAIN, goroutine(7))))
    for t, count in ((0.2, 3), (0.3, 2), (0.4, 1), (0.5, 1)):
        lanes.counted(t, count)
    lanes.born(Birth(0.15, "main.go", 5, "worker"))
    lanes.born(Birth(0.45, "main.go", 5, "worker"))
    lanes.born(Birth(0.6, "main.go", 5, "worker"))
    lanes.snap(Snapshot(0.9, (MAIN, goroutine(9))))
    bars = lanes.bars()
    spans = {lane: (left, right) for lane, left, right in zip(bars.lane, bars.left, bars.right, strict=True)}
    assert [bars.names[lane] for lane in spans] == ["main", "worker 1", "worker 2", "worker 3", "worker 4"]
    assert list(spans.values())[1:] == [(0.1, 0.4), (0.15, 0.4), (0.45, 0.5), (0.6, 0.9)]
    lanes.counted(1.0, 2)
    lanes.snap(Snapshot(1.5, (MAIN, goroutine(9, "select"))))
    assert max(lanes.bars().right) == 1.5


def test_who_is_there_was_born_even_if_a_count_came_before_it_could_begin():
    lanes = lanes_of(Snapshot(0.1, (MAIN,)))
    lanes.born(Birth(0.2, "main.go", 5, "worker"))
    lanes.counted(0.2001, 1)
    lanes.born(Birth(0.3, "main.go", 5, "worker"))
    lanes.snap(Snapshot(0.9, (MAIN, goroutine(7), goroutine(8))))
    bars = lanes.bars()
    assert bars.names == ("main", "worker 1", "worker 2")
    assert bars.left == (0.0, 0.2, 0.3)


def test_who_was_born_too_late_for_a_snapshot_is_found_in_the_next_one():
    lanes = lanes_of(Snapshot(0.1, (MAIN,)))
    lanes.born(Birth(0.15, "main.go", 9, "fetch"))
    lanes.born(Birth(0.2, "main.go", 5, "worker"))
    lanes.snap(Snapshot(0.2001, (MAIN,)))
    lanes.snap(Snapshot(0.9, (MAIN, goroutine(7))))
    lanes.snap(Snapshot(1.0, (MAIN, goroutine(7))))
    bars = lanes.bars()
    assert bars.names == ("main", "fetch 1", "worker 1")
    assert list(zip(bars.left, bars.right, strict=True)) == [(0.0, 1.0), (0.15, 0.2001), (0.2, 1.0)]


def test_a_count_that_others_explain_ends_nobody():
    lanes = lanes_of(Snapshot(0.1, (MAIN, goroutine(7))))
    lanes.counted(0.2, 2)
    lanes.snap(Snapshot(0.9, (MAIN,)))
    bars = lanes.bars()
    assert bars.right[bars.lane.index(1)] == 0.9


def test_an_incomplete_snapshot_ends_no_lane():
    lanes = lanes_of(
        Snapshot(1.0, (MAIN, goroutine(7))), Snapshot(2.0, (MAIN,), complete=False), Snapshot(3.0, (MAIN,))
    )
    bars = lanes.bars()
    assert bars.right[bars.lane.index(1)] == 3.0


def test_what_leaked_is_open_to_the_end_and_what_ended_is_not():
    lanes = lanes_of(Snapshot(1.0, (MAIN, goroutine(7), goroutine(8))), Snapshot(2.0, (MAIN, goroutine(7))))
    lanes.end(5.0, [LEAK])
    bars = lanes.bars()
    assert bars.leaks == (0, 1, 0)
    assert [bars.leaked[bars.lane.index(lane)] for lane in range(3)] == [0, 1, 0]
    assert bars.right[bars.lane.index(1)] == 5.0
    assert bars.right[bars.lane.index(2)] == 2.0
    assert lanes.stuck() == [(1.0, 1)]


def test_the_compilers_wrapper_is_not_what_a_goroutine_is_called():
    started = goroutine(7)
    wrapped = replace(started, frames=(Frame("main.main.gowrap1", "main.go", 5, user=True),))
    lanes = lanes_of(Snapshot(1.0, (MAIN, started)), Snapshot(2.0, (MAIN, started, replace(wrapped, id=8))))
    assert lanes.bars().names == ("main", "worker 1", "worker 2")


def test_too_many_share_a_lane_whose_height_is_their_number():
    crowd = tuple(goroutine(number) for number in range(2, 1002))
    lanes = lanes_of(
        Snapshot(1.0, (MAIN, *crowd[:500])),
        Snapshot(2.0, (MAIN, *crowd)),
        Snapshot(3.0, (MAIN, goroutine(2, "select"))),
    )
    bars = lanes.bars()
    assert bars.grouped
    assert alone(bars, bars.names) == ("main", "worker ×1,000")
    assert bars.names[2] == "worker 1" and bars.parents[2:] == (1,) * (ONE_EACH - 1)
    sizes = [
        (bars.number[i], round(bars.bottom[i] - bars.top[i], 6)) for i in range(len(bars.lane)) if bars.lane[i] == 1
    ]
    assert [number for number, _ in sizes] == [500, 1000, 1]
    assert sizes[0][1] * 2 == pytest.approx(sizes[1][1])


def test_a_shared_lane_shows_how_many_of_it_leaked():
    crowd = tuple(goroutine(number) for number in range(2, 102))
    lanes = lanes_of(Snapshot(1.0, (MAIN, *crowd)))
    lanes.end(2.0, [replace(LEAK, count=100)])
    bars = lanes.bars()
    assert alone(bars, bars.leaks) == (0, 100)
    assert lanes.stuck() == [(1.0, 100)]


def test_what_no_snapshot_could_list_is_drawn_from_its_go_statements_and_the_leak_itself():
    lanes = Lanes()
    for n in range(2000):
        lanes.born(Birth(n / 1000, "main.go", 5, "worker"))
    bars = lanes.bars()
    assert bars.grouped and bars.names == ("worker ×2,000",)
    assert set(bars.states) == {"started"}
    assert list(bars.number) == sorted(bars.number) and bars.number[-1] == 2000
    assert len(bars.number) <= GRAIN
    lanes.end(3.0, [replace(LEAK, count=1_000_000, ids=())])
    bars = lanes.bars()
    assert bars.names == ("worker ×1,000,000",)
    assert (bars.number[-1], bars.leaked[-1], bars.right[-1]) == (1_000_000, 1, 3.0)
    assert lanes.stuck() == [(1.999, 1_000_000)]


def test_what_a_snapshot_shows_takes_the_place_of_what_was_started():
    crowd = tuple(goroutine(number) for number in range(2, 102))
    lanes = Lanes()
    for n in range(100):
        lanes.born(Birth(n / 1000, "main.go", 5, "worker"))
    lanes.snap(Snapshot(1.0, (MAIN, *crowd)))
    lanes.born(Birth(1.5, "main.go", 5, "worker"))
    lanes.snap(Snapshot(2.0, (MAIN, *crowd[:50])))
    bars = lanes.bars()
    worker = bars.names.index("worker ×100")
    last = max(i for i in range(len(bars.lane)) if bars.lane[i] == worker)
    assert (bars.states[bars.state[last]], bars.number[last]) == ("chan receive", 50)


def test_a_list_that_was_cut_off_counts_no_fewer_than_leaked():
    crowd = tuple(goroutine(number) for number in range(2, 402))
    lanes = lanes_of(Snapshot(1.0, (MAIN, *crowd, Goroutine(999, "chan receive", ())), complete=False))
    lanes.end(2.0, [replace(LEAK, count=5000, ids=())])
    bars = lanes.bars()
    assert alone(bars, bars.names) == ("main", "worker ×5,000")
    assert max(bars.number) == 5000


def test_a_crowd_that_comes_at_once_has_parts_too():
    lanes = Lanes()
    for n in range(200):
        lanes.born(Birth(n / 1000, "main.go", 5, "worker"))
    lanes.snap(Snapshot(1.0, (MAIN, *(goroutine(number) for number in range(2, 202)))))
    bars = lanes.bars()
    assert alone(bars, bars.names) == ("worker ×200", "main")
    assert bars.parents.count(0) == ONE_EACH - 1


def test_of_a_leak_too_large_to_name_all_those_that_stand_there_are_part():
    lanes = lanes_of(Snapshot(1.0, (MAIN, goroutine(7), goroutine(8, "select"), goroutine(9))))
    lanes.end(2.0, [replace(LEAK, count=5000, ids=(7,))])
    bars = lanes.bars()
    named = dict(zip(bars.names, bars.leaks, strict=True))
    assert {name for name, leaked in named.items() if leaked} >= {"worker 1", "worker 3"}
    assert named["worker 2"] == 0


def test_two_leaks_of_one_go_statement_add_up():
    crowd = tuple(goroutine(number, line=20 + number % 2) for number in range(2, 102))
    lanes = lanes_of(Snapshot(1.0, (MAIN, *crowd)))
    lanes.end(2.0, [replace(LEAK, count=50, line=20), replace(LEAK, count=50, line=21)])
    bars = lanes.bars()
    assert alone(bars, bars.leaks) == (0, 100)


def test_what_is_drawn_stays_bounded_however_long_it_runs():
    lanes = Lanes()
    states = ("runnable", "chan receive", "select", "sleep")
    for n in range(4000):
        lanes.snap(
            Snapshot(n / 100, tuple(goroutine(number, states[(n + number) % 4]) for number in range(2, ONE_EACH + 2)))
        )
    bars = lanes.bars()
    assert not bars.grouped
    assert len(bars.left) <= max(RECTANGLES, 25 * ONE_EACH)
    assert max(bars.right) == pytest.approx(39.99)
    newest = [max(i for i in range(len(bars.lane)) if bars.lane[i] == lane) for lane in range(ONE_EACH)]
    assert [bars.states[bars.state[i]] for i in newest] == [
        states[(3999 + number) % 4] for number in range(2, ONE_EACH + 2)
    ]


@given(
    st.lists(
        st.tuples(
            st.floats(0.001, 1), st.dictionaries(st.integers(2, 12), st.sampled_from(("runnable", "select", "sleep")))
        ),
        max_size=3 * GRAIN,
    )
)
def test_a_lanes_rectangles_follow_each_other_without_overlap(steps):
    lanes, t = Lanes(), 0.0
    for wait, states in steps:
        t += wait
        lanes.snap(Snapshot(t, tuple(goroutine(number, state) for number, state in states.items())))
    bars = lanes.bars()
    for lane in range(len(bars.names)):
        edges = [(bars.left[i], bars.right[i]) for i in range(len(bars.lane)) if bars.lane[i] == lane]
        assert edges == sorted(edges)
        assert all(left <= right for left, right in edges)
        assert all(before[1] <= after[0] for before, after in pairwise(edges))
    assert all(
        index < lane_top < lane_bottom < index + 1
        for index, lane_top, lane_bottom in zip(bars.lane, bars.top, bars.bottom, strict=True)
    )


@given(st.randoms(use_true_random=False), st.integers(2 * GRAIN, 20 * GRAIN))
def test_a_lane_drawn_coarser_keeps_each_states_share_of_the_time(random, changes):
    lane, t, held = Lane("worker 1", "worker", NOWHERE), 0.0, Counter()
    for _ in range(changes):
        wait, state = random.uniform(0.01, 1), random.choice(("runnable", "select", "sleep"))
        counts = ((state, state, 3, 1),)
        lane.extend(t, counts)
        t += wait
        lane.extend(t, counts)
        held[state] += wait
    shown = Counter()
    for stretch in lane.stretches:
        shown[stretch.counts[0][0]] += length(stretch)
    assert len(lane.stretches) <= GRAIN
    assert sum(shown.values()) == pytest.approx(t)
    assert all(shown[state] == pytest.approx(held[state], abs=0.1 * t) for state in held)
