"""A recording → a judged run: which goroutines leaked, on what evidence, and what became of the program. Pure.

The evidence, from strong to weak:

- `proven`   tagged by the runtime's leak detection in two consecutive passes; or the runtime itself has said that all
             goroutines, or all of a synctest bubble, are asleep.
- `likely`   waits on a channel, a select or a lock, and has stood at the same place while the program settled, at least
             for the second half of that time: the first half is for coming to rest. A queue for a lock must not have
             become shorter meanwhile. Of goroutines too many to list as many as stood there in that half, unless they
             became fewer. While the program still runs (it was
             stopped), others may still come for it: then only a group that has kept growing counts.
- `alive`    all the rest: what runs, sleeps, or waits for I/O. Shown, never called a leak.

A program that dies while it settles has settled until then. Of one that ends where no hook sees it, what was blocked and
unmoved for the settling time until shortly before is `likely`. Goroutines that the runtime and the libraries keep for
themselves are none of the program's work and are left out.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from jupyter_goleak.execution import Exited
from jupyter_goleak.model import Evidence, Exploration, Frame, Goroutine, Leak, Run, Snapshot, Verdict
from jupyter_goleak.recording import Recording
from jupyter_goleak.stack_dump import CountedStack

MAIN_GOROUTINE = 1

_BLOCKED = ("chan receive", "chan send", "select", "semacquire", "sync.", "coroutine")
_LOCKS = ("sync.", "internal/")
_QUEUES = ("sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock")
_SHORTLY_BEFORE_S = 0.5
_HOUSEKEEPERS = ("os/signal.", "runtime.", "runtime/", "internal/", "testing.", "testing/", "os/exec.")
_TEST = re.compile(r"\.((?:Test|Fuzz|Benchmark|Example)\w*)(?:\.func\d+(?:\.\d+)*)*$")
_NOTHING_TO_RUN = b"testing: warning: no tests to run"  # what the package testing says of that
_BUBBLE_ENDED = b"panic: deadlock: main bubble goroutine has exited"  # and with it the time in there
_DEADLOCK = re.compile(
    r"^fatal error: (?:all goroutines are asleep|no goroutines \(main called runtime\.Goexit\)) - deadlock!", re.M
)


def judge(recording: Recording, *, ignore: Iterable[str] = ()) -> Run:
    """The run that the recording shows, without explanations."""
    exited = recording.exited
    stderr = exited.stderr.decode(errors="replace")
    deadlock = exited.stopped is None and exited.exit_code == 2 and bool(_DEADLOCK.search(stderr))
    groups = _grouped_leaks(recording) if recording.grouped else _listed_leaks(recording, deadlock)
    patterns = [re.compile(each) for each in ignore]
    kept = [g for g in groups if not any(p.search(g.function) or p.search(g.created_by) for p in patterns)]
    ignored = sum(g.count for g in groups if g not in kept and g.evidence != "alive")
    leaks = tuple(g for g in kept if g.evidence != "alive")
    samples = recording.samples
    counts = [sample.count for sample in samples] + [mark.value for mark in recording.marks]
    return Run(
        variant=recording.variant,
        verdict=_verdict(exited, recording, deadlock=deadlock, leaking=bool(leaks)),
        exit_code=_exit_code(recording),
        duration_s=next(t for t in (recording.returned, exited.stopped_at, exited.t) if t is not None),
        stdout=exited.stdout.decode(errors="replace"),
        stderr=stderr,
        truncated=exited.truncated,
        samples=samples,
        snapshots=recording.snapshots,
        marks=recording.marks,
        births=recording.births,
        leaks=leaks,
        alive=tuple(g for g in kept if g.evidence == "alive"),
        start=samples[0].count if samples else 1,
        peak=max(counts, default=1),
        end=samples[-1].count if samples else 1,
        created=max((sample.created for sample in samples), default=0),
        stopped=exited.stopped,
        explored=Exploration(leaking=int(bool(leaks))),
        note=_note(recording),
        ignored=ignored,
        end_seen=_end_is_seen(recording),
    )


def _verdict(exited: Exited, recording: Recording, *, deadlock: bool, leaking: bool) -> Verdict:
    if exited.stopped in ("timeout", "user"):
        return "timeout"
    if deadlock:
        return "deadlock"
    if exited.stopped is None and _exit_code(recording) != 0:
        return "crash"
    return "leak" if leaking else "clean"


def _exit_code(recording: Recording) -> int | None:
    """The program's own; None where it was killed. What happens after `main` returned is not the program's doing."""
    exited = recording.exited
    if exited.stopped is not None:
        return None if exited.exit_code < 0 else exited.exit_code
    if recording.returned is not None and not recording.done:
        return 0
    return exited.exit_code


def _died_settling(recording: Recording) -> bool:
    """Whether a late goroutine brought the program down before the probe could look at what is left."""
    by_itself = recording.returned is not None and recording.exited.stopped is None
    return by_itself and not _end_is_seen(recording)


def _end_is_seen(recording: Recording) -> bool:
    """Whether the probe has looked at what the program left."""
    return recording.done or recording.final is not None or bool(recording.grouped)


def _went_unseen(recording: Recording) -> bool:
    """Whether the program came to its end by itself, and nobody could look at what it left."""
    exited = recording.exited
    by_itself = exited.stopped is None and exited.exit_code == 0 and recording.returned is None
    return by_itself and not _end_is_seen(recording)


def _ran_nothing(recording: Recording) -> bool:
    """Whether it was a test binary in which nothing was found to run."""
    return recording.exited.exit_code == 0 and _NOTHING_TO_RUN in recording.exited.stderr.splitlines()


def _note(recording: Recording) -> str:
    if recording.exited.lost_probe:
        return recording.exited.lost_probe
    if not recording.go:
        return "The program ended before its probe could say anything."
    if _died_settling(recording):
        return "The program died while it settled: what was seen until then is all that is known of its goroutines."
    if _went_unseen(recording):
        return (
            "The program cut the connection to its probe, or ended in a way that no hook sees: "
            "what it left could not be looked at."
        )
    if recording.exited.stopped is not None and not _end_is_seen(recording):
        return "The probe gave no last word: what was seen until then is all that is known of the program's goroutines."
    if _ran_nothing(recording):
        return "No test was run: name tests with `-test.run NAME` in `--args`, and benchmarks with `-test.bench NAME`."
    if not (recording.can_prove or recording.bubble):
        return f"{recording.go} cannot prove leaks (Go 1.26 and later can); a leak is called likely at best."
    return ""


# ── goroutines listed one by one ────────────────────────────────────────────────────────────────────────────────


def _listed_leaks(recording: Recording, deadlock: bool) -> list[Leak]:
    timeless = _BUBBLE_ENDED in recording.exited.stderr
    bubble = {each.id: each for each in recording.bubble if is_blocked(each) or (timeless and each.state == "sleep")}
    last = recording.final or (recording.snapshots[-1] if recording.snapshots else None)
    if last is None:
        last = Snapshot(recording.exited.t, ())
    if bubble:
        # Whoever ran it has panicked since.
        others = (each for each in last.goroutines if each.id not in bubble and each.state != "synctest.Run")
        last = replace(last, goroutines=(*others, *bubble.values()))
    proven = _proven_ids(recording.proofs)
    # Who went unseen has ended for good; but only what was seen shortly before tells how.
    over = deadlock or (_went_unseen(recording) and last.t >= recording.exited.t - _SHORTLY_BEFORE_S)
    still_running = recording.returned is None and not over
    steady = _steady_ids(recording, last)
    growing = _growing_positions(recording.snapshots, last) if still_running else frozenset()
    idle = _idle_connections(last)
    members: dict[Leak, list[int]] = defaultdict(list)
    for goroutine in last.goroutines:
        if goroutine.id == MAIN_GOROUTINE and not (deadlock or recording.exited.stopped):
            continue
        if goroutine.id != MAIN_GOROUTINE and is_housekeeping(goroutine):
            continue
        blocked = is_blocked(goroutine)
        evidence: Evidence = "alive"
        if goroutine.id == MAIN_GOROUTINE:
            pass  # where the program did not end, it shows why; but the program is never its own leak
        elif goroutine.id in proven or goroutine.id in bubble or (deadlock and blocked):
            evidence = "proven"
        elif goroutine.id in idle:
            pass
        elif blocked and goroutine.id in steady and (not still_running or _place(goroutine) in growing):
            evidence = "likely"
        shown = _at_rest(goroutine, recording.snapshots) if evidence == "alive" else goroutine
        leak = _leak_of(shown, evidence, recording.tests)
        members[replace(leak, timeless=timeless and goroutine.id in bubble)].append(goroutine.id)
    return _sorted(replace(leak, count=len(ids), ids=tuple(ids[:1000])) for leak, ids in members.items())


def _at_rest(goroutine: Goroutine, snapshots: tuple[Snapshot, ...]) -> Goroutine:
    """The goroutine; where it was just about to go on, as it was seen waiting at that very place before."""
    if goroutine.state not in ("running", "runnable"):
        return goroutine
    place = _user_frames(goroutine.frames)
    seen = (each for snapshot in reversed(snapshots) for each in snapshot.goroutines if each.id == goroutine.id)
    waiting = (each for each in seen if is_blocked(each) and _user_frames(each.frames) == place)
    return next(waiting, goroutine) if place else goroutine


def _idle_connections(last: Snapshot) -> frozenset[int]:
    """The writing halves of the HTTP client's connections, unless a reading half waits for somebody to read a body.

    A connection that is kept for the next request is none of the program's work.
    """
    halves = {each.id: each.frames[-1].function for each in last.goroutines if each.frames}
    reading = [each for each in last.goroutines if halves.get(each.id) == "net/http.(*persistConn).readLoop"]
    if any(each.state == "select" for each in reading):
        return frozenset()
    return frozenset(number for number, function in halves.items() if function == "net/http.(*persistConn).writeLoop")


def _proven_ids(proofs: tuple[Snapshot, ...]) -> frozenset[int]:
    """Goroutines tagged in the last two passes."""
    if len(proofs) < 2:
        return frozenset()
    first, second = ({each.id for each in proof.goroutines if each.leaked} for proof in proofs[-2:])
    return frozenset(first & second)


def _steady_ids(recording: Recording, last: Snapshot) -> frozenset[int]:
    """Goroutines that have not moved for the settling time, or, once `main` has returned, for the second half of it."""
    before = [snapshot for snapshot in recording.snapshots if snapshot.complete and snapshot.t <= last.t]
    if recording.returned is not None:
        # Who died while settling had no more time for it than that.
        settle = last.t - recording.returned if _died_settling(recording) else recording.settle
        window = [snapshot for snapshot in before if snapshot.t >= recording.returned + 0.45 * settle]
        # What was first listed when the time was over shows how long the proof takes, not that anything stood still.
        if not window or (window[0].t > recording.returned + 0.8 * settle and settle > 0):
            return frozenset()
    else:
        earliest = last.t - recording.settle
        opening = next((index for index, snapshot in enumerate(before) if snapshot.t >= earliest), len(before))
        # A snapshot taken just before the window opens shows what stood there when it did.
        window = before[max(0, opening - 1) :]
        if not window or window[0].t > earliest + 0.25 or (window[0].t == last.t and recording.settle > 0):
            return frozenset()
    where = {each.id: _place(each) for each in last.goroutines}
    now, then = Counter(where.values()), Counter(map(_place, window[0].goroutines))
    # Who stands far back in a queue does not move either: where others got the lock, it goes round.
    steady = {number for number, place in where.items() if place[0] not in _QUEUES or now[place] >= then[place]}
    for snapshot in window:
        steady &= {each.id for each in snapshot.goroutines if where.get(each.id) == _place(each)}
    return frozenset(steady)


def _growing_positions(snapshots: tuple[Snapshot, ...], last: Snapshot) -> frozenset[object]:
    """Places whose number of goroutines has only ever risen, and still rose in the second half of the time seen."""
    if len(snapshots) < 3:
        return frozenset()
    middle = snapshots[0].t + (last.t - snapshots[0].t) / 2
    history = [(snapshot.t, Counter(map(_place, snapshot.goroutines))) for snapshot in (*snapshots, last)]
    growing = set()
    for place, final_count in history[-1][1].items():
        counts = [counter[place] for _, counter in history]
        half = next(counter[place] for t, counter in history if t >= middle)
        rises = all(later >= earlier for earlier, later in itertools.pairwise(counts))
        if rises and final_count >= 3 and final_count > half:
            growing.add(place)
    return frozenset(growing)


def _place(goroutine: Goroutine) -> tuple[str, tuple[Frame, ...]]:
    return goroutine.state, goroutine.frames


def is_blocked(goroutine: Goroutine) -> bool:
    """Whether it waits for another goroutine: on a channel, a select or a primitive of `sync`."""
    if goroutine.state == "semacquire" and goroutine.frames:
        # Who waits for the runtime itself, such as for a garbage collection that begins, stands in no lock.
        return goroutine.frames[0].function.startswith(_LOCKS)
    return goroutine.state.startswith(_BLOCKED)


def is_housekeeping(goroutine: Goroutine) -> bool:
    """Whether a library started it for itself: signal delivery, the testing package, the runtime's own."""
    if any(frame.user for frame in goroutine.frames):
        return False
    creator = goroutine.created_by
    if creator is None or creator.user:
        return creator is None
    return creator.function.startswith(_HOUSEKEEPERS)


