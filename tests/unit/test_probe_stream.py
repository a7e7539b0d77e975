"""The probe's stream: the same messages however the bytes are cut, and one clear error for bytes that are none of it."""

from __future__ import annotations

import contextlib
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.errors import ProbeError
from jupyter_goleak.model import Birth, Mark, Sample
from jupyter_goleak.probe_stream import (
    Asleep,
    Begun,
    Decoder,
    Done,
    Dump,
    Exiting,
    Grouped,
    Hello,
    Message,
    Unchanged,
    WorksFor,
)


def frame(kind: bytes, *numbers: int, text: bytes = b"") -> bytes:
    payload = struct.pack(f"<{len(numbers)}q", *numbers) + text
    return struct.pack("<cI", kind, len(payload)) + payload


SECOND = 10**9
STREAM: list[tuple[bytes, Message]] = [
    (frame(b"H", text=b"go1.27.3 1"), Hello("go1.27.3", proof=True)),
    (frame(b"H", text=b"go1.28-devel abc 0"), Hello("go1.28-devel abc", proof=False)),
    (frame(b"s", SECOND, 9, 8, 4096, 512, 1, 2, 6, 0), Sample(1.0, 9, 8, 4096, 512, 1, 2, 6, 0)),
    (frame(b"s", SECOND, 9, -1, -1, -1, -1, -1, -1, -1), Sample(1.0, 9, -1)),
    (frame(b"b", SECOND // 2, 3, 45, text=b"main.go\0s.serve"), Begun(Birth(0.5, "main.go", 45, "s.serve"), 3)),
    (frame(b"t", 12, text="TestShop/Gewürz".encode()), WorksFor(12, "TestShop/Gewürz")),
    (frame(b"m", 2 * SECOND, 9, 12, text="größe.go".encode()), Mark(2.0, 9, "größe.go", 12)),
    (frame(b"d", 3 * SECOND, 11, text=b"stacks"), Dump(3.0, "stacks", complete=True, proof=True, final=True)),
    (frame(b"d", 3 * SECOND, 4, text=b""), Dump(3.0, "", settle=True)),
    (frame(b"u", 4 * SECOND), Unchanged(4.0)),
    (frame(b"g", 5 * SECOND, 1, text=b"profile"), Grouped(5.0, "profile", leaked=True)),
    (frame(b"g", 5 * SECOND, 2, text=b"profile"), Grouped(5.0, "profile", halfway=True)),
    (frame(b"r", 6 * SECOND), Exiting(6.0)),
    (frame(b"q"), Asleep()),
    (frame(b"e", 7 * SECOND), Done(7.0)),
]


@pytest.mark.parametrize(("data", "message"), STREAM)
def test_each_frame_has_its_message(data: bytes, message: Message) -> None:
    assert list(Decoder().feed(data)) == [message]


@given(st.lists(st.integers(0, sum(len(data) for data, _ in STREAM)), max_size=40))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    whole = b"".join(data for data, _ in STREAM)
    edges = [0, *sorted(cuts), len(whole)]
    decoder = Decoder()
    pieces = [whole[start:end] for start, end in itertools.pairwise(edges)]
    assert [message for piece in pieces for message in decoder.feed(piece)] == [message for _, message in STREAM]


@pytest.mark.parametrize(
    "data", [frame(b"s", 1, 2), frame(b"?"), frame(b"r"), struct.pack("<cI", b"d", 1 << 31)], ids=repr
)
def test_other_bytes_are_a_clear_error(data: bytes) -> None:
    with pytest.raises(ProbeError, match="The probe's stream is broken"):
        list(Decoder().feed(data))


@given(st.binary(max_size=200))
def test_noise_never_raises_anything_else(noise: bytes) -> None:
    with contextlib.suppress(ProbeError):
        list(Decoder().feed(noise))
