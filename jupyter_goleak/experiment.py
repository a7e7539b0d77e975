"""The story of one cell: build, run both variants at the same moment, diagnose, choose the fix. Yields events.

`Experiment.events()` is the whole engine for whoever wants to watch; `check()` for whoever wants the result alone.
"""

from __future__ import annotations

import os
import random
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_goleak import diagnosis, packages, toolchain
from jupyter_goleak.edits import unified_diff
from jupyter_goleak.errors import BuildError, CompilerMessage, GoleakError, UsageError
from jupyter_goleak.events import Ended, Event, Explored, Finished, Progress, Started, Tried
from jupyter_goleak.execution import Execution
from jupyter_goleak.explanation import English
from jupyter_goleak.exploration import Schedule, explore, merged, schedules
from jupyter_goleak.interrupts import interruptible
from jupyter_goleak.model import Attempt, Failure, Report, Run, Variant
from jupyter_goleak.options import Options
from jupyter_goleak.patterns import Say
from jupyter_goleak.program import Program, parse_program, read_program
from jupyter_goleak.proposal import Proposal, accepts
from jupyter_goleak.reasons import Reasons
from jupyter_goleak.recording import Recorder
from jupyter_goleak.repair import Repair
from jupyter_goleak.rewriting import Prepared, Rewriter
from jupyter_goleak.toolchain import Toolchain
from jupyter_goleak.usual import wanted
from jupyter_goleak.workbench import Building, Built, Workbench, scratch_folder


