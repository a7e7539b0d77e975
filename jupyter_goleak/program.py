"""What the user wants to run: the text of a cell, a file, a folder or a txtar archive as one `Program`.

A program has one of five forms:

- `file`     one Go file with a package clause;
- `snippet`  Go without a package clause: statements, functions, types and imports in any order;
- `test`     a file of tests, which `go test` runs;
- `txtar`    several files in one text, each after a line `-- name --`;
- `package`  a package in the user's own folder, where nothing may be written.

Nothing here needs Go, and nothing here understands more of Go than where its comments and strings end: the syntax
tree is the business of the Go helper. Texts of Go are normalised (no byte order mark, `\\n` line ends) and keep their
line numbers, other files stand as they came; what goes back to the user has the line ends that it came with. Whatever cannot be a Go program raises `UsageError` with one sentence that says why.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from jupyter_goleak.errors import UsageError
from jupyter_goleak.modules import module_root
from jupyter_goleak.source_text import MAX_BYTES, error_at, is_crlf, normalise

Form = Literal["file", "snippet", "test", "txtar", "package"]

_DESCRIPTORS = ("/dev/std", "/dev/fd/", "/proc/self/fd/")

_COMMENT_OR_STRING = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"?|`[^`]*(?:`|\Z)|'(?:\\.|[^'\\\n])*'?", re.DOTALL
)
_PACKAGE = re.compile(r"\s*package\s+(\w+)")
_TEST = re.compile(r"^func\s+(?:Test|Fuzz|Benchmark)\w*\s*\(\s*\w+\s+\*\s*(?:testing\s*\.\s*)?[TFBM]\b", re.MULTILINE)
_EXAMPLE = re.compile(r"^func\s+Example\w*\s*\(\s*\)", re.MULTILINE)
_EXPECTED = re.compile(r"^\s*//\s*(?:unordered\s+)?output:", re.MULTILINE | re.IGNORECASE)  # else an example is not run
_MAIN = re.compile(r"^func\s+main\s*\(\s*\)", re.MULTILINE)
_IGNORED = re.compile(r"^//go:build\s+ignore\b", re.MULTILINE)
_MARKER = re.compile(r"^-- (\S(?:.*\S)?) --[ \t]*$", re.MULTILINE)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a program. `name` is relative to the program, with `/`; `first_line` is the line of the
    user's text that holds the file's line 1 (other than 1 only in a txtar); with `crlf` all lines came with `\\r\\n`."""

    name: str
    text: str
    first_line: int = 1
    crlf: bool = False

    @classmethod
    def of(cls, name: str, raw: bytes) -> SourceFile:
        """The file of that name that holds these bytes. Raises UsageError where they are no text."""
        return cls(name, normalise(raw, name.rpartition("/")[2]), crlf=is_crlf(raw))

    def with_its_line_ends(self, text: str) -> str:
        """That text as it would stand in the user's own file."""
        return text.replace("\n", "\r\n") if self.crlf else text

    @property
    def is_go(self) -> bool:
        return self.name.endswith(".go")

    @property
    def is_test(self) -> bool:
        return self.name.endswith("_test.go")

    @property
    def package(self) -> str | None:
        """The name in the package clause, or None where there is none."""
        return _package_of(_code(self.text))

    @property
    def is_ignored(self) -> bool:
        """True where `//go:build ignore` keeps the file out of its package."""
        match = _IGNORED.search(self.text)
        return match is not None and not _code(self.text[: match.start()]).strip()

    @property
    def has_main(self) -> bool:
        """True where `func main()` stands at the top level."""
        return bool(_MAIN.search(_code(self.text)))


@dataclass(frozen=True, slots=True)
class Program:
    """One program. `main` names the file that the user sees first.

    `directory` is the folder that the files come from, None for a text. With form `package`, `pattern` is the
    package in the words of the go command, relative to `directory`; `named` tells that the user asked for `main` itself.
    `preface` is what stands in an archive before its first file. Raises UsageError for a name that Go could not be told.
    """

    form: Form
    files: tuple[SourceFile, ...]
    main: str
    directory: Path | None = None
    pattern: str = "."
    named: bool = False
    preface: str = ""

    def __post_init__(self) -> None:
        for name in (str(self.directory), *(file.name for file in self.files)):
            try:
                name.encode()
            except UnicodeEncodeError:
                raise UsageError(f"The name {name!r} is not UTF-8, which Go wants: rename it.") from None

    @property
    def source(self) -> str:
        """The text of the file that the user sees first."""
        return self.file(self.main).text

    @property
    def text(self) -> str:
        """The whole text, with the line ends that it came with: of an archive all files, each after its line `-- name --`
        where it had one; else as `source`."""
        main = self.file(self.main)
        if self.form != "txtar":
            return main.with_its_line_ends(main.text)
        parts = [main.with_its_line_ends(self.preface)]
        for file in self.files:
            marker = "" if file.first_line == 1 else main.with_its_line_ends(f"-- {file.name} --\n")
            parts.append(marker + file.with_its_line_ends(file.text))
        return "".join(parts)

    @property
    def module(self) -> SourceFile | None:
        """The program's own go.mod, if it brings one."""
        return next((file for file in self.files if file.name == "go.mod"), None)

    @property
    def in_place(self) -> bool:
        """True where it is built in the folder that it comes from."""
        return self.directory is not None and self.form != "txtar"

    @property
    def runs_tests(self) -> bool:
        """True where `go test` runs the program: it has tests, and no package main to run instead, or a file of tests was
        asked for."""
        if self.form == "test" or (self.named and self.file(self.main).is_test):
            return True
        go = [file for file in self.files if file.is_go]
        return any(file.is_test for file in go) and not any(file.has_main for file in go if not file.is_test)

    def file(self, name: str) -> SourceFile:
        """The file of that name. Raises KeyError where there is none."""
        for file in self.files:
            if file.name == name:
                return file
        raise KeyError(name)

    def seen_from(self, base: Path) -> Program:
        """The same package, with its files named relative to that folder, which its own is in."""
        assert self.directory is not None
        folder = self.directory.relative_to(base)
        files = tuple(replace(file, name=(folder / file.name).as_posix()) for file in self.files)
        return replace(self, files=files, main=(folder / self.main).as_posix(), directory=base)

    def with_text(self, text: str, name: str | None = None) -> Program:
        """The same program with another text in that file (the main one, unless named)."""
        name = name or self.main
        self.file(name)
        return replace(
            self, files=tuple(replace(file, text=text) if file.name == name else file for file in self.files)
        )


