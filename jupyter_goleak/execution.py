"""Start programs, stream what they say, and stop them for certain.

Each program runs in its own session, so that an interrupt of the notebook does not reach it before it can report. One
thread per execution reads all pipes of all its programs; whoever iterates `Execution.events` may be slow without
holding a program up. When the iteration ends, for whatever reason, no process of any program is left: the whole
process group goes, and should this very process die, the probe sees its connection close and ends the program.

Stopping has three steps: ask the probe for its findings, SIGTERM, SIGKILL; for an interrupt or a time-out all three
take less than two seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import resource
import selectors
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from jupyter_goleak.errors import ProbeError, UsageError
from jupyter_goleak.kept_output import FLUSH_S, KeptOutput
from jupyter_goleak.model import Variant
from jupyter_goleak.probe_stream import Decoder, Done, Exiting, Message

Reason = Literal["timeout", "for", "user"]
Stream = Literal["stdout", "stderr"]

_GRACE_S = 0.8
_HURRIED_SETTLE_S = 0.4
_HURRIED_PATIENCE_S = 0.8
# Programs that close "all" descriptors count up from 3, to 1023 or 4095 as a rule.
_OUT_OF_REACH = 8000
_LIMITS = threading.Lock()
_LONGEST_MS = (1 << 32) - 1  # what the wire's four bytes hold: 49 days
_PATIENCE_S = 20.0  # without a word, with the proof among very many goroutines


@dataclass(frozen=True, slots=True)
class Job:
    """One program to run: `limit` seconds after its start it is stopped, for the reason `limit_reason`.

    A `seed` other than 0 chooses the schedule of a program that was built with yields. The program does not get to see
    the last `own_godebug` letters of its GODEBUG.
    """

    variant: Variant
    binary: Path
    directory: Path
    environment: Mapping[str, str]
    args: tuple[str, ...] = ()
    stdin: str = ""
    settle: float = 1.0
    limit: float = 60.0
    limit_reason: Reason = "timeout"
    seed: int = 0
    own_godebug: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that the program wrote. `skipped` tells that more came than a screen can follow, and was passed over."""

    t: float
    stream: Stream
    data: bytes
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Exited:
    """The program is gone. `stdout` and `stderr` are what was kept of them; `truncated`: their middle is missing. `stopped_at` is
    when it was asked to end, None where nobody did."""

    t: float
    exit_code: int
    stopped: Reason | None
    stdout: bytes
    stderr: bytes
    truncated: bool
    lost_probe: str = ""
    stopped_at: float | None = None


Happening = Message | Output | Exited


class Execution:
    """Runs `jobs` at the same time. Iterate `events()` once; `stop()` may be called from any thread."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._queue: queue.SimpleQueue[tuple[Variant, Happening] | BaseException | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._kill = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()

    def stop(self) -> None:
        """Stop all programs as an interrupt does; their findings so far still arrive."""
        self._stop.set()
        self._wake()

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped it, be it by an interrupt."""
        return self._stop.is_set()

    def kill(self) -> None:
        """End all programs at once; what they would still have to say is lost."""
        self._kill.set()
        self._wake()

    def events(self) -> Iterator[tuple[Variant, Happening]]:
        """What happens, in order; the last of each variant is its `Exited`."""
        thread = threading.Thread(target=self._pump, name="goleak-execution", daemon=True)
        thread.start()
        try:
            while True:
                item = self._queue.get()
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.kill()
            thread.join()
            self._wake_reader.close()
            self._wake_writer.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_writer.send(b"!")

    def _pump(self) -> None:
        try:
            with selectors.DefaultSelector() as selector, contextlib.ExitStack() as under_way:
                selector.register(self._wake_reader, selectors.EVENT_READ, lambda: self._wake_reader.recv(64))
                processes: list[_Process] = []
                for job in self._jobs:
                    process = _Process(job, selector, self._queue)
                    under_way.callback(process.destroy)
                    processes.append(process)
                while any(not process.ended for process in processes):
                    for key, _ in selector.select(min(process.patience() for process in processes)):
                        key.data()
                    for process in processes:
                        process.step(stop=self._stop.is_set(), kill=self._kill.is_set())
            self._queue.put(None)
        except BaseException as problem:
            self._queue.put(problem)


