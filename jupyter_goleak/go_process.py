"""Go commands under way: each in its own session, so that ending it ends the compilers that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

from jupyter_goleak.errors import ToolchainError

_BUILD_TIMEOUT_S = 600

_launching = threading.Lock()


class Commands:
    """Go commands that end together. As a context: those that this thread starts while it lasts."""

    def __init__(self) -> None:
        self.ended = False
        self.started: weakref.WeakSet[subprocess.Popen[str]] = weakref.WeakSet()

    def __enter__(self) -> Commands:
        self._token = _OWN.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _OWN.reset(self._token)

    def end(self) -> None:
        """End them, from any thread, and start none any more."""
        with _launching:
            self.ended = True
            started = tuple(self.started)
        for process in started:
            stop(process)


ALL = Commands()
_OWN: ContextVar[Commands] = ContextVar("own", default=ALL)


def launch(command: Sequence[str], directory: Path | None, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a command, whose output is text. Raises ToolchainError where such have been ended, and OSError where it cannot
    be started."""
    groups = {ALL, _OWN.get()}
    with _launching:
        if any(group.ended for group in groups):
            raise ToolchainError("This Python ends its go commands, and starts none any more.")
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        for group in groups:
            group.started.add(process)
    return process


def finish(process: subprocess.Popen[str], timeout: float = _BUILD_TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    """The process's output and exit code; it does not outlive an interrupt."""
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except BaseException:
        kill(process)
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def stop(process: subprocess.Popen[str]) -> None:
    """End it, and what it has started, from any thread; whoever waits for it sees it end."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def kill(process: subprocess.Popen[str]) -> None:
    """End it, and wait until it is gone."""
    if process.returncode is None:
        stop(process)
        process.communicate()
