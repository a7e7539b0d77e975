"""The Go helper's client: everything that needs Go's syntax trees, asked of one small program, one process per question.

`Rewriter(executable)` takes the built helper (its source is the package data `golang/rewrite`). Every text that comes
back holds the lines where the user has them. A text that Go cannot parse is no error here: it comes back as it was,
with the parser's message beside it, since the compiler says it better.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_goleak.errors import CompilerMessage, GoleakError, UsageError
from jupyter_goleak.facts import Facts, facts_of
from jupyter_goleak.model import Frame, Goroutine, Leak
from jupyter_goleak.program import Program, SourceFile

TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class BuildFile:
    """One file of a variant: `text` is what the user reads, `build_text` what the compiler gets."""

    name: str
    text: str
    build_text: str


@dataclass(frozen=True, slots=True)
class VariantSource:
    """A whole program, ready to build. `main` names the file that the user sees first."""

    files: tuple[BuildFile, ...]
    main: str

    @property
    def main_text(self) -> str:
        """What the user reads first."""
        return self.file(self.main).text

    def file(self, name: str) -> BuildFile:
        """The file of that name. Raises KeyError where there is none."""
        for file in self.files:
            if file.name == name:
                return file
        raise KeyError(name)

    def program(self, program: Program) -> Program:
        """That program with this variant's texts."""
        texts = {file.name: file.text for file in self.files}
        return replace(program, files=tuple(replace(file, text=texts[file.name]) for file in program.files))


@dataclass(frozen=True, slots=True)
class Candidate:
    """An edit that may cure a leak: its title, the line that it changes, and the program with it."""

    title: str
    file: str
    line: int
    variant: VariantSource


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that may end some waits, found by a strategy: its title, why it should work, the line that it changes first.

    The lower its `cost`, the more promising. `waits` are the indices of those it was made for. `revives`: it brings to
    life what never worked, so that numbers in the output may be others than before. `files` are the whole new texts of
    the files that it changes.
    """

    strategy: str
    title: str
    why: str
    file: str
    line: int
    cost: int
    waits: tuple[int, ...]
    revives: bool
    files: tuple[SourceFile, ...]

    def program(self, program: Program) -> Program:
        """That program with the edit in it."""
        for file in self.files:
            program = program.with_text(file.text, file.name)
        return program


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a program's text itself holds, ready to build.

    `marked` is the variant that the user's markers make, None where there are none. `candidates` are statements
    that stand in comments, the most promising first. With a `parse_error` there is only the original, as it was.
    """

    original: VariantSource
    marked: VariantSource | None = None
    candidates: tuple[Candidate, ...] = ()
    parse_error: CompilerMessage | None = None