def parse_program(text: str | bytes, name: str = "main.go") -> Program:
    """The program that a text holds. Raises UsageError where it is empty or no text."""
    program = _parse(normalise(text, name), name)
    go = {file.name: replace(file, crlf=is_crlf(text)) for file in program.files if file.is_go}
    if len(go) == len(program.files):
        return replace(program, files=tuple(go.values()))
    # The program may embed any other file, and reads it as it stands.
    lines = _LINE.findall(text.decode() if isinstance(text, bytes) else text)

    def as_it_came(file: SourceFile) -> SourceFile:
        first = file.first_line - 1
        return replace(file, text="".join(lines[first : first + len(_LINE.findall(file.text))]))

    return replace(program, files=tuple(go.get(file.name) or as_it_came(file) for file in program.files))


def _parse(text: str, name: str) -> Program:
    if not text.strip():
        raise UsageError("There is no program: the text is empty.")
    if name.endswith(".txtar") or _is_txtar(text):
        return _parse_txtar(text)
    if text.lstrip().startswith("```"):
        raise error_at(
            text[: text.index("`")].count("\n") + 1,
            "The program stands in a Markdown fence: leave out the lines with ```.",
        )
    code = _code(text)
    if not code.strip():
        *others, last = _COMMENT_OR_STRING.finditer(text)
        if last[0].startswith("/*") and not last[0].endswith("*/"):
            line = text.count("\n", 0, last.start()) + 1
            raise error_at(line, f"There is no program: the comment that begins in line {line} never ends.")
        if all(each[0].startswith("/") for each in (*others, last)):
            raise UsageError("There is no program: the text holds only comments.")
    if not name.endswith(".go"):
        name = "main.go"
    if name.endswith("_test.go") or (_holds_tests(text, code) and not _MAIN.search(code)):
        stem = name.removesuffix(".go").removesuffix("_test")
        name = f"{stem}_test.go"
        return Program("test", (SourceFile(name, text),), name)
    form: Form = "file" if _package_of(code) else "snippet"
    return Program(form, (SourceFile(name, text),), name)


def read_program(path: str | Path, stdin: str | bytes | None = None) -> Program:
    """The program at a path: a `.go` file, a `.txtar`, or a folder or package pattern. `-` is the text `stdin`, or where
    none is given, this process's standard input.

    Raises UsageError where there is nothing that could be a Go program.
    """
    if not str(path):
        raise UsageError("The PATH is empty: give a .go file, a package folder or a .txtar.")
    if str(path) == "-":
        return parse_program(_standard_input() if stdin is None else stdin, "standard input")
    place = Path(os.path.expanduser(path))
    try:
        if place.is_dir():
            return _read_package(place)
        # A pipe, such as a shell's <(…), or a descriptor by its name, whatever stands behind it.
        if place.exists() and (not place.is_file() or str(place).startswith(_DESCRIPTORS)):
            with place.open("rb") as stream:
                return parse_program(stream.read(MAX_BYTES + 1), str(path))
        if place.is_file():
            return _read_file(place)
        if "..." in place.parts[-1:]:
            root = place.parent
            if not root.is_dir():
                raise UsageError(f"There is no folder {root}.")
            return _read_pattern(root)
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror or problem}.") from None
    raise UsageError(f"There is no file or folder {path}.")


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise UsageError("Standard input is closed: give the PATH of a program, or pipe one in.")
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as problem:
        raise UsageError(f"Standard input cannot be read: {problem.strerror or problem}.") from None


