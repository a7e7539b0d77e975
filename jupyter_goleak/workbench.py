"""Variants → binaries: where the code of each form of program stands, how it is built, and how its binary is run.

A program from a cell or an archive is written into a scratch folder with a go.mod of its own. What stands in a folder of
the user is built there, a package by its pattern and a file by its name: what the compiler shall see instead goes through
the overlay, and nothing is written there. Tests become a test binary, as `go test -c` makes it.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from jupyter_goleak.compiler_output import why_not_fetched
from jupyter_goleak.errors import BuildError, UsageError
from jupyter_goleak.execution import Job
from jupyter_goleak.exploration import Schedule
from jupyter_goleak.model import Variant
from jupyter_goleak.modules import in_module, module_root, workspace
from jupyter_goleak.options import Options
from jupyter_goleak.program import Program, SourceFile
from jupyter_goleak.rewriting import VariantSource
from jupyter_goleak.stack_dump import Places
from jupyter_goleak.toolchain import Build, Imports, Toolchain, module_file

_MODULE_MISSING = ("no required module provides package", "cannot find module providing", "missing go.sum entry")
# Only such a name or line can keep a file out of its package; whether it does is Go's to say.
_CONSTRAINED = re.compile(r"\A[^\n]+_(?!test\.go$)\w+\.go$|^//go:build ", re.M)
_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.M)
_REQUIRES = re.compile(r"^require\b", re.M)
_MOST_IMPORTED = 3 << 20  # bytes; what a text tells comes after some 3 s for each million
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
_ANCESTORS = "tracebackancestors=10"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for files of ours, gone in the end. Raises UsageError where it cannot be made, or has no room for them."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="goleak-")
    except OSError as problem:
        raise _no_room(problem) from None
    with folder:
        try:
            yield Path(folder.name)
        except OSError as problem:
            elsewhere = problem.filename is not None and not str(problem.filename).startswith(folder.name)
            if problem.errno not in _NO_ROOM or elsewhere:
                raise
            raise _no_room(problem) from None


def _no_room(problem: OSError) -> UsageError:
    reason = problem.strerror or problem
    return UsageError(
        f"Temporary files cannot be written ({reason}): make room, or set TMPDIR to a folder that can be."
    )


@dataclass(frozen=True, slots=True)
class Built:
    """A variant ready to run in `directory`. `source` is the text that the user sees of it."""

    binary: Path
    directory: Path
    places: Places
    source: str


@dataclass(frozen=True, slots=True)
class _Target:
    """What to build: `packages` in the words of the go command, seen from `folder`, with the texts of `overlay`, and with
    the race detector for `race`."""

    folder: Path
    packages: tuple[str, ...]
    overlay: dict[Path, str]
    race: bool


class Building:
    """A variant under construction."""

    def __init__(self, bench: Workbench, build: Build, built: Built, target: _Target) -> None:
        self.built = built
        self._bench = bench
        self._build = build
        self._target = target

    def wait(self) -> None:
        """Wait until it is built; modules that it misses are fetched.

        Raises BuildError where it does not compile, and UsageError where there is nothing in it to run.
        """
        try:
            self._build.wait()
        except BuildError as problem:
            if not self._bench.fetch_modules(self._target, problem.output):
                raise
            self._bench.start_build(self._target, self.built.binary).wait()
        # Of a library go makes an archive, and of tests for other systems nothing at all.
        if not os.access(self.built.binary, os.X_OK):
            raise UsageError("There is nothing to run: the package has neither func main nor tests for this system.")

    def stop(self) -> None:
        """End the compiler; whoever waits for it gets a BuildError."""
        self._build.stop()

    def vet(self) -> Build:
        """Start `go vet` on the same code; its complaints come as a BuildError."""
        return self._bench.start_vet(self._target)


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
        package = program.file(program.main).package
        if program.form in ("package", "txtar") and package not in (None, "main") and not program.runs_tests:
            raise UsageError(
                f"{program.main}: Package {package} is a library, with nothing to run: name a package main, or add a test."
            )
        self.in_place = program.in_place
        self.goroot = go.goroot
        self._go = go
        self._program = program
        self._scratch = scratch
        self._options = options
        self._builds = builds
        self._base = base
        self._count = 0
        self._first: _Target | None = None
        self._flags = ["-tags", options.tags] if options.tags else []
        if self.ancestry:
            # The runtime tells creators by return addresses: a call of the probe that is inlined behind a go statement would be
            # taken for its creator.
            self._flags.append("-gcflags=runtime/coverage=-l")
        self._modules: dict[Path, str] = {}  # a go.mod to lay where there is none
        self._lent = False
        if program.form == "package" and program.directory is not None and not in_module(program.directory):
            self._modules = {program.directory / "go.mod": module_file(go, self._module)}
        if program.named and self._is_left_out():
            raise UsageError(
                f"{program.main} is kept out of its package by its name or build constraints: build tags are given with --tags."
            )
        # With that flag the go command would write to the user's go.mod.
        if self.in_place and "-mod=mod" in os.environ.get("GOFLAGS", "").split():
            self._lend_module()

    def as_reported(self, program: Program) -> Program:
        """The program, with its files named as in what is seen of its runs, and with the packages of its module that it
        imports. Only after the first build."""
        program = program.seen_from(self._base) if self._base else program
        return replace(program, files=(*program.files, *self._imported))

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
            root, base = module_root(folder) or folder, self._base or folder
        else:
            folder = scratch / "src"
            _write(folder, variant, module_file(self._go, self._module))
            root, base = folder, folder
        target = _Target(folder, self._packages(variant), overlay, race or self._options.race)
        self._first = self._first or target
        binary = scratch / "program"
        build = self.start_build(target, binary)
        directory = folder if self._program.runs_tests or self._program.form == "txtar" else Path.cwd()
        places = Places(root, base, self._module.removesuffix("_test"))
        built = Built(binary, directory, places, variant.file(main).text)
        return Building(self, build, built, target)

    def start_build(self, target: _Target, binary: Path) -> Build:
        """Start the compiler."""
        build = self._go.start_build(
            target.folder,
            binary,
            target.overlay | self._modules,
            packages=target.packages,
            test=self._program.runs_tests,
            race=target.race,
            flags=self._flags,
        )
        return self._builds.enter_context(build)

    def start_vet(self, target: _Target) -> Build:
        """Start `go vet`."""
        overlay = target.overlay | self._modules
        vet = self._go.start_vet(target.folder, overlay, packages=target.packages, flags=self._flags)
        return self._builds.enter_context(vet)

    @property
    def exports(self) -> Mapping[str, str]:
        """Export data of what the program imports, for its types; none where the standard library is all that it needs,
        which is read from source. Only after the first build."""
        return self._imports.exports

    @cached_property
    def _imported(self) -> tuple[SourceFile, ...]:
        """Files of the module's packages that the program imports, none where there are too many to be read with it."""
        folder = self._program.directory
        if not self.in_place or folder is None or self._program.file(self._program.main).is_ignored:
            return ()
        root, own = module_root(folder), {folder / file.name for file in self._program.files}
        sources = [path for path in self._imports.sources if path not in own and module_root(path.parent) == root]
        base = self._base or folder
        try:
            if sum(path.stat().st_size for path in sources) > _MOST_IMPORTED:
                return ()
            return tuple(
                SourceFile.of(Path(os.path.relpath(path, base)).as_posix(), path.read_bytes()) for path in sources
            )
        except (OSError, UsageError):
            return ()

    @cached_property
    def _imports(self) -> Imports:
        target = self._first
        if target is None or not self._requires(target.folder):
            return Imports({}, ())
        return self._go.imports(
            target.folder,
            target.overlay | self._modules,
            packages=target.packages,
            test=self._program.runs_tests,
            flags=self._flags,
        )

    def _is_left_out(self) -> bool:
        """Whether Go passes by the main file when it builds the package."""
        assert self._program.directory is not None
        if not _CONSTRAINED.search(f"{self._program.main}\n{self._program.source}"):
            return False
        wanted = ["-e", "-f", '{{join .IgnoredGoFiles "\\n"}}', *self._flags]
        done = self._go.run(["list", *wanted, self._program.pattern], self._program.directory)
        return self._program.main in done.stdout.splitlines()

    def _requires(self, folder: Path) -> bool:
        if self.in_place:
            return self._lent or in_module(folder)
        return bool(_REQUIRES.search(_text(folder / "go.mod")))

    @property
    def can_race(self) -> bool:
        """Whether the race detector can be built in."""
        return self._go.cgo

    @property
    def _module(self) -> str:
        """What to call the module of a program that has none: as its package, unless a test could not import that."""
        file = self._program.file(self._program.main)
        name = file.package or "main"
        if file.is_test:
            name = name.removesuffix("_test")
        return "program" if name == "main" and self._program.runs_tests else name

    def _packages(self, variant: VariantSource) -> tuple[str, ...]:
        if self._program.form == "package":
            return (self._program.pattern,)
        if self._program.form == "txtar":
            # The main file need not stand at the top.
            return (f"./{Path(self._program.main).parent.as_posix()}",)
        # Go builds a file that is named, whatever its name and its constraint say.
        return tuple(f"./{file.name}" for file in variant.files)

    def fetch_modules(self, target: _Target, said: str) -> bool:
        """Let the go command find the modules that it said are missing; False where none is, or the user's module decides."""
        if not any(each in said for each in _MODULE_MISSING):
            return False
        if self._program.form == "package" or (self.in_place and _is_complete(target.folder, said)):
            return False
        if self._lent:
            return True
        if self._program.form == "txtar":
            done = self._go.run(["mod", "tidy"], target.folder)
        else:
            if self.in_place:
                self._lend_module()
            flags = ["-mod=mod", "-deps", *(["-test"] if self._program.runs_tests else []), *self._flags]
            overlay = target.overlay | self._modules
            done = self._go.list_packages(target.folder, overlay, packages=target.packages, flags=flags)
        if done.returncode and self.in_place and in_module(target.folder):
            return False
        if done.returncode:
            raise BuildError(f"The program imports modules that could not be fetched: {why_not_fetched(done.stderr)}")
        return True

    def _lend_module(self) -> None:
        """Give the go command a go.mod of ours to write to, in place of the user's or where there is none."""
        assert self._program.directory is not None
        folder = self._program.directory
        root = module_root(folder)
        lent = self._scratch / "module"
        lent.mkdir()
        if root is None:
            text = module_file(self._go, self._module)
            self._modules = {folder / "go.mod": text}
            (lent / "go.mod").write_text(text, encoding="utf-8")
        else:
            for name in ("go.mod", "go.sum"):
                if (root / name).is_file():
                    (lent / name).write_bytes((root / name).read_bytes())
        self._flags += ["-mod=mod", f"-modfile={lent / 'go.mod'}"]
        self._lent = True

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
            own_godebug=len(_ANCESTORS) if self.ancestry else 0,
            limit=options.timeout if options.for_ is None else options.for_,
            limit_reason="timeout" if options.for_ is None else "for",
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _is_complete(folder: Path, said: str) -> bool:
    """Whether nobody else can have what is missing: it is the module's own, or should stand in its workspace or vendor folder."""
    root = module_root(folder)
    if root is None:
        return workspace(folder) is not None
    name = _MODULE.search(_text(root / "go.mod"))
    own = name is not None and f" {name[1]}/" in said
    return own or workspace(folder) is not None or (root / "vendor").is_dir()


def _write(folder: Path, variant: VariantSource, module: str) -> None:
    for file in variant.files:
        place = folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.build_text, encoding="utf-8", newline="")
    if not (folder / "go.mod").exists():
        (folder / "go.mod").write_text(module, encoding="utf-8")