class _Process:
    """One running program: its pipes, what is kept of its output, and how far its stopping has come."""

    def __init__(
        self,
        job: Job,
        selector: selectors.BaseSelector,
        events: queue.SimpleQueue[tuple[Variant, Happening] | BaseException | None],
    ) -> None:
        self.job = job
        self.ended = False
        self._selector = selector
        self._events = events
        self._decoder = Decoder()
        self._stopped: Reason | None = None
        self._stopped_at: float | None = None
        self._phase: Literal["running", "finishing", "terminating", "killed"] = "running"
        self._deadline = 0.0
        self._lost_probe = ""
        self._done = False
        self._returned = False
        self._heard = 0.0
        self._outputs: dict[Stream, KeptOutput] = {"stdout": KeptOutput(), "stderr": KeptOutput()}

        ours, theirs = socket.socketpair()
        theirs = _out_of_reach(theirs)
        setting = f"{theirs.fileno()} {_milliseconds(job.settle)} {job.seed} {job.own_godebug}"
        environment = dict(job.environment, GOLEAK_PROBE=setting)
        with tempfile.TemporaryFile() as stdin, theirs:
            stdin.write(job.stdin.encode("utf-8", "surrogateescape"))
            stdin.seek(0)
            self._started = time.monotonic()
            try:
                self._popen = subprocess.Popen(
                    [str(job.binary), *job.args],
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=job.directory,
                    env=environment,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            except OSError as problem:
                ours.close()
                raise UsageError(f"The program cannot be started: {problem.strerror or problem}.") from None
        self._connection = ours
        self._open: set[IO[bytes] | socket.socket] = set()
        assert self._popen.stdout and self._popen.stderr
        self._watch(ours, self._read_probe)
        self._watch(self._popen.stdout, lambda: self._read_output("stdout"))
        self._watch(self._popen.stderr, lambda: self._read_output("stderr"))

    def _watch(self, source: IO[bytes] | socket.socket, react: object) -> None:
        os.set_blocking(source.fileno(), False)
        self._selector.register(source, selectors.EVENT_READ, react)
        self._open.add(source)

    def _unwatch(self, source: IO[bytes] | socket.socket) -> None:
        if source in self._open:
            self._open.remove(source)
            self._selector.unregister(source)
            source.close()

    def _now(self) -> float:
        return time.monotonic() - self._started

    def _post(self, happening: Happening) -> None:
        self._events.put((self.job.variant, happening))

    def patience(self) -> float:
        """Seconds that the reader may sleep before this process wants another step."""
        if self.ended:
            return 3600.0
        if self._connection not in self._open:
            return 0.002
        return FLUSH_S if self._phase == "running" else 0.02

    def _read_probe(self) -> bool:
        """Read what the probe has sent; tell whether there was anything."""
        if self._connection not in self._open:
            return False
        try:
            data = self._connection.recv(1 << 20)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._unwatch(self._connection)
            return False
        try:
            for message in self._decoder.feed(data):
                self._done = self._done or isinstance(message, Done)
                self._returned = self._returned or isinstance(message, Exiting)
                self._heard = self._now()
                self._post(message)
        except ProbeError as problem:
            self._lost_probe = str(problem)
            self._unwatch(self._connection)
        return True

    def _read_output(self, stream: Stream) -> bool:
        """Read what has come on one stream; tell whether there was anything."""
        source = self._popen.stdout if stream == "stdout" else self._popen.stderr
        if source not in self._open:
            return False
        assert source is not None
        try:
            data = os.read(source.fileno(), 1 << 18)
        except BlockingIOError:
            return False
        if not data:
            self._unwatch(source)
            return False
        self._outputs[stream].add(data)
        return True

    def step(self, *, stop: bool, kill: bool) -> None:
        """Move on: show what was printed, notice the end, carry out what stopping asks for."""
        if self.ended:
            return
        now = self._now()
        self._flush(now)
        if self._has_exited():
            self._conclude()
        elif kill:
            self._signal(signal.SIGKILL)
        elif self._phase == "running":
            if stop:
                self._ask("user", now)
            elif self._returned:
                if now >= self._heard + self.job.settle + _PATIENCE_S:
                    self._signal(signal.SIGKILL)
            elif now >= self.job.limit:
                self._ask(self.job.limit_reason, now)
        elif stop and self._stopped == "for" and self._phase == "finishing":
            self._ask("user", now)
        elif self._phase == "finishing" and (self._done or self._connection not in self._open or now >= self._deadline):
            self._signal(signal.SIGTERM)
            self._phase, self._deadline = "terminating", now + _GRACE_S
        elif self._phase == "terminating" and now >= self._deadline:
            self._signal(signal.SIGKILL)
            self._phase = "killed"

    def _ask(self, reason: Reason, now: float) -> None:
        """Ask the probe for its findings; there is less time for them when somebody waits."""
        settle = self.job.settle if reason == "for" else min(self.job.settle, _HURRIED_SETTLE_S)
        self._stopped, self._stopped_at, self._phase = reason, now, "finishing"
        self._deadline = now + (settle + _PATIENCE_S if reason == "for" else _HURRIED_PATIENCE_S)
        with contextlib.suppress(OSError):
            self._connection.send(struct.pack("<cI", b"F", _milliseconds(settle)))

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)

    def _has_exited(self) -> bool:
        # Not reaped yet, so that the group's number cannot go to somebody else before the group is gone.
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self._popen.poll() is not None
        return os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _flush(self, now: float, *, last: bool = False) -> None:
        for stream, output in self._outputs.items():
            if fresh := output.fresh(now, last=last):
                data, skipped = fresh
                self._post(Output(now, stream, data, skipped))

    def _conclude(self) -> None:
        self._signal(signal.SIGKILL)
        exit_code = self._popen.wait()
        while self._read_probe():
            pass
        for stream in self._outputs:
            while self._read_output(stream):
                pass
        now = self._now()
        self._flush(now, last=True)
        out, err = self._outputs["stdout"], self._outputs["stderr"]
        self._post(
            Exited(
                now,
                exit_code,
                self._stopped,
                out.kept(),
                err.kept(),
                out.truncated or err.truncated,
                self._lost_probe,
                self._stopped_at,
            )
        )
        self.ended = True
        self.destroy()

    def destroy(self) -> None:
        """Leave nothing behind; harmless when all is done already."""
        if self._popen.returncode is None:
            self._signal(signal.SIGKILL)
            self._popen.wait()
        for source in tuple(self._open):
            self._unwatch(source)
        self.ended = True


def _milliseconds(seconds: float) -> int:
    return min(round(seconds * 1000), _LONGEST_MS)


def _out_of_reach(end: socket.socket) -> socket.socket:
    """The same end of a connection under a number that hardly any program closes by chance; as it is where the system has none.

    Such a number may lie above the limit of this process, which is raised for the moment; here, and not in the program,
    since there the kernel would take ten milliseconds to make its table larger.
    """
    with _LIMITS:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            if limits[0] != resource.RLIM_INFINITY:
                resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], _OUT_OF_REACH + 1000), limits[1]))
            number = fcntl.fcntl(end.fileno(), fcntl.F_DUPFD_CLOEXEC, _OUT_OF_REACH)
        except (OSError, ValueError):
            return end
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    end.close()
    return socket.socket(fileno=number)