class Rewriter:
    """Asks the helper at `executable`. Safe to use from several threads."""

    def __init__(self, executable: Path, *, timeout: float = TIMEOUT) -> None:
        self.executable = executable
        self.timeout = timeout

    def prepare(self, program: Program) -> Prepared:
        """The program's own variants. Raises UsageError, with the line, for what cannot be a program."""
        answer = self._ask("prepare", _request(program))
        original = _variant(answer["original"], program.main)
        problem = answer["problem"]
        if problem is not None:
            if problem["kind"] == "usage":
                raise _usage(problem)
            return Prepared(original, parse_error=_message(problem, program))
        marked = _variant(answer["marked"], program.main) if answer["marked"] else None
        return Prepared(original, marked, tuple(_candidate(each, original) for each in answer["candidates"]))

    def instrument(self, program: Program, *, yields: bool = False) -> VariantSource:
        """The program as it is, ready to build; a file that Go cannot parse stays as it was.

        With `yields`, it can be run under different schedules (`execution.Job.seed`).
        """
        answer = self._ask("instrument", {**_request(program), "yields": yields})
        problem = answer["problem"]
        if problem is not None and problem["kind"] == "usage":
            raise _usage(problem)
        return _variant(answer["variant"], program.main)

    def facts(
        self,
        program: Program,
        waits: Sequence[Leak | Goroutine],
        *,
        goroot: Path | None = None,
        exports: Mapping[str, str] | None = None,
    ) -> Facts:
        """What the program's text tells about the places where goroutines wait.

        `goroot` is where the standard library's source stands (the helper's own toolchain, unless given). `exports` maps
        import paths to files of export data, as `go list -export -deps` names them: with it, types of packages outside
        of the standard library are known too.
        """
        return facts_of(self._ask("facts", _analysis(program, waits, goroot, exports)))

    def repairs(
        self,
        program: Program,
        waits: Sequence[Leak | Goroutine],
        *,
        goroot: Path | None = None,
        exports: Mapping[str, str] | None = None,
    ) -> tuple[Edit, ...]:
        """Edits that may end these waits, the most promising first; the rest is as for `facts`."""
        answer = self._ask("repair", _analysis(program, waits, goroot, exports))
        return tuple(
            Edit(
                **{
                    **each,
                    "waits": tuple(each["waits"]),
                    "files": tuple(SourceFile(file["name"], file["text"]) for file in each["files"]),
                }
            )
            for each in answer["candidates"]
        )

    def sleeps(self, program: Program) -> float:
        """Seconds that the calls of `time.Sleep` in the text add up to, each counted once, with a constant duration."""
        return float(self._ask("sleeps", _request(program))["nanoseconds"]) / 1e9

    def _ask(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            done = subprocess.run(
                [str(self.executable), verb],
                input=json.dumps(request, ensure_ascii=False).encode("utf-8"),
                capture_output=True,
                timeout=self.timeout,
                check=False,
                start_new_session=True,  # a terminal's interrupt is for us, not for it
            )
        except subprocess.TimeoutExpired:
            raise GoleakError(f"The Go helper did not answer {verb!r} within {self.timeout:g} s.") from None
        except OSError as problem:
            raise GoleakError(
                f"The Go helper {self.executable} cannot be started: {problem.strerror or problem}; "
                "delete it, and it is built anew."
            ) from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise GoleakError(f"The Go helper failed at {verb!r}: {said or f'exit code {done.returncode}'}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


def _request(program: Program) -> dict[str, Any]:
    return {
        "form": program.form,
        "directory": str(program.directory) if program.in_place else "",
        "files": [{"name": file.name, "text": file.text} for file in program.files],
    }


def _analysis(
    program: Program, waits: Sequence[Leak | Goroutine], goroot: Path | None, exports: Mapping[str, str] | None
) -> dict[str, Any]:
    return {
        **_request(program),
        "goroot": str(goroot or ""),
        "exports": dict(exports or {}),
        "waits": [_wait(each) for each in waits],
    }


def _wait(waiting: Leak | Goroutine) -> dict[str, Any]:
    if isinstance(waiting, Leak):
        position = {"function": waiting.function, "file": waiting.file, "line": waiting.line}
        frames: list[dict[str, Any]] = [position] if waiting.line is not None else []
        stack, started = waiting.stack, Frame(waiting.created_by, waiting.go_file, waiting.go_line or 0)
    else:
        frames, stack, started = [], waiting.frames, waiting.created_by or Frame("", "", 0)
    frames += [_frame(frame) for frame in stack if frame.user and _frame(frame) not in frames]
    for outer, inner in zip(stack[1:], stack, strict=False):
        if outer.user and not inner.user and frames and _frame(outer) == frames[0]:
            frames[0]["called"] = inner.function
            break
    return {"state": waiting.state, "frames": frames, "started": _frame(started)}


def _frame(frame: Frame) -> dict[str, Any]:
    return {"function": frame.function, "file": frame.file, "line": frame.line}


def _variant(answer: Mapping[str, Any], main: str) -> VariantSource:
    return VariantSource(
        tuple(BuildFile(file["name"], file["text"], file["build_text"]) for file in answer["files"]),
        main,
    )


def _candidate(answer: Mapping[str, Any], original: VariantSource) -> Candidate:
    changed = _variant(answer["variant"], original.main)
    new = {file.name: file for file in changed.files}
    files = tuple(new.get(file.name, file) for file in original.files)
    return Candidate(answer["title"], answer["file"], answer["line"], replace(changed, files=files))


def _usage(problem: Mapping[str, Any]) -> UsageError:
    error = UsageError(f"{problem['file']}:{problem['line']}: {problem['message']}")
    error.line = problem["line"]
    return error


def _message(problem: Mapping[str, Any], program: Program) -> CompilerMessage:
    lines: Sequence[str] = program.file(problem["file"]).text.split("\n")
    line = problem["line"]
    source_line = lines[line - 1] if 0 < line <= len(lines) else ""
    return CompilerMessage(problem["file"], line, problem["column"], problem["message"], source_line)
