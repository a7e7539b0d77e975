"""What an interrupt does while an experiment is followed: nothing is cut off half-way, nothing stays behind."""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Callable, Iterator
from typing import Protocol

from jupyter_goleak.errors import GoleakError
from jupyter_goleak.events import Event, Started
from jupyter_goleak.go_process import Commands


class Stoppable(Protocol):
    """An experiment, or what is made of some: `events()` once, `stop()` from any thread."""

    def events(self) -> Iterator[Event]:
        """What happens."""

    def stop(self) -> None:
        """End the programs; the rest still comes."""


def interruptible(experiment: Stoppable) -> Iterator[Event]:
    """The experiment's events; raises what that raises.

    An interrupt before the program runs ends the build with KeyboardInterrupt; later it ends the programs, and the
    report comes with what was seen until then. Interrupts that are ignored stay so. Outside the main thread Python
    allows no handler, and none is needed: interrupts go to the main one.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield from experiment.events()
        return
    commands = Commands()
    building, interrupted = True, False

    def stop() -> None:
        nonlocal interrupted
        interrupted = True
        experiment.stop()
        if building:
            commands.end()

    # An exception could cut off a process that starts, or the tidying.
    with commands, _interrupt_calls(stop):
        try:
            for event in experiment.events():
                building = building and not isinstance(event, Started)
                yield event
        except GoleakError:
            if interrupted and building:
                raise KeyboardInterrupt from None
            raise


@contextlib.contextmanager
def _interrupt_calls(stop: Callable[[], None]) -> Iterator[None]:
    """From a thread, since a signal may arrive while the main thread holds a lock that `stop` wants."""

    def handle(_number: int, _frame: types.FrameType | None) -> None:
        threading.Thread(target=stop, name="goleak-stop", daemon=True).start()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
