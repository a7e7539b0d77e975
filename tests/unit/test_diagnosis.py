"""What is called a leak, on what evidence, and what became of the program: judged from recordings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_goleak.diagnosis import judge
from jupyter_goleak.execution import Exited
from jupyter_goleak.model import Frame, Goroutine, Sample, Snapshot
from jupyter_goleak.recording import Recording
from jupyter_goleak.stack_dump import CountedStack
from jupyter_goleak.view.words import Words, verdict_sentence

DEADLOCK = b"fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select (no cases)]:\n"


def worker(number: int, state: str = "chan receive", *, line: int = 20, leaked: bool = False) -> Goroutine:
    frames = (Frame("main.worker", "main.go", line, user=True),)
    return Goroutine(number, state, frames, Frame("main.run", "main.go", 10, user=True), leaked=leaked)


def main_goroutine(state: str = "sleep") -> Goroutine:
    return Goroutine(1, state, (Frame("main.main", "main.go", 5, user=True),))


def recording(**changes: object) -> Recording:
    """A program that ran for a second, returned, and settled for another."""
    usual = Recording(
        variant="original",
        go="go1.27.3",
        can_prove=True,
        exited=Exited(2.1, 0, None, b"", b"", truncated=False),
        samples=(Sample(0.0, 1, 0), Sample(2.0, 3, 2)),
        returned=1.0,
        done=True,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def settled(*goroutines: Goroutine, proofs: bool = False) -> Recording:
    snapshots = tuple(Snapshot(t, goroutines) for t in (1.0, 1.5, 2.0))
    return recording(snapshots=snapshots, final=snapshots[-1], proofs=snapshots[-2:] if proofs else ())


def test_tagged_in_two_passes_is_proven() -> None:
    run = judge(settled(worker(7, leaked=True), worker(8, leaked=True), proofs=True))
    (leak,) = run.leaks
    assert (run.verdict, leak.evidence, leak.count, leak.ids) == ("leak", "proven", 2, (7, 8))
    assert (leak.state, leak.function, leak.file, leak.line) == ("chan receive", "main.worker", "main.go", 20)
    assert (leak.created_by, leak.go_line) == ("main.run", 10)


def test_a_leak_belongs_to_the_nearest_test_that_is_known() -> None:
    test = Frame("shop.TestSold.func1", "shop_test.go", 9, user=True)
    own, child, grandchild, stranger = (
        replace(worker(number), creators=creators, ancestors=(test,))
        for number, creators in ((7, ()), (8, (7, 3)), (9, (6, 8, 3)), (10, (5,)))
    )
    told = {7: "TestSold/cash", 3: "TestSold"}
    run = judge(replace(settled(own, child, grandchild, stranger), tests=told))
    assert {leak.ids: leak.test for leak in run.leaks} == {(7, 8): "TestSold/cash", (9, 10): "TestSold"}


def test_tagged_in_one_pass_only_is_not_proven() -> None:
    earlier = tuple(Snapshot(t, (worker(7),)) for t in (1.0, 1.5))
    passes = Snapshot(1.9, (worker(7, leaked=True),)), Snapshot(2.0, (worker(7),))
    run = judge(recording(snapshots=(*earlier, *passes), final=passes[1], proofs=passes))
    assert [leak.evidence for leak in run.leaks] == ["likely"]


def test_who_waits_for_the_runtime_is_at_work() -> None:
    frames = (Frame("main.worker", "main.go", 20, user=True),)
    locked = (Frame("sync.runtime_Semacquire", "sema.go", 71), *frames)
    collecting, waiting = Goroutine(7, "semacquire", frames), Goroutine(8, "semacquire", locked)
    run = judge(settled(collecting, waiting))
    assert [leak.ids for leak in run.leaks] == [(8,)]
    assert [group.ids for group in run.alive] == [(7,)]


def test_blocked_and_unmoved_is_likely() -> None:
    run = judge(settled(worker(7)))
    assert (run.verdict, [leak.evidence for leak in run.leaks]) == ("leak", ["likely"])


@pytest.mark.parametrize("state", ["sleep", "IO wait", "running", "runnable", "syscall"])
def test_what_may_go_on_by_itself_is_alive(state: str) -> None:
    run = judge(settled(worker(7, state)))
    assert (run.verdict, run.leaks, [group.evidence for group in run.alive]) == ("clean", (), ["alive"])


def test_what_has_moved_while_settling_is_alive() -> None:
    snapshots = (Snapshot(1.0, (worker(7, line=20),)), Snapshot(2.0, (worker(7, line=21),)))
    run = judge(recording(snapshots=snapshots, final=snapshots[-1]))
    assert (run.verdict, run.leaks) == ("clean", ())


def test_what_started_while_settling_is_alive() -> None:
    snapshots = (Snapshot(1.0, ()), Snapshot(2.0, (worker(7),)))
    assert judge(recording(snapshots=snapshots, final=snapshots[-1])).leaks == ()


def test_who_was_just_woken_is_told_by_what_it_waits_for() -> None:
    before = Snapshot(1.0, (worker(7), worker(8, line=30)))
    after = Snapshot(2.0, (worker(7, "runnable"), worker(8, "runnable")))
    run = judge(recording(snapshots=(before, after), final=after))
    assert [(group.ids, group.state) for group in run.alive] == [((7,), "chan receive"), ((8,), "runnable")]
    assert run.verdict == "clean"


def test_idle_workers_of_a_program_that_still_runs_are_alive() -> None:
    snapshots = tuple(Snapshot(t / 10, (main_goroutine(), worker(7), worker(8), worker(9))) for t in range(31))
    run = judge(recording(exited=replace(recording().exited, stopped="for"), snapshots=snapshots, returned=None))
    assert (run.verdict, run.leaks, [group.count for group in run.alive]) == ("clean", (), [3, 1])


def test_a_group_that_keeps_growing_is_likely_even_while_the_program_runs() -> None:
    snapshots = tuple(Snapshot(t / 10, (main_goroutine(), *(worker(10 + n) for n in range(t // 2)))) for t in range(31))
    run = judge(recording(exited=replace(recording().exited, stopped="for"), snapshots=snapshots, returned=None))
    assert run.verdict == "leak"
    assert [(leak.evidence, leak.count) for leak in run.leaks] == [("likely", 9)], (
        "as many as stood there a second before"
    )


def test_main_is_never_a_leak() -> None:
    assert judge(settled(main_goroutine("chan receive"))).leaks == ()


@pytest.mark.parametrize("creator", ["os/signal.Notify.func1.1", "runtime.gcenable", "testing.(*T).Run"])
def test_housekeeping_is_left_out(creator: str) -> None:
    keeper = Goroutine(3, "select", (Frame("lib.loop", "/go/src/lib.go", 1),), Frame(creator, "/go/src/lib.go", 2))
    run = judge(settled(keeper))
    assert (run.leaks, run.alive) == ((), ())


def test_groups_are_sorted_by_count_and_line() -> None:
    run = judge(settled(worker(2, line=40), worker(3, line=30), worker(4, line=50), worker(5, line=50)))
    assert [(leak.count, leak.line) for leak in run.leaks] == [(2, 50), (1, 30), (1, 40)]


def test_what_is_ignored_is_counted() -> None:
    run = judge(settled(worker(2), worker(3)), ignore=["main[.]work"])
    assert (run.verdict, run.leaks, run.ignored) == ("clean", (), 2)


def test_a_deadlock_is_the_runtimes_own_proof() -> None:
    last = Snapshot(0.5, (main_goroutine("select (no cases)"), worker(7, "chan send")))
    exited = Exited(0.6, 2, None, b"", DEADLOCK, truncated=False)
    run = judge(recording(exited=exited, snapshots=(last,), final=last, returned=None, done=False, asleep=True))
    assert (run.verdict, run.exit_code) == ("deadlock", 2)
    assert [(leak.evidence, leak.state) for leak in run.leaks] == [("proven", "chan send")]


def test_a_program_that_only_prints_the_words_is_no_deadlock() -> None:
    run = judge(recording(exited=Exited(0.6, 0, None, b"", DEADLOCK, truncated=False)))
    assert run.verdict == "clean"


def test_an_exit_code_is_a_crash() -> None:
    run = judge(recording(exited=Exited(0.6, 3, None, b"", b"", truncated=False)))
    assert (run.verdict, run.exit_code) == ("crash", 3)


def test_what_happens_after_main_returned_is_not_the_programs_doing() -> None:
    run = judge(recording(exited=Exited(1.2, 2, None, b"", b"", truncated=False), done=False))
    assert (run.verdict, run.exit_code) == ("clean", 0)


@pytest.mark.parametrize(("stopped", "verdict"), [("timeout", "timeout"), ("user", "timeout"), ("for", "clean")])
def test_a_stopped_program_has_no_exit_code(stopped: str, verdict: str) -> None:
    run = judge(recording(exited=replace(Exited(2.0, -15, None, b"", b"", truncated=False), stopped=stopped)))
    assert (run.verdict, run.exit_code) == (verdict, None)


def test_the_settling_of_a_stopped_program_does_not_count() -> None:
    asked = Exited(2.01, -15, "for", b"", b"", truncated=False, stopped_at=1.0)
    run = judge(recording(exited=asked, returned=None))
    assert run.duration_s == 1.0
    assert verdict_sentence(run, Words("en")) == "It ran for 1.00 s, as asked; no leak was seen."
    assert verdict_sentence(run, Words("ko")) == "요청한 대로 1.00 s 동안 실행했습니다. 누수는 보이지 않았습니다."


def test_a_test_binary_that_ran_nothing_says_so() -> None:
    quiet = Exited(0.1, 0, None, b"PASS\n", b"testing: warning: no tests to run\n", truncated=False)
    assert judge(recording(exited=quiet)).note.startswith("No test was run: name tests with `-test.run NAME`")
    assert judge(recording(exited=replace(quiet, stderr=b"no tests to run\n"))).note == ""


def test_an_old_go_says_why_nothing_is_proven() -> None:
    run = judge(replace(settled(worker(7)), go="go1.23.2", can_prove=False))
    assert "go1.23.2 cannot prove" in run.note
    assert [leak.evidence for leak in run.leaks] == ["likely"]


WAITING = (Frame("main.worker", "main.go", 20, user=True),)
ENDING = (
    Frame("runtime/coverage.atExit", "/go/src/runtime/coverage/ending.go", 1),
    Frame("os.Exit", "/go/src/os/proc.go", 2),
    Frame("main.main", "main.go", 5, user=True),
)


def counted(number: int, *others: CountedStack, halfway: int, tagged: int = 0) -> Recording:
    """So many workers that only their stacks were counted, of which there were `halfway` some time before."""
    leaked = ((CountedStack(tagged, WAITING),) if tagged else (),) * 2
    return recording(
        grouped=(CountedStack(number, WAITING), *others),
        grouped_halfway=(CountedStack(halfway, WAITING),) if halfway else (),
        grouped_leaks=leaked,
        final=Snapshot(2.0, (worker(7),), complete=False),
    )


def test_a_million_are_counted_by_profile() -> None:
    (leak,) = judge(counted(1_000_000, halfway=1_000_000, tagged=1_000_000)).leaks
    assert (leak.evidence, leak.count, leak.state, leak.go_line) == ("proven", 1_000_000, "chan receive", 10)


@pytest.mark.parametrize(
    ("now", "halfway", "tagged", "groups"),
    [
        (20_000, 20_000, 0, {"likely": 20_000}),
        (20_000, 20_000, 5_000, {"proven": 5_000, "likely": 15_000}),
        (20_000, 12_000, 0, {"likely": 12_000, "alive": 8_000}),
        (20_000, 20_001, 0, {"alive": 20_000}),
        (20_000, 20_001, 5_000, {"proven": 5_000, "alive": 15_000}),
        (20_000, 0, 0, {"alive": 20_000}),
    ],
)
def test_counted_ones_are_likely_where_none_has_left(
    now: int, halfway: int, tagged: int, groups: dict[str, int]
) -> None:
    run = judge(counted(now, halfway=halfway, tagged=tagged))
    assert {group.evidence: group.count for group in (*run.leaks, *run.alive)} == groups


def test_counted_stacks_are_one_position_where_only_a_librarys_frames_differ() -> None:
    queueing = CountedStack(3_000, (Frame("sync.(*Mutex).Lock", "/go/src/sync/mutex.go", 1), *WAITING))
    run = judge(counted(9_000, queueing, halfway=12_000, tagged=10_000))
    assert [(group.evidence, group.count) for group in run.leaks] == [("proven", 10_000), ("likely", 2_000)]


@pytest.mark.parametrize("stack", [ENDING, (*ENDING[2:], Frame("runtime.main", "/go/src/runtime/proc.go", 3))])
def test_who_ends_the_program_is_none_of_the_many(stack: tuple[Frame, ...]) -> None:
    run = judge(counted(20_000, CountedStack(1, stack), halfway=20_000))
    assert [group.count for group in (*run.leaks, *run.alive)] == [20_000]


def test_a_connection_kept_for_the_next_request_is_alive() -> None:
    dial = Frame("net/http.(*Transport).dialConn", "/go/src/net/http/transport.go", 1)
    halves = [
        Goroutine(7, "select", (Frame("net/http.(*persistConn).writeLoop", "/go/src/net/http/transport.go", 2),), dial),
        Goroutine(8, "IO wait", (Frame("net/http.(*persistConn).readLoop", "/go/src/net/http/transport.go", 3),), dial),
    ]
    assert judge(settled(*halves)).leaks == ()
    body_open = replace(halves[1], state="select")
    assert [leak.count for leak in judge(settled(halves[0], body_open)).leaks] == [1, 1]


def test_what_comes_to_rest_in_the_first_half_of_settling_is_likely() -> None:
    running, blocked = (worker(7, "runnable", line=18),), (worker(7),)
    snapshots = (Snapshot(1.0, running), Snapshot(1.5, blocked), Snapshot(2.0, blocked))
    run = judge(recording(snapshots=snapshots, final=snapshots[-1]))
    assert [leak.evidence for leak in run.leaks] == ["likely"]


@pytest.mark.parametrize(("state", "leaking"), [("sync.Mutex.Lock", []), ("chan receive", [(8, 9)])])
def test_a_queue_for_a_lock_that_became_shorter_goes_on(state: str, leaking: list[tuple[int, ...]]) -> None:
    queue = tuple(worker(number, state) for number in (7, 8, 9))
    snapshots = (Snapshot(1.0, queue), Snapshot(1.5, queue), Snapshot(2.0, queue[1:]))
    run = judge(recording(snapshots=snapshots, final=snapshots[-1]))
    assert [leak.ids for leak in run.leaks] == leaking


def test_many_that_are_few_enough_to_list_only_at_the_end_are_alive() -> None:
    snapshots = (Snapshot(2.01, (worker(7),)), Snapshot(2.5, (worker(7),)))
    assert judge(recording(snapshots=snapshots, final=snapshots[-1])).leaks == ()


def test_a_program_that_dies_while_settling_is_judged_by_what_was_seen() -> None:
    arriving = (worker(7), worker(8, "sleep"), worker(9, line=18))
    standing = (worker(7), worker(8, "sleep"), worker(9))
    snapshots = tuple(Snapshot(t, arriving if t < 1.2 else standing) for t in (0.9, 1.001, 1.15, 1.3))
    run = judge(recording(exited=Exited(1.4, 2, None, b"", b"", truncated=False), snapshots=snapshots, done=False))
    assert (run.verdict, [leak.ids for leak in run.leaks], [group.ids for group in run.alive]) == (
        "leak",
        [(7,)],
        [(8,), (9,)],
    )
    assert run.note.startswith("The program died while it settled")


def test_a_program_that_dies_at_once_has_shown_nothing() -> None:
    snapshots = (Snapshot(0.9, (worker(7),)), Snapshot(1.001, (worker(7),)))
    run = judge(recording(exited=Exited(1.01, 2, None, b"", b"", truncated=False), snapshots=snapshots, done=False))
    assert (run.verdict, [group.ids for group in run.alive]) == ("clean", [(7,)])
    assert "died while it settled" in run.note


def unseen(*snapshots: Snapshot, ended: float, **changes: object) -> Recording:
    """A program that went away, and from which nothing was heard after the last snapshot."""
    exited = replace(Exited(ended, 0, None, b"", b"", truncated=False), **changes)  # type: ignore[arg-type]
    return recording(exited=exited, snapshots=snapshots, returned=None, done=False)


@pytest.mark.parametrize(
    ("first", "ended", "leaking"),
    [
        (0.5, 2.1, [(7,)]),
        (1.5, 2.1, []),  # nobody knows of it what it would have done with more time
        (0.5, 5.0, []),  # or what it has done since
    ],
)
def test_an_end_that_nobody_sees_is_judged_by_what_was_seen_before(
    first: float, ended: float, leaking: list[tuple[int, ...]]
) -> None:
    standing = (main_goroutine(), worker(7), worker(8, "sleep"))
    run = judge(unseen(*(Snapshot(t, standing) for t in (first, 1.8, 2.0)), ended=ended))
    assert [leak.ids for leak in run.leaks] == leaking
    assert (run.verdict, run.end_seen) == ("leak" if leaking else "clean", False)
    assert run.note.startswith("The program cut the connection to its probe, or ended in a way that no hook sees")


def test_a_program_that_is_stopped_without_a_last_word_says_so() -> None:
    run = judge(unseen(Snapshot(0.5, (worker(7),)), ended=5.0, exit_code=-15, stopped="for"))
    assert (run.verdict, run.end_seen) == ("clean", False)
    assert run.note.startswith("The probe gave no last word")


def test_what_comes_to_rest_later_is_alive() -> None:
    running, blocked = (worker(7, "sleep", line=18),), (worker(7),)
    snapshots = (Snapshot(1.0, running), Snapshot(1.5, running), Snapshot(2.0, blocked))
    assert judge(recording(snapshots=snapshots, final=snapshots[-1])).leaks == ()