def _leak_of(goroutine: Goroutine, evidence: Evidence, tests: Mapping[int, str]) -> Leak:
    position = goroutine.position
    # Of a library's goroutine the entry tells what it is; where it waits inside of the library tells little.
    telling = position or (goroutine.frames[-1] if goroutine.frames else None)
    creator = goroutine.created_by
    return Leak(
        evidence=evidence,
        count=1,
        state=goroutine.state,
        function=telling.function if telling else "",
        file=position.file if position else (creator.file if creator and creator.user else ""),
        line=position.line if position else None,
        created_by=creator.function if creator else "",
        go_line=creator.line if creator and creator.user else None,
        go_file=creator.file if creator and creator.user else "",
        stack=goroutine.frames,
        labels=goroutine.labels,
        test=_test_of(goroutine, tests),
        ancestors=goroutine.ancestors,
    )


def _test_of(goroutine: Goroutine, tests: Mapping[int, str]) -> str | None:
    """The test on whose behalf it was started, where one was; a subtest, where that is known."""
    told = next((tests[number] for number in (goroutine.id, *goroutine.creators) if number in tests), None)
    if told is not None:
        return told
    creator = (goroutine.created_by,) if goroutine.created_by else ()
    chain = (*goroutine.frames, *creator, *goroutine.ancestors)
    found = (_TEST.search(frame.function) for frame in chain if frame.user)
    return next((match[1] for match in found if match), None)


