"""A recording stays small however long a program runs, and loses nothing that matters."""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_goleak.events import Event, Printed, Sampled, Snapped
from jupyter_goleak.execution import Exited, Happening, Output
from jupyter_goleak.model import Birth, Mark, Sample
from jupyter_goleak.probe_stream import Begun, Dump, Hello, Unchanged
from jupyter_goleak.recording import Recorder
from jupyter_goleak.stack_dump import Places

CELL = Places(Path("/src"), Path("/src"))
STACK = "goroutine {} [chan send]:\nmain.send()\n\t/src/main.go:9 +0x1\ncreated by main.main in goroutine 1\n\t/src/main.go:4 +0x2\n"


def recorder(*happenings: Happening) -> tuple[Recorder, list[Event]]:
    one = Recorder("original", CELL, 1.0)
    return one, [event for happening in happenings for event in one.add(happening)]


def test_a_long_run_is_thinned_out() -> None:
    one, _ = recorder(*(Sample(t / 40, 3, 2) for t in range(40 * 600)), Exited(600, 0, None, b"", b"", truncated=False))
    samples = one.recording().samples
    assert 2000 < len(samples) <= 4096
    assert (samples[0].t, samples[-1].t) == (0, 599.975)


def test_goroutines_that_do_not_move_are_kept_once() -> None:
    dump = "\n".join(STACK.format(number) for number in range(2, 502))
    moved = dump.replace("goroutine 2 [chan send]", "goroutine 2 [select]")
    texts = [dump, moved] * 100
    one, _ = recorder(
        *(Dump(t, text, complete=True) for t, text in enumerate(texts)), Exited(9, 0, None, b"", b"", truncated=False)
    )
    snapshots = one.recording().snapshots
    different = {id(goroutine) for snapshot in snapshots for goroutine in snapshot.goroutines}
    assert len(different) < 500 + 2 * len(snapshots)
    assert sys.getrefcount(snapshots[0].goroutines[7]) > len(snapshots)


def test_an_unchanged_dump_is_a_later_snapshot_of_the_same() -> None:
    _, events = recorder(Dump(1.0, STACK.format(7), complete=True), Unchanged(2.0))
    first, second = (event.snapshot for event in events if isinstance(event, Snapped))
    assert (first.t, second.t) == (1.0, 2.0)
    assert first.goroutines is second.goroutines


def test_a_go_statement_raises_the_count_at_once() -> None:
    begun = Begun(Birth(0.5, "main.go", 4, "send"), 2)
    _, events = recorder(Sample(0.0, 1, 0, 4096, 512), begun)
    last = [event.sample for event in events if isinstance(event, Sampled)][-1]
    assert last == Sample(0.5, 2, 1, 4096, 512)


def test_where_go_does_not_count_starts_what_rose_was_started() -> None:
    _, events = recorder(Hello("go1.23.2", proof=False), *(Sample(t, n, -1) for t, n in enumerate([1, 5, 3, 4])))
    assert [event.sample.created for event in events if isinstance(event, Sampled)] == [0, 4, 4, 5]


def test_marks_are_bounded() -> None:
    one, _ = recorder(*(Mark(t, 1, "main.go", 3) for t in range(10_000)), Exited(9, 0, None, b"", b"", truncated=False))
    assert len(one.recording().marks) == 2000


def test_a_character_cut_in_two_is_shown_whole() -> None:
    _, events = recorder(Output(0, "stdout", b"\xed\x9a"), Output(1, "stdout", b"\xa8!"), Output(2, "stderr", b"\xff"))
    assert [event.text for event in events if isinstance(event, Printed)] == ["", "효!", "\ufffd"]
