"""What a program prints, kept within bounds: enough for the report, and for a screen that follows it."""

from __future__ import annotations

KEPT_BYTES = 1 << 18  # of each end of each output stream
SHOWN_BYTES = 1 << 14  # of one live update
FLUSH_S = 0.05


class KeptOutput:
    """One output stream: its first and last bytes for the report, and what is new for the screen."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0
        self._fresh = bytearray()
        self._skipped = False
        self._shown = -1.0

    @property
    def truncated(self) -> bool:
        return self._left_out > 0

    def add(self, data: bytes) -> None:
        room = KEPT_BYTES - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room < len(data) else b""
        if len(self._tail) > 2 * KEPT_BYTES:
            excess = len(self._tail) - KEPT_BYTES
            self._left_out += excess
            del self._tail[:excess]
        self._fresh += data
        if len(self._fresh) > SHOWN_BYTES:
            del self._fresh[:-SHOWN_BYTES]
            self._skipped = True

    def fresh(self, now: float, *, last: bool) -> tuple[bytes, bool] | None:
        """What came since the last call that returned something, at most every twentieth of a second."""
        if not self._fresh or (now - self._shown < FLUSH_S and not last):
            return None
        data, skipped = bytes(self._fresh), self._skipped
        self._fresh.clear()
        self._skipped, self._shown = False, now
        return data, skipped

    def kept(self) -> bytes:
        if not self.truncated:
            return bytes(self._head + self._tail)
        return bytes(self._head) + f"\n… {self._left_out:,} bytes left out …\n".encode() + bytes(self._tail)