class Experiment:
    """One program under observation. `fixed_program` is the fixed variant where another cell holds it.

    `say` speaks the explanations and the progress (English unless given); files of a package are named relative to `base`. Iterate
    `events()` once, on the thread that may be interrupted; `stop()` works from any thread.
    """

    def __init__(
        self,
        program: Program,
        options: Options | None = None,
        fixed_program: Program | None = None,
        *,
        say: Say | None = None,
        base: Path | None = None,
    ) -> None:
        self._program = program
        self._base = base
        self._options = options or Options()
        if fixed_program is not None and program.form == "package" and fixed_program.form in ("file", "test"):
            # The cell holds the package's main file, and the rest stays.
            fixed_program = program.with_text(fixed_program.source)
        self._fixed_program = fixed_program
        self._say = say or English()
        self._executions: set[Execution | Experiment | Repair | Building] = set()
        self._stopped = False

    def stop(self) -> None:
        """End the programs as an interrupt would; the report still comes, with what was seen until then."""
        self._stopped = True
        for execution in tuple(self._executions):
            execution.stop()

    def events(self) -> Iterator[Event]:
        """Everything that happens, in order; the last event is `Finished`.

        Raises BuildError, ToolchainError or UsageError where there is nothing to run. However the iteration ends, no
        process and no file is left.
        """
        options = self._options
        _require_working_folder()
        go = toolchain.find(options.go, directory=self._program.directory)
        if self._program.form == "package" and "..." in self._program.pattern:
            yield from self._each_package(go)
            return
        with scratch_folder() as scratch, ExitStack() as builds:
            bench = Workbench(go, self._program, scratch, options, builds, self._base)
            self._rewriter = Rewriter(go.helper())
            self._reasons = Reasons(self._rewriter, bench, options, self._say)
            yield Progress(self._say("Building …"))
            prepared = self._rewriter.prepare(self._program)
            proposals = self._proposals(prepared)
            first = bench.start(prepared.original, "original", self._program.main)
            rest = iter(proposals)
            second, proposal, attempts = self._first_that_builds(bench, first, rest)
            runs = yield from self._run(bench, first.built, second.built if second else None, proposal)
            run = yield from self._explored(runs["original"], self._program, bench)
            fix, fixed, searched = None, runs.get("fixed"), False
            while proposal is not None and fixed is not None:
                if run.verdict != "clean" and fixed.verdict == "clean":
                    fixed = yield from self._explored(fixed, proposal.program, bench)
                accepted, outcome = accepts(run, fixed, proposal.origin)
                if proposal.origin in ("cell", "marker") or accepted:
                    fix = proposal.fix(self._program, verified=accepted, runs=fixed.explored.runs)
                    break
                if run.verdict == "clean" or self._stopped or run.stopped == "user":
                    fixed = None
                    break
                attempts.append(Attempt(proposal.title, outcome))
                yield Tried(attempts[-1], len(attempts), len(proposals))
                second, proposal, failed = self._first_that_builds(bench, None, rest)
                attempts += failed
                fixed = None
                if second is not None and proposal is not None:
                    runs = yield from self._run(bench, None, second.built, proposal)
                    fixed = runs["fixed"]
            if fix is None and not options.no_fix and wanted(run) and not self._stopped and run.stopped != "user":
                repair = yield from self._repaired(run, first, bench, attempts)
                searched = repair.searched
                if repair.found is not None:
                    fix, fixed = repair.found.fix, repair.found.run
            if fix is None:
                fixed = None
            elif fix.verified:
                run = self._reasons.explained(run, self._program, fix)
            yield Finished(
                Report(
                    go=go.version,
                    verdict=run.verdict,
                    original=run,
                    fixed=fixed,
                    fix=fix,
                    source=self._program.source,
                    file=self._program.main,
                    attempts=tuple(attempts),
                    searched=searched,
                )
            )

    def _repaired(
        self, run: Run, original: Building, bench: Workbench, attempts: list[Attempt]
    ) -> Generator[Event, None, Repair]:
        """Search for a fix; where there is one, show it live beside the original."""

        def show(program: Program, built: Built, title: str) -> Generator[Event, None, Run]:
            proposal = Proposal("repair", title, self._rewriter.instrument(program), program)
            runs = yield from self._run(bench, None, built, proposal)
            return runs["fixed"]

        repair = Repair(self._program, run, original, bench, self._rewriter, self._options, show)
        with self._stoppable(repair):
            yield from repair.events()
        attempts += repair.attempts
        return repair

    def _each_package(self, go: Toolchain) -> Iterator[Event]:
        """All packages of a pattern, one after the other, without a fix. What cannot be run among them is named, and the
        whole has that error; the others are run, and told, all the same."""
        directory = self._program.directory
        assert directory is not None
        options = replace(self._options, no_fix=True)
        if (options.explore or 1) > 1:
            options = replace(options, seed=_seed(options))
        runs: list[tuple[str, Run]] = []
        problems: list[tuple[str, GoleakError]] = []
        folders = packages.runnable(go, directory, self._program.pattern, self._options.tags)
        for folder in folders:
            name = os.path.relpath(folder, directory)
            yield Progress(self._say("Package {name} …", name=name))
            try:
                inner = Experiment(read_program(folder), options, say=self._say, base=directory)
                runs.append((name, (yield from self._package(inner))))
            except (BuildError, UsageError) as problem:
                if not self._stopped:
                    problems.append((name, problem))
                elif not runs and not problems:
                    raise
            if self._stopped:
                break
        run = packages.together(runs) if runs else None
        if run is not None and len(runs) + len(problems) < len(folders):
            run = replace(run, stopped="user", note="It was stopped before all packages had been run.")
        error = packages.failure(problems)
        yield Finished(
            Report(
                go=go.version,
                verdict="build-error" if error or run is None else run.verdict,
                original=run,
                error=error,
                source=self._program.source,
                file=self._program.main,
            )
        )

    def _package(self, inner: Experiment) -> Generator[Event, None, Run]:
        run: Run | None = None
        with self._stoppable(inner):
            for event in inner.events():
                if isinstance(event, Finished):
                    run = event.report.original
                else:
                    yield event
        self._stopped = self._stopped or inner._stopped
        assert run is not None
        return run

    def _proposals(self, prepared: Prepared) -> list[Proposal]:
        """The fixed variants to try, the most promising first."""
        original = self._program
        if self._fixed_program is not None:
            fixed = self._rewriter.prepare(self._fixed_program).original
            return [Proposal("cell", "the fixed variant of another cell", fixed, self._fixed_program)]
        if self._options.no_fix:
            return []
        if prepared.marked is not None:
            return [Proposal("marker", "the marked lines", prepared.marked, prepared.marked.program(original))]
        return [
            Proposal("commented-out", each.title, each.variant, each.variant.program(original))
            for each in prepared.candidates
        ]

    def _explored(self, run: Run, program: Program, bench: Workbench) -> Generator[Event, None, Run]:
        """The run together with those under other schedules, where they were asked for."""
        count, seed = self._options.explore or 1, _seed(self._options)
        if count < 2 or self._stopped:
            return run
        building = bench.start(self._rewriter.instrument(program, yields=True), run.variant, program.main)
        try:
            with self._stoppable(building):
                building.wait()
        except BuildError:
            if self._stopped:
                return run
            raise

        def once(schedule: Schedule) -> Run:
            execution = Execution([bench.job(run.variant, building.built, schedule)])
            recorder = Recorder(run.variant, building.built.places, self._options.settle)
            with self._stoppable(execution):
                for _, happening in execution.events():
                    list(recorder.add(happening))
            return diagnosis.judge(recorder.recording(), ignore=self._options.ignore)

        others: list[Run] = []
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for judged in explore(once, schedules(count - 1, seed), pool):
                if self._stopped:
                    break
                other = self._reasons.explained(judged, program)
                others.append(other)
                yield Explored(other)
                progress = {"n": len(others) + 1, "total": count}
                leaking = sum(bool(each.leaks) for each in (run, *others))
                yield Progress(
                    self._say("Exploring schedules: {n} of {total} runs, {leaking} leaked", leaking=leaking, **progress)
                )
        return merged(run, others, seed)

    @contextmanager
    def _stoppable(self, execution: Execution | Experiment | Repair | Building) -> Iterator[None]:
        """Let `stop()` reach it while it lasts."""
        self._executions.add(execution)
        try:
            if self._stopped:
                execution.stop()
            yield
        finally:
            self._executions.discard(execution)

    def _first_that_builds(
        self, bench: Workbench, original: Building | None, proposals: Iterator[Proposal]
    ) -> tuple[Building | None, Proposal | None, list[Attempt]]:
        """Wait for the original, and build the first proposal that compiles beside it."""
        failed: list[Attempt] = []
        proposal = next(proposals, None)
        building = bench.start(proposal.variant, "fixed", proposal.program.main) if proposal else None
        if original is not None:
            try:
                original.wait()
            except BuildError as problem:
                raise _with_lines(problem, self._program) from None
        while proposal is not None and building is not None:
            try:
                building.wait()
            except BuildError as problem:
                if proposal.origin in ("cell", "marker"):
                    shown = self._fixed_program or self._program
                    raise _with_lines(problem, shown) from None
                failed.append(Attempt(proposal.title, "build-error", str(problem).partition("\n")[0]))
                proposal = next(proposals, None)
                building = bench.start(proposal.variant, "fixed", proposal.program.main) if proposal else None
            else:
                return building, proposal, failed
        return None, None, failed

    def _run(
        self, bench: Workbench, original: Built | None, fixed: Built | None, proposal: Proposal | None
    ) -> Generator[Event, None, dict[Variant, Run]]:
        """Run one or both variants; yields their events and returns their runs by variant."""
        jobs, recorders = [], {}
        for variant, built in _present(("original", original), ("fixed", fixed)):
            jobs.append(bench.job(variant, built))
            recorders[variant] = Recorder(variant, built.places, self._options.settle)
            diff = unified_diff(self._program, proposal.program) if variant == "fixed" and proposal else ""
            yield Started(variant, built.source, diff)
        runs: dict[Variant, Run] = {}
        execution = Execution(jobs)
        with self._stoppable(execution):
            for variant, happening in execution.events():
                recorder = recorders[variant]
                yield from recorder.add(happening)
                if recorder.ended:
                    run = diagnosis.judge(recorder.recording(), ignore=self._options.ignore)
                    program = self._program if variant == "original" or proposal is None else proposal.program
                    runs[variant] = self._reasons.explained(run, program)
                    yield Ended(variant, runs[variant])
        if execution.stopped:
            self.stop()
        return runs


