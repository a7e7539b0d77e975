"""Goroutine dumps as the runtime writes them, from Go 1.23 to 1.27, and dumps that are cut short or no dumps at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.model import Frame, Goroutine
from jupyter_goleak.stack_dump import Places, parse_bubble, parse_dump, parse_profile

CELL = Places(Path("/scratch/src"), Path("/scratch/src"))

DUMP = """\
goroutine 1 [sync.WaitGroup.Wait]:
sync.runtime_SemacquireWaitGroup(0x29cdad9da070?, 0x70?)
\t/opt/go/src/runtime/sema.go:114 +0x2e
sync.(*WaitGroup).Wait(0x655280)
\t/opt/go/src/sync/waitgroup.go:206 +0x85
main.main()
\t/scratch/src/main.go:10 +0xf8

goroutine 18 [chan receive (leaked), 3 minutes]:
main.(*pool[...]).drain(0xc000012345, {0x1, 0x2})
\t/scratch/src/pool/pool.go:8 +0x4c
created by main.start in goroutine 1
\t/scratch/src/main.go:7 +0x37

goroutine 19 [chan receive (nil chan), locked to thread] {"queue": "a \\"b\\"", tier: gold}:
main.main.func1()
\t/scratch/src/main.go:9 +0x4c
created by main.main
\t/scratch/src/main.go:9 +0x37
[originating from goroutine 1]:
main.open(...)
\t/scratch/src/main.go:30 +0x10
created by main.boot
\t/scratch/src/main.go:31 +0x22
"""


def test_a_dump_is_read_goroutine_by_goroutine() -> None:
    main, worker, labelled = parse_dump(DUMP, CELL)
    assert (main.id, main.state, main.created_by, main.leaked) == (1, "sync.WaitGroup.Wait", None, False)
    assert main.position == Frame("main.main", "main.go", 10, user=True)
    assert main.frames[0] == Frame("sync.runtime_SemacquireWaitGroup", "/opt/go/src/runtime/sema.go", 114)
    assert (worker.state, worker.leaked) == ("chan receive", True)
    assert worker.position == Frame("main.(*pool[...]).drain", "pool/pool.go", 8, user=True)
    assert worker.created_by == Frame("main.start", "main.go", 7, user=True)
    assert labelled.state == "chan receive (nil chan)"
    assert labelled.labels == (("queue", 'a "b"'), ("tier", "gold"))


def test_labels_stand_where_each_go_puts_them() -> None:
    stack = "main.f()\n\t/scratch/src/main.go:3 +0x1"
    old = f'goroutine 7 [chan send (leaked) labels:{{"tier": "[gold]"}}]:\n{stack}'
    new = f'goroutine 7 [chan send (leaked)] {{"tier": "[gold]"}}:\n{stack}'
    for text in (old, new):
        (goroutine,) = parse_dump(text, CELL)
        assert (goroutine.state, goroutine.leaked, goroutine.labels) == ("chan send", True, (("tier", "[gold]"),))


def test_the_stacks_of_creators_follow_the_goroutine() -> None:
    labelled = parse_dump(DUMP, CELL)[2]
    assert [frame.function for frame in labelled.frames] == ["main.main.func1"]
    assert [frame.function for frame in labelled.ancestors] == ["main.open"]
    assert labelled.creators == (1,)


def test_a_crash_is_read_past_its_message() -> None:
    crash = "panic: no more\nparcels\n\n" + DUMP.replace("[sync.WaitGroup.Wait]", "[running]") + "exit status 2\n"
    assert [goroutine.id for goroutine in parse_dump(crash, CELL)] == [1, 18, 19]


def test_code_of_libraries_is_not_the_users() -> None:
    module = Places(Path("/home/user/shop"), Path("/home/user/shop/cmd/till"))
    dump = DUMP.replace("/scratch/src/main.go", "/home/user/shop/internal/stock/stock.go")
    dump = dump.replace("/scratch/src/pool/", "/home/user/shop/vendor/pool/")
    main, worker, _ = parse_dump(dump, module)
    assert main.position is not None and main.position.file == "../../internal/stock/stock.go"
    assert worker.position is None


@pytest.mark.parametrize("cut", range(0, len(DUMP), 7))
def test_a_dump_cut_short_is_read_as_far_as_it_goes(cut: int) -> None:
    whole, part = parse_dump(DUMP, CELL), parse_dump(DUMP[:cut], CELL)
    assert [goroutine.id for goroutine in part] == [goroutine.id for goroutine in whole][: len(part)]
    assert list(part[:-1]) == list(whole[: max(0, len(part) - 1)])


@given(st.text())
def test_any_text_is_harmless(text: str) -> None:
    assert parse_dump(text, CELL) == ()
    assert parse_profile(text, CELL) == ()


_names = st.from_regex(r"main\.[a-z]{1,8}(\.func[1-9])?", fullmatch=True)
_frames = st.builds(
    Frame, _names, st.from_regex(r"[a-z]{1,8}\.go", fullmatch=True), st.integers(1, 9999), user=st.just(True)
)
_goroutines = st.builds(
    Goroutine,
    id=st.integers(1, 10**9),
    state=st.sampled_from(["running", "chan send", "select (no cases)", "sync.Mutex.Lock", "IO wait"]),
    frames=st.lists(_frames, min_size=1, max_size=5).map(tuple),
    created_by=st.none() | _frames,
    leaked=st.booleans(),
)


@given(st.lists(_goroutines, max_size=6))
def test_what_was_written_is_read(goroutines: list[Goroutine]) -> None:
    expected = [replace(each, creators=(1,) if each.created_by else ()) for each in goroutines]
    assert parse_dump("\n".join(map(_written, goroutines)), CELL) == tuple(expected)


def _written(goroutine: Goroutine) -> str:
    lines = [f"goroutine {goroutine.id} [{goroutine.state}{' (leaked)' if goroutine.leaked else ''}]:"]
    for frame in goroutine.frames:
        lines += [f"{frame.function}(0x1, ...)", f"\t/scratch/src/{frame.file}:{frame.line} +0x1f"]
    if goroutine.created_by:
        by = goroutine.created_by
        lines += [f"created by {by.function} in goroutine 1", f"\t/scratch/src/{by.file}:{by.line} +0x2f"]
    return "\n".join(lines) + "\n"


def test_a_grouped_profile_counts_stacks() -> None:
    profile = """\
