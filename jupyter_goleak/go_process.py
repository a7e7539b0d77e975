"""Go commands under way: each in its own session, so that ending it ends the compilers that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_goleak.errors import ToolchainError

_BUILD_TIMEOUT_S = 600

_launching = threading.Lock()
_ending = threading.Event()
_started: weakref.WeakSet[subprocess.Popen[str]] = weakref.WeakSet()


def launch(command: Sequence[str], directory: Path | None, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a command, whose output is text. Raises ToolchainError after `end_all`, and OSError where it cannot be started."""
    with _launching:
        if _ending.is_set():
            raise ToolchainError("This Python is about to end, and starts nothing any more.")
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
        _started.add(process)
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


def end_all() -> None:
    """End every go command of this Python, and start none any more: for a Python that is about to end."""
    with _launching:
        _ending.set()
        started = tuple(_started)
    for process in started:
        stop(process)