def check(source_or_path: str | os.PathLike[str] | Program, **options: Any) -> Report:
    """Run a program and report. A text with a line break is a program, anything else a path (`-` is standard input).

    Options are those of the command line, with `_` for `-`; durations may be numbers of seconds or text such as
    `"500ms"`. A program that does not compile gives a report with the verdict `build-error`. Raises UsageError or
    ToolchainError where nothing can be run at all. For an interrupt, see `interruptible`.
    """
    parsed = Options.parse(options)
    program = _read(source_or_path)
    try:
        for event in interruptible(Experiment(program, parsed)):
            if isinstance(event, Finished):
                return event.report
    except BuildError as problem:
        return build_error_report(program, problem, parsed)
    raise AssertionError("an experiment ends with its report")


def build_error_report(program: Program, problem: BuildError, options: Options) -> Report:
    """The report on a program that does not compile."""
    return Report(
        go=toolchain.find(options.go, directory=program.directory).version,
        verdict="build-error",
        original=None,
        error=Failure(problem.kind, str(problem), problem.line),
        source=program.source,
        file=program.main,
    )


def _read(source_or_path: str | os.PathLike[str] | Program) -> Program:
    if isinstance(source_or_path, Program):
        return source_or_path
    if isinstance(source_or_path, str) and "\n" in source_or_path:
        return parse_program(source_or_path)
    if not isinstance(source_or_path, (str, os.PathLike)):
        raise UsageError(f"{source_or_path!r} is neither the text of a program nor a path.")
    return read_program(os.fspath(source_or_path))


def _seed(options: Options) -> int:
    """The seed of the schedules: the one asked for, or any."""
    return random.randrange(1 << 31) if options.seed is None else options.seed


def _require_working_folder() -> None:
    """Raises UsageError where there is none, so that neither go nor the program can be started."""
    try:
        Path.cwd()
    except OSError:
        raise UsageError("The working folder is gone: change to one that is still there.") from None


def _present(*pairs: tuple[Variant, Built | None]) -> list[tuple[Variant, Built]]:
    return [(variant, built) for variant, built in pairs if built is not None]


def _with_lines(problem: BuildError, program: Program) -> BuildError:
    """The same error, each message with the line of the user's text that it speaks of."""
    texts = {file.name: file.text.splitlines() for file in program.files}

    def shown(message: CompilerMessage) -> CompilerMessage:
        lines: Sequence[str] = texts.get(message.file, ())
        return replace(message, source_line=lines[message.line - 1]) if 0 < message.line <= len(lines) else message

    return BuildError(problem.output, tuple(shown(message) for message in problem.messages))