def _sorted(leaks: Iterable[Leak]) -> list[Leak]:
    """One entry per position, sorted by count, then line; where only a library's frames differ, it is one position."""
    merged: dict[tuple[object, ...], Leak] = {}
    for leak in leaks:
        key = (leak.evidence, *leak.position)
        known = merged.get(key)
        merged[key] = known.with_others(leak) if known else leak
    return sorted(merged.values(), key=lambda leak: leak.rank)


# ── goroutines too many to list ─────────────────────────────────────────────────────────────────────────────────


def _grouped_leaks(recording: Recording) -> list[Leak]:
    """Counts come from the grouped profiles; states and creators from the part of the dump that could be listed."""
    listed: dict[tuple[Frame, ...], Goroutine] = {}
    for goroutine in recording.final.goroutines if recording.final else ():
        listed.setdefault(_user_frames(goroutine.frames), goroutine)
    halfway = _counted(recording.grouped_halfway)
    passes = [_counted(stacks) for stacks in recording.grouped_leaks[-2:]]
    proven = passes[0] & passes[1] if len(passes) == 2 else Counter()
    stacks = {_user_frames(stack.frames): stack for stack in recording.grouped}
    leaks: list[Leak] = []
    for frames, count in _counted(recording.grouped).items():
        example = listed.get(frames) or Goroutine(0, "waiting", stacks[frames].frames)
        if example.id == MAIN_GOROUTINE or is_housekeeping(example):
            continue
        tagged = min(count, proven[frames])
        # Nobody knows which of them stood there before; where they became fewer, the rest may go the same way.
        unmoved = recording.returned is not None and is_blocked(example) and count >= halfway[frames]
        likely = max(0, halfway[frames] - tagged) if unmoved else 0
        groups: tuple[tuple[Evidence, int], ...]
        groups = (("proven", tagged), ("likely", likely), ("alive", count - tagged - likely))
        leaks += [
            replace(_leak_of(example, evidence, recording.tests), count=number) for evidence, number in groups if number
        ]
    return _sorted(leaks)


def _counted(stacks: tuple[CountedStack, ...]) -> Counter[tuple[Frame, ...]]:
    """How many goroutines stand at each place of the user's code, without the one that ends the program."""
    counter: Counter[tuple[Frame, ...]] = Counter()
    for stack in stacks:
        frames = _user_frames(stack.frames)
        functions = [frame.function for frame in stack.frames]
        if frames and functions[-1] != "runtime.main" and "runtime/coverage.atExit" not in functions:
            counter[frames] += stack.count
    return counter


def _user_frames(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    return tuple(frame for frame in frames if frame.user)