goroutineleak profile: total 1000003
1000000 @ 0x47 0x41
#\t0x47a9e1\tmain.main.func1+0x21\t/scratch/src/main.go:5

3 @ 0x47 0x42 0x43
# labels: {"tier":"gold"}
#\t0x47\tsync.runtime_Semacquire+0x24\t/opt/go/src/runtime/sema.go:71
#\t0x42\tmain.(*store).flush+0x3f\t/scratch/src/store.go:12
"""
    many, few = parse_profile(profile, CELL)
    assert (many.count, many.frames) == (1_000_000, (Frame("main.main.func1", "main.go", 5, user=True),))
    assert (few.count, [frame.function for frame in few.frames]) == (
        3,
        ["sync.runtime_Semacquire", "main.(*store).flush"],
    )


BUBBLE = """panic: deadlock: all goroutines in bubble are blocked [recovered, repanicked]

goroutine 20 [running]:
main.TestTea(0xc000001)
\t/scratch/src/main.go:9 +0x36

goroutine 22 [sync.Cond.Wait (durable), synctest bubble 1]:
main.TestTea.func1(0xc000002)
\t/scratch/src/main.go:15 +0xb4
created by testing/synctest.testingSynctestTest in goroutine 21
\t/opt/go/src/testing/testing.go:2309 +0x278

goroutine 23 [chan receive (durable), 2 minutes, synctest bubble 1]:
main.TestTea.func1.1()
\t/scratch/src/main.go:12 +0x19
created by main.TestTea.func1 in goroutine 22
\t/scratch/src/main.go:11 +0x9f
"""


def test_a_bubble_that_is_blocked_is_read_from_the_panic() -> None:
    main, other = parse_bubble(BUBBLE, CELL)
    assert (main.id, main.state) == (22, "sync.Cond.Wait")
    assert (other.id, other.state) == (23, "chan receive")
    assert other.position == Frame("main.TestTea.func1.1", "main.go", 12, user=True)


@pytest.mark.parametrize(
    "text",
    [
        BUBBLE.replace("panic: deadlock: all goroutines in bubble are blocked", "panic: out of tea"),
        BUBBLE.replace("durable), synctest bubble 1", "durable), synctest bubble 2"),
        BUBBLE.partition("goroutine 22")[0],
    ],
    ids=["another panic", "nobody tells which bubble", "none is listed"],
)
def test_of_no_other_panic_a_bubble_is_read(text: str) -> None:
    assert parse_bubble(text, CELL) == ()
