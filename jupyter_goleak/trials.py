"""Build and run variants of one program beside each other: threads that wait for compilers and processes.

`Trials` is a context. Whatever ends it, no process and no thread of it is left. As many compilers run at once as there are
processors, and a few programs more, since most of them mostly sleep.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from types import MappingProxyType

from jupyter_goleak import diagnosis
from jupyter_goleak.errors import BuildError, GoleakError
from jupyter_goleak.execution import Execution
from jupyter_goleak.explanation import explain
from jupyter_goleak.exploration import Schedule
from jupyter_goleak.model import Run
from jupyter_goleak.options import Options
from jupyter_goleak.program import Program
from jupyter_goleak.recording import Recorder
from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.workbench import Building, Built, Workbench

RUNS_AT_ONCE = 6
SLEEPERS_AT_ONCE = 16
_THREADS = 28
_PATIENT_S = 5.0
PLAIN = Schedule(None, 0)
PROCESSORS = (1, 2, 4, None)
# By default the detector lets a program linger for a second.
_RACE = {"GORACE": "atexit_sleep_ms=20"}


class Given(Exception):
    """What was asked for is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of the first try of a program; `begun` are runs that were started beside it, under their schedules."""

    building: Building
    run: Run
    race: Future[Run] | None
    begun: tuple[tuple[Future[Run], Schedule], ...] = ()


class Trials:
    """Builds and runs on `bench`, `at_once` programs beside each other, each at most `limit` seconds long."""

    def __init__(self, bench: Workbench, rewriter: Rewriter, options: Options, limit: float, at_once: int) -> None:
        self._bench = bench
        self._rewriter = rewriter
        self._options = options
        self._limit = limit
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="goleak-trial")
        self._building = threading.Semaphore(os.cpu_count() or 1)
        self._running = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._live: set[Execution | Building] = set()
        self._over = threading.Event()

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """End all that is under way, from any thread."""
        self._over.set()
        with self._lock:
            live = tuple(self._live)
        for each in live:
            if isinstance(each, Execution):
                each.kill()
            else:
                each.stop()

    def first(
        self, program: Program, *, yields: bool = False, race: bool = False, over: Sequence[Schedule] = ()
    ) -> Future[Trial]:
        """The program, built, and one run of it; with `race`, another one under the race detector is on its way, and
        others are `over` these schedules."""

        def work() -> Trial:
            building = self._build(program, yields, False)
            begun = tuple(zip(self.runs(program, building.built, over), over, strict=True))
            under_race = self.race(program) if race else None
            return Trial(building, self._run(program, building.built, PLAIN), under_race, begun)

        return self._pool.submit(work)

    def runs(self, program: Program, built: Built, schedules: Iterable[Schedule]) -> list[Future[Run]]:
        """Runs of a program that is built, under those schedules."""
        return [self._pool.submit(self._run, program, built, schedule) for schedule in schedules]

    def patient(self, program: Program, built: Built, schedule: Schedule) -> Run:
        """One run at once, with time enough to finish for goroutines that are only slow."""
        settle = max(_PATIENT_S, self._options.settle)
        return self._pool.submit(self._run, program, built, schedule, settle=settle).result()

    def race(self, program: Program) -> Future[Run]:
        """One run under Go's race detector."""

        def work() -> Run:
            return self._run(program, self._build(program, False, True).built, PLAIN, _RACE)

        return self._pool.submit(work)

    def vet(self, building: Building) -> Future[Sequence[str]]:
        """What `go vet` has to say about a program."""

        def work() -> Sequence[str]:
            with self._building:
                self._check()
                vet = building.vet()
                try:
                    vet.wait()
                except BuildError as problem:
                    return [message.text for message in problem.messages] or [problem.output]
                return []

        return self._pool.submit(work)

    def _check(self) -> None:
        if self._over.is_set():
            raise Given

    def _build(self, program: Program, yields: bool, race: bool) -> Building:
        with self._building:
            self._check()
            variant = self._rewriter.instrument(program, yields=yields)
            with self._lock:
                building = self._bench.start(variant, "fixed", program.main, race=race)
                self._live.add(building)
            try:
                if self._over.is_set():
                    building.stop()
                building.wait()
            finally:
                with self._lock:
                    self._live.discard(building)
            return building

    def _run(
        self,
        program: Program,
        built: Built,
        schedule: Schedule,
        extra: Mapping[str, str] = MappingProxyType({}),
        settle: float | None = None,
    ) -> Run:
        settle = self._options.settle if settle is None else settle
        with self._running:
            self._check()
            job = replace(self._bench.job("fixed", built, schedule), settle=settle)
            job = replace(job, environment={**job.environment, **extra})
            if job.limit_reason == "timeout":
                job = replace(job, limit=min(job.limit, self._limit))
            recorder = Recorder("fixed", built.places, settle)
            execution = Execution([job])
            with self._lock:
                self._live.add(execution)
            try:
                if self._over.is_set():
                    execution.kill()
                for _, happening in execution.events():
                    for _ in recorder.add(happening):
                        pass
            finally:
                with self._lock:
                    self._live.discard(execution)
            self._check()
        return self._weighed(program, diagnosis.judge(recorder.recording(), ignore=self._options.ignore))

    def _weighed(self, program: Program, run: Run) -> Run:
        """The run, its evidence weighed by what the text tells."""
        groups = (*run.leaks, *run.alive)
        if not groups:
            return run
        try:
            facts = self._rewriter.facts(
                self._bench.as_reported(program), groups, goroot=self._bench.goroot, exports=self._bench.exports
            )
        except GoleakError:
            facts = None
        return explain(run, facts)


def reports_race(text: str) -> bool:
    """Whether the race detector speaks of the program in that text, and not of what was built into it."""
    reports = (each for each in text.split("==================") if "WARNING: DATA RACE" in each)
    return any("goleak_" not in report for report in reports)


def races(run: Future[Run], patience: float) -> bool:
    """Whether the run under the race detector reported a race within so many seconds."""
    wait([run], timeout=max(0.0, patience))
    try:
        return run.done() and reports_race(run.result().stderr)
    except (BuildError, CancelledError, GoleakError):
        return False
