"""The story of one cell: build, run both variants at the same moment, diagnose, choose the fix. Yields events.

`Experiment.events()` is the whole engine for whoever wants to watch; `check()` for whoever wants the result alone.
"""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_goleak import diagnosis, toolchain
from jupyter_goleak.errors import BuildError, CompilerMessage
from jupyter_goleak.execution import Execution, Job
from jupyter_goleak.explanation import explain
from jupyter_goleak.model import (
    Attempt,
    Ended,
    Event,
    Failure,
    Finished,
    Fix,
    Origin,
    Progress,
    Report,
    Run,
    Started,
    Tried,
    Variant,
)
from jupyter_goleak.options import Options
from jupyter_goleak.program import Program, parse_program, read_program
from jupyter_goleak.recording import Recorder
from jupyter_goleak.rewriting import Rewriter, VariantSource
from jupyter_goleak.toolchain import Build, Toolchain

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MODULE_MISSING = (
    "no required module provides package",
    "cannot find module providing package",
    "missing go.sum entry",
)


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A fixed variant that may stand beside the original: where it came from and what it is built from."""

    origin: Origin
    title: str
    variant: VariantSource
    main: str

    @property
    def source(self) -> str:
        return self.variant.file(self.main).text


@dataclass(frozen=True, slots=True)
class _Built:
    """A variant ready to run. `root` is the folder of its code as the binary knows it."""

    binary: Path
    root: Path
    directory: Path
    source: str


class Experiment:
    """One program under observation. `fixed_program` is the fixed variant where another cell holds it.

    Iterate `events()` once, on the thread that may be interrupted; `stop()` works from any thread.
    """

    def __init__(self, program: Program, options: Options | None = None, fixed_program: Program | None = None) -> None:
        self._program = program
        self._options = options or Options()
        self._fixed_program = fixed_program
        self._execution: Execution | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the programs as an interrupt would; the report still comes, with what was seen until then."""
        self._stopped = True
        if self._execution is not None:
            self._execution.stop()

    def events(self) -> Iterator[Event]:
        """Everything that happens, in order; the last event is `Finished`.

        Raises BuildError, ToolchainError or UsageError where there is nothing to run. However the iteration ends, no
        process and no file is left.
        """
        options = self._options
        go = toolchain.find(options.go, directory=self._program.directory)
        with tempfile.TemporaryDirectory(prefix="goleak-") as scratch, ExitStack() as builds:
            bench = _Bench(go, Rewriter(go.helper()), Path(scratch), options, builds)
            yield Progress("Building …")
            original, proposals = bench.prepare(self._program, self._fixed_program)
            first = bench.start(original, "original", self._program.main)
            rest = iter(proposals)
            second, proposal, attempts = self._first_that_builds(bench, first, rest)
            runs = yield from self._run(bench, first.built, second.built if second else None, proposal)
            run = runs["original"]
            fix, fixed = None, runs.get("fixed")
            while proposal is not None and fixed is not None:
                accepted, outcome = _accepts(run, fixed, proposal.origin)
                if proposal.origin in ("cell", "marker") or accepted:
                    fix = _fix(self._program, proposal, verified=accepted)
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
            if fix is None:
                fixed = None
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
                )
            )

    def _first_that_builds(
        self, bench: _Bench, original: _Building | None, proposals: Iterator[_Proposal]
    ) -> tuple[_Building | None, _Proposal | None, list[Attempt]]:
        """Wait for the original, and build the first proposal that compiles beside it."""
        failed: list[Attempt] = []
        proposal = next(proposals, None)
        building = bench.start(proposal.variant, "fixed", proposal.main) if proposal else None
        if original is not None:
            try:
                original.build.wait()
            except BuildError as problem:
                raise _with_lines(problem, self._program) from None
        while proposal is not None and building is not None:
            try:
                building.build.wait()
            except BuildError as problem:
                if proposal.origin in ("cell", "marker"):
                    shown = self._fixed_program or self._program
                    raise _with_lines(problem, shown) from None
                failed.append(Attempt(proposal.title, "build-error", str(problem)))
                proposal = next(proposals, None)
                building = bench.start(proposal.variant, "fixed", proposal.main) if proposal else None
            else:
                return building, proposal, failed
        return None, None, failed

    def _run(
        self, bench: _Bench, original: _Built | None, fixed: _Built | None, proposal: _Proposal | None
    ) -> Iterator[Any]:
        """Run one or both variants; yields their events and returns their runs by variant."""
        jobs, recorders = [], {}
        for variant, built in _present(("original", original), ("fixed", fixed)):
            jobs.append(bench.job(variant, built))
            recorders[variant] = Recorder(variant, str(built.root), self._options.settle)
            diff = _diff(self._program, built.source) if variant == "fixed" else ""
            yield Started(variant, built.source, diff)
        runs: dict[Variant, Run] = {}
        self._execution = Execution(jobs)
        if self._stopped:
            self._execution.stop()
        for variant, happening in self._execution.events():
            recorder = recorders[variant]
            yield from recorder.add(happening)
            if recorder.ended:
                run = diagnosis.judge(recorder.recording(), ignore=self._options.ignore)
                runs[variant] = explain(run)
                yield Ended(variant, runs[variant])
        return runs