def _code(text: str) -> str:
    """The text with its comments and strings blanked; lines stay where they are."""
    return _COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def _holds_tests(text: str, code: str) -> bool:
    return bool(_TEST.search(code) or (_package_of(code) and _EXAMPLE.search(code) and _EXPECTED.search(text)))


def _package_of(code: str) -> str | None:
    match = _PACKAGE.match(code)
    return match.group(1) if match else None


# ── txtar ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_txtar(text: str) -> bool:
    """True where a line `-- name --` stands in the text and not in a comment or raw string of a first Go file."""
    marker = _MARKER.search(text)
    if not marker:
        return False
    # A raw string that holds such a line is closed after it; a file before a real marker has closed all of its own.
    return (
        not any(
            match.start() < marker.start() < match.end() for match in _COMMENT_OR_STRING.finditer(text[: marker.end()])
        )
        or not text[: marker.start()].strip()
    )


def _parse_txtar(text: str) -> Program:
    markers = list(_MARKER.finditer(text))
    if not markers:
        raise UsageError("There is no file in the archive: a line such as `-- main.go --` starts one.")
    ends = [marker.start() for marker in markers[1:]] + [len(text)]
    files: list[SourceFile] = []
    for marker, end in zip(markers, ends, strict=True):
        line = text.count("\n", 0, marker.start()) + 1
        name = _safe_name(marker.group(1), line)
        if any(file.name == name for file in files):
            raise error_at(line, f"The archive holds {name} twice (line {line}).")
        held = text[marker.end() + 1 : end]
        files.append(SourceFile(name, held.removeprefix("\ufeff") if name.endswith(".go") else held, line + 1))
    head = text[: markers[0].start()]
    if _package_of(_code(head)):
        name = "main.go" if all(file.name != "main.go" for file in files) else "prog.go"
        files.insert(0, SourceFile(name, head))
        head = ""
    names = {file.name for file in files}
    for file in files:
        if within := names & {str(parent) for parent in PurePosixPath(file.name).parents}:
            line = file.first_line - 1
            raise error_at(line, f"The archive holds {within.pop()} as a file, and as a folder in line {line}.")
    main = _main_of(files)
    if main is None:
        raise UsageError("There is no Go file in the archive.")
    return Program("txtar", tuple(files), main, preface=head)


def _safe_name(name: str, line: int) -> str:
    """The name, normalised. Raises UsageError for one that would leave the program's folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name) or not path.parts:
        raise error_at(line, f"The archive's file name {name!r} (line {line}) leaves the program's folder.")
    return str(path)


def _main_of(files: list[SourceFile]) -> str | None:
    """The file to show first: the one with func main, else the first test, else the first Go file."""
    go = [file for file in files if file.is_go and not file.is_ignored]
    ranked = sorted(go, key=lambda file: (not (file.has_main and file.package == "main"), not file.is_test))
    return ranked[0].name if ranked else None


# ── paths ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is too large for a program: more than {MAX_BYTES >> 20} MB.")
        return path.read_bytes()
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror or problem}.") from None


def _read_file(path: Path) -> Program:
    """The program in that file; the package around it, where the file is a part of one in a module."""
    if path.suffix not in (".go", ".txtar"):
        raise UsageError(f"{path} is neither a .go file, a .txtar, nor a folder.")
    # A link is built where it stands.
    directory = path.parent.resolve()
    if path.suffix == ".go" and module_root(directory) is not None:
        own = SourceFile.of(path.name, _read(path))
        others = [file for file in _go_files(directory) if file.name != path.name and file.package == own.package]
        plain = [file for file in others if not file.is_test]
        if (
            own.package
            and not own.is_ignored
            and (own.is_test or not own.has_main or (plain and not any(file.has_main for file in plain)))
        ):
            return Program("package", _go_files(directory), path.name, directory, named=True)
    program = parse_program(_read(path), path.name)
    return replace(program, directory=directory)


def _read_package(folder: Path) -> Program:
    directory = folder.resolve()
    files = _go_files(directory)
    main = _main_of(list(files))
    if main is None:
        if any(directory.glob("*/**/*.go")):
            raise UsageError(
                f"There is no Go file in {folder} itself; name one of its packages, or {folder}/... for all."
            )
        raise UsageError(f"There is no Go file in {folder}.")
    return Program("package", files, main, directory)


def _read_pattern(root: Path) -> Program:
    directory = root.resolve()
    found = sorted(
        path
        for path in directory.rglob("*.go")
        if not any(
            part.startswith((".", "_")) or part in ("testdata", "vendor") for part in path.relative_to(directory).parts
        )
    )
    files = tuple(SourceFile.of(path.relative_to(directory).as_posix(), _read(path)) for path in found)
    files = tuple(file for file in files if not file.is_ignored)
    main = _main_of(list(files))
    if main is None:
        raise UsageError(f"There is no Go file under {root}.")
    return Program("package", files, main, directory, "./...")


def _go_files(directory: Path) -> tuple[SourceFile, ...]:
    paths = sorted(path for path in directory.glob("*.go") if path.is_file() and not path.name.startswith((".", "_")))
    files = (SourceFile.of(path.name, _read(path)) for path in paths)
    return tuple(file for file in files if not file.is_ignored)
