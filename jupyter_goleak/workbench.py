"""Variants → binaries: where the code of each form of program stands, how it is built, and how its binary is run.

A program from a cell or a single file is written into a scratch folder with a go.mod of its own. A package of the
user's module is built where it stands: what the compiler shall see instead goes through the overlay, and nothing is
written there. Tests become a test binary, as `go test -c` makes it.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jupyter_goleak.errors import BuildError, UsageError
from jupyter_goleak.execution import Job
from jupyter_goleak.exploration import Schedule
from jupyter_goleak.model import Variant
from jupyter_goleak.options import Options
from jupyter_goleak.program import Program, module_root
from jupyter_goleak.rewriting import VariantSource
from jupyter_goleak.stack_dump import Places
from jupyter_goleak.toolchain import Build, Toolchain, module_file

_MODULE_MISSING = ("no required module provides package", "cannot find module providing", "missing go.sum entry")
_CLOSES = re.compile(r"\b(?:syscall|unix)\.Close\w*\(")
_REQUIRES = re.compile(r"^require\b", re.M)
_ANCESTORS = "tracebackancestors=10"


@dataclass(frozen=True, slots=True)
class Built:
    """A variant ready to run in `directory`. `source` is the text that the user sees of it."""

    binary: Path
    directory: Path
    places: Places
    source: str


class Building:
    """A variant under construction."""

    def __init__(self, bench: Workbench, build: Build, built: Built, folder: Path, overlay: dict[Path, str]) -> None:
        self.built = built
        self._bench = bench
        self._build = build
        self._folder = folder
        self._overlay = overlay

    def wait(self) -> None:
        """Wait until it is built; modules that it misses are fetched. Raises BuildError where it does not compile."""
        try:
            self._build.wait()
        except BuildError as problem:
            if self._bench.in_place or not any(each in problem.output for each in _MODULE_MISSING):
                raise
            self._bench.fetch_modules(self._folder)
            self._bench.start_build(self._folder, self.built.binary, self._overlay).wait()

    def stop(self) -> None:
        """End the compiler; whoever waits for it gets a BuildError."""
        self._build.stop()

    def vet(self) -> Build:
        """Start `go vet` on the same code; its complaints come as a BuildError."""
        return self._bench.start_vet(self._folder, self._overlay)


class Workbench:
    """Builds the variants of one program in one scratch folder; `builds` ends what is still under way.

    Files of a package in place are named relative to `base` (the package's own folder unless given).
    """

    def __init__(
        self,
        go: Toolchain,
        program: Program,
        scratch: Path,
        options: Options,
        builds: ExitStack,
        base: Path | None = None,
    ) -> None:
        if options.race and not go.cgo:
            raise UsageError("--race needs cgo: install a C compiler such as gcc, or leave --race out.")
        self.in_place = program.form == "package"
        self.goroot = go.goroot
        self._go = go
        self._program = program
        self._scratch = scratch
        self._options = options
        self._builds = builds
        self._base = base
        self._count = 0
        self._first: Path | None = None

    def start(self, variant: VariantSource, name: Variant, main: str, *, race: bool = False) -> Building:
        """Start to build a variant; `main` names the file that the user sees. `race`: with Go's race detector."""
        self._count += 1
        scratch = self._scratch / f"{name}-{self._count}"
        overlay: dict[Path, str] = {}
        if self.in_place:
            assert self._program.directory is not None
            folder = self._program.directory
            scratch.mkdir()
            overlay |= {folder / file.name: file.build_text for file in variant.files}
            places = Places(module_root(folder) or folder, self._base or folder)
        else:
            folder = scratch / "src"
            _write(folder, variant, module_file(self._go, self._module(main)))
            places = Places(folder, folder)
        self._first = self._first or folder
        overlay |= {folder / shim.name: shim.text for shim in variant.shims}
        binary = scratch / "program"
        build = self.start_build(folder, binary, overlay, race=race)
        directory = folder if self._program.runs_tests or self._program.form == "txtar" else Path.cwd()
        built = Built(binary, directory, places, variant.file(main).text)
        return Building(self, build, built, folder, overlay)

    def start_build(self, folder: Path, binary: Path, overlay: dict[Path, str], *, race: bool = False) -> Build:
        """Start the compiler."""
        options = self._options
        build = self._go.start_build(
            folder,
            binary,
            overlay,
            package=self._program.pattern if self.in_place else self._package(folder),
            test=self._program.runs_tests,
            race=race or options.race,
            tags=options.tags,
        )
        return self._builds.enter_context(build)

    def start_vet(self, folder: Path, overlay: dict[Path, str]) -> Build:
        """Start `go vet`."""
        vet = self._go.start_vet(
            folder,
            overlay,
            package=self._program.pattern if self.in_place else self._package(folder),
            tags=self._options.tags,
        )
        return self._builds.enter_context(vet)

    @cached_property
    def exports(self) -> dict[str, str]:
        """Export data of what the program imports, for its types; none where the standard library is all that it needs,
        which is read from source. Only after the first build."""
        root = module_root(self._first) if self._first else None
        if self._first is None or root is None or not (self.in_place or _REQUIRES.search(_text(root / "go.mod"))):
            return {}
        package = self._program.pattern if self.in_place else self._package(self._first)
        return self._go.exports(self._first, package=package, test=self._program.runs_tests, tags=self._options.tags)

    @property
    def can_race(self) -> bool:
        """Whether the race detector can be built in."""
        return self._go.cgo

    def _module(self, main: str) -> str:
        """What to call the module of a program that has none: as its package, unless a test could not import that."""
        file = self._program.file(main)
        name = file.package or "main"
        if file.is_test:
            name = name.removesuffix("_test")
        return "program" if name == "main" and self._program.runs_tests else name

    def _package(self, folder: Path) -> str:
        """The package of a txtar's main file, which need not stand at the top."""
        return f"./{Path(self._program.main).parent.as_posix()}"

    def fetch_modules(self, folder: Path) -> None:
        """Let the go command find what a program without requirements imports."""
        done = self._go.run(["mod", "tidy"], folder)
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["go mod tidy said nothing"]
            raise BuildError(f"The program imports modules that could not be fetched: {reason[0].strip()}")

    @property
    def ancestry(self) -> bool:
        """Whether the runtime records the stacks of creators: when asked to, and to tell which test started what."""
        return self._options.ancestry or self._program.runs_tests

    def job(self, variant: Variant, built: Built, schedule: Schedule | None = None) -> Job:
        """What to run, and for how long; `schedule` is for a variant that was built with yields."""
        options = self._options
        environment = dict(os.environ, **dict(options.env))
        arguments = options.args
        processors = options.gomaxprocs or (schedule.processors if schedule else None)
        if processors is not None:
            environment["GOMAXPROCS"] = str(processors)
        if self.ancestry:
            environment["GODEBUG"] = ",".join(filter(None, [environment.get("GODEBUG"), _ANCESTORS]))
        if self._program.runs_tests:
            arguments = ("-test.v", *arguments)
        return Job(
            variant=variant,
            binary=built.binary,
            directory=built.directory,
            environment=environment,
            args=arguments,
            stdin=options.stdin,
            settle=options.settle,
            seed=schedule.seed if schedule else 0,
            closes_descriptors=any(_CLOSES.search(file.text) for file in self._program.files),
            limit=options.timeout if options.for_ is None else options.for_,
            limit_reason="timeout" if options.for_ is None else "for",
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _write(folder: Path, variant: VariantSource, module: str) -> None:
    for file in variant.files:
        place = folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.build_text, encoding="utf-8", newline="")
    if not (folder / "go.mod").exists():
        (folder / "go.mod").write_text(module, encoding="utf-8")
