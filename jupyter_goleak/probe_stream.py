"""Bytes from the probe → messages. Pure and incremental: feed what has arrived, get what is complete.

A frame is a type byte, the payload's length (four bytes) and the payload; integers are little-endian and signed, of
eight bytes. Times are nanoseconds since the program's start and become seconds here. The types:

    H  hello: "<go version> <1 if this build can prove leaks, else 0>"
    s  a sample: time, count, created, stack and heap bytes, running, runnable, waiting, not in Go; -1 for unknown
    b  a go statement: time, the count that it led to, line, then the file's name, a zero byte, and what it calls;
       the first some thousands only
    t  a goroutine runs a function of a test: its number, then the test's name
    m  a mark: time, value, line, then the file's name
    d  a dump: time, flags, then the text of the stacks (see `Dump`)
    u  time: a dump that says the same as the one before
    g  a grouped profile: time, what it counts (see `Grouped`), then its text
    r  time: main has returned, or os.Exit was called
    q  nothing: everything sleeps for good, the runtime will report a deadlock
    e  time: the probe has said everything
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from jupyter_goleak.errors import ProbeError
from jupyter_goleak.model import Birth, Mark, Sample

_HEADER = struct.Struct("<cI")
_SAMPLE = struct.Struct("<9q")
_MARK = struct.Struct("<3q")
_TIME = struct.Struct("<q")
_GOROUTINE = struct.Struct("<q")
_TIME_AND_FLAGS = struct.Struct("<2q")
_LONGEST = 1 << 28

COMPLETE, PROOF, SETTLE, FINAL = 1, 2, 4, 8
LEAKED, HALFWAY = 1, 2


@dataclass(frozen=True, slots=True)
class Hello:
    go: str
    proof: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """The program has started a goroutine, which made it `count` of them."""

    birth: Birth
    count: int


@dataclass(frozen=True, slots=True)
class WorksFor:
    """The goroutine works for the test of that name, be it a subtest."""

    goroutine: int
    test: str


@dataclass(frozen=True, slots=True)
class Dump:
    """Stacks of all goroutines but the probe's. `complete`: none is missing; `proof`: taken right after a cycle of
    leak detection, whose tags it shows; `settle`: one of the settling time; `final`: the last of the run.
    """

    t: float
    text: str
    complete: bool = False
    proof: bool = False
    settle: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    t: float


@dataclass(frozen=True, slots=True)
class Grouped:
    """A grouped profile: of the `leaked` goroutines (1 on the wire), of all at the end (0), or of all `halfway` through the
    settling time or later, at the first moment from which their number changed (2).
    """

    t: float
    text: str
    leaked: bool = False
    halfway: bool = False


@dataclass(frozen=True, slots=True)
class Exiting:
    t: float


@dataclass(frozen=True, slots=True)
class Asleep:
    pass


@dataclass(frozen=True, slots=True)
class Done:
    t: float


Message = Hello | Sample | Begun | WorksFor | Mark | Dump | Unchanged | Grouped | Exiting | Asleep | Done


class Decoder:
    """Turns the stream's bytes into messages, whatever the pieces in which they arrive."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that `data` completes. Raises ProbeError for bytes that are no frame."""
        self._rest += data
        while len(self._rest) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._rest)
            if length > _LONGEST:
                raise ProbeError(f"The probe's stream is broken: a frame of {length} bytes.")
            end = _HEADER.size + length
            if len(self._rest) < end:
                return
            payload = bytes(self._rest[_HEADER.size : end])
            del self._rest[:end]
            yield _message(kind, payload)


def _message(kind: bytes, payload: bytes) -> Message:
    try:
        match kind:
            case b"H":
                go, _, proof = payload.decode().rpartition(" ")
                return Hello(go, proof == "1")
            case b"s":
                return _sample(payload)
            case b"b":
                t, count, line = _MARK.unpack_from(payload)
                file, _, called = payload[_MARK.size :].decode(errors="replace").partition("\0")
                return Begun(Birth(t / 1e9, file, line, called), count)
            case b"t":
                (number,) = _GOROUTINE.unpack_from(payload)
                return WorksFor(number, payload[_GOROUTINE.size :].decode(errors="replace"))
            case b"m":
                t, value, line = _MARK.unpack_from(payload)
                return Mark(t / 1e9, value, payload[_MARK.size :].decode(errors="replace"), line)
            case b"d":
                t, flags = _TIME_AND_FLAGS.unpack_from(payload)
                text = payload[_TIME_AND_FLAGS.size :].decode(errors="replace")
                return Dump(
                    t / 1e9,
                    text,
                    bool(flags & COMPLETE),
                    bool(flags & PROOF),
                    bool(flags & SETTLE),
                    bool(flags & FINAL),
                )
            case b"u":
                return Unchanged(_seconds(payload))
            case b"g":
                t, counts = _TIME_AND_FLAGS.unpack_from(payload)
                text = payload[_TIME_AND_FLAGS.size :].decode(errors="replace")
                return Grouped(t / 1e9, text, leaked=counts == LEAKED, halfway=counts == HALFWAY)
            case b"r":
                return Exiting(_seconds(payload))
            case b"q":
                return Asleep()
            case b"e":
                return Done(_seconds(payload))
    except (struct.error, UnicodeDecodeError) as problem:
        raise ProbeError(
            f"The probe's stream is broken: a frame {kind!r} of {len(payload)} bytes ({problem})."
        ) from None
    raise ProbeError(f"The probe's stream is broken: there is no frame {kind!r}.")


def _seconds(payload: bytes) -> float:
    return float(_TIME.unpack(payload)[0]) / 1e9


def _sample(payload: bytes) -> Sample:
    t, count, created, stack, heap, *states = _SAMPLE.unpack(payload)
    known = [None if value < 0 else value for value in states]
    return Sample(t / 1e9, count, created, max(stack, 0), max(heap, 0), *known)