def check(source_or_path: str | os.PathLike[str] | Program, **options: Any) -> Report:
    """Run a program and report. A text with a line break is a program, anything else a path (`-` is standard input).

    Options are those of the command line, with `_` for `-`; durations may be numbers of seconds or text such as
    `"500ms"`. A program that does not compile gives a report with the verdict `build-error`. Raises UsageError or
    ToolchainError where nothing can be run at all.
    """
    parsed = Options.parse(options)
    program = _read(source_or_path)
    try:
        for event in Experiment(program, parsed).events():
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
    return read_program(Path(source_or_path))


@dataclass(frozen=True, slots=True)
class _Building:
    build: Build
    built: _Built


class _Bench:
    """Where variants are made and built: one scratch folder, one toolchain."""

    def __init__(self, go: Toolchain, rewriter: Rewriter, scratch: Path, options: Options, builds: ExitStack) -> None:
        self.go = go
        self.rewriter = rewriter
        self._scratch = scratch
        self._options = options
        self._builds = builds
        self._count = 0

    def prepare(self, program: Program, fixed_program: Program | None) -> tuple[VariantSource, list[_Proposal]]:
        """The original ready to build, and the fixed variants to try, the most promising first."""
        prepared = self.rewriter.prepare(program)
        if fixed_program is not None:
            fixed = self.rewriter.prepare(fixed_program)
            return prepared.original, [
                _Proposal("cell", "the fixed variant of another cell", fixed.original, fixed_program.main)
            ]
        if self._options.no_fix:
            return prepared.original, []
        if prepared.marked is not None:
            return prepared.original, [_Proposal("marker", "the marked lines", prepared.marked, program.main)]
        return prepared.original, [
            _Proposal("commented-out", candidate.title, candidate.variant, candidate.file)
            for candidate in prepared.candidates
        ]

    def start(self, variant: VariantSource, name: Variant, main: str) -> _Building:
        """Start to build a variant; `main` names the file that the user sees."""
        self._count += 1
        folder = self._scratch / f"{name}-{self._count}"
        root = folder / "src"
        overlay: dict[Path, str] = {}
        for file in variant.files:
            place = root / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file.build_text, encoding="utf-8", newline="")
        for shim in variant.shims:
            overlay[root / shim.name] = shim.text
        if not (root / "go.mod").exists():
            (root / "go.mod").write_text(toolchain.module_file(self.go), encoding="utf-8")
        binary = folder / "program"
        build = self.go.start_build(root, binary, overlay, race=self._options.race, tags=self._options.tags)
        self._builds.enter_context(build)
        return _Building(build, _Built(binary, root, Path.cwd(), variant.file(main).text))

    def job(self, variant: Variant, built: _Built) -> Job:
        """What to run, and for how long."""
        options = self._options
        environment = dict(os.environ, **dict(options.env))
        if options.gomaxprocs is not None:
            environment["GOMAXPROCS"] = str(options.gomaxprocs)
        if options.ancestry:
            environment["GODEBUG"] = ",".join(filter(None, [environment.get("GODEBUG"), "tracebackancestors=10"]))
        return Job(
            variant=variant,
            binary=built.binary,
            directory=built.directory,
            environment=environment,
            args=options.args,
            stdin=options.stdin,
            settle=options.settle,
            limit=options.timeout if options.for_ is None else options.for_,
            limit_reason="timeout" if options.for_ is None else "for",
        )


def _present(*pairs: tuple[Variant, _Built | None]) -> list[tuple[Variant, _Built]]:
    return [(variant, built) for variant, built in pairs if built is not None]


def _accepts(original: Run, fixed: Run, origin: Origin) -> tuple[bool, Any]:
    """Whether the fixed run may stand as a cure of the original one, and if not, why."""
    if fixed.verdict == "leak":
        return False, "still leaks"
    if fixed.verdict != "clean":
        return False, fixed.verdict
    if _lines(original.stdout) - _lines(fixed.stdout):
        return False, "changed output"
    return True, "verified"


def _lines(text: str) -> Counter[str]:
    """Lines with their numbers masked: which worker takes which record, and how long it took, varies from run to run."""
    return Counter(_NUMBER.sub("#", line) for line in text.splitlines())


def _fix(program: Program, proposal: _Proposal, *, verified: bool) -> Fix:
    diff = _diff(program, proposal.source)
    return Fix(proposal.origin, proposal.title, diff, verified, runs=1, source=proposal.source)


def _diff(program: Program, fixed: str) -> str:
    return "".join(
        difflib.unified_diff(
            program.source.splitlines(keepends=True),
            fixed.splitlines(keepends=True),
            f"{program.main} (original)",
            f"{program.main} (fixed)",
        )
    )


def _with_lines(problem: BuildError, program: Program) -> BuildError:
    """The same error, each message with the line of the user's text that it speaks of."""
    texts = {file.name: file.text.splitlines() for file in program.files}

    def shown(message: CompilerMessage) -> CompilerMessage:
        lines: Sequence[str] = texts.get(message.file, ())
        return replace(message, source_line=lines[message.line - 1]) if 0 < message.line <= len(lines) else message

    return BuildError(problem.output, tuple(shown(message) for message in problem.messages))
