"""What one run has shown, kept within bounds: happenings in, events out, and in the end a `Recording`. Pure.

A recording holds at most some thousands of samples and some hundreds of snapshots, however long the program ran: when
there are too many, every second one goes. The last one never goes.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from jupyter_goleak.events import Born, Event, Marked, Printed, Returned, Sampled, Snapped
from jupyter_goleak.execution import Exited, Happening, Output
from jupyter_goleak.model import Birth, Goroutine, Mark, Sample, Snapshot, Variant
from jupyter_goleak.probe_stream import Asleep, Begun, Done, Dump, Exiting, Grouped, Hello, Unchanged, WorksFor
from jupyter_goleak.stack_dump import CountedStack, Places, parse_bubble, parse_dump, parse_profile

_MOST_SAMPLES = 4096
_MOST_SNAPSHOTS = 512
_MOST_MARKS = 2000


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that a diagnosis needs to know of one run.

    `proofs` are the snapshots taken right after a cycle of leak detection; `final` is the last one of all, without the
    goroutine on which the testing package runs tests, None where the program ended without a chance to take it.
    `grouped` and `grouped_leaks` are the counted stacks of a program with too many goroutines to list, `grouped_halfway`
    those of all in the second half of its settling. `bubble` are the goroutines of a synctest bubble of which the runtime has said that
    all are blocked. `tests` are the tests that goroutines worked for, by their ids. `returned` is the time at which `main` returned, `done` tells that
    the probe could say everything that it had to say.
    """

    variant: Variant
    go: str
    can_prove: bool
    exited: Exited
    samples: tuple[Sample, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    marks: tuple[Mark, ...] = ()
    births: tuple[Birth, ...] = ()
    proofs: tuple[Snapshot, ...] = ()
    final: Snapshot | None = None
    grouped: tuple[CountedStack, ...] = ()
    grouped_halfway: tuple[CountedStack, ...] = ()
    grouped_leaks: tuple[tuple[CountedStack, ...], ...] = ()
    bubble: tuple[Goroutine, ...] = ()
    tests: Mapping[int, str] = field(default_factory=dict)
    returned: float | None = None
    asleep: bool = False
    done: bool = False
    settle: float = 1.0


class Recorder:
    """Collects one variant's happenings. `places` tells the user's code from the libraries'."""

    def __init__(self, variant: Variant, places: Places, settle: float) -> None:
        self._variant = variant
        self._places = places
        self._settle = settle
        self._hello = Hello("", False)
        self._samples: list[Sample] = []
        self._snapshots: list[Snapshot] = []
        self._marks: list[Mark] = []
        self._births: list[Birth] = []
        self._proofs: list[Snapshot] = []
        self._final: Snapshot | None = None
        self._grouped: tuple[CountedStack, ...] = ()
        self._grouped_halfway: tuple[CountedStack, ...] = ()
        self._grouped_leaks: list[tuple[CountedStack, ...]] = []
        self._tests: dict[int, str] = {}
        self._returned: float | None = None
        self._asleep = False
        self._done = False
        self._exited: Exited | None = None
        self._known: dict[int, Goroutine] = {}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {"stdout": decoder("replace"), "stderr": decoder("replace")}

    def add(self, happening: Happening) -> Iterator[Event]:
        """Take one happening in; yields the events that a viewer wants to know."""
        variant = self._variant
        match happening:
            case Sample():
                yield self._sampled(self._with_created(happening))
            case Begun(birth, count):
                self._births.append(birth)
                last = self._samples[-1] if self._samples else Sample(0.0, 1, 0)
                created = max(last.created, len(self._births))
                yield self._sampled(replace(last, t=max(birth.t, last.t), count=count, created=created))
                yield Born(variant, birth)
            case Dump():
                yield Snapped(variant, self._take(happening))
            case Unchanged(t):
                if self._snapshots:
                    snapshot = replace(self._snapshots[-1], t=t)
                    self._snapshots.append(snapshot)
                    _thin(self._snapshots, _MOST_SNAPSHOTS)
                    yield Snapped(variant, snapshot)
            case Mark():
                if len(self._marks) < _MOST_MARKS:
                    self._marks.append(happening)
                    yield Marked(variant, happening)
            case Output(t, stream, data, skipped):
                decoder = self._decoders[stream]
                if skipped:
                    decoder.reset()
                text = ("\n…\n" if skipped else "") + decoder.decode(data)
                yield Printed(variant, t, stream, text)
            case Grouped(_, text, leaked, halfway):
                stacks = parse_profile(text, self._places)
                if leaked:
                    self._grouped_leaks.append(stacks)
                elif halfway:
                    self._grouped_halfway = stacks
                else:
                    self._grouped = stacks
            case WorksFor(goroutine, test):
                # The first function tells: what another test is handed to is a helper.
                self._tests.setdefault(goroutine, test)
            case Exiting(t):
                self._returned = t
                yield Returned(variant, t)
            case Hello():
                self._hello = happening
            case Asleep():
                self._asleep = True
            case Done():
                self._done = True
            case Exited():
                self._exited = happening

    @property
    def ended(self) -> bool:
        return self._exited is not None

    def recording(self) -> Recording:
        """The whole run; only after its `Exited` has been added."""
        assert self._exited is not None
        return Recording(
            variant=self._variant,
            go=self._hello.go,
            can_prove=self._hello.proof,
            exited=self._exited,
            samples=tuple(self._samples),
            snapshots=tuple(self._snapshots),
            marks=tuple(self._marks),
            births=tuple(self._births),
            proofs=tuple(self._proofs),
            final=self._final,
            grouped=self._grouped,
            grouped_halfway=self._grouped_halfway,
            grouped_leaks=tuple(self._grouped_leaks),
            bubble=parse_bubble(self._exited.stderr.decode(errors="replace"), self._places),
            tests=dict(self._tests),
            returned=self._returned,
            asleep=self._asleep,
            done=self._done,
            settle=self._settle,
        )

    def _sampled(self, sample: Sample) -> Sampled:
        self._samples.append(sample)
        _thin(self._samples, _MOST_SAMPLES)
        return Sampled(self._variant, sample)

    def _with_created(self, sample: Sample) -> Sample:
        """Before Go 1.26 the runtime does not count what was started; what rose in number was."""
        if sample.created >= 0:
            return sample
        if not self._samples:
            return replace(sample, created=max(0, sample.count - 1))
        last = self._samples[-1]
        return replace(sample, created=last.created + max(0, sample.count - last.count))

    def _take(self, dump: Dump) -> Snapshot:
        goroutines = tuple(self._shared(each) for each in parse_dump(dump.text, self._places))
        self._known = {each.id: each for each in goroutines}
        snapshot = Snapshot(dump.t, goroutines, dump.complete)
        self._snapshots.append(snapshot)
        _thin(self._snapshots, _MOST_SNAPSHOTS)
        if dump.proof:
            self._proofs.append(snapshot)
        if dump.final:
            self._final = replace(snapshot, goroutines=tuple(each for each in goroutines if not _runs_tests(each)))
        return snapshot

    def _shared(self, goroutine: Goroutine) -> Goroutine:
        """The same object for a goroutine that has not moved: a thousand snapshots cost little more than one."""
        known = self._known.get(goroutine.id)
        return known if known == goroutine else goroutine


def _runs_tests(goroutine: Goroutine) -> bool:
    """Whether it is the main goroutine of a test binary, while no TestMain of the user's is on it."""
    functions = [frame.function for frame in goroutine.frames]
    user = any(frame.user for frame in goroutine.frames)
    return goroutine.created_by is None and not user and "testing.(*M).Run" in functions


def _thin(items: list[Sample] | list[Snapshot], most: int) -> None:
    if len(items) > most:
        del items[1:-1:2]
